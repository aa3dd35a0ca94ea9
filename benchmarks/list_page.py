"""The list of invoices and the dashboard: in a company of 1,000 invoices, and in one of a hundred times more."""

from __future__ import annotations

import secrets
from contextvars import Context
from functools import partial
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from benchmarks import report
from benchmarks.installation import ENGINES, installation
from benchmarks.side_by_side import compare
from core.cli.companies import add_company
from core.database import db, transaction
from core.models import Company, Role
from core.tenancy import in_company
from core.web.sign_in import add_user
from demo.people import COMPANY, customers, siren
from invoicing.customers import save_customer
from invoicing.standing import rebuild_standings

SMALL, USUAL, LARGE = 1_000, 100_000, 1_000_000
PER_ROUND = 3
ROUNDS = 5
PAGES = (
    ("first page", "/invoices"),
    ("open ones", "/invoices?state=open"),
    ("late ones", "/invoices?state=late"),
    ("partly paid", "/invoices?state=partly-paid"),
    ("paid ones", "/invoices?state=paid"),
    ("credited", "/invoices?state=credited"),
    ("dashboard", "/"),
)

# Half of the invoices are paid. Ids begin where no other company's are.
_DOCUMENTS = """
INSERT INTO document (id, company_id, kind, state, customer_id, language, prices_include_vat, issue_date, due_date,
                      purchase_order, note, reason, created_at, number, sequence, issued_at, regime, seller, buyer,
                      mentions, net_cents, vat_cents, rounding_cents, total_cents)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
SELECT :first + i, :company_id, 'invoice', 'issued', :customer_id + i % :customers, 'fr', {false},
       {day}, {day}, '', '', '', {now}, 'F-' || i, i, {now}, 'collection', '{{}}', '{{}}', '[]',
       10000 + i % 977, 2000, 0, 12000 + i % 977 FROM n
"""
_PAYMENTS = """
INSERT INTO payment (id, company_id, customer_id, method, amount_cents, paid_on, reference, details, recorded_at)
SELECT id, company_id, customer_id, 'transfer', total_cents, issue_date, '', '', created_at
  FROM document WHERE company_id = :company_id AND id % 2 = 0
"""
_SETTLEMENTS = """
INSERT INTO settlement (id, company_id, invoice_id, payment_id, amount_cents, settled_on, created_at)
SELECT id, company_id, id, id, amount_cents, paid_on, recorded_at FROM payment WHERE company_id = :company_id
"""


def run(*, large: bool = False) -> None:
    """Measure on both engines."""
    many = LARGE if large else USUAL
    report.heading(
        f"List of invoices ({ROUNDS} rounds of {PER_ROUND} requests; {many:,} invoices against {SMALL:,}"
        f"{'' if large else '; --large takes a million'})"
    )
    for engine in ENGINES:
        with installation(engine) as app:
            app.config["WTF_CSRF_ENABLED"] = False
            small, big = _signed_in(app, 1, SMALL), _signed_in(app, 2, many)
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("ANALYZE")
            for name, address in PAGES:
                ratio = compare(partial(_get, big, address), partial(_get, small, address), ROUNDS)
                report.ratio_line(
                    f"{engine}: {name}, {many:,} for {SMALL:,}", ratio, per=PER_ROUND, aim="≤ 1.5"
                )


def _get(client: FlaskClient, address: str, _number: int) -> None:
    for _ in range(PER_ROUND):
        # Outside this program's own application context: each request opens its session anew.
        assert Context().run(client.get, address).status_code == 200


def _signed_in(app: Flask, rank: int, invoices: int) -> FlaskClient:
    """An owner of a company with that many invoices."""
    email, password = f"owner{rank}@example.org", secrets.token_urlsafe()
    company_id = add_company({**COMPANY, "siren": siren(100 + rank)}).id
    with in_company(company_id):
        with transaction():
            owned = db.session.get_one(Company, company_id)
            add_user(email=email, password=password, name="Owner", company=owned, role=Role.OWNER)
            customer_ids = [save_customer(given).id for given in customers()]
        _fill(company_id, customer_ids, rank * 10_000_000, invoices)
    client = app.test_client()
    answer = Context().run(partial(client.post, "/login", data={"email": email, "password": password}))
    assert answer.status_code in (302, 303), answer.status_code
    return client


def _fill(company_id: int, customer_ids: list[int], first: int, count: int) -> None:
    is_sqlite = db.engine.dialect.name == "sqlite"
    documents = _DOCUMENTS.format(
        false="0" if is_sqlite else "FALSE",
        day="date('2025-01-01', (i % 360) || ' days')" if is_sqlite else "DATE '2025-01-01' + i % 360",
        now="'2025-12-31 12:00:00.000000'" if is_sqlite else "TIMESTAMPTZ '2025-12-31 12:00:00Z'",
    )
    values: dict[str, Any] = {
        "count": count, "first": first, "company_id": company_id, "customer_id": customer_ids[0],
        "customers": len(customer_ids),
    }  # fmt: skip
    with db.engine.connect().execution_options(solde_write=True) as connection:
        connection.execute(text(documents), values)
        connection.execute(text(_PAYMENTS), {"company_id": company_id})
        connection.execute(text(_SETTLEMENTS), {"company_id": company_id})
        connection.commit()
    with transaction():
        rebuild_standings()
