"""The rows of a document as they are printed: lines, headings, sub-totals, what pages carry over, and the sums.

Used by `document_words`, so that the PDF and the sheet on the screen show the same rows. Labels are in the language
that is on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from core.web.formats import rate as rate_text
from invoicing.document_view import DocumentView, LineView, VatView
from invoicing.lifecycle import LineRole
from invoicing.subtotals import subtotals
from invoicing.vat_cases import ground_of
from invoicing.vat_categories import VatCase, VatCategory, category_of

NONE = "\u2013"
"""Printed where a line bears no VAT: a rate of 0 % would say that it is taxed."""

CATEGORY_NAMES: Final[dict[VatCategory, LazyString]] = {
    VatCategory.ZERO: _l("Zero rate"),
    VatCategory.EXEMPT: _l("Exempt"),
    VatCategory.REVERSE_CHARGE: _l("Reverse charge"),
    VatCategory.INTRA_EU_GOODS: _l("Intra-EU supply"),
    VatCategory.EXPORT: _l("Export"),
    VatCategory.OUTSIDE_SCOPE: _l("Outside the scope"),
}
_UNCOUNTED: Final = (LineRole.SECTION, LineRole.SUBTOTAL)


@dataclass(frozen=True)
class PrintedRow:
    """A row of the table.

    Attributes:
        amount_cents: as printed: of the line, of an option nobody has chosen yet, of a sub-total; None for a heading.
        rate: of VAT, as printed.
        before_cents, after_cents: the running total above and below it, printed where a page ends.
    """

    line: LineView
    amount_cents: int | None
    rate: str
    before_cents: int
    after_cents: int

    @property
    def role(self) -> LineRole:
        """What the line is."""
        return self.line.role

    @property
    def has_price(self) -> bool:
        """False for headings and sub-totals, which have neither quantity nor price."""
        return self.role not in _UNCOUNTED


@dataclass(frozen=True)
class SumRow:
    """A row of the sums, in cents; `is_grand` for the one that is asked for."""

    label: str
    cents: int
    is_grand: bool = False


@dataclass(frozen=True)
class VatRow:
    """A row of the VAT table, in cents; `reason` is the law by which it has no VAT, where rows differ in that."""

    label: str
    net_cents: int
    vat_cents: int
    reason: str = ""


def rows_of(view: DocumentView) -> tuple[PrintedRow, ...]:
    """The rows in their order, sub-totals as `subtotals` computes them."""
    sums = subtotals((line.role, line.amount_cents) for line in view.lines)
    rows: list[PrintedRow] = []
    running = 0
    for line, subtotal in zip(view.lines, sums, strict=True):
        before, running = running, running + line.amount_cents
        rows.append(PrintedRow(line, _shown(line, subtotal), _line_rate(view, line), before, running))
    return tuple(rows)


def _shown(line: LineView, subtotal: int | None) -> int | None:
    if line.role in _UNCOUNTED:
        return subtotal
    return line.option_cents if line.role is LineRole.OPTION else line.amount_cents


def _line_rate(view: DocumentView, line: LineView) -> str:
    category = category_of(view.vat_case, line.kind, line.vat_rate, line.vat_ground)
    return rate_text(line.vat_rate) if category is VatCategory.STANDARD else NONE


def sums_of(view: DocumentView) -> tuple[SumRow, ...]:
    """From the lines to what is asked for: discount on the whole, deposits deducted, net, VAT, rounding, total.

    A statement of an invoice of other software has no VAT of its own: it says what is to be paid.
    """
    if view.is_taken_over:
        return (SumRow(_("To be paid"), view.total_cents, is_grand=True),)
    rows: list[SumRow] = []
    if view.discount_cents or view.deposits_cents:
        rows.append(
            SumRow(
                _("Total of the lines excl. VAT"), view.net_cents + view.discount_cents - view.deposits_cents
            )
        )
    if view.discount_cents:
        rows.append(SumRow(_discount_label(view), -view.discount_cents))
    if view.deposits_cents:
        rows.append(SumRow(_("Deposits deducted excl. VAT"), view.deposits_cents))
    rows += [SumRow(_("Total excl. VAT"), view.net_cents), SumRow(_("Total VAT"), view.vat_cents)]
    if view.rounding_cents:
        rows.append(SumRow(_("Rounding"), view.rounding_cents))
    rows.append(SumRow(_("Total incl. VAT"), view.total_cents, is_grand=True))
    return tuple(rows)


def _discount_label(view: DocumentView) -> str:
    label = view.discount_label or _("Discount")
    return f"{label} ({rate_text(view.discount_rate)})" if view.discount_rate else label


def vat_rows_of(view: DocumentView) -> tuple[VatRow, ...]:
    """Net and VAT per rate; what bears no VAT says why in one word.

    The wording of the law stands below the sums. A document with several rows repeats it in the row it is about.
    """
    if view.is_taken_over:
        return ()
    several = len(view.vat) > 1
    return tuple(
        VatRow(_vat_label(view, part), part.net_cents, part.vat_cents, _reason(view, part) if several else "")
        for part in view.vat
    )


def _reason(view: DocumentView, part: VatView) -> str:
    ground = ground_of(view.vat_case, part)
    if ground is None:
        return ""
    reason = ground.reason_on(view.issue_date)
    return reason.fr if view.language == "fr" else reason.en


def _vat_label(view: DocumentView, part: VatView) -> str:
    if part.category is VatCategory.STANDARD:
        return rate_text(part.rate)
    if view.vat_case is VatCase.FRANCHISE and part.ground == view.vat_ground:
        return str(_("VAT not applicable"))
    return str(CATEGORY_NAMES[part.category])
