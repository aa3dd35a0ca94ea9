"""What a credit note over an invoice, or over part of it, comes to. Computes only.

Lines are credited by quantity with cumulated rounding: what is credited so far is always computed from the invoice's
own amount, so that the parts of a line sum to it to the cent. VAT is half-up on the note's net (BR-CO-17) and never
more than what is left; a note that takes the last of a VAT part takes its left-over cents too, so that an invoice
credited in full sums to zero at each rate. Called by `credit_invoice` under the invoice's lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask_babel import force_locale, get_locale, gettext
from flask_babel import lazy_gettext as _l

from core.money import (
    CENT_DECIMALS,
    QUANTITY_DECIMALS,
    UNIT_PRICE_DECIMALS,
    format_cents,
    format_scaled,
    round_half_up_div,
    round_to_sum,
)
from invoicing.credit_left import CreditLeft, LineLeft, last_position, part_key
from invoicing.errors import Message
from invoicing.input_checks import FieldErrors
from invoicing.lifecycle import LineRole
from invoicing.models import Document, DocumentLine
from invoicing.units import DEFAULT_UNIT
from invoicing.vat import WHOLE, LineTotals, Totals, VatTotals, nets_of_gross, vat_totals

ONE = 10**QUANTITY_DECIMALS
_COPIED = (
    "position", "role", "kind", "label", "description", "quantity", "unit", "unit_price", "discount", "vat_rate",
    "vat_ground", "sales_account", "item_id", "deposit_id",
)  # fmt: skip


@dataclass(frozen=True)
class CreditChoice:
    """What a person chose to credit: one of the two is given.

    Attributes:
        quantities: by position of the invoice's line, 4 decimals, in the line's own sense.
        amounts: by index in `CreditLeft.parts`, cents, net or VAT included as the invoice's prices are.
    """

    quantities: Mapping[int, int] = field(default_factory=dict)
    amounts: Mapping[int, int] | None = None


@dataclass(frozen=True)
class Credit:
    """A credit note to write: the columns of its lines, its totals, the discount on the whole in them."""

    lines: tuple[dict[str, Any], ...]
    totals: Totals
    discount_rate: int = 0
    discount_cents: int = 0


def credit_of(left: CreditLeft, choice: CreditChoice | None) -> Credit:
    """What the note comes to. None credits everything that is left.

    Raises:
        InvalidInputError: more than is left, or nothing, was chosen: beside `lines-N-quantity` or `parts-N-amount`,
            N counting what may be chosen.
    """
    errors = FieldErrors()
    if left.is_nothing:
        # A note of no line at all would say nothing, and have no e-invoice (BR-16).
        errors.add("lines-0-quantity", _most(left.total_cents))
        errors.raise_if_any()
    if choice is None or _is_everything(left, choice):
        return _everything(left)
    if choice.amounts is None:
        credit, where = _by_lines(left, choice, errors), "lines-0-quantity"
    else:
        credit, where = _by_amounts(left, choice.amounts, errors), "parts-0-amount"
    errors.raise_if_any()
    totals = credit.totals
    if totals.total_cents <= 0:
        errors.add(where, _l("Say what to credit: nothing is chosen yet."))
    elif totals.total_cents > left.total_cents:
        errors.add(where, _most(left.total_cents))
    errors.raise_if_any()
    return credit if not _is_rest(left, totals) else _everything(left)


def _most(cents: int) -> Message:
    return _l("At most %(amount)s are left to credit.", amount=format_cents(cents, get_locale()))


def _is_everything(left: CreditLeft, choice: CreditChoice) -> bool:
    if choice.amounts is not None or left.by_amounts:
        return False
    return all(choice.quantities.get(one.line.position, 0) == one.quantity for one in left.lines)


def _is_rest(left: CreditLeft, totals: Totals) -> bool:
    """True when the note takes the last net of every part: then it takes the left-over cents of all too."""
    taken = {part_key(part): part.net_cents for part in totals.vat}
    return all(taken.get(part_key(part), 0) == part.net_cents for part in left.parts)


def _columns(line: DocumentLine, **changes: Any) -> dict[str, Any]:
    return {**{name: getattr(line, name) for name in _COPIED}, **changes}


def _everything(left: CreditLeft) -> Credit:
    invoice = left.invoice
    if not left.notes:
        lines = [_columns(line) for line in invoice.lines]
        amounts = [LineTotals(line.amount_cents, line.net_cents) for line in invoice.lines]
        return _rest(left, lines, amounts, invoice.discount_rate, invoice.discount_cents)
    rows = [one for one in left.lines if one.quantity or one.amount_cents]
    if left.by_amounts:
        rows = [one for one in rows if one.line.role is LineRole.DEPOSIT]
    lines = [_columns(one.line, quantity=one.quantity) for one in rows]
    nets = [one.net_cents for one in rows] if left.by_amounts else _nets_of_rest(left, rows)
    amounts = [LineTotals(one.amount_cents, net) for one, net in zip(rows, nets, strict=True)]
    if not left.by_amounts:
        discount = sum(part.discount_cents for part in left.parts)
        return _rest(left, lines, amounts, *_discount_said(left, discount))
    for index, part in enumerate(left.parts):
        if not part.is_deposit and (part.net_cents or part.vat_cents):
            shown = left.shown_cents(part)
            lines.append(_line_of_part(left, index, shown))
            amounts.append(LineTotals(shown, part.net_cents))
    return _rest(replace(left, parts=_undiscounted(left.parts)), lines, amounts, 0, 0)


def _nets_of_rest(left: CreditLeft, rows: Sequence[LineLeft]) -> list[int]:
    """What is left of each line, net. Prices that include VAT were rounded over other lines in the notes before than on
    the invoice: the cents between the two are a line's that may be gone by now, and go to the largest of its part."""
    nets = [one.net_cents for one in rows]
    for part in left.parts:
        mine = [i for i, one in enumerate(rows) if _is_of(one.line, part, left.invoice)]
        if mine:
            largest = max(mine, key=lambda i: abs(rows[i].amount_cents))
            nets[largest] += part.net_cents + part.discount_cents - sum(nets[i] for i in mine)
    return nets


