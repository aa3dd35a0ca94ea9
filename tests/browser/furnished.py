"""A house with something in every state a page can show: drafts, invoices, payments, mails, notifications."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from accounting.models import Account, FiscalYear, JournalEntry, Lettering, SalesExtension
from accounting.settings.choose_sales_extension import choose_sales_extension
from accounting.settings.save_account import save_account
from accounting.settings.save_treasury_account import TreasuryInput, save_treasury_account
from accounting.treasury_models import TreasuryKind
from core.clock import paris_today
from core.database import db, transaction
from core.files import put_bytes, register_file
from core.jobs import run_due_jobs
from core.mail import Attachment, MailState, queue_mail
from core.models import Company, Membership, User
from core.sms import SmsState, queue_sms
from core.tenancy import current_company_id
from core.todo import strike_todo
from core.work_long_tasks import work_long_tasks
from invoicing.answer_quote import AnswerInput, answer_quote
from invoicing.bank.banks import banks
from invoicing.bank.book_line import book_line
from invoicing.bank.deposit_cheques import deposit_cheques
from invoicing.bank.ignore_line import ignore_line
from invoicing.bank.import_statement import import_statement
from invoicing.bank.models import BankLine
from invoicing.bank.statement_files import keep_file
from invoicing.bulk_plan import plan_bulk
from invoicing.calendar_input import CalendarInput
from invoicing.cancel_payment import cancel_payment
from invoicing.credit_invoice import credit_invoice
from invoicing.doubt_invoice import DoubtInput, doubt_invoice
from invoicing.draft_invoice import DraftInput, draft_invoice
from invoicing.draft_pattern import draft_pattern
from invoicing.give_back import MoneyBack, give_back
from invoicing.issue_quote import issue_quote
from invoicing.keep_surplus import KeepInput, keep_surplus
from invoicing.lifecycle import AnswerKind, DocumentKind, LineRole, TodoKind
from invoicing.logo import store_logo
from invoicing.make_recurring_invoices import make_recurring_invoices
from invoicing.models import (
    BulkAction,
    Customer,
    Document,
    Item,
    OpeningItem,
    QuoteLink,
    RecurringAction,
    TextKind,
)
from invoicing.order_bulk import BulkInput, order_bulk
from invoicing.payment_link import link_of
from invoicing.payments import Payment, PaymentMethod
from invoicing.receivables import KeptKind, KeptSurplus, WriteOff, WriteOffKind
from invoicing.refunds import RefundKind
from invoicing.repeat_invoice import repeat_invoice
from invoicing.replace_link import replace_link
from invoicing.save_payment_means import MeansInput, save_payment_means
from invoicing.send_invoice import SendInput, send_invoice
from invoicing.send_sms import SmsInput, send_sms
from invoicing.set_calendar import set_calendar
from invoicing.set_logo import set_logo
from invoicing.takeover.plan import TakeoverWish
from invoicing.takeover.take_over import take_over
from invoicing.takeover.tasks import order_reading
from invoicing.text_library import TextInput, save_text
from invoicing.work_bulk_runs import work_bulk_runs
from invoicing.write_off import write_off
from invoicing.write_off_plan import WriteOffInput
from payplug_bridge.account_models import PayplugSelfTest, SelfTestState
from payplug_bridge.link_terms import choose_terms
from payplug_bridge.models import NotificationState, PayplugMode, PayplugNotification
from payplug_bridge.operations.import_report import import_report
from payplug_bridge.operations.request_reports import want_report
from payplug_bridge.operations.upload_report import upload_report
from payplug_bridge.refresh_facts import refresh_facts
from payplug_bridge.run_self_test import run_self_test
from payplug_bridge.settle_matter import settle_matter
from tests.browser.furnished_exports import make_exports
from tests.browser.installation import House, Installation
from tests.conftest import COMPANY
from tests.factories.invoicing import (
    issue,
    make_customer,
    make_draft,
    make_individual,
    make_item,
    make_line,
    pay,
)
from tests.factories.pictures import file_of, picture
from tests.invoicing.bank.bank_files import camt, csv
from tests.invoicing.takeover.old_books import content, opener, planned_from
from tests.payplug_bridge.operations.report_files import csv_file
from tests.payplug_bridge.shop import Shop

LONG_NAME = "Société d’exemple au nom vraiment très long, établissement de Saint-Rémy-lès-Chevreuse"
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@dataclass(frozen=True)
class Furnished:
    """Ids of what the pages show; tokens of public pages."""

    house: House
    customer: int
    customer_with_credit: int
    customer_code: str
    this_month: str
    draft: int
    faulty_draft: int
    open: int
    part_paid: int
    paid_by_card: int
    credited: int
    many_ways: int
    credit_note: int
    payment: int
    card_payment: int
    given_back: int
    disputed: int
    short: int
    doubtful: int
    lost: int
    surplus: int
    write_off: int
    kept: int
    notification: int
    matter: str
    account: int
    entry: int
    year: int
    text: int
    item: int
    quotes: dict[str, int]
    quote_tokens: dict[str, str]
    recurring: dict[str, int]
    bulk: dict[str, int]
    slip: int
    treasury: int
    journal: int
    takeover: int
    taken_over: int
    takeover_file: str
    bank: dict[str, int]
    lettering: int
    tokens: dict[str, str]
    dead_token: str
    self_tests: dict[str, int]
    reports: dict[str, int]
    exports: dict[str, int]


def furnish(installation: Installation) -> Furnished:
    """Write the rows through the verbs and let the customers pay."""
    house = installation.new_house("Atelier Lumen")
    shop = house.shop
    with shop.inside():
        logo = store_logo(file_of(picture()))
    with shop.inside(), transaction():
        set_logo(db.session.get_one(Company, current_company_id()), logo)
        documents, quotes = _documents(), _quotes()
        recurring = _recurring(documents["open"])
    with shop.inside():
        make_recurring_invoices()
        with transaction():
            bulk = _bulk()
            slip = _cheques(business=documents["late"])
            treasury, journal = _books_settings()
        work_bulk_runs()
    for name in ("declined", "paid_by_card"):
        payment_id = shop.click(documents[name])
        installation.simulator.decline(payment_id, "insufficient_funds", notify=name == "declined")
        if name == "paid_by_card":
            installation.simulator.pay(payment_id)
    _wait_for_notifications(shop, 2)
    matter = _pay_twice(shop, documents["paid_twice"])
    run_due_jobs(installation.app)
    dead_token, self_tests = _ways_and_links(installation, shop, documents)
    with shop.inside(), transaction():
        _fail_a_mail()
        text = save_text(
            TextInput(TextKind.MAIL, "Relance", "Hello {{ customer }}", "en", "Invoice {{ number }}")
        ).id
    reports = _reports(shop)
    with shop.inside():
        exports = make_exports()
        bank = _bank(documents["open"])
    with shop.inside():
        takeover, takeover_file = _takeover()
    with shop.inside():
        tokens = {
            name: _token(id_) for name, id_ in documents.items() if name not in ("draft", "faulty_draft")
        }
        return Furnished(
            house=house,
            customer=_customer_of(documents["open"]),
            customer_with_credit=_customer_of(documents["overpaid"]),
            customer_code=db.session.get_one(Customer, _customer_of(documents["overpaid"])).number,
            this_month=f"{paris_today():%Y-%m}",
            draft=documents["draft"],
            faulty_draft=documents["faulty_draft"],
            open=documents["open"],
            part_paid=documents["part_paid"],
            paid_by_card=documents["paid_by_card"],
            credited=documents["credited"],
            many_ways=documents["many_ways"],
            credit_note=_first(select(Document.id).where(Document.credits_id == documents["credited"])),
            payment=_first(select(Payment.id).where(Payment.method == "transfer")),
            card_payment=_first(select(Payment.id).where(Payment.method == "card")),
            given_back=documents["given_back"],
            disputed=documents["disputed"],
            short=documents["short"],
            doubtful=documents["doubtful"],
            lost=documents["lost"],
            surplus=_first(select(KeptSurplus.payment_id)),
            write_off=_first(select(WriteOff.id)),
            kept=_first(select(KeptSurplus.id)),
            notification=_first(select(PayplugNotification.id)),
            matter=matter,
            account=_first(select(Account.id).where(Account.number == "411000")),
            entry=_first(select(JournalEntry.id)),
            year=_first(select(FiscalYear.id)),
            item=_first(select(Item.id)),
            text=text,
            quotes=quotes,
            recurring=recurring,
            bulk=bulk,
            slip=slip,
            treasury=treasury,
            journal=journal,
            takeover=takeover,
            taken_over=_first(select(OpeningItem.document_id)),
            takeover_file=takeover_file,
            bank=bank,
            lettering=_first(select(Lettering.id)),
            quote_tokens={name: _quote_token(id_) for name, id_ in quotes.items()},
            tokens={name: token for name, token in tokens.items() if token},
            dead_token=dead_token,
            self_tests=self_tests,
            reports=reports,
            exports=exports,
        )


def _takeover() -> tuple[int, str]:
    """Last year's books of other software taken over; its id, and the address of the plan of what is left of them."""
    data = content()
    digest = put_bytes(data)
    name = f"{db.session.get_one(Company, current_company_id()).siren}FEC20251231.txt"
    with transaction():
        file_id = register_file(digest, len(data), "text/plain").id
        takeover_id = take_over(planned_from(opener(), TakeoverWish(name)), file_id=file_id).id
        order_reading(digest, TakeoverWish(name), actor_id=None)
    work_long_tasks()
    return takeover_id, f"/books/takeover/plan/{digest}?name={name}"


