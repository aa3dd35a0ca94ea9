"""Take over what another software's books hold: customers, open invoices, one opening entry, in the caller's
transaction.

Each open invoice becomes a document with its own number and a payment link; it is no sale of ours, so it has no rank in
a series, no VAT document and no e-invoice. Its customer line stands in the opening entry with its match key, and beside
it the VAT that still waits, so that a payment here settles it as any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from accounting.facts import SupplyKind, ThirdParty, VatRegime
from accounting.fiscal_years import open_year_for
from accounting.record_takeover import record_takeover
from accounting.takeover_facts import OpeningBalance, TakeoverFact
from core.clock import utc_now
from core.database import db
from core.errors import ConflictError
from core.event_log import record_event
from core.jobs import wake
from core.models import Company
from core.money import round_half_up_div
from core.progress import Progress, silent
from core.seal import canonical, seal
from core.tenancy import current_company_id
from core.todo import leave_todo
from invoicing.customer_search import search_text_of
from invoicing.errors import InvalidInputError, Message
from invoicing.ledger_facts import invoice_key, third_party
from invoicing.legal_mentions import Mention, mentions_json
from invoicing.lifecycle import DocumentKind, DocumentState, TodoKind
from invoicing.locked_rows import locked_row
from invoicing.models import (
    Customer,
    CustomerCounter,
    CustomerKind,
    Document,
    DocumentLine,
    DocumentVat,
    OpeningItem,
    Takeover,
)
from invoicing.parties import buyer_of, party_json, seller_of
from invoicing.payment_link import new_link
from invoicing.settings import invoicing_settings
from invoicing.standing import note_issued
from invoicing.takeover.books import CUSTOMERS, Party
from invoicing.takeover.plan import Plan, PlannedAccount, PlannedCustomer, PlannedItem
from invoicing.takeover.report import report_of
from invoicing.takeover.words import line_label, what_it_is
from invoicing.vat_categories import VatCategory

ONE = 10_000
CENT_PRICE = 10_000
"""A unit price has six decimals: a cent is 10,000 of them."""
_LONGEST_NAME = 255


@dataclass(frozen=True)
class WaitingVat:
    """What a person says of one open invoice: the VAT that waits on it in cents, and its rate (1/100 %)."""

    cents: int
    rate: int


def take_over(
    plan: Plan,
    *,
    file_id: int,
    waiting: Mapping[int, WaitingVat] | None = None,
    actor_id: int | None = None,
    progress: Progress = silent,
) -> Takeover:
    """Do what the plan says. Asked twice for the same file and day, the first take-over is returned.

    Args:
        plan: made in this transaction or just before it.
        file_id: the stored file it was made from.
        waiting: what was said of waiting VAT, by the index of the item; the plan's own where nothing was.
        actor_id: who does it.
        progress: told by the invoice; each is written, then sealed.

    Raises:
        ConflictError: something stands against it: the first of the plan's problems, or another take-over.
        InvalidInputError: on `waiting-N`: more VAT than the invoice can hold, or none was said.
        AccountingError: the year was closed or opened meanwhile.
    """
    # The counter's lock makes two take-overs at once come one after the other.
    locked_row(CustomerCounter)
    earlier = earlier_takeover(file_id, plan.until)
    if earlier is not None:
        return earlier
    if plan.problems:
        raise ConflictError(plan.problems[0])
    said = checked_waiting(plan, waiting or {})
    customers = {planned.party: _customer(planned, actor_id) for planned in plan.customers}
    takeover = _takeover(plan, file_id, actor_id)
    documents, total = [], 2 * len(plan.items)
    for index, planned in enumerate(plan.items):
        documents.append(_document(planned, customers[planned.item.party], said[index]))
        progress(index + 1, total)
    for index, (planned, document) in enumerate(zip(plan.items, documents, strict=True)):
        _keep(takeover, planned, document, actor_id)
        progress(len(documents) + index + 1, total)
    record_takeover(_fact(takeover, plan, documents, customers, said))
    record_event(
        "takeover.made", actor_id=actor_id, subject=("takeover", takeover.id), file=takeover.file_name,
        until=plan.until, invoices=len(documents), open_cents=plan.owed_cents, assets_cents=plan.assets_cents,
    )  # fmt: skip
    wake("render_documents")
    return takeover


def live_takeovers() -> list[Takeover]:
    """The take-overs of the company entered that were not undone, oldest first."""
    found = db.session.scalars(select(Takeover).order_by(Takeover.id))
    return [takeover for takeover in found if takeover.undo is None]


def earlier_takeover(file_id: int, until: date) -> Takeover | None:
    """The take-over of that file up to that day that was not undone, or None."""
    return next((t for t in live_takeovers() if t.file_id == file_id and t.until == until), None)


def checked_waiting(plan: Plan, waiting: Mapping[int, WaitingVat]) -> list[WaitingVat]:
    """What waits on each item: what was said of it, else what the plan says.

    Raises:
        InvalidInputError: on `waiting-N`: more VAT than the invoice can hold.
    """
    errors: dict[str, Message] = {}
    said = []
    for index, planned in enumerate(plan.items):
        own = waiting.get(index) or WaitingVat(planned.waiting_cents or 0, planned.rate)
        most = round_half_up_div(planned.item.open_cents * own.rate, 10_000 + own.rate)
        # Two cents: several lines of an invoice were rounded one by one.
        if not 0 <= own.cents <= most + 2 and own.cents != planned.waiting_cents:
            errors[f"waiting-{index}"] = _l("This is more VAT than what is open can hold at this rate.")
        said.append(own)
    if errors:
        raise InvalidInputError(errors)
    return said


def _customer(planned: PlannedCustomer, actor_id: int | None) -> Customer:
    """The customer that was found, or a new one with what the books say: a name. The rest is asked when it is next
    invoiced (`gate_parties`)."""
    if planned.match.customer_id is not None:
        return db.session.get_one(Customer, planned.match.customer_id)
    counter = locked_row(CustomerCounter)
    counter.last += 1
    party = planned.party
    reference = (party.auxiliary or party.account)[:100]
    taken = db.session.scalars(select(Customer.id).where(Customer.external_reference == reference)).first()
    customer = Customer(
        number=f"C{counter.last:05d}",
        kind=CustomerKind.BUSINESS,
        name=planned.name[:_LONGEST_NAME],
        external_reference=None if taken else reference,
        # An account of one customer stays its own.
        ledger_account="" if party.auxiliary or party.account.rstrip("0") == CUSTOMERS else party.account,
    )
    customer.search_text = search_text_of(customer)
    db.session.add(customer)
    db.session.flush()
    record_event("customer.created", actor_id=actor_id, subject=("customer", customer.id))
    return customer


def _takeover(plan: Plan, file_id: int, actor_id: int | None) -> Takeover:
    year, _ = open_year_for(plan.opens_on)
    before = select(func.count()).select_from(Takeover).where(Takeover.year_starts_on == year.starts_on)
    takeover = Takeover(
        year_starts_on=year.starts_on,
        attempt=db.session.scalars(before).one() + 1,
        file_id=file_id,
        file_name=plan.wish.file_name[:255],
        until=plan.until,
        opens_on=plan.opens_on,
        report=canonical(report_of(plan)),
        taken_by_id=actor_id,
    )
    db.session.add(takeover)
    db.session.flush()
    return takeover


def _document(planned: PlannedItem, customer: Customer, waiting: WaitingVat) -> Document:
    item = planned.item
    settings = invoicing_settings()
    terms = customer.payment_terms_days
    days = settings.payment_terms_days if terms is None else terms
    document = Document(
        kind=DocumentKind.INVOICE,
        customer_id=customer.id,
        language=customer.language,
        prices_include_vat=True,
        issue_date=item.day,
        due_date=max(item.due or item.day + timedelta(days=days), item.day),
    )
    document.lines.append(
        statement_line(line_label(planned.number, item.day, customer.language), item.open_cents)
    )
    document.vat_lines.extend(_vat_rows(item.open_cents, waiting))
    db.session.add(document)
    db.session.flush()
    issue_statement(
        document,
        planned.number,
        item.open_cents,
        customer,
        what_it_is(planned.number, item.day, customer.language),
    )
    return document


def _vat_rows(open_cents: int, waiting: WaitingVat) -> Iterator[DocumentVat]:
    """What is open by rate: what bears the VAT that waits, and the rest, of which the old books have told VAT already.
    They sum to what is open, so that what is collected can be told by rate."""
    net = round_half_up_div(waiting.cents * 10_000, waiting.rate) if waiting.cents else 0
    net = min(net, open_cents - waiting.cents)
    if waiting.cents:
        yield DocumentVat(rate=waiting.rate, kind=SupplyKind.SERVICE, net_cents=net, vat_cents=waiting.cents)
    rest = open_cents - net - waiting.cents
    if rest:
        yield DocumentVat(
            rate=0, kind=SupplyKind.GOODS, category=VatCategory.OUTSIDE_SCOPE, net_cents=rest, vat_cents=0
        )


def statement_line(label: str, cents: int) -> DocumentLine:
    """The one line of a document that states a sum and sells nothing."""
    return DocumentLine(
        position=1, kind=SupplyKind.SERVICE, label=label, quantity=ONE, unit_price=cents * CENT_PRICE, vat_rate=0,
        amount_cents=cents, net_cents=cents,
    )  # fmt: skip


def issue_statement(document: Document, number: str, cents: int, customer: Customer, about: Mention) -> None:
    """Fill what issue fills, without a rank in a series: parties as they are now, the sum, the regime of its VAT, and
    the sentence that says what it is."""
    company, settings = db.session.get_one(Company, current_company_id()), invoicing_settings()
    seller, buyer = party_json(seller_of(company, settings)), party_json(buyer_of(customer))
    # From here on nothing reads: a flush in between would meet half a document.
    document.number = number
    document.issued_at = utc_now()
    document.regime = VatRegime.COLLECTION
    document.seller, document.buyer = seller, buyer
    document.mentions = mentions_json((about,))
    document.net_cents = document.total_cents = cents
    document.state = DocumentState.ISSUED
    db.session.flush()


def _keep(takeover: Takeover, planned: PlannedItem, document: Document, actor_id: int | None) -> None:
    """The link, the standing, the seal and the rest that a document has once it is there."""
    new_link(document.id)
    leave_todo(TodoKind.PDF, document.id)
    note_issued(document)
    seal(document.kind.value, document.id)
    item = planned.item
    db.session.add(
        OpeningItem(
            takeover_id=takeover.id,
            document_id=document.id,
            reference=item.reference,
            account=item.party.account,
            auxiliary=item.party.auxiliary,
            original_cents=item.original_cents,
        )
    )
    record_event(
        "invoice.taken_over", actor_id=actor_id, subject=("document", document.id), number=document.number,
        amount_cents=document.total_cents,
    )  # fmt: skip


def _fact(
    takeover: Takeover,
    plan: Plan,
    documents: list[Document],
    customers: Mapping[Party, Customer],
    said: list[WaitingVat],
) -> TakeoverFact:
    """The opening entry: accounts by their balance, customers by invoice, waiting VAT by invoice."""
    targets = {account.number: account for account in plan.accounts}
    waiting = _waiting_account(plan, said)
    lines = [
        *_account_lines(plan, targets, waiting),
        *_item_lines(plan, targets, documents, customers),
        *_credit_lines(plan, targets, customers),
    ]
    if waiting is not None:
        lines += _waiting_lines(waiting, documents, said)
    return TakeoverFact(
        ("takeover", takeover.id), plan.opens_on, f"Reprise {takeover.id}",
        tuple(line for line in lines if line.cents),
    )  # fmt: skip


def _account_lines(
    plan: Plan, targets: Mapping[str, PlannedAccount], waiting: PlannedAccount | None
) -> Iterator[OpeningBalance]:
    """The balances as they are, but of the customers, and of the waiting account, which have lines by invoice."""
    by_invoice = {planned.party for planned in plan.customers}
    for position in sorted(plan.books.positions.values(), key=lambda p: (p.account, p.auxiliary)):
        account = targets.get(position.account)
        is_itemised = Party(position.account, position.auxiliary) in by_invoice or account is waiting
        if account is not None and not is_itemised:
            named = position.auxiliary_label or position.auxiliary or account.label
            yield OpeningBalance(account.target, account.label, position.cents, f"À nouveau {named}")
    if plan.result_cents:
        result = plan.accounts[-1]
        yield OpeningBalance(result.target, result.label, plan.result_cents, result.label)


def _item_lines(
    plan: Plan,
    targets: Mapping[str, PlannedAccount],
    documents: Sequence[Document],
    customers: Mapping[Party, Customer],
) -> Iterator[OpeningBalance]:
    for planned, document in zip(plan.items, documents, strict=True):
        account, customer = targets[planned.item.party.account], customers[planned.item.party]
        label = f"À nouveau facture {document.number} {customer.full_name}"
        yield OpeningBalance(
            account.target,
            account.label,
            planned.item.open_cents,
            label,
            _party(customer),
            invoice_key(document.id),
        )


def _credit_lines(
    plan: Plan, targets: Mapping[str, PlannedAccount], customers: Mapping[Party, Customer]
) -> Iterator[OpeningBalance]:
    for planned in plan.customers:
        account, customer = targets[planned.party.account], customers[planned.party]
        label = f"À nouveau avance de {customer.full_name}"
        yield OpeningBalance(account.target, account.label, -planned.credit_cents, label, _party(customer))


def _waiting_account(plan: Plan, said: Sequence[WaitingVat]) -> PlannedAccount | None:
    """The account that the VAT waiting on open invoices is taken out of; None while none waits.

    Raises:
        ConflictError: the books have no such account.
    """
    if not any(waiting.cents for waiting in said):
        return None
    found = [a for a in plan.accounts if a.number.startswith(plan.wish.waiting_prefix) and a.cents < 0]
    if not found:
        raise ConflictError(_l("The books have no account on which VAT waits: say 0 for each invoice."))
    return min(found, key=lambda account: account.cents)


def _waiting_lines(
    account: PlannedAccount, documents: Sequence[Document], said: Sequence[WaitingVat]
) -> Iterator[OpeningBalance]:
    """What waits on each invoice, and what of the account belongs to none of them."""
    for document, waiting in zip(documents, said, strict=True):
        yield OpeningBalance(
            account.target, account.label, -waiting.cents, f"À nouveau TVA en attente facture {document.number}",
            None, invoice_key(document.id), waiting.rate,
        )  # fmt: skip
    rest = account.cents + sum(waiting.cents for waiting in said)
    yield OpeningBalance(account.target, account.label, rest, f"À nouveau {account.label}")


def _party(customer: Customer) -> ThirdParty:
    return third_party(buyer_of(customer))
