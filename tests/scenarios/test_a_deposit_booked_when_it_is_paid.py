"""A firm whose accountant books deposits when they are paid: nothing before the money, C 4191 and D 4458 / C 44571 with
it, and the final invoice takes the same accounts back (docs/decisions/0028)."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from sqlalchemy import select

from accounting.closing.close_year import close_year
from accounting.models import Account, DepositsScheme, EntryLine, FiscalYear, JournalEntry
from accounting.reading.ageing import ageing
from accounting.reading.vat_report import vat_report
from accounting.settings.choose_deposits_scheme import choose_deposits_scheme
from core.database import db, transaction
from invoicing.apply_credit import apply_credit
from invoicing.cancel_payment import cancel_payment
from invoicing.credit_amounts import CreditChoice
from invoicing.credit_invoice import credit_invoice
from invoicing.dispute_payment import dispute_payment
from invoicing.doubt_invoice import DoubtInput, doubt_invoice
from invoicing.draft_final import deduct_deposits
from invoicing.errors import InvalidInputError, NotIssuableError
from invoicing.give_back import MoneyBack
from invoicing.issue_invoice import issue_invoice
from invoicing.models import Document
from invoicing.payments import PaymentMethod
from invoicing.receivables import WriteOffKind
from invoicing.refund_payment import refund_payment
from invoicing.set_invoice_type import set_deposit
from invoicing.win_dispute import win_dispute
from invoicing.write_off import write_off
from invoicing.write_off_plan import WriteOffInput
from tests.factories.invoicing import issue, make_customer, make_draft, make_line, pay
from tests.scenarios.money import all_is_well, books, open_on

ACCOUNTS = ("411", "416", "4191", "706", "707", "658", "758", "44571", "44574", "44588", "5")


def books_now() -> dict[str, str]:
    return books(*ACCOUNTS)


@pytest.fixture
def when_paid(company):
    _choose()


@pytest.fixture
def when_paid_each(each_company):
    """The same on each engine in turn."""
    _choose()


def _choose() -> None:
    with transaction():
        choose_deposits_scheme(DepositsScheme.WHEN_PAID)


def deposit_of(customer, *lines, on, **changes) -> Document:
    draft = make_draft(*(lines or (make_line("1", "100"),)), customer=customer, **changes)
    set_deposit(draft.id, is_deposit=True)
    return issue_invoice(draft.id, today=on)


def final_of(customer, *lines, on, **changes) -> Document:
    """An invoice of 1 000 € net, less the deposits of its customer."""
    draft = make_draft(*(lines or (make_line("1", "1000"),)), customer=customer, **changes)
    deduct_deposits(draft.id)
    return issue_invoice(draft.id, today=on)


def entry_of(document: Document) -> JournalEntry:
    return db.session.scalars(
        select(JournalEntry).where(
            JournalEntry.source_kind == "document", JournalEntry.source_id == document.id
        )
    ).one()


def lines_of(entry: JournalEntry) -> list[tuple[str, int, str]]:
    """Account, cents (a debit above zero) and key of each line."""
    rows = db.session.execute(
        select(Account.number, EntryLine.debit_cents - EntryLine.credit_cents, EntryLine.match_key)
        .join(Account, Account.id == EntryLine.account_id)
        .where(EntryLine.entry_id == entry.id)
        .order_by(EntryLine.position)
    )
    return [(number, cents, key) for number, cents, key in rows]


def vat_of(year: int, month: int, last: int) -> tuple[int, int]:
    """VAT due of a month by the report, and what waits at its end; the report must be the ledger."""
    report = vat_report(date(year, month, 1), date(year, month, last))
    assert report.holds
    return report.vat_cents, report.waiting_cents


@pytest.mark.usefixtures("when_paid_each")
def test_paid_in_two_parts_deducted_and_settled():
    with transaction():
        customer = make_customer(name="Cuisines Fictives")
        deposit = deposit_of(customer, on=date(2026, 6, 3))
    # It was asked for; the books know nothing, nor does the balance of the customer.
    assert deposit.booked_when_paid
    assert books_now() == {}
    assert open_on(deposit) == ["120.00"]
    assert ageing(date(2026, 6, 3)).customers == ()

    # A third is paid by transfer: 40 received in advance, of which 6.67 are VAT, due with the money.
    with transaction():
        pay(deposit, "40", paid_on=date(2026, 6, 5))
    assert books_now() == {"4191": "-40.00", "44588": "6.67", "44571": "-6.67", "5": "40.00"}
    # The rest by card, and 5 too much: those are the customer's credit, on 411 as ever.
    with transaction():
        pay(deposit, "85", paid_on=date(2026, 6, 20), method=PaymentMethod.CARD)
    assert books_now() == {
        "411": "-5.00",
        "4191": "-120.00",
        "44588": "20.00",
        "44571": "-20.00",
        "5": "125.00",
    }
    assert vat_of(2026, 6, 30) == (20_00, -20_00)

    # The sale: it stands in full on 706, 180 of VAT wait, 4191 and 4458 are even again.
    with transaction():
        final = final_of(customer, on=date(2026, 7, 1))
    assert final.total_cents == 108_000
    assert books_now() == {
        "411": "1075.00", "706": "-1000.00", "44571": "-20.00", "44574": "-180.00", "5": "125.00",
    }  # fmt: skip
    assert lines_of(entry_of(final)) == [
        ("411000", 1080_00, f"invoice:{final.id}"),
        ("706000", -1000_00, ""),
        ("445740", -180_00, f"invoice:{final.id}"),
        ("411000", 120_00, f"invoice:{deposit.id}"),
        ("411000", -120_00, f"invoice:{deposit.id}"),
        ("419100", 120_00, f"advance:{deposit.id}"),
        ("445880", -20_00, f"advance:{deposit.id}"),
    ]
    assert open_on(deposit, final) == ["0.00", "1080.00"]
    with transaction():
        apply_credit(final.id, today=date(2026, 7, 2))
        pay(final, "1075", paid_on=date(2026, 7, 20))
    assert books_now() == {"706": "-1000.00", "44571": "-200.00", "5": "1200.00"}
    assert vat_of(2026, 7, 31) == (180_00, 0)
    all_is_well()


@pytest.mark.usefixtures("when_paid")
def test_unpaid_or_paid_in_part_when_the_sale_comes_it_is_owed_like_any_invoice():
    with transaction():
        customer = make_customer()
        deposit = deposit_of(
            customer, make_line("1", "60", goods=True), make_line("1", "40", rate="10"), on=date(2026, 6, 3)
        )
        pay(deposit, "29", paid_on=date(2026, 6, 5))
    # 116 with VAT of 12 and 4; a quarter is paid.
    assert books_now() == {"4191": "-29.00", "44588": "4.00", "44571": "-4.00", "5": "29.00"}
    with transaction():
        final = final_of(
            customer, make_line("1", "600", goods=True), make_line("1", "400", rate="10"), on=date(2026, 7, 1)
        )
    # 87 of the deposit and 1 044 of the final invoice are owed; of the deposit 12 of VAT wait, of the work 36.
    assert open_on(deposit, final) == ["87.00", "1044.00"]
    assert books_now() == {
        "411": "1131.00", "707": "-600.00", "706": "-400.00", "44571": "-112.00", "44574": "-48.00", "5": "29.00",
    }  # fmt: skip
    assert vat_of(2026, 6, 30) == (4_00, -4_00)
    assert vat_of(2026, 7, 31) == (108_00, 48_00)
    # From now on it is an ordinary receivable: it may be doubtful and lost, by halves too.
    with transaction():
        doubt_invoice(DoubtInput(deposit.id, date(2026, 8, 1)))
    assert books_now()["416"] == "87.00"
    with pytest.raises(NotIssuableError, match=str(deposit.number)), transaction():
        credit_invoice(final.id, reason="Erreur", today=date(2026, 8, 1))
    with transaction():
        pay(deposit, "58", paid_on=date(2026, 8, 2))
        write_off(WriteOffInput(deposit.id, WriteOffKind.LOSS, 29_00, date(2026, 8, 3)))
        pay(final, "1044", paid_on=date(2026, 8, 3))
    assert books("411", "416", "4191", "44571", "44574", "44588") == {"44571": "-156.00"}
    all_is_well()


@pytest.mark.usefixtures("when_paid_each")
def test_a_year_is_closed_over_an_open_deposit():
    with transaction():
        customer = make_customer()
        deposit = deposit_of(customer, on=date(2025, 12, 3))
        pay(deposit, "60", paid_on=date(2025, 12, 5))
    with time_machine.travel(date(2026, 2, 1)), transaction():
        year = db.session.scalars(select(FiscalYear).where(FiscalYear.ends_on == date(2025, 12, 31))).one()
        close_year(year.id)
    # What was paid is carried on 4191 and 4458, for the deposit; nothing is owed.
    assert books_now() == {"4191": "-60.00", "44588": "10.00", "44571": "-10.00", "5": "60.00"}
    all_is_well()
    with transaction():
        pay(deposit, "30", paid_on=date(2026, 2, 5))
        final = final_of(customer, on=date(2026, 3, 1))
        pay(deposit, "30", paid_on=date(2026, 3, 2))
        pay(final, "1080", paid_on=date(2026, 3, 3))
    assert books_now() == {"706": "-1000.00", "44571": "-200.00", "5": "1200.00"}
    assert vat_of(2025, 12, 31) == (10_00, -10_00)
    assert vat_of(2026, 3, 31) == (185_00, 0)
    all_is_well()


@pytest.mark.usefixtures("when_paid")
def test_credited_before_and_after_the_money():
    with transaction():
        customer = make_customer()
        deposit = deposit_of(customer, on=date(2026, 6, 3))
        # Half of it is credited before anything was paid: nothing was booked, so nothing is taken back.
        half = CreditChoice(amounts={0: 50_00})
        credit_invoice(deposit.id, reason="Moins", choice=half, today=date(2026, 6, 4))
    assert books_now() == {}
    assert open_on(deposit) == ["60.00"]
    with transaction():
        pay(deposit, "60", paid_on=date(2026, 6, 5))
        # Half of the rest after: 30 of what was received are the customer's credit, 5 of VAT are due no longer.
        note = credit_invoice(
            deposit.id, reason="Moins", choice=CreditChoice(amounts={0: 25_00}), today=date(2026, 6, 6)
        )
    assert lines_of(entry_of(note)) == [
        ("419100", 30_00, f"advance:{deposit.id}"),
        ("411000", -30_00, f"credit_note:{note.id}"),
        ("445880", -5_00, f"advance:{deposit.id}"),
        ("445711", 5_00, ""),
    ]
    assert books_now() == {"411": "-30.00", "4191": "-30.00", "44588": "5.00", "44571": "-5.00", "5": "60.00"}
    assert vat_of(2026, 6, 30) == (5_00, -5_00)
    # What is left is deducted; the credit pays a part of the sale.
    with transaction():
        final = final_of(customer, on=date(2026, 7, 1))
        assert final.total_cents == 1170_00
        apply_credit(final.id, today=date(2026, 7, 1))
        pay(final, "1140", paid_on=date(2026, 7, 2))
    assert books_now() == {"706": "-1000.00", "44571": "-200.00", "5": "1200.00"}
    assert vat_of(2026, 7, 31) == (195_00, 0)
    all_is_well()


@pytest.mark.usefixtures("when_paid")
def test_money_that_goes_back_before_and_after_the_sale():
    with transaction():
        customer = make_customer()
        deposit = deposit_of(customer, on=date(2026, 6, 3))
        card = pay(deposit, "120", paid_on=date(2026, 6, 4), method=PaymentMethod.CARD)
        refund_payment(MoneyBack(card.id, 30_00, date(2026, 6, 5)))
    # 30 went back: the deposit asks for them again, and the books have 90 of it.
    assert open_on(deposit) == ["30.00"]
    assert books_now() == {"4191": "-90.00", "44588": "15.00", "44571": "-15.00", "5": "90.00"}
    with transaction():
        dispute = dispute_payment(
            card.id, amount_cents=90_00, disputed_on=date(2026, 6, 10), external_id="d1"
        )
    assert books_now() == {}
    # The sale comes while the dispute goes on; then it is won: the receivable of 120 is paid by three quarters.
    with transaction():
        final_of(customer, on=date(2026, 7, 1))
    assert books("411", "4191", "44571", "44574", "44588") == {"411": "1200.00", "44574": "-200.00"}
    with transaction():
        win_dispute(dispute.id, won_on=date(2026, 7, 10))
    assert books("411", "4191", "44571", "44574", "44588") == {
        "411": "1110.00", "44571": "-15.00", "44574": "-185.00",
    }  # fmt: skip
    all_is_well()


@pytest.mark.usefixtures("when_paid")
@pytest.mark.parametrize("is_over", [False, True], ids=["same year", "year closed between"])
def test_a_cheque_that_bounces_before_and_after_the_sale(is_over):
    with transaction():
        customer = make_customer()
        deposit = deposit_of(customer, on=date(2025, 12, 3))
        first = pay(deposit, "20", paid_on=date(2025, 12, 4), method=PaymentMethod.CHEQUE)
        second = pay(deposit, "100", paid_on=date(2025, 12, 5), method=PaymentMethod.CHEQUE)
        cancel_payment(first.id, reason="Impayé", today=date(2025, 12, 9))
    assert books_now() == {"4191": "-100.00", "44588": "16.67", "44571": "-16.67", "5": "100.00"}
    if is_over:
        with time_machine.travel(date(2026, 2, 1)), transaction():
            year = db.session.scalars(
                select(FiscalYear).where(FiscalYear.ends_on == date(2025, 12, 31))
            ).one()
            close_year(year.id)
    # After the sale the deposit is on 411: what bounces is owed there, 4191 stays even.
    with transaction():
        final_of(customer, on=date(2026, 3, 1))
        cancel_payment(second.id, reason="Impayé", today=date(2026, 3, 10))
    assert open_on(deposit) == ["120.00"]
    assert books_now() == {"411": "1200.00", "706": "-1000.00", "44574": "-200.00"}
    with transaction():
        pay(deposit, "120", paid_on=date(2026, 3, 11))
    assert books_now() == {
        "411": "1080.00", "706": "-1000.00", "44571": "-20.00", "44574": "-180.00", "5": "120.00",
    }  # fmt: skip
    all_is_well()


@pytest.mark.usefixtures("when_paid_each")
def test_the_final_invoice_is_credited_and_made_anew():
    with transaction():
        customer = make_customer()
        deposit = deposit_of(customer, on=date(2026, 6, 3))
        early = pay(deposit, "60", paid_on=date(2026, 6, 4))
        final = final_of(customer, on=date(2026, 7, 1))
        late = pay(deposit, "30", paid_on=date(2026, 7, 2))
        note = credit_invoice(final.id, reason="Erreur", today=date(2026, 7, 3))
    # As if there had been no sale: 90 of 120 received, their VAT of 15 due.
    assert books_now() == {"4191": "-90.00", "44588": "15.00", "44571": "-15.00", "5": "90.00"}
    assert (f"advance:{deposit.id}", -90_00) in {(key, cents) for _, cents, key in lines_of(entry_of(note))}
    assert vat_of(2026, 7, 31) == (5_00, -15_00)
    # What was paid after the sale and what was paid before it bounce alike.
    with transaction():
        cancel_payment(late.id, reason="Erreur", today=date(2026, 7, 4))
    assert books_now() == {"4191": "-60.00", "44588": "10.00", "44571": "-10.00", "5": "60.00"}
    with transaction():
        again = final_of(customer, on=date(2026, 7, 6))
        cancel_payment(early.id, reason="Erreur", today=date(2026, 7, 7))
    assert books_now() == {"411": "1200.00", "706": "-1000.00", "44574": "-200.00"}
    with transaction():
        pay(deposit, "120", paid_on=date(2026, 7, 8))
        pay(again, "1080", paid_on=date(2026, 7, 8))
    assert books_now() == {"706": "-1000.00", "44571": "-200.00", "5": "1200.00"}
    assert vat_of(2026, 7, 31) == (190_00, 0)
    all_is_well()


@pytest.mark.usefixtures("company")
def test_the_choice_holds_for_deposits_to_come_alone():
    with transaction():
        customer = make_customer()
        owed = deposit_of(customer, on=date(2026, 6, 3))
        choose_deposits_scheme(DepositsScheme.WHEN_PAID)
        paid = deposit_of(customer, make_line("1", "200"), on=date(2026, 6, 4))
        choose_deposits_scheme(DepositsScheme.AT_ISSUE)
    assert (owed.booked_when_paid, paid.booked_when_paid) == (False, True)
    assert books_now() == {"411": "120.00", "4191": "-100.00", "44574": "-20.00"}
    with transaction():
        pay(owed, "120", paid_on=date(2026, 6, 5))
        pay(paid, "240", paid_on=date(2026, 6, 5))
    assert books_now() == {"4191": "-340.00", "44588": "40.00", "44571": "-60.00", "5": "360.00"}
    # One final invoice deducts both, each on the accounts it stands on.
    with transaction():
        final = final_of(customer, on=date(2026, 7, 1))
    assert final.total_cents == 840_00
    assert books_now() == {
        "411": "840.00", "706": "-1000.00", "44571": "-60.00", "44574": "-140.00", "5": "360.00",
    }  # fmt: skip
    assert vat_of(2026, 7, 31) == (0, 140_00)
    with transaction():
        credit_invoice(final.id, reason="Erreur", today=date(2026, 7, 2))
    assert books_now() == {"4191": "-340.00", "44588": "40.00", "44571": "-60.00", "5": "360.00"}
    all_is_well()


@pytest.mark.usefixtures("when_paid")
def test_what_is_in_no_account_cannot_be_given_up():
    with transaction():
        deposit = deposit_of(make_customer(), on=date(2026, 6, 3))
        pay(deposit, "119.50", paid_on=date(2026, 6, 4))
    for kind in WriteOffKind:
        with pytest.raises(InvalidInputError) as refused, transaction():
            write_off(WriteOffInput(deposit.id, kind, 50, date(2026, 6, 5)))
        assert "Faites plutôt un avoir" in str(refused.value.errors["amount_cents"])
    with pytest.raises(InvalidInputError), transaction():
        doubt_invoice(DoubtInput(deposit.id, date(2026, 6, 5)))
    assert books_now() == {"4191": "-119.50", "44588": "19.92", "44571": "-19.92", "5": "119.50"}


@pytest.mark.usefixtures("when_paid")
def test_prices_that_include_vat_leave_no_cent_on_4191():
    # Two deposits of 10 € VAT included: 8.33 and 1.67 each; deducted together they are 16.67 and 3.33.
    with transaction():
        customer = make_customer()
        deposits = [
            deposit_of(customer, make_line("1", "10"), on=date(2026, 6, day), prices_include_vat=True)
            for day in (3, 4)
        ]
        for deposit in deposits:
            pay(deposit, "10", paid_on=date(2026, 6, 5))
        final = final_of(customer, make_line("1", "120"), on=date(2026, 7, 1), prices_include_vat=True)
        pay(final, "100", paid_on=date(2026, 7, 2))
    assert final.total_cents == 100_00
    assert books("411", "4191", "44574", "44588") == {}
    assert vat_of(2026, 7, 31)[1] == 0
    all_is_well()


@pytest.mark.usefixtures("when_paid")
def test_an_issue_that_makes_no_entry_still_seals_what_was_decided():
    with transaction():
        kept = issue(today=date(2026, 6, 2), customer=make_customer())
        deposit = deposit_of(make_customer(siren="732829320"), on=date(2026, 6, 3))
    assert (kept.booked_when_paid, deposit.booked_when_paid) == (False, True)
    assert db.session.scalars(select(JournalEntry.source_id)).all() == [kept.id]
    all_is_well()
