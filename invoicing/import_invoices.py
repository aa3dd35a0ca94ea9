"""Imports invoices from a CSV file, one row per line: all of it or nothing, and nothing twice.

Rows with the same reference make one invoice; its customer, dates and note stand on any of them (usually the first).
Each document is issued on its own date, oldest first, so that numbers follow the calendar. Template:
docs/guide/import.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.facts import SupplyKind
from core.clock import paris_today
from core.database import db
from core.errors import SoldeError
from core.money import CENT_DECIMALS, QUANTITY_DECIMALS, RATE_DECIMALS, UNIT_PRICE_DECIMALS
from invoicing.csv_files import (
    Column,
    Fault,
    FileRefusedError,
    ImportCount,
    Progress,
    Row,
    plain,
    read_rows,
    refuse_faulty,
)
from invoicing.customers import find_by_number, find_by_reference
from invoicing.draft_input import DraftInput, LineInput, checked_draft
from invoicing.draft_invoice import draft_invoice
from invoicing.errors import InvalidInputError, Message, NotIssuableError, Place
from invoicing.import_columns import DELIVERY_COLUMNS, VAT_COLUMNS, ground_in, vat_case_of
from invoicing.issue_invoice import issue_invoice
from invoicing.item_prices import ShownPrices, price_on_document, prices_of_request, rate_on_document
from invoicing.items import find_by_code
from invoicing.lifecycle import LineRole
from invoicing.models import Document, Item
from invoicing.parties import Address
from invoicing.units import DEFAULT_UNIT, UNITS
from invoicing.vat_categories import VatCase

COLUMNS = (
    Column("reference", ("référence", "facture"), required=True),
    Column("customer", ("client", "référence client"), required=True),
    Column("date", ("date de facture",)),
    Column("supply_date", ("date de livraison", "date de prestation")),
    Column("due_date", ("échéance", "date d'échéance")),
    Column("payment_terms_days", ("délai de paiement", "délai")),
    Column("prices", ("prix",)),
    Column("order", ("commande", "numéro de commande")),
    Column("buyer_reference", ("référence acheteur", "code service")),
    Column("contract_reference", ("contrat", "référence contrat")),
    Column("period_start", ("début de période",)),
    Column("period_end", ("fin de période",)),
    Column("discount_rate", ("remise globale",)),
    Column("discount_amount", ("remise globale en euros",)),
    Column("discount_label", ("libellé de la remise",)),
    *DELIVERY_COLUMNS,
    *VAT_COLUMNS,
    Column("note", ("remarque",)),
    Column("conditions"),
    Column("role", ("ligne",)),
    Column("item", ("article", "code article")),
    Column("sales_account", ("compte de vente", "compte")),
    Column("kind", ("nature", "type")),
    Column("label", ("libellé", "désignation"), required=True),
    Column("description", ("détail",)),
    Column("quantity", ("quantité",), required=True),
    Column("unit", ("unité",)),
    Column("unit_price", ("prix unitaire", "pu"), required=True),
    Column("price_base", ("prix pour", "base de prix")),
    Column("discount", ("remise",)),
    Column("vat_rate", ("tva", "taux de tva"), required=True),
    Column("line_vat_ground", ("fondement de la ligne",)),
)
_OF_DOCUMENT = (
    "customer",
    "date",
    "supply_date",
    "due_date",
    "payment_terms_days",
    "prices",
    "order",
    "buyer_reference",
    "contract_reference",
    "period_start",
    "period_end",
    "discount_rate",
    "discount_amount",
    "discount_label",
    *(f"delivery_{name}" for name in Address.__dataclass_fields__),
    "vat_case",
    "vat_ground",
    "note",
    "conditions",
)
_ROLES = {
    "item": "item", "ligne": "item", "section": "section", "titre": "section", "intertitre": "section",
    "subtotal": "subtotal", "sous_total": "subtotal",
}  # fmt: skip
_KINDS = {
    "service": "service", "services": "service", "prestation": "service",
    "goods": "goods", "good": "goods", "bien": "goods", "biens": "goods", "marchandise": "goods",
}  # fmt: skip
_PRICES = {"net": "net", "ht": "net", "gross": "gross", "ttc": "gross"}
_INCLUDES_VAT = {"": None, "net": False, "gross": True}
_UNITS = {plain(code): code for code in UNITS} | {
    "unite": "C62", "piece": "H87", "forfait": "LS", "lot": "SET", "heure": "HUR", "h": "HUR", "jour": "DAY",
    "j": "DAY", "semaine": "WEE", "mois": "MON", "an": "ANN", "annee": "ANN", "g": "GRM", "kg": "KGM", "t": "TNE",
    "m": "MTR", "km": "KMT", "m2": "MTK", "m3": "MTQ", "l": "LTR", "litre": "LTR", "kw": "KWT", "kwh": "KWH",
}  # fmt: skip
_COLUMN_OF_FIELD = {
    "issue_date": "date", "purchase_order": "order", "external_reference": "reference", "customer_id": "customer",
    "discount_cents": "discount_amount",
}  # fmt: skip

_COLUMN_OF_LINE = {"vat_ground": "line_vat_ground"}
_TEXTS = ("buyer_reference", "contract_reference", "discount_label", "note", "conditions")

Sender = Callable[[Document], object]


@dataclass(frozen=True)
class _Group:
    """The rows of one invoice, in the order of the file."""

    reference: str
    rows: Sequence[Row]

    def row_with(self, column: str) -> Row:
        """The row that says something in a column of the document; the first one when none does."""
        return next((row for row in self.rows if row.text(column)), self.rows[0])

    def fault(self, field: str, reason: Message) -> None:
        """Put the fault of a field as verbs name it (`lines-2-label`, `issue_date`) beside its cell."""
        place, _, rest = field.partition("-")
        index, _, of_line = rest.partition("-")
        if place == "lines" and index.isdecimal():
            self.rows[int(index)].fault(_COLUMN_OF_LINE.get(of_line, of_line), reason)
        else:
            column = _COLUMN_OF_FIELD.get(field, field if field in _OF_DOCUMENT else "")
            self.row_with(column).fault(column, reason)


_Draft = tuple[_Group, DraftInput]


def import_invoices(
    content: bytes,
    *,
    issue: bool = False,
    send: Sender | None = None,
    actor_id: int | None = None,
    progress: Progress | None = None,
) -> ImportCount:
    """Make (and issue, and send) every invoice of the file that is not here yet, in the open transaction.

    Args:
        content: the file as it is.
        issue: issue each document on its own date; else they stay drafts.
        send: called with each document issued by this run.
        actor_id: who does it.
        progress: told how many documents of how many are done.

    Raises:
        FileRefusedError: with every fault that was found; the caller's transaction must roll back.
    """
    rows = read_rows(content, COLUMNS)
    drafts = _drafts(_groups(rows))
    refuse_faulty(rows)
    created = 0
    for done, (group, given) in enumerate(drafts, start=1):
        if not _is_known(group.reference):
            created += 1
            _make(group, given, issue=issue, send=send, actor_id=actor_id)
        if progress is not None:
            progress(done, len(drafts))
    refuse_faulty(rows)
    return ImportCount(created, len(drafts) - created)


def _groups(rows: Iterable[Row]) -> list[_Group]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        reference = row.text("reference")
        if not reference:
            row.fault("reference", _l("Give each invoice a reference: its lines are put together by it."))
        found.setdefault(reference, []).append(row)
    return [_Group(reference, members) for reference, members in found.items()]


def _drafts(groups: Iterable[_Group]) -> list[_Draft]:
    """What each invoice says, oldest first; faults are noted on the rows."""
    customers: dict[str, int] = {}
    drafts = []
    for group in groups:
        _note_contradictions(group)
        given = _draft(group, customers)
        try:
            checked_draft(given)
        except InvalidInputError as error:
            _note(group, error.errors)
        drafts.append((group, given))
    # The file may have any order: numbers must follow the calendar.
    return sorted(drafts, key=lambda pair: _day(pair[1]))


def _day(given: DraftInput) -> date:
    return given.issue_date or paris_today()


def _is_known(reference: str) -> bool:
    statement = select(Document.id).where(Document.external_reference == reference)
    return db.session.scalars(statement).one_or_none() is not None


def _make(
    group: _Group, given: DraftInput, *, issue: bool, send: Sender | None, actor_id: int | None
) -> None:
    """Make one document. A refusal is noted, so that the next ones are tried too: all faults are told in one run."""
    try:
        document = draft_invoice(given, actor_id=actor_id)
        if issue:
            # Its own day stands for the clock, but no import issues documents of days to come.
            issue_invoice(document.id, today=min(_day(given), paris_today()), actor_id=actor_id)
            if send is not None:
                send(document)
    except InvalidInputError as error:
        _note(group, error.errors)
    except NotIssuableError as error:
        _note_problems(group, error)
    except SoldeError as error:
        group.fault(error.field or "", error.message)


def _note(group: _Group, errors: Mapping[str, Message]) -> None:
    for field, message in errors.items():
        # What a verb refuses about the case is a provision that does not go with it.
        group.fault("vat_ground" if field == "vat_case" else field, message)


def _note_problems(group: _Group, error: NotIssuableError) -> None:
    ours = [p.message for p in error.problems if p.place in (Place.COMPANY, Place.SETTINGS)]
    if ours:
        # It would be the same for every document: told once.
        raise FileRefusedError(Fault(group.rows[0].line, "", message) for message in ours) from error
    for problem in error.problems:
        group.fault("customer" if problem.place is Place.CUSTOMER else problem.field, problem.message)


def _note_contradictions(group: _Group) -> None:
    for column in _OF_DOCUMENT:
        said = group.row_with(column)
        for row in group.rows:
            if row.text(column) not in ("", said.text(column)):
                row.fault(
                    column, _l("Line %(line)d of the same invoice says something else.", line=said.line)
                )


def _draft(group: _Group, customers: dict[str, int]) -> DraftInput:
    prices = group.row_with("prices").choice("prices", _PRICES, "")
    customer_id = _customer_id(group.row_with("customer"), customers)
    case = vat_case_of(group.row_with("vat_case"))
    shown = prices_of_request(customer_id, prices, case)
    texts: dict[str, Any] = {name: group.row_with(name).text(name) for name in _TEXTS}
    return DraftInput(
        customer_id=customer_id,
        lines=tuple(_line(row, shown) for row in group.rows),
        prices_include_vat=_INCLUDES_VAT[prices],
        issue_date=group.row_with("date").day("date"),
        supply_date=group.row_with("supply_date").day("supply_date"),
        due_date=group.row_with("due_date").day("due_date"),
        payment_terms_days=group.row_with("payment_terms_days").whole("payment_terms_days"),
        purchase_order=group.row_with("order").text("order"),
        period_start=group.row_with("period_start").day("period_start"),
        period_end=group.row_with("period_end").day("period_end"),
        discount_rate=group.row_with("discount_rate").number("discount_rate", RATE_DECIMALS, default=0),
        discount_cents=group.row_with("discount_amount").number("discount_amount", CENT_DECIMALS, default=0),
        delivery=_delivery(group),
        vat_case=case,
        vat_ground=ground_in(group.row_with("vat_ground"), "vat_ground"),
        **texts,
        external_reference=group.reference or None,
    )


def _customer_id(row: Row, customers: dict[str, int]) -> int:
    """Id of the customer that a row names by its reference or number; `customers` remembers those found before."""
    name = row.text("customer")
    if not name:
        row.fault("customer", _l("This is missing."))
    elif name not in customers:
        customer = find_by_reference(name) or find_by_number(name)
        if customer is None:
            row.fault("customer", _l("No customer has this reference or number. Import the customers first."))
        else:
            customers[name] = customer.id
    return customers.get(name, 0)


def _delivery(group: _Group) -> Address | None:
    """Where goods go; None, the customer's own place, when the file says nothing."""
    names = Address.__dataclass_fields__
    said = {name: group.row_with(f"delivery_{name}").text(f"delivery_{name}") for name in names}
    said["country"] = said["country"] or "FR"
    address = Address(**said)
    return None if address == Address() else address