def _reports(shop: Shop) -> dict[str, int]:
    """A report that is booked, with operations of every kind, one to look at with lines that cannot be read, one that
    PayPlug makes."""
    booked = csv_file(
        ("01/09/2026 10:00", "Virement", "-250,00", "", "Vers votre banque", ""),
        ("02/09/2026 10:00", "Facture", "-18,40", "", "Facture PayPlug", ""),
        ("03/09/2026 10:00", "Paiement", "1 240,00", "pay_00000000000000000000shop", "Boutique", ""),
        ("04/09/2026 10:00", "Ajustement de solde exceptionnel", "3,00", "", LONG_WORD, ""),
    )
    shown = csv_file(
        ("05/09/2026", "Virement", "-100,00", "", "", ""),
        ("06/09/2026", "Virement", "cent", "", "", ""),
        ("le 7 septembre", "Virement", "-1,00", "", "", ""),
    )
    with shop.inside():
        found = {"booked": upload_report(booked, f"releve-{LONG_WORD}.csv", actor_id=None)}
        import_report(found["booked"])
        found["shown"] = upload_report(shown, "releve-septembre.csv", actor_id=None)
        with transaction():
            want_report(paris_today().replace(day=1), paris_today())
    return found


def _documents() -> dict[str, int]:
    today = paris_today()
    long_ago = today - timedelta(days=50)
    business = make_customer(name=LONG_NAME)
    person = make_individual(language="en")
    lines = (
        make_line(
            "2.5", "80", label="Étude d’éclairage", description="Plan d’implantation.\nNote de calcul."
        ),
        make_line("-1", "12.345678", "5.5", goods=True, discount="12.5", label=LONG_WORD),
        make_line("1000", "1234.56", "10", label="Fourniture"),
    )
    make_item(label=LONG_WORD, code="LAMPE-A-POSER", description="Laiton brossé", sales_account="707100")
    abroad = make_customer(name="Ohne Nummer", siren="", country="DE")
    made = {
        "late": issue(make_line("1", "1200"), customer=business, today=long_ago),
        "doubtful": issue(make_line("1", "800"), customer=business, today=long_ago),
        "lost": issue(make_line("1", "400"), customer=business, today=long_ago),
        "draft": make_draft(*lines, customer=business, note="Merci de votre confiance.", attachments=_files()),
        "faulty_draft": make_draft(make_line("1", "10"), customer=abroad),
        "open": issue(make_line("3", "45.90", "5.5", goods=True), customer=business),
        "part_paid": issue(make_line("1", "300"), make_line("1", "10", "2.1"), customer=business),
        "paid_by_card": issue(make_line("1", "99.99"), customer=person),
        "declined": issue(make_line("1", "75"), customer=business),
        "many_ways": issue(make_line("1", "250"), customer=business),
        "in_parts": issue(make_line("1", "250"), customer=person),
        "leaked": issue(make_line("1", "60"), customer=business),
        "too_small": issue(make_line("1", "0.20", goods=True), customer=business),
        "credited": issue(make_line("1", "250"), customer=business),
        "overpaid": issue(make_line("1", "50"), customer=person),
        "with_credit_to_use": issue(make_line("1", "500"), customer=person),
        "paid_twice": issue(make_line("1", "60"), customer=business),
        "given_back": issue(make_line("1", "40"), customer=business),
        "disputed": issue(make_line("1", "30"), customer=person),
        "short": issue(make_line("1", "100"), make_line("1", "50", "10", goods=True), customer=business),
    }  # fmt: skip
    pay(made["short"], "174.98")
    doubt_invoice(DoubtInput(made["doubtful"].id, today, 5000, "Ne répond plus aux relances"))
    write_off(
        WriteOffInput(made["lost"].id, WriteOffKind.LOSS, 48_000, today, reason="Liquidation judiciaire")
    )
    pay(made["part_paid"], "100", reference="VIR BOULANGERIE")
    pay(made["overpaid"], "80")
    too_much = pay(made["overpaid"], "90")
    keep_surplus(KeepInput(too_much.id, KeptKind.INDEMNITY, 4000, today, reason="Relance du 3 mars"))
    for name in ("given_back", "disputed"):
        payment = pay(made[name], "48" if name == "given_back" else "36")
        kind = RefundKind.DISPUTE if name == "disputed" else RefundKind.REFUND
        give_back(MoneyBack(payment.id, payment.amount_cents, today, kind, external_id=name))
    credit_invoice(made["credited"].id, reason="Commande annulée")
    send_invoice(SendInput(made["open"].id, ("compta@boulangerie.example.org",), "furnished"))
    send_sms(SmsInput(made["open"].id, ("06 12 34 56 78",), "furnished"))
    return {name: document.id for name, document in made.items()}


