"""Sales accounts told apart by VAT rate: 707000 at 20 % becomes 70720, where the company chose so.

Called by `record` on the entry of a sale before it is posted, and by the settings page for its preview. An account that
the company gave to a rate by name (`sales_goods:2000`) is used as it is; what has no VAT is not extended.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask_babel import LazyString

from accounting.chart import Chart, read_chart
from accounting.drafts import EntryDraft, LineDraft
from accounting.models import SalesExtension
from accounting.roles import FRENCH_RATES, ROLES, AccountRole, role_key
from accounting.sales_accounts import LONGEST_NUMBER, ensure_sales_account

_SALES = frozenset(role for role in AccountRole if role.value.startswith(("sales_", "rebates_")))
_SHORTEST_ROOT = 3


def extended_number(number: str, vat_rate: int, extension: SalesExtension) -> str:
    """The account used instead of `number` at that rate (1/100 %, above zero).

    The root is the number without the zeros that fill it up, at least its three digits of the PCG. Two digits are the
    whole per cents (20, 10); where the rate has tenths, the tenths (55 for 5,5 %, 21 for 2,1 %). An account that would
    be longer than 17 characters stays as it is.
    """
    root = number[:_SHORTEST_ROOT] + number[_SHORTEST_ROOT:].rstrip("0")
    by_extension = {
        SalesExtension.NONE: number,
        SalesExtension.TWO: root + _two_digits(vat_rate),
        SalesExtension.PADDED: (root + _two_digits(vat_rate)).ljust(len(number), "0"),
        SalesExtension.FOUR: f"{root}{vat_rate:04d}",
    }
    longer = by_extension[extension]
    return longer if len(longer) <= LONGEST_NUMBER else number


def _two_digits(vat_rate: int) -> str:
    whole, hundredths = divmod(vat_rate, 100)
    return f"{whole:02d}" if not hundredths else f"{vat_rate:04d}".strip("0")


@dataclass(frozen=True)
class ExtendedAccount:
    """A sales account of the chart, and what it becomes at one VAT rate (1/100 %)."""

    role: AccountRole
    number: str
    vat_rate: int
    extended: str

    @property
    def title(self) -> LazyString:
        """What is sold."""
        return ROLES[self.role].title


def preview(extension: SalesExtension) -> list[ExtendedAccount]:
    """What the company's sales accounts with VAT would become: services and goods at each French rate."""
    chart = read_chart()
    rows = []
    for role in (AccountRole.SALES_SERVICE, AccountRole.SALES_GOODS):
        for vat_rate in filter(None, FRENCH_RATES):
            number = chart.numbers[chart.account_id(role, vat_rate)]
            is_named = role_key(role, vat_rate) in chart.accounts
            rows.append(
                ExtendedAccount(
                    role,
                    number,
                    vat_rate,
                    number if is_named else extended_number(number, vat_rate, extension),
                )
            )
    return rows


def with_extensions(draft: EntryDraft | None) -> EntryDraft | None:
    """The entry of a sale with its sales accounts extended by rate; accounts it needs are made, named as their root."""
    if draft is None:
        return None
    chart = read_chart()
    if chart.sales_extension is SalesExtension.NONE:
        return draft
    return replace(draft, lines=tuple(_extended(line, chart) for line in draft.lines))


def _extended(line: LineDraft, chart: Chart) -> LineDraft:
    role, vat_rate = line.account, line.vat_rate
    if not isinstance(role, AccountRole) or role not in _SALES or not vat_rate:
        return line
    if not line.sales_account and role_key(role, vat_rate) in chart.accounts:
        return line
    base = line.sales_account or chart.numbers[chart.account_id(role, vat_rate)]
    number = extended_number(base, vat_rate, chart.sales_extension)
    if number == base or number in chart.numbers.values():
        return line  # what already means something else is not mixed up with sales of this rate
    ensure_sales_account(number, of=base, vat_rate=vat_rate)
    return replace(line, sales_account=number)