def _line(row: Row, shown: ShownPrices) -> LineInput:
    """A line of the file; what it leaves empty comes from the item it names by its code."""
    role = LineRole(row.choice("role", _ROLES, "item"))
    if role is not LineRole.ITEM:
        return LineInput(label=row.text("label"), quantity=0, unit_price=0, vat_rate=0, role=role)
    item = _item(row)
    ground = ground_in(row, "line_vat_ground") or (item.vat_ground if item else "")
    # Where no VAT is charged the cell may stay empty.
    rate, price = None if shown.case is VatCase.STANDARD and not ground else 0, None
    if item is not None:
        rate = rate_on_document(item, shown.case)
        price = price_on_document(item, includes_vat=shown.includes_vat, case=shown.case)
    return LineInput(
        label=row.text("label") or (item.label if item else ""),
        quantity=row.number("quantity", QUANTITY_DECIMALS),
        unit_price=_unit_price(row, price),
        vat_rate=row.number("vat_rate", RATE_DECIMALS, default=rate),
        kind=SupplyKind(row.choice("kind", _KINDS, item.kind.value if item else "service")),
        description=row.text("description") or (item.description if item else ""),
        unit=row.choice("unit", _UNITS, item.unit if item else DEFAULT_UNIT),
        discount=row.number("discount", RATE_DECIMALS, default=0),
        sales_account=row.text("sales_account") or (item.sales_account if item else ""),
        vat_ground=ground,
        item_id=item.id if item else None,
    )


def _item(row: Row) -> Item | None:
    code = row.text("item")
    item = find_by_code(code) if code else None
    if code and item is None:
        row.fault("item", _l("No item of the catalogue has this code."))
    return item


def _unit_price(row: Row, of_item: int | None) -> int:
    """The price of one unit; `price_base` says for how many units the price stands (441.00 for 12 months)."""
    if of_item is not None and not row.text("unit_price"):
        return of_item
    price = row.number("unit_price", UNIT_PRICE_DECIMALS)
    base = row.number("price_base", QUANTITY_DECIMALS, default=10**QUANTITY_DECIMALS)
    if base <= 0:
        row.fault("price_base", _l("Write a number above zero."))
        return 0
    unit_price, rest = divmod(price * 10**QUANTITY_DECIMALS, base)
    if rest:
        row.fault("unit_price", _l("The price of one unit has more than 6 decimals. Give it for one unit."))
    return unit_price