def _files() -> tuple[Attachment, ...]:
    """A file with a long name, and a short one."""
    content = b"%PDF-1.7 plan"
    register_file(put_bytes(content), len(content), "application/pdf")
    names = (f"{LONG_WORD}.pdf", "Plan d’étage.pdf")
    return tuple(Attachment(name, put_bytes(content), "application/pdf") for name in names)


def _fail_a_mail() -> None:
    """A mail that one address refused, and an SMS that no provider took; nobody tries them any more."""
    said = {"anne@example.org": [550, f"5.1.1 {LONG_WORD}: no such user"], "b@example.org": [250, "ok"]}
    mail = queue_mail(to=list(said), subject=f"Votre accès à {LONG_NAME}", text="Bonjour")
    mail.outcomes, mail.state, mail.attempts = json.dumps(said), MailState.FAILED, 3
    sms = queue_sms("+33612345678", f"{LONG_NAME} : http://127.0.0.1/p/{LONG_WORD}")
    sms.state, sms.attempts, sms.answer = SmsState.FAILED, 8, f"{LONG_WORD} error=503."


def _ways_and_links(
    installation: Installation, shop: Shop, documents: dict[str, int]
) -> tuple[str, dict[str, int]]:
    """Links that may be paid in several ways or parts, one that was replaced; tests of the notification address."""
    account = next(
        row for row in installation.simulator.accounts() if row["name"].startswith("Atelier Lumen")
    )
    methods = {"wero": {}, "american_express": {}, "ideal": {"allowed_countries": ["NL"]}}
    installation.simulator.set_features(account["id"], methods=methods, permissions={"can_use_oney": True})
    old, tests = shop.token(documents["leaked"]), {}
    with shop.inside():
        refresh_facts(PayplugMode.LIVE)
        owner = _first(select(Membership.user_id).where(Membership.company_id == shop.company_id))
        with transaction():
            ways = ["card", "american_express", "wero", "oney_x3_with_fees"]
            choose_terms(documents["many_ways"], ways, "all")
            choose_terms(documents["in_parts"], ["card"], "3")
            choose_terms(documents["late"], ["card", "ideal"], "free")
            replace_link(documents["leaked"])
        tests["heard"] = run_self_test(PayplugMode.LIVE, "heard", actor_id=owner)
        with transaction():
            heard = db.session.get_one(PayplugSelfTest, tests["heard"])
            silent = PayplugSelfTest(
                request_key="silent",
                reference="silent",
                mode=PayplugMode.LIVE,
                amount_cents=100,
                notification_url=heard.notification_url,
                state=SelfTestState.ABORTED,
                answer_code=301,
                aborted_at=heard.started_at - timedelta(hours=1),
            )
            db.session.add(silent)
            db.session.flush()
            tests["silent"] = silent.id
    return old, tests


