"""What a take-over took and what not, as plain data that is kept with it: for its page, years later."""

from __future__ import annotations

from typing import Any

from invoicing.takeover.plan import Plan


def report_of(plan: Plan) -> dict[str, Any]:
    """The report. Amounts in cents, a debit above zero; texts as the file had them."""
    books = plan.books
    return {
        "lines": books.line_count,
        "later_lines": books.later_lines,
        "first_day": books.first_day,
        "last_day": books.last_day,
        "file_debit_cents": books.debit_cents,
        "file_credit_cents": books.credit_cents,
        "assets_cents": plan.assets_cents,
        "result_cents": plan.result_cents,
        "waiting_cents": plan.waiting_cents,
        "waiting_known_cents": sum(planned.waiting_cents or 0 for planned in plan.items),
        "owed_cents": plan.owed_cents,
        "credit_cents": plan.credit_cents,
        "accounts": [
            [account.number, account.label, account.target, account.is_new, account.cents]
            for account in plan.accounts
        ],
        "customers": [
            [planned.party.account, planned.party.auxiliary, planned.name, planned.match.found_by.value,
             planned.owed_cents, planned.credit_cents]
            for planned in plan.customers
        ],
        "remarks": [str(remark) for remark in plan.remarks],
        "findings": dict(plan.findings),
    }  # fmt: skip
