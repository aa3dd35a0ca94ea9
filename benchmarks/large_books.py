"""Books of a million lines, written by the database itself: invoices of services over two years, nine of ten paid."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text

from accounting.chart import read_chart
from accounting.fiscal_years import open_year_for
from accounting.roles import AccountRole, JournalCode
from core.database import db, transaction
from core.tenancy import current_company_id
from demo.people import customers
from invoicing.customers import save_customer

YEARS = (2024, 2025)
CUSTOMERS = 2_000
_LINES_OF_TEN = 10 * 3 + 9 * 4
"""Ten invoices have three lines each; nine of their payments four each."""

# Entry ids: 2n for the invoice, 2n + 1 for its payment, 40 days later.
_N = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
_LINES = """
INSERT INTO entry_line (company_id, entry_id, position, account_id, auxiliary_code, auxiliary_label, label,
                        debit_cents, credit_cents, match_key, vat_rate)
{n}
SELECT :company, 2 * i{entry}, {position}, {account}, {code}, {name}, 'Pièce ' || i, {debit}, {credit}, {key}, {rate}
  FROM n WHERE {condition}
"""
_ENTRIES = """
INSERT INTO journal_entry (id, company_id, journal_id, fiscal_year_id, sequence, number, entry_date, piece_ref,
                           piece_date, label, source_kind, source_id, purpose, validated_at)
{n}
SELECT 2 * i{entry}, :company, {journal}, CASE WHEN {day} < {second} THEN :first_year ELSE :second_year END, i,
       '{code}' || i, {day}, 'F-' || i, {day}, 'Pièce ' || i, '{source}', i, '{purpose}', {now}
  FROM n WHERE {condition}
"""
_DOCUMENTS = """
INSERT INTO document (id, company_id, kind, state, customer_id, language, prices_include_vat, issue_date, due_date,
                      purchase_order, note, reason, created_at, number, sequence, issued_at, regime, seller, buyer,
                      mentions, net_cents, vat_cents, rounding_cents, total_cents)
{n}
SELECT i, :company, 'invoice', 'issued', :customer, 'fr', {false}, {day}, {due}, '', '', '', {now}, 'F-' || i, i, {now},
       'collection', '{{}}', '{{}}', '[]', {net}, {vat}, 0, {net} + {vat}
  FROM n WHERE i % 10 = 0
"""
"""The invoices that are not paid: their due dates are asked for."""

_NET, _VAT = "(10000 + 10 * (i % 977))", "(2000 + 2 * (i % 977))"
_CODE, _NAME = f"'C' || (i % {CUSTOMERS})", f"'Client imaginaire ' || (i % {CUSTOMERS})"
_KEY = "'invoice:' || i"


def fill_books(lines: int) -> None:
    """Write about that many lines for the company entered, and those of the invoices that are not paid."""
    chart = read_chart()
    with transaction():
        customer_id = save_customer(customers()[0]).id
        years = [open_year_for(date(year, 6, 1))[0].id for year in YEARS]
    owed, sales, waiting, due, bank = (
        chart.account_id(role, rate)
        for role, rate in (
            (AccountRole.CUSTOMERS, None), (AccountRole.SALES_SERVICE, 2000), (AccountRole.VAT_WAITING, 2000),
            (AccountRole.VAT_COLLECTED, 2000), (AccountRole.BANK, None),
        )
    )  # fmt: skip
    gross = f"{_NET} + {_VAT}"
    sale = (
        (owed, _CODE, _NAME, gross, "0", _KEY, "NULL"),
        (sales, "''", "''", "0", _NET, "''", "2000"),
        (waiting, "''", "''", "0", _VAT, _KEY, "2000"),
    )
    payment = (
        (bank, "''", "''", gross, "0", "''", "NULL"),
        (owed, _CODE, _NAME, "0", gross, _KEY, "NULL"),
        (waiting, "''", "''", _VAT, "0", _KEY, "2000"),
        (due, "''", "''", "0", _VAT, "''", "2000"),
    )
    values = {
        "count": lines * 10 // _LINES_OF_TEN, "company": current_company_id(), "first_year": years[0],
        "second_year": years[1], "customer": customer_id,
    }  # fmt: skip
    is_sqlite = db.engine.dialect.name == "sqlite"
    now = "'2025-12-31 12:00:00.000000'" if is_sqlite else "TIMESTAMPTZ '2025-12-31 12:00:00Z'"
    with db.engine.connect().execution_options(solde_write=True) as connection:
        for offset, rows, condition in (("", sale, "TRUE"), (" + 1", payment, "i % 10 > 0")):
            for position, row in enumerate(rows, start=1):
                names = ("account", "code", "name", "debit", "credit", "key", "rate")
                connection.execute(text(_LINES.format(
                    n=_N, entry=offset, position=position, condition=condition, **dict(zip(names, row, strict=True)),
                )), values)  # fmt: skip
        for offset, journal, days, source, purpose, condition in (
            ("", JournalCode.SALES, 0, "document", "sale", "TRUE"),
            (" + 1", JournalCode.BANK, 40, "payment", "collection", "i % 10 > 0"),
        ):
            day = _day(days, is_sqlite=is_sqlite)
            connection.execute(text(_ENTRIES.format(
                n=_N, entry=offset, journal=chart.journals[journal], code=journal.value, source=source,
                purpose=purpose, condition=condition,
                day=day,
                second="'2025-01-01'" if is_sqlite else "DATE '2025-01-01'", now=now,
            )), values)  # fmt: skip
        connection.execute(text(_DOCUMENTS.format(
            n=_N, false="0" if is_sqlite else "FALSE", now=now, net=_NET, vat=_VAT,
            day=_day(0, is_sqlite=is_sqlite), due=_day(30, is_sqlite=is_sqlite),
        )), values)  # fmt: skip
        connection.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if is_sqlite else "VACUUM ANALYZE")


def _day(later: int, *, is_sqlite: bool) -> str:
    """SQL: the day of the i-th invoice, so many days later."""
    since = f"(CAST(i AS BIGINT) * 690 / :count + {later})"
    if is_sqlite:
        return f"date('2024-01-01', {since} || ' days')"
    return f"(DATE '2024-01-01' + CAST({since} AS INTEGER))"