def _undiscounted(parts: Iterable[VatTotals]) -> tuple[VatTotals, ...]:
    return tuple(replace(part, discount_cents=0) for part in parts)


def _rest(
    left: CreditLeft,
    lines: list[dict[str, Any]],
    amounts: list[LineTotals],
    discount_rate: int,
    discount_cents: int,
) -> Credit:
    parts = tuple(part for part in left.parts if part.net_cents or part.vat_cents or not left.notes)
    net, vat = sum(part.net_cents for part in parts), sum(part.vat_cents for part in parts)
    totals = Totals(tuple(amounts), parts, net, vat, left.rounding_cents, left.total_cents)
    return Credit(tuple(lines), totals, discount_rate, discount_cents)


def _discount_said(left: CreditLeft, discount_cents: int) -> tuple[int, int]:
    """The rate or the amount of a discount on the whole, as the note's own columns have it."""
    return left.invoice.discount_rate, 0 if left.invoice.discount_rate else max(0, discount_cents)


@dataclass(frozen=True)
class _Picked:
    """A line of which some is credited. Cents; `is_last` when nothing of it stays."""

    left: LineLeft
    quantity: int
    amount_cents: int
    is_last: bool


def _by_lines(left: CreditLeft, choice: CreditChoice, errors: FieldErrors) -> Credit:
    picked = [p for i, one in enumerate(left.choosable_lines) if (p := _picked(i, one, choice, errors))]
    errors.raise_if_any()
    nets = _nets(left, picked)
    parts: list[VatTotals] = []
    for part, whole in zip(left.parts, left.invoice.vat_lines, strict=True):
        mine = [i for i, p in enumerate(picked) if _is_of(p.left.line, part, left.invoice)]
        if mine and not part.is_deposit:
            parts.append(_part_of_lines(left, part, vat_totals(whole), picked, mine, nets))
            _refuse_too_much(left, parts[-1], part, picked[mine[0]], errors)
    errors.raise_if_any()
    taken = _with_vat(left, parts)
    shown = [p.amount_cents for p in picked]
    net, vat = sum(p.net_cents for p in taken), sum(p.vat_cents for p in taken)
    discount = _shown_discount(left, shown)
    total = sum(shown) - discount if left.invoice.prices_include_vat else net + vat
    lines = tuple(_columns(p.left.line, quantity=p.quantity) for p in picked)
    amounts = tuple(LineTotals(a, n) for a, n in zip(shown, nets, strict=True))
    said = _discount_said(left, discount)
    return Credit(lines, Totals(amounts, tuple(taken), net, vat, total - net - vat, total), *said)


