"""Twelve months of a workshop that restores furniture, sells lamps and teaches: quotes, deposits, cards, cheques, cash,
credit notes, a discount, a doubtful customer, a loss, a chargeback. Each month the VAT is read; in March of the next
year the books are closed, archived, verified without Solde, and life goes on with what was open.
"""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from accounting.closed_periods import close_months
from accounting.closing.archive import KIND
from accounting.fec.check import check_fec
from accounting.fec.export import write_company_fec
from accounting.fec.findings import Verdict
from accounting.fec.format import fec_file_name
from accounting.fiscal_years import fiscal_years, year_ending_in
from accounting.lettering.letter_lines import is_lettered
from accounting.models import EntryLine, FiscalYear, JournalEntry
from accounting.reading.trial_balance import trial_balance
from accounting.reading.vat_report import vat_report
from accounting.receivable_facts import WriteOffKind
from core.database import db, transaction
from core.files import read_bytes
from core.jobs import run_due_jobs
from core.long_tasks import TaskState, ask_for, tasks_of
from core.models import Role
from invoicing.answer_quote import AnswerInput, answer_quote
from invoicing.apply_credit import apply_credit
from invoicing.bank.banks import banks
from invoicing.bank.deposit_cheques import deposit_cheques
from invoicing.cancel_payment import cancel_payment
from invoicing.credit_amounts import CreditChoice
from invoicing.credit_invoice import credit_invoice
from invoicing.doubt_invoice import DoubtInput, doubt_invoice
from invoicing.draft_deposit import DepositInput, draft_deposit
from invoicing.draft_final import draft_final
from invoicing.draft_invoice import DraftInput, draft_invoice
from invoicing.give_back import MoneyBack, give_back
from invoicing.issue_invoice import issue_invoice
from invoicing.issue_quote import issue_quote
from invoicing.lifecycle import AnswerKind, DocumentKind
from invoicing.models import Document
from invoicing.payments import Payment, PaymentMethod
from invoicing.refunds import RefundKind
from invoicing.render_pdf import render_documents
from invoicing.write_off import write_off
from invoicing.write_off_plan import WriteOffInput
from payplug_bridge.operations.request_reports import work_reports
from payplug_bridge.operations.wallet import wallet_standing
from payplug_bridge.simulator.testing import running_simulator
from tests.conftest import signed_in_client
from tests.factories.invoicing import issue, make_customer, make_individual, make_line, pay
from tests.following import led_to
from tests.payplug_bridge.shop import Shop, open_shop
from tests.scenarios.money import all_is_well, books, open_on

ACCOUNTS = ("411", "416", "4191", "44571", "44574", "5112", "512000", "512500", "530", "580")


@dataclass
class Workshop:
    """The shop, and what the story remembers: ids by name."""

    shop: Shop
    ids: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def on(self, year: int, month: int, day: int) -> Iterator[None]:
        """That day at ten, with the company entered and a transaction open."""
        morning = time_machine.travel(datetime(year, month, day, 9, tzinfo=UTC), tick=True)
        with morning, self.shop.inside(), transaction():
            yield

    def document(self, name: str) -> Document:
        return db.session.get_one(Document, self.ids[name])

    def sell(self, name: str, *lines, **more) -> Document:
        document = issue(*lines, **more)
        self.ids[name] = document.id
        return document

    def paid(self, name: str, euros: str, **more) -> Payment:
        payment = pay(self.document(name), euros, **more)
        self.ids[f"payment of {name}"] = payment.id
        return payment

    def by_card(self, name: str, moment: datetime) -> str:
        """The customer pays the invoice on its page, PayPlug tells it."""
        with time_machine.travel(moment, tick=True):
            payment_id = self.shop.click(self.ids[name])
            self.shop.simulator.pay(payment_id)
            assert self.shop.notify_about(payment_id) == 200
            self.shop.work()
            return payment_id

    def night(self, moment: datetime) -> None:
        """What the worker does by itself: the sync and PayPlug's reports, until nothing is left to do."""
        with time_machine.travel(moment, tick=True):
            for _ in range(3):
                self.shop.sync()
                with self.shop.app.app_context():
                    work_reports()
                    db.session.remove()


