"""Migrations bring both databases to exactly what the models say (`make check` looks at SQLite only)."""

from __future__ import annotations

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import CheckConstraint, inspect, text

from core.database import db
from core.triggers import missing_triggers
from tools.check_migrations import FOLDER


def test_a_migrated_database_lacks_nothing(each_app: Flask) -> None:
    with each_app.app_context():
        assert flask_migrate.check(str(FOLDER)) is None


def test_a_difference_is_found(each_app: Flask) -> None:
    with each_app.app_context():
        with db.engine.begin() as connection:
            connection.execute(text("CREATE TABLE left_over (id INTEGER)"))
        with pytest.raises(SystemExit):
            flask_migrate.check(str(FOLDER))


def test_the_database_has_every_check_of_the_models(each_app: Flask) -> None:
    """Alembic compares no CHECK constraints, and its batch mode drops some silently."""
    with each_app.app_context():
        inspector = inspect(db.engine)
        for table in db.metadata.sorted_tables:
            asked = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
            assert {c["name"] for c in inspector.get_check_constraints(table.name)} == asked, table.name


FIRST_ROWS = """
INSERT INTO company (id, name, legal_form, siren, siret, vat_number, registration, address1, address2, postcode, city,
  country, email, phone, website, iban, bic, colour, legal_notice, is_demo, created_at)
VALUES (1, 'Atelier Lumen', 'EI', '732829320', '', '', '', '1 rue', '', '69001', 'Lyon', 'FR', '', '', '', '', '',
  '#1f5f5b', '', {false}, '2026-01-01 00:00:00');
INSERT INTO customer (id, company_id, number, kind, name, first_name, siren, vat_number, address1, address2, postcode,
  city, country, language, created_at)
VALUES (1, 1, 'C00001', 'business', 'Boulangerie', '', '', '', '2 rue', '', '69002', 'Lyon', 'FR', 'fr',
  '2026-01-01 00:00:00');
INSERT INTO contact (id, company_id, customer_id, name, email, phone, receives_invoices)
VALUES (1, 1, 1, 'Anne', 'anne@example.org', '', {true});
INSERT INTO document (id, company_id, kind, state, customer_id, language, prices_include_vat, purchase_order, note,
  reason, created_at, seller, buyer, mentions, net_cents, vat_cents, rounding_cents, total_cents)
VALUES (1, 1, 'invoice', 'draft', 1, 'fr', {false}, '', '', '', '2026-01-01 00:00:00', '', '', '', 100, 20, 0, 120);
INSERT INTO document_line (id, company_id, document_id, position, kind, label, description, quantity, unit,
  unit_price, discount, vat_rate, amount_cents, net_cents)
VALUES (1, 1, 1, 1, 'service', 'Pose', '', 10000, 'C62', 1000000, 0, 2000, 100, 100);
INSERT INTO document_vat (id, company_id, document_id, rate, kind, net_cents, vat_cents)
VALUES (1, 1, 1, 2000, 'service', 100, 20);
UPDATE document SET state = 'issued', number = 'F2026-00001', sequence = 1 WHERE id = 1;
INSERT INTO account (company_id, number, label, role) VALUES (1, '706000', 'Prestations', 'sales_service');
INSERT INTO account (company_id, number, label, role) VALUES (1, '707400', 'Mes ventes à part', NULL);
"""
ROWS_KEPT = ("company", "customer", "contact", "document", "document_line", "document_vat")


def test_rows_of_the_first_version_survive_the_way_there_and_back(each_app: Flask) -> None:
    """Tables are built anew on the way; their children, frozen rows included, must be there afterwards."""
    with each_app.app_context():
        flask_migrate.downgrade(str(FOLDER), "0001")
        values = (
            {"false": "0", "true": "1"}
            if db.engine.dialect.name == "sqlite"
            else {"false": "false", "true": "true"}
        )
        with db.engine.begin() as connection:
            for statement in FIRST_ROWS.format(**values).split(";\n"):
                if statement.strip():
                    connection.execute(text(statement))
        flask_migrate.upgrade(str(FOLDER))
        assert _counts() == dict.fromkeys(ROWS_KEPT, 1)
        with db.engine.connect() as connection:
            assert not missing_triggers(connection)
            assert (
                connection.execute(text("SELECT vat_case, invoice_type FROM document")).one()
                == ("standard",) * 2
            )
            assert dict(connection.execute(text(NEWER_ROLES)).all()) == {
                "sales": "700000", "sales_service": "706000",
                "sales_service_exempt": "706100", "sales_goods_exempt": "707100",
                "sales_reverse_charge": "706200", "sales_service_eu": "706300", "sales_goods_eu": "707300",
                "sales_outside_scope": "706400", "disbursements": "467100", "suppliers": "401000",
                "profit": "120000", "loss": "129000",
                "provision": "491000", "provision_charge": "681740", "provision_reversal": "781740",
                "bad_debts": "654000", "debts_recovered": "758300", "discounts_given": "665000",
                "difference_loss": "658800", "difference_gain": "758800", "late_penalties": "763100",
                "recovery_indemnities": "758100", "bank_fees": "627000", "rebates_service": "709600",
                "rebates_goods": "709700", "vat_on_deposits": "445880",
            }  # fmt: skip
        flask_migrate.downgrade(str(FOLDER), "0001")
        assert _counts() == dict.fromkeys(ROWS_KEPT, 1)
        with db.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM account")).scalar_one() == 2


NEWER_ROLES = "SELECT role, number FROM account WHERE role IS NOT NULL"
"""Those whose number the company had given to something else are left out: another role stands for them."""


def _counts() -> dict[str, int]:
    with db.engine.connect() as connection:
        return {
            name: int(connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one())
            for name in ROWS_KEPT
        }
