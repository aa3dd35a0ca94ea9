"""What is issued or recorded is refused by the database when somebody goes round the program, and found by `verify`."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core import seal
from core.clock import paris_today, utc_now
from core.database import db, dialect_name, transaction
from core.seal import verify_chain
from core.triggers import missing_triggers, registered
from invoicing import sealed_rows, settle
from invoicing.apply_credit import apply_credit
from invoicing.cancel_payment import cancel_payment
from invoicing.claim_again import claim_again
from invoicing.credit_invoice import credit_invoice
from invoicing.dispute_payment import dispute_payment
from invoicing.draft_invoice import DraftInput
from invoicing.give_back import MoneyBack
from invoicing.models import Document, NumberSeries
from invoicing.payments import PaymentMethod, Settlement
from invoicing.refund_payment import refund_payment
from invoicing.update_draft import update_draft
from invoicing.win_dispute import win_dispute
from tests.factories.invoicing import issue, make_customer, make_draft, make_line, pay

FROZEN = [
    "UPDATE document SET total_cents = 1 WHERE state = 'issued'",
    "UPDATE document SET state = 'draft', number = NULL WHERE state = 'issued'",
    "UPDATE document SET external_reference = 'x' WHERE state = 'issued'",
    "DELETE FROM document WHERE state = 'issued'",
    "UPDATE document_line SET label = 'x' WHERE document_id = 1",
    "UPDATE document_line SET document_id = 1, position = 9 WHERE document_id = (SELECT max(id) FROM document)",
    "DELETE FROM document_line WHERE document_id = 1",
    (
        "INSERT INTO document_line (company_id, document_id, position, kind, label, description, quantity, unit,"
        " unit_price, discount, vat_rate, amount_cents, net_cents)"
        " VALUES (1, 1, 7, 'goods', 'x', '', 1, 'C62', 1, 0, 2000, 0, 0)"
    ),
    "UPDATE document_vat SET vat_cents = 0 WHERE document_id = 1",
    "DELETE FROM document_vat WHERE document_id = 1",
    "UPDATE document_xml SET content = '', sha256 = ''",
    "DELETE FROM document_xml",
    "UPDATE payment SET amount_cents = 1",
    "DELETE FROM payment",
    "UPDATE payment_reversal SET amount_cents = 1",
    "DELETE FROM payment_reversal",
    "UPDATE refund SET amount_cents = 1",
    "DELETE FROM refund",
    "UPDATE reopened_invoice SET amount_cents = 1",
    "DELETE FROM reopened_invoice",
    "UPDATE dispute_win SET amount_cents = 1",
    "DELETE FROM dispute_win",
    "UPDATE invoice_claim SET reason = 'x'",
    "DELETE FROM invoice_claim",
    "UPDATE settlement SET amount_cents = 1",
    "DELETE FROM settlement",
    "UPDATE payment_link SET token = 'x'",
    "DELETE FROM payment_link",
    "UPDATE number_series SET last_number = 0",
    "UPDATE number_series SET last_number = last_number + 2",
    "DELETE FROM number_series",
]  # fmt: skip


def some_business() -> None:
    """Two invoices, a payment with a surplus that is used, a cancellation, a credit note, money back and a draft."""
    with transaction():
        customer = make_customer()
        first, second = issue(customer=customer), issue(customer=customer)
        first_payment = pay(first, "150")
        apply_credit(second.id)
        cancel_payment(pay(second, "10").id, reason="Erreur")
        credit_invoice(second.id, reason="Erreur")
        card = pay(first, "10", method=PaymentMethod.CARD)
        refund_payment(MoneyBack(card.id, 500, paris_today(), external_id="re_1"))
        taken = dispute_payment(
            first_payment.id, amount_cents=15000, disputed_on=paris_today(), external_id="du_1"
        )
        claim_again(first.id)
        win_dispute(taken.id, won_on=paris_today())
        make_draft(customer=customer)


def test_the_database_refuses_to_change_what_is_frozen(each_company):
    some_business()
    tables = ["document", "document_line", "document_vat", "payment", "settlement", "number_series"]
    truncates = [f"TRUNCATE {table} CASCADE" for table in tables] if dialect_name() == "postgresql" else []
    for statement in [*FROZEN, *truncates]:
        with pytest.raises(DBAPIError), transaction() as session:
            session.execute(text(statement))
    assert list(verify_chain(each_company.id)) == []


def test_sqlite_refuses_to_replace_an_issued_row(company):
    some_business()
    with pytest.raises(DBAPIError, match="frozen"), transaction() as session:
        session.execute(text("INSERT OR REPLACE INTO payment SELECT * FROM payment"))


def test_a_draft_stays_free_to_change(each_company):
    some_business()
    draft = db.session.scalars(db.select(Document).where(Document.number.is_(None))).one()
    with transaction():
        update_draft(draft.id, DraftInput(customer_id=draft.customer_id, lines=(make_line("7"),)))
    assert db.session.get_one(Document, draft.id).total_cents == 84000


TAMPERED = [
    ("document", "UPDATE document SET total_cents = 1, net_cents = 1, vat_cents = 0 WHERE id = 1", "invoice"),
    ("document", "UPDATE document SET mentions = '[]' WHERE id = 1", "invoice"),
    ("document_line", "UPDATE document_line SET label = 'x' WHERE document_id = 1", "invoice"),
    ("document_vat", "UPDATE document_vat SET vat_cents = vat_cents - 1 WHERE document_id = 1", "invoice"),
    ("document_vat", "DELETE FROM document_vat WHERE document_id = 3", "credit_note"),
    (
        "document_xml",
        "UPDATE document_xml SET content = replace(content, '120.00', '12.00')",
        "invoice credit_note",
    ),
    ("document_xml", "UPDATE document_xml SET sha256 = '0' WHERE document_id = 1", "invoice"),
    ("document_xml", "DELETE FROM document_xml WHERE document_id = 3", "credit_note"),
    ("payment", "UPDATE payment SET amount_cents = amount_cents - 1 WHERE id = 1", "payment"),
    ("payment_reversal", "UPDATE payment_reversal SET reason = 'x'", "payment_reversal"),
    ("refund", "UPDATE refund SET amount_cents = amount_cents + 1 WHERE id = 1", "refund"),
    ("reopened_invoice", "UPDATE reopened_invoice SET amount_cents = amount_cents + 1", "refund"),
    ("dispute_win", "UPDATE dispute_win SET won_on = '2020-01-01'", "dispute_win"),
    ("invoice_claim", "UPDATE invoice_claim SET reason = 'x'", "invoice_claim"),
    ("invoice_claim", "DELETE FROM invoice_claim", "invoice_claim"),
    ("settlement", "UPDATE settlement SET amount_cents = amount_cents - 1 WHERE id = 1", "settlement"),
    ("settlement", "DELETE FROM settlement WHERE id = (SELECT max(id) FROM settlement)", "settlement"),
]


def test_verify_finds_what_was_changed_behind_the_triggers(each_company):
    some_business()
    for table, statement, kind in TAMPERED:
        assert _kinds_found_after(table, statement, each_company.id) == set(kind.split()), statement
    assert list(verify_chain(each_company.id)) == []
    with transaction() as session:
        assert missing_triggers(session.connection()) == []


def _kinds_found_after(table: str, statement: str, company_id: int) -> set[str]:
    """What `verify` finds after the statement; then all is rolled back, dropped triggers too."""
    db.session.rollback()
    db.session.connection(execution_options={"solde_write": True})
    _drop_triggers(table)
    db.session.execute(text(statement))
    db.session.expire_all()
    found = {fault.kind for fault in verify_chain(company_id)}
    db.session.rollback()
    return found


def _drop_triggers(table: str) -> None:
    for trigger in registered():
        if trigger.table == table and getattr(trigger, dialect_name()):
            on = f" ON {table}" if dialect_name() == "postgresql" else ""
            db.session.execute(text(f"DROP TRIGGER {trigger.name}{on}"))


def test_settlements_sealed_before_there_were_refunds_still_verify(company, monkeypatch):
    with monkeypatch.context() as before:
        before.setitem(seal._CURRENT, "settlement", seal._SERIALIZERS["settlement", 1])
        names = sealed_rows._SETTLEMENT
        before.setattr(settle, "payload_of_settlement", lambda row: {name: row[name] for name in names})
        with transaction():
            pay(issue(), "50")
    with transaction():
        pay(issue(), "50")
    versions = select(seal.SealLink.version).where(seal.SealLink.kind == "settlement")
    assert set(db.session.scalars(versions)) == {1, 3}
    assert list(verify_chain(company.id)) == []


def test_verify_finds_a_settlement_slipped_in(company):
    some_business()
    with transaction() as session:
        session.add(Settlement(invoice_id=1, payment_id=1, amount_cents=1, settled_on=paris_today()))
    assert [(f.kind, f.reason) for f in verify_chain(company.id)] == [
        ("settlement", "exists without a link in the chain")
    ]


def test_verify_finds_an_invoice_slipped_in(company):
    some_business()
    with transaction() as session:
        session.add(
            Document(
                kind="invoice", state="issued", customer_id=1, number="F-2026-0009", sequence=9, issued_at=utc_now(),
                issue_date=paris_today(), total_cents=0,
            )
        )  # fmt: skip
    assert [(f.kind, f.reason) for f in verify_chain(company.id)] == [
        ("invoice", "exists without a link in the chain")
    ]


def test_a_number_once_given_is_never_given_again(each_company):
    some_business()
    with transaction():
        assert str(issue().number).endswith("-0003")
    assert {(s.prefix, s.last_number) for s in db.session.scalars(db.select(NumberSeries))} == {
        ("F", 3),
        ("A", 1),
    }
