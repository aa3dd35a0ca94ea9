"""The pages that add up a ledger, of 100,000 lines or a million, against one query by the driver that does the same."""

from __future__ import annotations

import secrets
from contextvars import Context
from functools import partial

from flask.testing import FlaskClient
from sqlalchemy import select

from accounting.models import Account
from benchmarks import report
from benchmarks.installation import ENGINES, installation
from benchmarks.large_books import fill_books
from benchmarks.side_by_side import compare
from core.database import db, transaction
from core.models import Company, Role
from core.tenancy import current_company_id, enter_company
from core.web.sign_in import add_user

USUAL, LARGE = 100_000, 1_000_000
ROUNDS = 5
MOST_MS = 1_000

_SUMS = """
SELECT line.account_id, SUM(line.debit_cents), SUM(line.credit_cents)
  FROM entry_line AS line JOIN journal_entry AS entry ON entry.id = line.entry_id
 WHERE line.company_id = {company_id} AND entry.entry_date <= '2025-12-31'
 GROUP BY line.account_id
"""
_OPEN = """
SELECT line.auxiliary_code, line.match_key, SUM(line.debit_cents - line.credit_cents)
  FROM entry_line AS line JOIN journal_entry AS entry ON entry.id = line.entry_id
 WHERE line.company_id = {company_id} AND entry.entry_date <= '2025-12-31' AND line.account_id = {account_id}
 GROUP BY line.auxiliary_code, line.match_key HAVING SUM(line.debit_cents - line.credit_cents) <> 0
"""
_YEAR = "from=2025-01-01&to=2025-12-31"
PAGES = (
    ("trial balance", f"/books/trial-balance?{_YEAR}", _SUMS),
    ("ageing", "/books/ageing?day=2025-12-31", _OPEN),
    ("general ledger", f"/books/general-ledger?{_YEAR}", _SUMS),
    ("account 411", f"/books/accounts/{{account_id}}?{_YEAR}", _SUMS),
    ("VAT of a month", "/books/vat?period=2025-06", _SUMS),
)


def run(*, large: bool = False) -> None:
    """Measure on both engines."""
    lines = LARGE if large else USUAL
    report.heading(
        f"Books of {lines:,} lines ({ROUNDS} rounds; bare = the sums by one query"
        f"{'' if large else '; --large takes a million'})"
    )
    for engine in ENGINES:
        with installation(engine) as app:
            app.config["WTF_CSRF_ENABLED"] = False
            company_id = current_company_id()
            fill_books(lines)
            enter_company(company_id)
            account_id = db.session.scalars(select(Account.id).where(Account.number == "411000")).one()
            names = {"company_id": company_id, "account_id": account_id}
            client = _signed_in(app.test_client(), company_id)
            for name, address, query in PAGES:
                ours, bare = (
                    partial(_get, client, address.format(**names)),
                    partial(_query, query.format(**names)),
                )
                ratio = compare(ours, bare, ROUNDS)
                report.ratio_line(f"{engine}: {name}", ratio, per=1, aim="≤ 3")
                report.note(
                    f"{engine}: {name} {ratio.ours_s * 1000:,.0f} ms (aim ≤ {MOST_MS:,} on PostgreSQL)"
                )


def _get(client: FlaskClient, address: str, _number: int) -> None:
    # Outside this program's own application context: each request opens its session anew.
    assert Context().run(client.get, address).status_code == 200


def _query(query: str, _number: int) -> None:
    with db.engine.connect() as connection:
        assert connection.exec_driver_sql(query).fetchall()


def _signed_in(client: FlaskClient, company_id: int) -> FlaskClient:
    password = secrets.token_urlsafe()
    with transaction():
        company = db.session.get_one(Company, company_id)
        add_user(email="a@example.org", password=password, name="A", company=company, role=Role.ACCOUNTANT)
    form = {"email": "a@example.org", "password": password}
    assert Context().run(partial(client.post, "/login", data=form)).status_code in (302, 303)
    return client
