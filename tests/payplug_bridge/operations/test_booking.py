"""What reports bring is booked once each, whatever reports tell it, and goes to the right accounts."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from core.database import db, transaction
from core.models import Role, User
from invoicing.payments import PaymentMethod
from payplug_bridge.models import AttemptState, PaymentAttempt, PayplugMode
from payplug_bridge.operations.book_operations import book_operations
from payplug_bridge.operations.import_report import import_report
from payplug_bridge.operations.models import PayplugBooking, PayplugOperation
from payplug_bridge.operations.request_reports import book_again
from payplug_bridge.operations.upload_report import upload_report
from payplug_bridge.operations.wallet_opening import open_wallet, opening_accounts
from tests.conftest import make_user
from tests.factories.invoicing import issue, make_line, pay
from tests.payplug_bridge.operations.report_files import csv_file
from tests.scenarios.money import all_is_well, books

OURS, SHOP, REFUND = "pay_0000000000000000000001", "pay_0000000000000000000002", "re_00000000000000000003"
ACCOUNTS = ("401", "411", "44566", "471", "512000", "512500", "580", "627")


@pytest.fixture
def actor(each_app, each_company) -> int:
    make_user(each_app, each_company.id, Role.ACCOUNTANT)
    db.session.rollback()  # what was read before does not see her
    return db.session.scalars(select(User.id)).one()


def take(content: bytes, actor: int) -> tuple[int, int]:
    report = import_report(upload_report(content, "report.csv", actor_id=actor), actor_id=actor)
    return report.new_rows, report.known_rows


def counted(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def attempt_at(invoice_id: int) -> None:
    """The request that led to the payment."""
    with transaction():
        db.session.add(
            PaymentAttempt(
                document_id=invoice_id,
                reference="ref",
                amount_cents=12_000,
                mode=PayplugMode.LIVE,
                state=AttemptState.PAID,
                payplug_id=OURS,
            )
        )


def test_each_operation_is_booked_once(each_company, actor: int) -> None:
    with transaction():
        invoice = issue(make_line("1", "100"), today=date(2026, 9, 1))
        pay(invoice, "120", method=PaymentMethod.CARD, paid_on=date(2026, 9, 5), external_id=OURS)
    early = (
        ("05/09/2026 10:00", "Paiement", "120,00", OURS, "", ""),
        ("06/09/2026 10:00", "Paiement", "40,00", SHOP, "Boutique", ""),
        ("06/09/2026 23:30", "Remboursement", "-10,00", REFUND, "Boutique", ""),
        ("10/09/2026", "Virement", "-50,00", "", "", ""),
        ("10/09/2026", "Virement", "-50,00", "", "", ""),
        ("11/09/2026", "Ajustement", "3,00", "", "", ""),
    )
    late = (*early[3:], ("01/10/2026", "Facture", "-12,00", "", "", ""))
    assert take(csv_file(*early), actor) == (6, 0)
    # In Paris the refund at 23:30 UTC is of the next day: two days, two entries on the waiting account.
    assert books(*ACCOUNTS) == {"471": "-30.00", "512500": "50.00", "580": "100.00"}
    # The same file, and one that overlaps with it: only the invoice of the fees is new.
    assert take(csv_file(*early), actor) == (6, 0)
    assert take(csv_file(*late, separator=";"), actor) == (1, 3)
    assert books(*ACCOUNTS) == {
        "44566": "2.00", "471": "-30.00", "512500": "38.00", "580": "100.00", "627": "10.00",
    }  # fmt: skip
    assert (counted(PayplugOperation), counted(PayplugBooking)) == (7, 6)
    # What is not understood waits for a person.
    unknown = db.session.scalars(
        select(PayplugOperation.id).where(PayplugOperation.type_text == "Ajustement")
    )
    chosen = [unknown.one()]
    with transaction():
        assert book_operations(chosen) == 1
    assert books("471", "512500") == {"471": "-33.00", "512500": "41.00"}
    book_again()
    assert counted(PayplugBooking) == 7
    all_is_well()


def test_money_that_turns_out_to_be_ours_leaves_the_waiting_account(each_company, actor: int) -> None:
    row = ("05/09/2026 10:00", "Paiement", "120,00", OURS, "", "")
    assert take(csv_file(row), actor) == (1, 0)
    assert books("471", "512500") == {"471": "-120.00", "512500": "120.00"}
    with transaction():
        invoice = issue(make_line("1", "100"), today=date(2026, 9, 1))
        pay(invoice, "120", method=PaymentMethod.CARD, paid_on=date(2026, 9, 5), external_id=OURS)
    for _ in range(2):
        book_again()
        assert books("411", "471", "512500") == {"512500": "120.00"}
    all_is_well()


def test_a_dispute_of_a_payment_of_ours_opens_its_invoice_and_a_win_closes_it(
    each_company, actor: int
) -> None:
    with transaction():
        invoice = issue(make_line("1", "100"), today=date(2026, 9, 1))
        pay(invoice, "120", method=PaymentMethod.CARD, paid_on=date(2026, 9, 5), external_id=OURS)
    attempt_at(invoice.id)
    lost = ("20/09/2026", "Opposition", "-120,00", OURS, "", "")
    fee = ("20/09/2026", "Frais d’opposition", "-18,00", "", "", "")
    assert take(csv_file(lost, fee), actor) == (2, 0)
    for _ in range(2):
        book_again()
        assert books("401", "411", "44566", "512500", "627") == {
            "411": "120.00", "44566": "3.00", "512500": "-18.00", "627": "15.00",
        }  # fmt: skip
    assert take(csv_file(lost, fee, ("25/10/2026", "Opposition", "120,00", OURS, "", "")), actor) == (1, 2)
    for _ in range(2):
        book_again()
        assert books("411", "512500") == {"512500": "102.00"}
    all_is_well()


def test_the_opening_balance_holds_what_reports_tell_of_earlier_days(each_company, actor: int) -> None:
    account = next(a for a in opening_accounts() if a.number == "512000")
    with transaction():
        open_wallet(date(2026, 9, 1), 50_000, account.id, actor_id=actor)
    take(
        csv_file(
            ("31/08/2026 21:59", "Virement", "-70,00", "", "", ""),
            ("31/08/2026 22:00", "Virement", "-30,00", "", "", ""),
        ),
        actor,
    )
    # Midnight in Paris is 22:00 UTC in summer.
    assert books("512000", "512500", "580") == {"512000": "-500.00", "512500": "470.00", "580": "30.00"}
    all_is_well()
