"""What a take-over would do, and what stands against it: computed from what was read of the file, anew for each page
and for the act itself.

Nothing is written here, and the file is not opened. Accounts keep their numbers (those that differ from one of ours in
trailing zeros alone are ours); a customer is the one of that code, account or name, else a new one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from flask_babel import LazyString, get_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.fec import rules
from accounting.models import Account, JournalEntry
from accounting.record_takeover import ACCOUNT_NUMBER, opening_obstacle
from accounting.roles import ROLES, AccountRole, split_role_key
from core.clock import paris_today
from core.database import db
from core.models import Company
from core.money import format_cents
from core.tenancy import current_company_id
from invoicing.errors import Message
from invoicing.models import Document
from invoicing.takeover.books import CUSTOMERS, Books, Party, Position
from invoicing.takeover.known_customers import KnownCustomers, Match
from invoicing.takeover.numbers import number_for
from invoicing.takeover.open_items import CustomerState, OpenItem
from invoicing.takeover.read_file import MOST_ITEMS, FileReading, customer_states, open_items
from invoicing.takeover.waiting_vat import likely_rate, waiting_of

WAITING: Final = "44574"
STANDARD_RATE: Final = 2000

BLOCKING: Final = frozenset(
    rule.code
    for rule in (
        rules.FIELD_COUNT, rules.NUMBER_DOT, rules.NUMBER_THOUSANDS, rules.NUMBER_INVALID, rules.NUMBER_DECIMALS,
        rules.SENS_INVALID, rules.DATE_FORMAT, rules.DATE_CALENDAR, rules.ENTRY_UNBALANCED, rules.FILE_UNBALANCED,
        rules.NO_LINES, rules.EMPTY_LINE,
    )
)  # fmt: skip
"""Findings by which a balance cannot be trusted; the others are remarks."""


@dataclass(frozen=True)
class TakeoverWish:
    """What a person says of a file.

    Attributes:
        file_name: as it was called; it names the company and the closing date.
        until: the last day to take; None is the closing date.
        waiting_prefix: how the accounts begin on which VAT waits for collection.
        standard_rate: VAT rate (1/100 %) of what waits, where the amounts do not tell.
    """

    file_name: str
    until: date | None = None
    waiting_prefix: str = WAITING
    standard_rate: int = STANDARD_RATE


@dataclass(frozen=True)
class PlannedAccount:
    """An account of the balance: its number there and here; `role` is what it is used for here, if anything."""

    number: str
    label: str
    target: str
    is_new: bool
    role: Message
    cents: int


@dataclass(frozen=True)
class PlannedCustomer:
    """A customer with something open: who it is here, and how it was found."""

    party: Party
    name: str
    match: Match
    owed_cents: int
    credit_cents: int


@dataclass(frozen=True)
class PlannedItem:
    """An open invoice as it would be taken over. `waiting_cents` None: the books do not tell, a person must."""

    item: OpenItem
    customer: PlannedCustomer
    number: str
    waiting_cents: int | None
    rate: int


@dataclass(frozen=True)
class Plan:
    """Everything a take-over would do. All cents signed: a debit above zero.

    Attributes:
        findings: what the strict check found in the file, by the code of the rule.
        until: the last day taken; the opening entry is of the next one.
        problems: what keeps it from being done; empty when nothing does.
        result_cents: income less costs not yet posted to class 1, a profit below zero.
        waiting_cents: what waits in all, as a credit below zero.
    """

    wish: TakeoverWish
    findings: Mapping[str, int]
    until: date
    opens_on: date
    books: Books
    accounts: tuple[PlannedAccount, ...]
    customers: tuple[PlannedCustomer, ...]
    items: tuple[PlannedItem, ...]
    result_cents: int
    waiting_cents: int
    problems: tuple[Message, ...]
    remarks: tuple[Message, ...]

    @property
    def assets_cents(self) -> int:
        """What the accounts in debit add up to: one side of the opening entry."""
        return sum(account.cents for account in self.accounts if account.cents > 0)

    @property
    def owed_cents(self) -> int:
        """What all open invoices add up to."""
        return sum(planned.item.open_cents for planned in self.items)

    @property
    def credit_cents(self) -> int:
        """What customers have in excess."""
        return sum(customer.credit_cents for customer in self.customers)

    @property
    def new_customers(self) -> int:
        """How many customers would be made."""
        return sum(customer.match.customer_id is None for customer in self.customers)

    @property
    def seen(self) -> str:
        """Changes whenever something else would be done: a page that shows another plan is refused."""
        # What an account is used for is left out: its words are those of whoever looks.
        accounts = [replace(account, role="") for account in self.accounts]
        said = repr((self.until, accounts, self.customers, self.items, self.result_cents))
        return hashlib.sha256(said.encode()).hexdigest()[:32]


def plan_takeover(reading: FileReading, wish: TakeoverWish) -> Plan:
    """Say what would be done with what was read of the file, as our own books are now."""
    until, books = reading.until, reading.books
    states = customer_states(books)
    customers = _customers(books, states, KnownCustomers())
    items = _items(reading, wish, states, customers)
    accounts = _accounts(books)
    result = _sum_of_classes(books, "67")
    return Plan(
        wish=wish, findings=reading.findings, until=until, opens_on=until + timedelta(days=1), books=books,
        accounts=accounts, customers=tuple(customers.values()), items=items, result_cents=result,
        waiting_cents=sum(p.cents for p in books.positions.values() if p.account.startswith(wish.waiting_prefix)),
        problems=(*_problems(wish, reading, accounts), *_too_many(books, items)),
        remarks=tuple(_remarks(books, until, items)),
    )  # fmt: skip


def _customers(
    books: Books, states: Iterable[CustomerState], known: KnownCustomers
) -> dict[Party, PlannedCustomer]:
    """Everybody whose customer account is not even, those whose open pieces are not among them."""
    by_party = {state.party: state for state in states}
    found: dict[Party, PlannedCustomer] = {}
    for party, position in books.positions.items():
        if not party.account.startswith(CUSTOMERS) or not (position.cents or party in by_party):
            continue
        state = by_party.get(party)
        name = position.auxiliary_label or position.account_label or party.auxiliary or party.account
        owed = sum(item.open_cents for item in state.items) if state else 0
        credit = state.credit_cents if state else 0
        if owed or credit:
            found[party] = PlannedCustomer(party, name, known.find(party, name), owed, credit)
    return found


def _items(
    reading: FileReading,
    wish: TakeoverWish,
    states: Sequence[CustomerState],
    customers: dict[Party, PlannedCustomer],
) -> tuple[PlannedItem, ...]:
    items = open_items(states)
    if not items or len(items) > MOST_ITEMS:
        return ()
    taken = set(db.session.scalars(select(Document.number).where(Document.number.is_not(None))))
    opens_on = reading.until + timedelta(days=1)
    planned = []
    for item, waiting in zip(items, waiting_of(items, reading.waiting), strict=True):
        customer = customers[item.party]
        number = number_for(item.reference, customer.party, opens_on, taken)
        taken.add(number)
        rate = likely_rate(waiting, item.open_cents, wish.standard_rate) if waiting else wish.standard_rate
        planned.append(PlannedItem(item, customer, number, waiting, rate))
    return tuple(planned)


def _accounts(books: Books) -> tuple[PlannedAccount, ...]:
    """The accounts 1 to 5 that are not at zero, by number, and the one of the result."""
    ours = {account.number: account for account in db.session.scalars(select(Account))}
    short = {account.number.rstrip("0"): account for account in ours.values() if account.role}
    sums: dict[str, list[Position]] = {}
    for position in books.positions.values():
        if position.account[:1] in "12345":
            sums.setdefault(position.account, []).append(position)
    found = []
    for number, positions in sorted(sums.items()):
        cents = sum(position.cents for position in positions)
        # A customer account that is even in all may still hold open invoices and credits.
        if cents or (number.startswith(CUSTOMERS) and any(position.cents for position in positions)):
            found.append(_account(number, positions[0].account_label, cents, ours, short))
    result = _sum_of_classes(books, "67")
    if result:
        role = AccountRole.PROFIT if result < 0 else AccountRole.LOSS
        number = next((a.number for a in ours.values() if a.role == role), ROLES[role].number)
        found.append(_account(number, ROLES[role].label, result, ours, short))
    return tuple(found)


def _account(
    number: str, label: str, cents: int, ours: dict[str, Account], short: dict[str, Account]
) -> PlannedAccount:
    target = ours.get(number) or short.get(number.rstrip("0"))
    role: Message = ""
    if target is not None and target.role:
        role = _role_title(target.role)
    kept = target.number if target is not None else number.upper()
    return PlannedAccount(number, label or number, kept, target is None, role, cents)


def _role_title(key: str) -> LazyString | str:
    try:
        role, _ = split_role_key(key)
        return ROLES[AccountRole(role)].title
    except (KeyError, ValueError):
        return key


def _sum_of_classes(books: Books, classes: str) -> int:
    return sum(position.cents for position in books.positions.values() if position.account[:1] in classes)


def _problems(
    wish: TakeoverWish, reading: FileReading, accounts: Sequence[PlannedAccount]
) -> Iterable[Message]:
    """What keeps the take-over from being done, each with what to do about it."""
    books, until = reading.books, reading.until
    siren = re.match(r"[0-9]{9}(?=FEC)", wish.file_name, re.IGNORECASE)
    own = db.session.get_one(Company, current_company_id()).siren
    if siren and siren[0] != own:
        yield _l("The file is that of SIREN %(found)s; this company’s is %(own)s.", found=siren[0], own=own)
    blocking = [code for code in reading.findings if code in BLOCKING]
    if blocking:
        yield _l(
            "The file is faulty in a way that makes its balances unsure (%(rules)s). Check it on the page “Check a"
            " FEC” and have it mended in the software that wrote it.",
            rules=", ".join(blocking),
        )
    if until >= paris_today():
        yield _l("The last day to take over lies before today.")
    elif (obstacle := opening_obstacle(until + timedelta(days=1))) is not None:
        yield obstacle.message
    if not books.line_count:
        yield _l("The file has no entry up to this day.")
    other = sum(
        position.cents for position in books.positions.values() if position.account[:1] not in "1234567"
    )
    if other:
        yield _l(
            "The accounts 1 to 7 do not balance: %(amount)s stand on other accounts, which are not carried forward.",
            amount=format_cents(other, get_locale()),
        )
    wrong = [account.number for account in accounts if not ACCOUNT_NUMBER.fullmatch(account.target)]
    if wrong:
        yield _l("Account numbers that cannot be kept here: %(numbers)s.", numbers=", ".join(wrong[:10]))


def _too_many(books: Books, items: Sequence[PlannedItem]) -> Iterable[Message]:
    if not items and sum(len(groups) for groups in books.open_groups.values()) > MOST_ITEMS:
        yield _l(
            "More than %(most)d invoices are open: letter them in the old software first.", most=MOST_ITEMS
        )


def _remarks(books: Books, until: date, items: Sequence[PlannedItem]) -> Iterable[Message]:
    if books.later_lines:
        yield _l("%(count)d lines after this day are left out.", count=books.later_lines)
    if books.last_day is not None and (until - books.last_day).days > 31:
        yield _l(
            "The last entry is of %(day)s: is the file complete?", day=books.last_day.strftime("%d/%m/%Y")
        )
    if any(
        not planned.item.party.auxiliary and planned.item.party.account.rstrip("0") == CUSTOMERS
        for planned in items
    ):
        yield _l(
            "The collective customer account has lines without a customer: they become those of one customer that is"
            " called as the account."
        )
    earlier = select(JournalEntry.id).where(JournalEntry.entry_date <= until).limit(1)
    if db.session.scalars(earlier).first() is not None:
        yield _l("These books have entries of that time already: nothing may be in both.")