def _quotes() -> dict[str, int]:
    """A quote with options that waits for its answer, and one that was accepted."""
    business = make_customer(name=LONG_NAME)
    lines = (
        make_line("1", "1200", label="Cuisine sur mesure"),
        make_line("1", "150", label=LONG_WORD, role=LineRole.OPTION),
        make_line("2", "90", label="Éclairage", role=LineRole.OPTION, goods=True),
    )
    made = {}
    for name in ("open", "accepted"):
        draft = draft_invoice(DraftInput(customer_id=business.id, lines=lines), kind=DocumentKind.QUOTE)
        made[name] = issue_quote(draft.id).id
    answer_quote(
        made["accepted"], AnswerInput(AnswerKind.ACCEPTED, "Paule Exemple", consent="Bon pour accord")
    )
    return made


def _recurring(invoice_id: int) -> dict[str, int]:
    """One that has made an invoice, one that cannot be sent to anybody, one whose calendar is not chosen yet."""
    today = paris_today()
    alone = make_customer(name=LONG_NAME, contacts=())
    given = DraftInput(
        alone.id,
        (make_line("1", "80", label=LONG_WORD),),
        period_start=today,
        period_end=today + timedelta(days=29),
    )
    calendar = CalendarInput(1, today, label="Contrat d’entretien", action=RecurringAction.SEND)
    made = {
        "active": repeat_invoice(invoice_id, calendar).id,
        "to_handle": draft_pattern(given).id,
        "new": draft_pattern(given).id,
    }
    set_calendar(made["to_handle"], calendar)
    return made


