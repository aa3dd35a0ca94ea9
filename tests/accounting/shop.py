"""Plays invoicing's part for the tests of the ledger: keeps what is owed and paid, and tells the ledger the facts.

It knows no account and no entry. Every verb records in a transaction of its own and returns the entry.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from itertools import count

from accounting.facts import (
    CollectionFact,
    CollectionReversalFact,
    CollectionState,
    CreditUseFact,
    Fact,
    SaleFact,
    SaleLine,
    Share,
    SupplyKind,
    ThirdParty,
    Treasury,
    TreasuryPlace,
    VatRegime,
)
from accounting.models import JournalEntry
from accounting.receivable_facts import (
    DoubtFact,
    ReceivableFact,
    WriteOffFact,
    WriteOffKind,
    WriteOffUndoFact,
)
from accounting.record import record
from accounting.record_receivable import record_receivable
from accounting.vat_on_collection import due_vat
from core.database import db, transaction

DUPONT = ThirdParty("C00001", "Dupont SARL")
SERVICES_120 = SaleLine(SupplyKind.SERVICE, 2000, 100_00, 20_00)
GOODS_110 = SaleLine(SupplyKind.GOODS, 1000, 100_00, 10_00)
MARCH_1 = date(2026, 3, 1)


@dataclass(frozen=True)
class GivenUp:
    """What was written off of an invoice: `never_due` is the VAT in it that waited, `taken_back` that which was due."""

    cents: int
    reduces: bool
    never_due: Counter[int]
    taken_back: Counter[int]

    @property
    def vat(self) -> tuple[tuple[int, int], ...]:
        """All of the VAT in it, per rate."""
        return tuple((self.never_due + self.taken_back).items())


@dataclass
class Invoice:
    """An issued invoice: `settled` says what each payment or credit note pays of it."""

    id: int
    lines: tuple[SaleLine, ...]
    regime: VatRegime
    total_cents: int
    settled: Counter[str] = field(default_factory=Counter)
    credited: list[SaleLine] = field(default_factory=list)
    given_up: dict[int, GivenUp] = field(default_factory=dict)
    is_doubtful: bool = False
    was_doubtful: bool = False

    @property
    def key(self) -> str:
        return f"invoice:{self.id}"

    @property
    def credited_cents(self) -> int:
        return sum(line.net_cents + line.vat_cents for line in self.credited)

    @property
    def open_cents(self) -> int:
        given_up = sum(part.cents for part in self.given_up.values())
        return self.total_cents - sum(self.settled.values()) - given_up

    def state(self) -> CollectionState:
        """T, P and W_r as `accounting.md` §4 defines them: what a credit note settles of its own invoice is in T."""
        waiting: Counter[int] = Counter()
        for sign, lines in ((1, self.lines), (-1, self.credited)):
            for line in lines:
                if line.kind is SupplyKind.SERVICE and self.regime is VatRegime.COLLECTION:
                    waiting[line.vat_rate] += sign * line.vat_cents
        total = self.total_cents - self.credited_cents
        absorbed = 0
        for part in self.given_up.values():
            waiting.subtract(part.never_due)
            total -= part.cents if part.reduces else 0
            absorbed += 0 if part.reduces else part.cents
        own = sum(cents for key, cents in self.settled.items() if key.startswith(f"own:{self.id}:"))
        collected = min(sum(self.settled.values()) - own + absorbed, total)
        return CollectionState(self.key, total, collected, tuple(waiting.items()))


@dataclass
class Money:
    """A payment or credit note: what of it is still open stands on `surplus_key`."""

    name: str
    surplus_key: str
    surplus_cents: int
    uses: int = 1
    is_live: bool = True


class Shop:
    """One customer's dealings."""

    def __init__(self, third_party: ThirdParty = DUPONT, first_id: int = 1) -> None:
        self.third_party = third_party
        self.invoices: dict[int, Invoice] = {}
        self.money: dict[str, Money] = {}
        self._ids = count(first_id)

    def invoice(
        self, *lines: SaleLine, on: date = MARCH_1, regime: VatRegime = VatRegime.COLLECTION
    ) -> JournalEntry:
        id_ = next(self._ids)
        total = sum(line.net_cents + line.vat_cents for line in lines)
        self.invoices[id_] = Invoice(id_, lines, regime, total)
        shares = (Share(f"invoice:{id_}", total),) if total else ()
        fact = SaleFact(("document", id_), False, f"F-{id_:04d}", on, self.third_party, lines, regime, shares)
        return self._tell(fact)

    def pay(
        self,
        invoice_id: int,
        cents: int,
        on: date = MARCH_1,
        treasury: Treasury | TreasuryPlace = Treasury.BANK,
    ) -> JournalEntry:
        id_ = next(self._ids)
        invoice = self.invoices[invoice_id]
        paid = min(cents, invoice.open_cents)
        name = f"payment:{id_}"
        if paid:
            invoice.settled[name] += paid
        self.money[name] = Money(name, name, cents - paid)
        shares = (Share(invoice.key, paid), Share(name, cents - paid))
        fact = CollectionFact(
            ("payment", id_),
            treasury,
            on,
            f"R{id_}",
            self.third_party,
            _above_zero(shares),
            (invoice.state(),),
        )
        return self._tell(fact)

    def cancel(self, name: str, on: date = MARCH_1) -> JournalEntry:
        self.money[name].is_live = False
        touched = [invoice for invoice in self.invoices.values() if invoice.settled.pop(name, 0)]
        fact = CollectionReversalFact(
            ("reversal", int(name.partition(":")[2])),
            ("payment", int(name.partition(":")[2])),
            on,
            "",
            tuple(invoice.state() for invoice in touched),
        )
        entry = self._tell(fact)
        for invoice in touched:
            if invoice.was_doubtful:
                self._follow_doubt(invoice, on)
        return entry

    def credit(self, invoice_id: int, *lines: SaleLine, on: date = MARCH_1) -> JournalEntry:
        """Credit these lines of an invoice, by default all of it."""
        id_ = next(self._ids)
        invoice = self.invoices[invoice_id]
        lines = lines or invoice.lines
        total = sum(line.net_cents + line.vat_cents for line in lines)
        settled = min(total, invoice.open_cents)
        invoice.credited += lines
        if settled:
            invoice.settled[f"own:{invoice_id}:{id_}"] += settled
        name = f"credit_note:{id_}"
        self.money[name] = Money(name, name, total - settled)
        shares = _above_zero((Share(invoice.key, settled), Share(name, total - settled)))
        fact = SaleFact(
            ("document", id_), True, f"A-{id_:04d}", on, self.third_party, tuple(lines), invoice.regime, shares,
            collection=(invoice.state(),),
        )  # fmt: skip
        return self._tell(fact)

    def use(self, name: str, invoice_id: int, on: date = MARCH_1) -> JournalEntry:
        """Use what is open of a payment or credit note on an invoice."""
        money, invoice = self.money[name], self.invoices[invoice_id]
        used = min(money.surplus_cents, invoice.open_cents)
        invoice.settled[name] += used
        money.uses += 1
        old_key, before = money.surplus_key, money.surplus_cents
        money.surplus_key, money.surplus_cents = f"{name}#{money.uses}", before - used
        shares = _above_zero((Share(invoice.key, used), Share(money.surplus_key, before - used)))
        fact = CreditUseFact(
            ("settlement", next(self._ids)), on, f"F-{invoice_id:04d}", self.third_party, old_key, before, shares,
            (invoice.state(),),
        )  # fmt: skip
        return self._tell(fact)

    def give_up(self, invoice_id: int, kind: WriteOffKind, cents: int, on: date = MARCH_1) -> int:
        """Write a part of an invoice off; a difference has no VAT. Returns the number of the record."""
        id_ = next(self._ids)
        invoice, reduces = self.invoices[invoice_id], kind is not WriteOffKind.DIFFERENCE
        never_due, taken_back = Counter[int](), Counter[int]()
        if reduces:
            state = invoice.state()
            waiting = Counter(dict(state.waiting_cents))
            never_due = _vat_of(waiting, cents, state.total_cents)
            taken_back = _vat_of(_vat_due_at_once(invoice, waiting), cents, state.total_cents)
        invoice.given_up[id_] = GivenUp(cents, reduces, never_due, taken_back)
        fact = WriteOffFact(
            ("write_off", id_), kind, on, f"F-{invoice_id:04d}", self.third_party, Share(invoice.key, cents),
            invoice.given_up[id_].vat, (invoice.state(),),
        )  # fmt: skip
        self._tell_receivable(fact)
        return id_

    def claim_again(self, invoice_id: int, write_off_id: int, on: date = MARCH_1) -> None:
        """Undo a write-off; what is owed again stands where the invoice does."""
        invoice = self.invoices[invoice_id]
        part = invoice.given_up.pop(write_off_id)
        id_ = next(self._ids)
        self._tell_receivable(
            WriteOffUndoFact(
                ("write_off", id_), ("write_off", write_off_id), on, part.vat, (invoice.state(),)
            )
        )
        self._follow_doubt(invoice, on)

    def doubt(self, invoice_id: int, is_doubtful: bool, on: date = MARCH_1) -> None:
        """Declare an invoice doubtful, or end that."""
        invoice = self.invoices[invoice_id]
        invoice.is_doubtful = is_doubtful
        invoice.was_doubtful |= is_doubtful
        self._follow_doubt(invoice, on)

    def _follow_doubt(self, invoice: Invoice, on: date) -> None:
        source = ("doubtful_debt", next(self._ids))
        number = f"F-{invoice.id:04d}"
        self._tell_receivable(
            DoubtFact(source, on, number, invoice.key, self.third_party, invoice.is_doubtful)
        )

    def _tell_receivable(self, fact: ReceivableFact) -> None:
        with transaction():
            record_receivable(fact)

    def _tell(self, fact: Fact) -> JournalEntry:
        with transaction():
            entry_id = record(fact)
            assert entry_id is not None
            return db.session.get_one(JournalEntry, entry_id)


def _vat_of(vat: Counter[int], cents: int, total: int) -> Counter[int]:
    """The VAT of these cents of the total: what the rest does not take."""
    rest = due_vat(vat, total - cents, total)
    return Counter({rate: vat[rate] - rest[rate] for rate in vat if vat[rate] > rest[rate]})


def _vat_due_at_once(invoice: Invoice, waiting: Counter[int]) -> Counter[int]:
    """VAT of an invoice that fell due with it, less what credit notes and write-offs took back."""
    due = Counter[int]()
    for sign, lines in ((1, invoice.lines), (-1, invoice.credited)):
        for line in lines:
            due[line.vat_rate] += sign * line.vat_cents
    for part in invoice.given_up.values():
        due.subtract(part.never_due + part.taken_back)
    due.subtract(waiting)
    return Counter({rate: cents for rate, cents in due.items() if cents > 0})


def _above_zero(shares: tuple[Share, ...]) -> tuple[Share, ...]:
    return tuple(share for share in shares if share.amount_cents)