def _picked(index: int, one: LineLeft, choice: CreditChoice, errors: FieldErrors) -> _Picked | None:
    quantity, name = choice.quantities.get(one.line.position, 0), f"lines-{index}-quantity"
    if not quantity:
        return None
    if (quantity < 0) != (one.line.quantity < 0) or abs(quantity) > abs(one.quantity):
        most = format_scaled(one.quantity, QUANTITY_DECIMALS, get_locale())
        errors.add(name, gettext("At most %(quantity)s are left to credit.", quantity=most))
        return None
    so_far = one.line.quantity - one.quantity + quantity
    # Cumulated: what is credited so far, less what was credited before.
    amount = round_half_up_div(one.line.amount_cents * so_far, one.line.quantity)
    before = one.line.amount_cents - one.amount_cents
    return _Picked(one, quantity, amount - before, quantity == one.quantity)


def _is_of(line: DocumentLine, part: VatTotals, invoice: Document) -> bool:
    ground = line.vat_ground or invoice.vat_ground
    return (
        line.vat_rate == part.rate
        and line.kind is part.kind
        and line.sales_account == part.account
        and (line.role is LineRole.DEPOSIT) is part.is_deposit
        and (not part.ground or part.ground == ground)
        and (bool(part.ground) or not line.vat_ground)
    )


def _nets(left: CreditLeft, picked: Sequence[_Picked]) -> list[int]:
    """The net of each line: its amount, or what is in an amount typed VAT included, rounded per rate."""
    nets = [p.amount_cents for p in picked]
    if left.invoice.prices_include_vat:
        for rate in {p.left.line.vat_rate for p in picked}:
            members = [i for i, p in enumerate(picked) if p.left.line.vat_rate == rate]
            shown = [picked[i].amount_cents for i in members]
            for index, net in zip(members, nets_of_gross(shown, rate), strict=True):
                nets[index] = net
    return nets


def _part_of_lines(  # noqa: PLR0917  # what the lines and the part are, before and now
    left: CreditLeft,
    part: VatTotals,
    whole: VatTotals,
    picked: Sequence[_Picked],
    mine: Sequence[int],
    nets: list[int],
) -> VatTotals:
    """Net and discount of one VAT part; line nets are moved by the cents that rounding VAT-included prices leaves."""
    own = [one for one in left.lines if _is_of(one.line, part, left.invoice)]
    gone = [picked[i].left.line.position for i in mine if picked[i].is_last]
    is_last = all(not one.quantity or one.line.position in gone for one in own) and not left.by_amounts
    line_nets = sum(nets[i] for i in mine)
    base = whole.net_cents + whole.discount_cents
    so_far = sum(one.line.net_cents - one.net_cents for one in own) + line_nets
    before = whole.discount_cents - part.discount_cents
    discount = round_half_up_div(whole.discount_cents * so_far, base) - before if base else 0
    if is_last:
        discount = part.discount_cents
    net = line_nets - discount
    # In net prices the parts of lines sum by themselves; cents that VAT-included prices round away stay with the last.
    if is_last or (not left.by_amounts and abs(net) > abs(part.net_cents)):
        nets[mine[-1]] += part.net_cents - net
        net = part.net_cents
    return replace(part, net_cents=net, vat_cents=0, discount_cents=discount)


