"""Issue: what is frozen, what is refused and where to mend it, and that numbers have no gap."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest

from accounting.facts import SupplyKind, VatRegime
from accounting.ledger_checks import check_ledger
from accounting.models import AccountingSettings, EntryLine, JournalEntry
from core.clock import paris_today
from core.database import db, transaction
from core.seal import verify_chain
from core.tenancy import enter_company
from invoicing.balances import balance_of
from invoicing.delete_draft import delete_draft
from invoicing.draft_invoice import DraftInput
from invoicing.errors import NotADraftError, NotFoundError, NotIssuableError
from invoicing.issue_invoice import issue_invoice
from invoicing.legal_mentions import MentionCode, read_mentions
from invoicing.lifecycle import DocumentState, PaymentStatus
from invoicing.models import Customer, Document, InvoicingSettings, PaymentLink
from invoicing.parties import read_buyer, read_seller
from invoicing.payment_link import find_by_token, link_of, link_url
from invoicing.update_draft import update_draft
from invoicing.vat_categories import VatCase
from tests.conftest import make_company
from tests.factories.invoicing import issue, make_customer, make_draft, make_individual, make_line


def problems_of(*lines, today: date | None = None, **changes) -> list[tuple[str, str]]:
    with pytest.raises(NotIssuableError) as caught, transaction():
        issue(*lines, today=today, **changes)
    return [(problem.place.value, problem.field) for problem in caught.value.problems]


def codes(document: Document) -> list[MentionCode]:
    return [mention.code for mention in read_mentions(document.mentions)]


def test_an_issued_invoice_has_number_parties_totals_entry_link_and_seal(each_company):
    with transaction():
        document_id = issue(make_line("2", "50"), make_line("1", "10", "5.5", goods=True)).id
    document = db.session.get_one(Document, document_id)
    today = paris_today()
    assert document.state is DocumentState.ISSUED
    assert (document.number, document.sequence) == (f"F-{today.year}-0001", 1)
    assert (document.issue_date, document.due_date) == (today, today + timedelta(days=30))
    assert (document.net_cents, document.vat_cents, document.total_cents) == (11000, 2055, 13055)
    assert [(v.rate, v.kind, v.net_cents, v.vat_cents) for v in document.vat_lines] == [
        (2000, SupplyKind.SERVICE, 10000, 2000), (550, SupplyKind.GOODS, 1000, 55),
    ]  # fmt: skip
    assert read_seller(document.seller).vat_number == "FR44732829320"
    assert read_buyer(document.buyer).siren == "404833048"
    assert document.regime is VatRegime.COLLECTION
    assert balance_of(document_id).open_cents == 13055
    entry = db.session.query(JournalEntry).one()
    assert (entry.number, entry.piece_ref) == ("VE000001", document.number)
    link = link_of(document_id)
    assert link is not None
    assert len(link.token) == 32
    assert link_url(link.token) == f"http://127.0.0.1:5000/p/{link.token}"
    assert find_by_token(link.token) is link
    assert find_by_token("x" * 32) is None
    assert find_by_token("x" * 10_000) is None
    assert list(verify_chain(each_company.id)) == []
    assert check_ledger() == []


def test_issuing_twice_returns_the_same_document(each_company):
    with transaction():
        document_id = make_draft().id
    for _ in range(2):
        with transaction():
            assert issue_invoice(document_id).sequence == 1
    assert db.session.query(JournalEntry).count() == db.session.query(PaymentLink).count() == 1


def test_the_frozen_copy_does_not_follow_the_customer(company):
    with transaction():
        document = issue()
        document_id, customer_id = document.id, document.customer_id
    with transaction():
        db.session.get_one(Customer, customer_id).name = "Renamed"
    assert read_buyer(db.session.get_one(Document, document_id).buyer).name == "Boulangerie Imaginaire"


def test_an_issued_document_is_neither_changed_nor_deleted(company):
    with transaction():
        document = issue()
        document_id, customer_id = document.id, document.customer_id
    with pytest.raises(NotADraftError), transaction():
        update_draft(document_id, DraftInput(customer_id=customer_id))
    with pytest.raises(NotADraftError), transaction():
        delete_draft(document_id)
    with pytest.raises(NotFoundError), transaction():
        issue_invoice(99)


def test_a_business_reads_the_clauses_of_commercial_law(company):
    with transaction():
        document = issue()
    assert codes(document) == [
        MentionCode.CATEGORY_SERVICES, MentionCode.DISCOUNT, MentionCode.LATE_PENALTY, MentionCode.RECOVERY_INDEMNITY,
    ]  # fmt: skip
    assert [m.text for m in read_mentions(document.mentions)][1:] == [
        "Pas d’escompte pour paiement anticipé.",
        (
            "Pénalités de retard\u00a0: taux d’intérêt appliqué par la Banque centrale européenne à son opération de "
            "refinancement la plus récente, majoré de 10\u00a0points de pourcentage."
        ),
        "Indemnité forfaitaire pour frais de recouvrement en cas de retard de paiement\u00a0: 40\u00a0€.",
    ]


def test_an_individual_reads_none_of_them(company):
    with transaction():
        document = issue(make_line(goods=True), customer=make_individual())
    assert codes(document) == [MentionCode.CATEGORY_GOODS]
    assert 'siren":""' in document.buyer


def test_an_english_document_carries_the_french_text_too(company):
    with transaction():
        document = issue(make_line(), make_line(goods=True), language="en")
    first = read_mentions(document.mentions)[0]
    assert (first.code, first.text) == (MentionCode.CATEGORY_MIXED, "Supply of goods and services.")
    assert first.french == "Livraison de biens et prestation de services."


def test_the_company_prints_its_own_terms(company):
    with transaction():
        settings = db.session.query(InvoicingSettings).one_or_none() or InvoicingSettings()
        settings.late_penalty, settings.discount_terms = "12 % par an", "2 % sous 8 jours"
        settings.invoice_prefix, settings.payment_terms_days = "FA/", 45
        db.session.add(settings)
        db.session.flush()
        document = issue()
    texts = [mention.text for mention in read_mentions(document.mentions)]
    assert texts[1:3] == ["2 % sous 8 jours", "Pénalités de retard\u00a0: 12 % par an"]
    assert document.number == f"FA/-{paris_today().year}-0001"
    assert document.due_date == paris_today() + timedelta(days=45)


def test_the_option_for_debits_is_frozen_and_mentioned_on_services(company):
    with transaction():
        db.session.query(AccountingSettings).one().vat_on_debits_from = paris_today()
        db.session.flush()
        service, goods = issue(), issue(make_line(goods=True), customer=make_individual())
        before = issue(issue_date=paris_today(), customer=make_individual(name="Autre"))
    assert (service.regime, before.regime) == (VatRegime.DEBITS, VatRegime.DEBITS)
    assert MentionCode.VAT_ON_DEBITS in codes(service)
    assert MentionCode.VAT_ON_DEBITS not in codes(goods)


INCOMPLETE_SELLERS: list[tuple[str, Any]] = [
    ("vat_number", ""),
    ("vat_number", "FR83404833048"),
    ("siren", "123456789"),
    ("address1", ""),
    ("country", "BE"),
    ("legal_form", ""),
    ("share_capital_cents", None),
    ("registration", ""),
]


def test_an_incomplete_seller_is_sent_to_the_company_settings(company):
    for field, value in INCOMPLETE_SELLERS:
        with transaction():
            right = getattr(company, field)
            setattr(company, field, value)
        assert {place for place, _ in problems_of()} == {"company"}, field
        with transaction():
            setattr(company, field, right)
    with transaction():
        assert issue().number


def test_a_sole_trader_needs_neither_capital_nor_register(company):
    with transaction():
        company.legal_form, company.share_capital_cents, company.registration = "EI", None, ""
        db.session.flush()
        assert issue().number


def test_a_customer_abroad_may_be_charged_french_vat(company):
    with transaction():
        customer = make_customer(country="DE", siren="", postcode="10115", vat_number="DE136695976")
        assert issue(customer=customer).total_cents == 12000


def test_a_business_without_siren_is_refused(company):
    with transaction():
        customer = make_customer(country="DE", siren="", postcode="10115")
        customer.country = "FR"
    assert problems_of(customer=customer) == [("customer", "siren")]


def test_a_sale_without_vat_must_name_its_legal_ground(company):
    assert problems_of(make_line(), make_line(rate="0")) == [("document", "lines-1-vat_rate")]
    # What is written in a text is not known to the e-invoice.
    assert problems_of(make_line(rate="0", description="Exonération de TVA, art. 261, 4-4° du CGI")) == [
        ("document", "lines-0-vat_rate")
    ]
    assert problems_of(make_line(), make_line(price="0", rate="0", label="Offert")) == [
        ("document", "lines-1-vat_rate")
    ]
    with transaction():
        assert issue(make_line(vat_ground="CGI261-4-4")).total_cents == 10000
        assert issue(make_line(rate="0"), vat_ground="CGI261-4-4").total_cents == 10000
        assert issue(make_line(), make_line(price="0", label="Offert")).total_cents == 12000


def test_a_seller_without_vat_number_may_sell_what_is_exempt(company):
    with transaction():
        company.vat_number = ""
        db.session.flush()
        assert issue(vat_case=VatCase.EXEMPT, vat_ground="CGI261-4-4").vat_cents == 0


def test_an_empty_or_negative_document_is_refused(company):
    with transaction():
        from invoicing.draft_invoice import draft_invoice

        empty = draft_invoice(DraftInput(customer_id=make_customer().id)).id
    with pytest.raises(NotIssuableError) as caught, transaction():
        issue_invoice(empty)
    assert [problem.field for problem in caught.value.problems] == ["lines"]
    assert problems_of(make_line("-1")) == [("document", "lines")]


def test_everything_to_mend_is_told_at_once(company):
    with transaction():
        company.vat_number, company.legal_form = "", ""
    found = problems_of(make_line("-1"), issue_date=paris_today() + timedelta(days=1))
    assert {field for _, field in found} == {"vat_number", "legal_form", "issue_date", "lines"}


def test_dates_must_be_allowed(company):
    today = date(2026, 11, 20)
    assert problems_of(issue_date=today + timedelta(days=1), today=today) == [("document", "issue_date")]
    assert problems_of(issue_date=today - timedelta(days=21), today=today) == [("document", "issue_date")]
    assert problems_of(due_date=today + timedelta(days=90), today=today) == [("document", "due_date")]
    assert problems_of(issue_date=None, due_date=today - timedelta(days=1), today=today) == [
        ("document", "due_date")
    ]
    with transaction():
        assert issue(issue_date=today - timedelta(days=20), today=today).number == "F-2026-0001"
        assert issue(today=today, due_date=date(2027, 1, 14)).number == "F-2026-0002"
        assert issue(today=today, customer=make_individual(), payment_terms_days=90).due_date == date(
            2027, 2, 18
        )


def test_numbers_follow_dates_within_a_series(company):
    today = date(2026, 11, 20)
    with transaction():
        issue(today=today)
    assert problems_of(issue_date=today - timedelta(days=1), today=today) == [("document", "issue_date")]
    with transaction():
        assert issue(today=today).number == "F-2026-0002"
        assert issue(today=date(2027, 1, 2)).number == "F-2027-0001"
        # The series of the year before goes on until its last days are issued.
        assert issue(issue_date=date(2026, 12, 31), today=date(2027, 1, 2)).number == "F-2026-0003"


def test_a_total_of_zero_is_settled_at_issue(each_company):
    with transaction():
        document_id = issue(make_line(price="0")).id
    balance = balance_of(document_id)
    assert (balance.open_cents, balance.status) == (0, PaymentStatus.PAID)
    assert db.session.query(EntryLine).count() == 0
    assert list(verify_chain(each_company.id)) == []


def test_a_refused_issue_leaves_nothing_behind(company):
    with transaction():
        document_id = make_draft(make_line("-1")).id
    with pytest.raises(NotIssuableError), transaction():
        issue_invoice(document_id)
    with transaction():
        assert issue().sequence == 1


def test_twenty_issuers_at_once_number_without_a_gap(postgres_app):
    company_id = make_company(postgres_app)
    with postgres_app.app_context():
        enter_company(company_id)
        with transaction():
            customer = make_customer()
            drafts = [make_draft(customer=customer).id for _ in range(20)]
    failures: list[BaseException] = []
    start = threading.Barrier(20)

    def issue_one(document_id: int) -> None:
        try:
            with postgres_app.app_context():
                enter_company(company_id)
                start.wait(timeout=30)
                with transaction():
                    issue_invoice(document_id)
        except BaseException as error:  # noqa: BLE001  # shown by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=issue_one, args=(document_id,)) for document_id in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with postgres_app.app_context():
        enter_company(company_id)
        year = paris_today().year
        numbers = sorted(db.session.scalars(db.select(Document.number)))
        assert numbers == [f"F-{year}-{n:04d}" for n in range(1, 21)]
        entries = sorted(db.session.scalars(db.select(JournalEntry.number)))
        assert entries == [f"VE{n:06d}" for n in range(1, 21)]
        assert list(verify_chain(company_id)) == []
        assert check_ledger() == []


def test_one_draft_issued_in_two_tabs_at_once_gets_one_number(postgres_app):
    company_id = make_company(postgres_app)
    with postgres_app.app_context():
        enter_company(company_id)
        with transaction():
            document_id = make_draft().id
    numbers: list[str | None] = []

    def issue_it() -> None:
        with postgres_app.app_context():
            enter_company(company_id)
            with transaction():
                numbers.append(issue_invoice(document_id).number)

    threads = [threading.Thread(target=issue_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers == [f"F-{paris_today().year}-0001"] * 4