def _bulk() -> dict[str, int]:
    """An action on many that has ended with one refused, and one that does not move."""
    customer, alone = make_customer(name=LONG_NAME), make_customer(name=LONG_NAME, contacts=())
    made = {}
    for name, action in (("finished", BulkAction.ISSUE_AND_SEND), ("running", BulkAction.ISSUE)):
        ids = [make_draft(make_line(), customer=whose).id for whose in (customer, alone, customer)]
        given = BulkInput(action, ids, f"furnished-{name}", plan_bulk(action, ids).seen)
        made[name] = order_bulk(given).id
    strike_todo(TodoKind.BULK, made["running"])
    return made


def _cheques(*, business: int) -> int:
    """A slip of two cheques of which one came back, and one cheque in hand."""
    invoice = db.session.get_one(Document, business)
    one, other, _in_hand = (
        pay(invoice, euros, method=PaymentMethod.CHEQUE, reference=reference)
        for euros, reference in (("20", "CHQ 0012345"), ("30", LONG_WORD[:60]), ("40", ""))
    )
    slip = deposit_cheques(
        [one.id, other.id],
        bank_account_id=banks()[0].account_id,
        deposited_on=paris_today(),
        request_key="furnished",
    )
    cancel_payment(other.id, reason="Chèque sans provision")
    return slip.id