def noon(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


def first_half(workshop: Workshop) -> None:
    """January to June 2025."""
    # A table of 2 000 € net is quoted, accepted, a deposit of 30 % is asked for.
    with workshop.on(2025, 1, 10):
        maker = make_customer(name="Meubles Fictifs")
        quote = draft_invoice(
            DraftInput(
                customer_id=maker.id, lines=(make_line("1", "2000", label="Restauration d’une table"),)
            ),
            kind=DocumentKind.QUOTE,
        )
        issue_quote(quote.id)
        answer_quote(quote.id, AnswerInput(AnswerKind.ACCEPTED, "Paule Exemple", consent="Bon pour accord"))
        workshop.ids |= {"quote": quote.id, "maker": maker.id}
        workshop.ids["deposit"] = issue_invoice(draft_deposit(quote.id, DepositInput(rate=3000)).id).id
    with workshop.on(2025, 1, 20):
        workshop.paid("deposit", "720")
        assert books(*ACCOUNTS) == {"4191": "-600.00", "44571": "-120.00", "512000": "720.00"}
    with workshop.on(2025, 2, 14):  # the table is done: the rest, paid in two parts
        workshop.ids["final"] = issue_invoice(draft_final(workshop.ids["quote"]).id).id
        workshop.paid("final", "1000")
    with workshop.on(2025, 3, 3):
        workshop.paid("final", "680")
        assert open_on(workshop.document("final")) == ["0.00"]
    # A lesson and lamps, at two rates, paid by card; ten euros back in PayPlug's portal.
    with workshop.on(2025, 3, 5):
        workshop.sell("lesson", make_line("1", "300", label="Stage"), make_line("2", "50", "5.5", goods=True))
    lesson = workshop.by_card("lesson", noon(2025, 3, 6))
    with time_machine.travel(noon(2025, 3, 9), tick=True):
        workshop.shop.simulator.refund(lesson, 1000)
        workshop.shop.simulator.pay_out(20_000)
    workshop.night(noon(2025, 3, 12))
    # Lamps sold to a private person, one comes back; what she paid too much is used.
    with workshop.on(2025, 4, 2):
        camille = make_individual()
        lamps = workshop.sell("lamps", make_line("4", "100", goods=True), customer=camille)
        workshop.paid("lamps", "480")
        credit_invoice(lamps.id, reason="Lampe rendue", choice=CreditChoice(amounts={0: 10_000}))
        shade = workshop.sell("shade", make_line("1", "75", goods=True), customer=camille)
        assert apply_credit(shade.id) == shade.total_cents
        assert open_on(lamps, shade) == ["0.00", "0.00"]
    with workshop.on(2025, 5, 6):  # two cheques on one slip; one of them bounces
        for n in (1, 2):
            workshop.sell(f"chair {n}", make_line("1", "150"))
        cheques = [workshop.paid(f"chair {n}", "180", method=PaymentMethod.CHEQUE) for n in (1, 2)]
        deposit_cheques(
            [cheque.id for cheque in cheques], bank_account_id=banks()[0].account_id,
            deposited_on=date(2025, 5, 6), request_key="slip",
        )  # fmt: skip
        assert books("5112") == {}
    with workshop.on(2025, 5, 20):
        cancel_payment(workshop.ids["payment of chair 2"], reason="Chèque sans provision")
        assert open_on(workshop.document("chair 1"), workshop.document("chair 2")) == ["0.00", "180.00"]
        workshop.paid("chair 2", "180", method=PaymentMethod.CASH)
    with workshop.on(2025, 6, 10):  # two percent for paying at once
        workshop.sell("early", make_line("1", "1000"))
        workshop.paid("early", "1176")
        write_off(WriteOffInput(workshop.ids["early"], WriteOffKind.DISCOUNT, 2400, date(2025, 6, 10)))
        assert open_on(workshop.document("early")) == ["0.00"]


def second_half(workshop: Workshop) -> None:
    """July to December 2025."""
    with workshop.on(2025, 7, 8):  # a customer who will not pay, and one whose bank takes the money back
        workshop.sell("doubtful", make_line("1", "800"))
        workshop.sell("lost", make_line("1", "100"))
        workshop.sell("disputed", make_line("1", "250"))
    disputed = workshop.by_card("disputed", noon(2025, 7, 9))
    with time_machine.travel(noon(2025, 8, 12), tick=True):
        workshop.shop.simulator.dispute(disputed)
    workshop.night(noon(2025, 8, 13))
    with workshop.on(2025, 9, 15):
        doubt_invoice(DoubtInput(workshop.ids["doubtful"], date(2025, 9, 15), 5000, "Ne répond plus"))
        write_off(
            WriteOffInput(
                workshop.ids["lost"], WriteOffKind.LOSS, 12_000, date(2025, 9, 15), reason="Liquidation"
            )
        )
    # A transfer on the wrong invoice is taken back; money goes back by transfer.
    with workshop.on(2025, 10, 7):
        workshop.sell("autumn", make_line("1", "400"))
        payment = workshop.paid("autumn", "500")
        give_back(
            MoneyBack(
                payment.id,
                2000,
                date(2025, 10, 7),
                kind=RefundKind.REFUND,
                reason="Trop-perçu",
                request_key="b",
            )
        )
    with workshop.on(2025, 11, 4):  # October is closed for the time being; a payment of October arrives late
        year = year_ending_in(2025)
        assert year is not None
        close_months(year.id, date(2025, 10, 31))
        workshop.sell("november", make_line("1", "600"))
        late = workshop.paid("november", "100", paid_on=date(2025, 10, 30))
        entry = db.session.scalars(
            select(JournalEntry).where(
                JournalEntry.source_kind == "payment", JournalEntry.source_id == late.id
            )
        ).one()
        assert (entry.entry_date, entry.piece_date) == (date(2025, 11, 1), date(2025, 10, 30))
    with workshop.on(2025, 12, 12):  # what the year leaves open: in full, in part, a deposit, a credit
        workshop.sell("december", make_line("1", "1000"), make_line("3", "100", goods=True))
        workshop.sell("part", make_line("1", "500"))
        workshop.paid("part", "200")
        workshop.sell("too much", make_line("1", "50"))
        workshop.paid("too much", "100")
        second = draft_invoice(
            DraftInput(customer_id=workshop.ids["maker"], lines=(make_line("1", "900"),)),
            kind=DocumentKind.QUOTE,
        )
        issue_quote(second.id)
        answer_quote(second.id, AnswerInput(AnswerKind.ACCEPTED, "Paule Exemple", consent="Bon pour accord"))
        workshop.ids["second quote"] = second.id
        deposit = workshop.ids["second deposit"] = issue_invoice(
            draft_deposit(second.id, DepositInput(rate=5000)).id
        ).id
        pay(db.session.get_one(Document, deposit), "540")
    workshop.night(noon(2025, 12, 31))


def months(year: int) -> Iterator[tuple[date, date]]:
    for month in range(1, 13):
        first = date(year, month, 1)
        yield first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def fec_of(year: FiscalYear) -> bytes:
    """The year's file, strictly right, without a remark."""
    out = io.BytesIO()
    ends_on, starts_on = year.ends_on, year.starts_on
    write_company_fec(year, out)
    report = check_fec(io.BytesIO(out.getvalue()), fec_file_name("732829320", ends_on), year_start=starts_on)
    assert (report.verdict, [finding.rule.code for finding in report.findings]) == (Verdict.RIGHT, [])
    return out.getvalue()


def balance_sheet(on: date) -> dict[str, int]:
    rows = trial_balance(on, on).rows
    return {row.number: row.closing_cents for row in rows if row.closing_cents and row.number[0] < "6"}


def open_keys() -> set[str]:
    lines = select(EntryLine.match_key).where(EntryLine.auxiliary_code != "", ~is_lettered())
    return set(db.session.scalars(lines))


def close_on_the_page(workshop: Workshop, year_id: int) -> None:
    """The accountant reads what is missing, types the year and closes it."""
    accountant = signed_in_client(workshop.shop.app, workshop.shop.company_id, Role.ACCOUNTANT)
    app, address = workshop.shop.app, f"/books/closing/{year_id}"
    page = accountant.get(led_to(app, accountant, accountant.post(f"{address}/checks"))).text
    assert "À corriger" not in page
    assert "postes ouverts" in page
    led_to(app, accountant, accountant.post(address, data={"year": "2025"}))


def closing(workshop: Workshop) -> bytes:
    """March 2026: the December invoice was paid meanwhile; the year is looked at, closed and opened again."""
    with workshop.on(2026, 1, 20):
        workshop.paid("december", "1560")
        assert open_on(workshop.document("december")) == ["0.00"]
    with time_machine.travel(noon(2026, 3, 16), tick=True), workshop.shop.inside():
        render_documents()
        year = year_ending_in(2025)
        assert year is not None
        year_id, starts_on, ends_on = year.id, year.starts_on, year.ends_on
        before, open_before = trial_balance(starts_on, ends_on), open_keys()
        at_the_end = {
            row.number: row.closing_cents for row in before.rows if row.closing_cents and row.number[0] < "6"
        }
        result_cents = sum(row.closing_cents for row in before.rows if row.number[0] in "67")
        wallet = wallet_standing().ledger_cents
        close_on_the_page(workshop, year_id)
        assert trial_balance(starts_on, ends_on) == before
        account = "129000" if result_cents > 0 else "120000"
        assert balance_sheet(date(2026, 1, 1)) == {**at_the_end, account: result_cents}
        assert open_keys() == open_before
        assert wallet_standing().ledger_cents == wallet
        for found in fiscal_years():
            fec_of(found)
        all_is_well()
        closed = year_ending_in(2025)
        assert closed is not None
        return fec_of(closed)


def after(workshop: Workshop) -> None:
    """April 2026: what the year had left open is paid, given back, credited, taken back."""
    with workshop.on(2026, 4, 7):
        workshop.paid("part", "400")
        assert open_on(workshop.document("part")) == ["0.00"]
        final = issue_invoice(draft_final(workshop.ids["second quote"]).id)
        assert final.total_cents == 54_000
        pay(final, "540")
        give_back(
            MoneyBack(
                workshop.ids["payment of too much"], 4000, date(2026, 4, 7), kind=RefundKind.REFUND,
                reason="Trop-perçu", request_key="c",
            )
        )  # fmt: skip
        credit_invoice(workshop.ids["november"], reason="Geste commercial")
        # A transfer of the closed year was somebody else's: the mirrored record is of today.
        cancel_payment(workshop.ids["payment of early"], reason="Client confondu")
        assert open_on(workshop.document("early")) == ["1176.00"]
        write_off(
            WriteOffInput(
                workshop.ids["doubtful"], WriteOffKind.LOSS, 96_000, date(2026, 4, 7), reason="Perdue"
            )
        )


def archived(workshop: Workshop, folder: Path) -> None:
    """The archive is made by the worker and verified by the program inside, run by itself."""
    with workshop.on(2026, 5, 4):
        year = year_ending_in(2025)
        assert year is not None
        ask_for(KIND, {"year_id": year.id, "year": 2025}, request_key="archive")
    with time_machine.travel(noon(2026, 5, 4), tick=True):
        run_due_jobs(workshop.shop.app)
    with workshop.shop.inside():
        (task,) = tasks_of(KIND, limit=5)
        assert (task.state, task.problem) == (TaskState.DONE, "")
        assert task.stored_file is not None
        path = folder / "archive.zip"
        path.write_bytes(read_bytes(task.stored_file.sha256))
    with zipfile.ZipFile(path) as opened:
        opened.extractall(folder / "archive")
    key = folder / "cle.txt"
    key.write_text("k" * 64)
    done = subprocess.run(
        [sys.executable, "-I", str(folder / "archive" / "verifier.py"), "--cle-fichier", str(key)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "L'archive est intacte, HMAC compris.\n"), done.stdout


@pytest.mark.parametrize("engine", ["sqlite_url", pytest.param("postgres_url", marks=pytest.mark.long)])
def test_a_year_of_a_workshop(
    make_app: Callable[..., Flask], request: pytest.FixtureRequest, tmp_path: Path, engine: str
) -> None:
    with running_simulator() as simulator:
        with time_machine.travel(noon(2025, 1, 2), tick=True):
            workshop = Workshop(open_shop(make_app, request.getfixturevalue(engine), simulator))
        first_half(workshop)
        second_half(workshop)
        with workshop.shop.inside():
            all_is_well()
            for starts_on, ends_on in months(2025):
                report = vat_report(starts_on, ends_on)
                assert report.holds, (starts_on, report)
        fec = closing(workshop)
        after(workshop)
        archived(workshop, tmp_path)
        with workshop.shop.inside():
            all_is_well()
            for starts_on, ends_on in (*months(2025), *months(2026)):
                assert vat_report(starts_on, ends_on).holds, starts_on
            closed, running = (year_ending_in(ends_in) for ends_in in (2025, 2026))
            assert closed is not None
            assert running is not None
            assert fec_of(closed) == fec
            fec_of(running)
            assert trial_balance(running.starts_on, running.ends_on).is_balanced