def _refuse_too_much(
    left: CreditLeft, taken: VatTotals, part: VatTotals, first: _Picked, errors: FieldErrors
) -> None:
    if abs(taken.net_cents) > abs(part.net_cents) or (taken.net_cents < 0) != (part.net_cents < 0):
        index = left.choosable_lines.index(first.left)
        message = gettext(
            "At this VAT rate, at most %(amount)s excluding VAT are left to credit.",
            amount=format_cents(part.net_cents, get_locale()),
        )
        errors.add(f"lines-{index}-quantity", message)


def _with_vat(left: CreditLeft, taken: Sequence[VatTotals]) -> list[VatTotals]:
    """The parts with their VAT: half-up on the net of each group, never above what is left of a part."""
    found = list(taken)
    of_left = {part_key(part): part for part in left.parts}
    groups: dict[tuple[Any, ...], list[int]] = {}
    for index, part in enumerate(taken):
        groups.setdefault((part.rate, part.category, part.ground), []).append(index)
    for (rate, _, _), members in groups.items():
        exact = [taken[i].net_cents * rate for i in members]
        shares = round_to_sum(exact, WHOLE, round_half_up_div(sum(exact), WHOLE))
        for index, share in zip(members, shares, strict=True):
            rest = of_left[part_key(taken[index])]
            is_last = taken[index].net_cents == rest.net_cents or abs(share) > abs(rest.vat_cents)
            found[index] = replace(taken[index], vat_cents=rest.vat_cents if is_last else share)
    return found


def _shown_discount(left: CreditLeft, shown: Sequence[int]) -> int:
    """What a discount on the whole takes off these lines, as prices are shown; cumulated as the lines are."""
    invoice = left.invoice
    whole = sum(one.line.amount_cents for one in left.lines)
    before = sum(one.line.amount_cents - one.amount_cents for one in left.lines)
    off = (
        whole - invoice.total_cents
        if invoice.prices_include_vat
        else sum(r.discount_cents for r in invoice.vat_lines)
    )
    if not whole or not off:
        return 0
    return round_half_up_div(off * (before + sum(shown)), whole) - round_half_up_div(off * before, whole)


def _by_amounts(left: CreditLeft, amounts: Mapping[int, int], errors: FieldErrors) -> Credit:
    lines, shown, parts = [], [], []
    for row, (index, part) in enumerate(left.choosable_parts):
        cents, most = amounts.get(index, 0), left.shown_cents(part)
        if not cents:
            continue
        if not 0 < cents <= most:
            errors.add(f"parts-{row}-amount", _most(max(0, most)))
            continue
        net = cents
        if left.invoice.prices_include_vat:
            net = min(part.net_cents, round_half_up_div(cents * WHOLE, WHOLE + part.rate))
        net = part.net_cents if cents == most else net
        lines.append(_line_of_part(left, index, cents))
        shown.append(LineTotals(cents, net))
        parts.append(replace(part, net_cents=net, vat_cents=0, discount_cents=0))
    taken = _with_vat(left, parts)
    net, vat = sum(p.net_cents for p in taken), sum(p.vat_cents for p in taken)
    total = sum(s.amount_cents for s in shown) if left.invoice.prices_include_vat else net + vat
    return Credit(tuple(lines), Totals(tuple(shown), tuple(taken), net, vat, total - net - vat, total))


def _line_of_part(left: CreditLeft, index: int, cents: int) -> dict[str, Any]:
    """A line over an amount at one VAT rate, behind all lines of the invoice so that it is none of them."""
    invoice, part = left.invoice, left.parts[index]
    with force_locale(invoice.language):
        label = gettext("Partial credit on invoice %(number)s", number=invoice.number)
    return {
        "position": last_position(invoice) + 1 + index,
        "role": LineRole.ITEM,
        "kind": part.kind,
        "label": label,
        "quantity": ONE if cents >= 0 else -ONE,
        "unit": DEFAULT_UNIT,
        "unit_price": abs(cents) * 10 ** (UNIT_PRICE_DECIMALS - CENT_DECIMALS),
        "vat_rate": part.rate,
        "vat_ground": part.ground if part.ground != invoice.vat_ground else "",
        "sales_account": part.account,
    }