def _books_settings() -> tuple[int, int]:
    """A further bank with a long name, where transfers come in, and a card terminal on its way to it."""
    bank = save_treasury_account(
        TreasuryInput(LONG_NAME[:60], COMPANY["iban"], number="512100", journal_code="B2")
    )
    save_treasury_account(
        TreasuryInput("Terminal", kind=TreasuryKind.IN_TRANSIT, number="511500", bank_id=bank.id)
    )
    save_payment_means(PaymentMethod.TRANSFER, MeansInput("", bank.id))
    save_payment_means(PaymentMethod.CARD_TERMINAL, MeansInput(LONG_WORD[:60]))
    save_account("627100", LONG_NAME)
    choose_sales_extension(SalesExtension.FOUR)
    return bank.id, bank.journal_id


def _bank(invoice: int) -> dict[str, int]:
    """A statement with lines of every kind, decided and not, and a file to look at that cannot be taken in as it is."""
    today = paris_today().isoformat()
    number = db.session.get_one(Document, invoice).number
    account = banks()[0].account_id
    entries = (
        (today, "145.27", f"VIR SEPA {number}", LONG_NAME, "FR1420041010050500013M02606"),
        (today, "250.00", "VIR SEPA PAYPLUG", "PAYPLUG SAS", ""),
        (today, "-18.40", f"COTISATION {LONG_WORD}", "", ""),
        (today, "-3.00", "ERREUR", "", ""),
        (today, "1.00", "", "", ""),
    )
    file_id = keep_file(camt(*entries))
    with transaction():
        import_statement(file_id, account, file_name=f"{LONG_WORD}.xml")
    lines = dict(db.session.execute(select(BankLine.amount_cents, BankLine.id)).all())
    with transaction():
        ignore_line(lines[-300], "Corrigée par la banque le lendemain")
        book_line(lines[-1840], _first(select(Account.id).where(Account.role == "suspense")))
    shown = csv(
        "Date;Libellé;Valeur;Débit;Crédit",
        f"{today};{LONG_WORD};{today};-18,40;",
        "Total;;;;",
        encoding="utf-8",
    )
    unknown = csv("Date;Libellé;Débit;Crédit;Solde", f"{today};UN;;1,00;10,00", f"{today};DEUX;;1,00;99,00")
    files = {"shown": keep_file(shown), "unknown": keep_file(unknown)}
    return {"open": lines[14527], "ignored": lines[-300], "booked": lines[-1840], **files}


def _quote_token(quote_id: int) -> str:
    return str(db.session.scalars(select(QuoteLink.token).where(QuoteLink.document_id == quote_id)).one())


def _wait_for_notifications(shop: Shop, count: int, seconds: float = 30) -> None:
    """The simulator tells the running server, whose worker reads the payments."""
    deadline = time.monotonic() + seconds
    while sum(row.state.value == "done" for row in shop.notifications()) < count:
        assert time.monotonic() < deadline, [row.state.value for row in shop.notifications()]
        time.sleep(0.2)


def _pay_twice(shop: Shop, invoice: int) -> str:
    """By transfer while the card is being charged; and a notification that nothing can be made of. Returns the address
    of the page that takes the first off the list."""
    payment_id = shop.click(invoice)
    shop.simulator.pay(payment_id, notify=False)
    shop.transfer(invoice, 7200)
    shop.sync()
    assert shop.notify_about(payment_id) == 200
    with shop.inside(), transaction():
        stuck = db.session.scalars(
            select(PayplugNotification).order_by(PayplugNotification.id.desc())
        ).first()
        assert stuck is not None
        stuck.state, stuck.tries, stuck.outcome = NotificationState.STUCK, 14, "RuntimeError"
        reason = "Rendu par virement le 12 mars, après un appel du client"
        settle_matter(("notification", 0), "stuck", reason=reason, actor_id=_first(select(User.id)))
    return f"/to-handle/attempt/{shop.attempts(invoice)[0].id}/surplus"


def _token(document_id: int) -> str:
    link = link_of(document_id)
    return "" if link is None else link.token


def _customer_of(document_id: int) -> int:
    return db.session.get_one(Document, document_id).customer_id


def _first(statement: object) -> int:
    found = db.session.scalars(statement.limit(1)).one()  # type: ignore[attr-defined]
    return int(found)
