"""`solde verify` finds what somebody changed who got round the triggers, in every company, and says so with code 1."""

from __future__ import annotations

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from core.database import db, transaction
from core.tenancy import in_company
from core.triggers import create_all_triggers, registered
from invoicing.render_pdf import render_documents
from tests.conftest import make_company
from tests.factories.invoicing import issue, pay


@pytest.fixture
def installation(app: Flask) -> Flask:
    """Two companies that have done some business."""
    for changes in (
        {},
        {"siren": "552100554", "siret": "", "vat_number": "FR96552100554", "name": "Boutique Sel"},
    ):
        company_id = make_company(app, **changes)
        with app.app_context(), in_company(company_id), transaction():
            pay(issue(), "120")
    return app


def verify(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["verify"])


def tamper(app: Flask, *statements: str) -> None:
    """Write past the triggers, and put them back as somebody would who does not want to be seen."""
    with app.app_context(), transaction() as session:
        for trigger in registered():
            session.execute(text(f"DROP TRIGGER IF EXISTS {trigger.name}"))
        for statement in statements:
            assert session.execute(text(statement)).rowcount, statement  # type: ignore[attr-defined]
        create_all_triggers(session.connection())


def test_what_holds_ends_with_0_and_nothing_on_standard_output(installation: Flask) -> None:
    answer = verify(installation)
    assert (answer.exit_code, answer.stdout) == (0, "")
    with installation.app_context():
        render_documents()
        db.session.remove()
    assert verify(installation).exit_code == 0


def test_books_that_no_longer_hold_are_a_fault_of_their_company(installation: Flask) -> None:
    # Letterings have no link in the chain: the ledger's own checks alone can see it.
    tamper(installation, "DELETE FROM lettering_line WHERE company_id = 2")
    answer = verify(installation)
    assert answer.exit_code == 1
    assert answer.stdout.splitlines() == ["Boutique Sel: books: invoice:2 is settled but not lettered"]
    assert "Atelier Lumen: holds" in answer.stderr
    assert "Boutique Sel: 1 faults" in answer.stderr


def test_a_changed_amount_is_told_by_the_chain_and_by_the_books(installation: Flask) -> None:
    tamper(
        installation,
        "UPDATE entry_line SET debit_cents = debit_cents + 1 WHERE company_id = 1 AND debit_cents > 0",
    )
    answer = verify(installation)
    assert answer.exit_code == 1
    assert "Atelier Lumen: books: entry VE000001 does not balance: 1 cents" in answer.stdout
    assert "the rows no longer say what was sealed" in answer.stdout
    assert "Boutique Sel" not in answer.stdout


def test_work_that_nobody_will_do_any_more_is_a_fault(installation: Flask) -> None:
    tamper(installation, "DELETE FROM todo WHERE company_id = 1")
    answer = verify(installation)
    assert answer.exit_code == 1
    assert "Atelier Lumen: documents: F" in answer.stdout
    assert "has no PDF, and nothing says that one is to be drawn" in answer.stdout
