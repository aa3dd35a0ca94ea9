"""The list of how VAT treats a customer, a document or a company: a case, and its provision where there are several."""

from __future__ import annotations

from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from core.web.forms import choices
from invoicing.settings import invoicing_settings
from invoicing.vat_cases import CASES, EXEMPTIONS, GROUNDS, grounds_for
from invoicing.vat_categories import VatCase

_BETWEEN = ":"
_OF_COMPANY = (VatCase.STANDARD, VatCase.FRANCHISE, VatCase.EXEMPT)


def treatment_code(case: VatCase | None, ground: str = "") -> str:
    """How a case and its ground stand in the list; empty for none."""
    if case is None:
        return ""
    return f"{case.value}{_BETWEEN}{ground}" if ground else case.value


def case_of_code(code: str) -> VatCase | None:
    """The case that an entry of the list means; None for the empty one, and for what is none."""
    name = code.partition(_BETWEEN)[0]
    return VatCase(name) if name in set(VatCase) else None


class TreatmentField(SelectField):
    """The list of treatments. `usual` names the empty choice; without it one must be chosen."""

    def __init__(self, label: LazyString, *, usual: LazyString | None = None, **kwargs: Any) -> None:
        super().__init__(label, default=VatCase.STANDARD.value if usual is None else "", **kwargs)
        # The macros know a list by its type.
        self.type = "SelectField"
        first = [] if usual is None else [("", usual)]
        offered = _OF_COMPANY if usual is None else _offered_cases()
        self.choices = choices([*first, *(pair for case in offered for pair in _pairs(case))])

    @property
    def case(self) -> VatCase | None:
        """The case chosen; None leaves it to the customer or the company."""
        return case_of_code(self.data or "")

    @property
    def ground(self) -> str:
        """The provision chosen with it."""
        return (self.data or "").partition(_BETWEEN)[2]


def line_ground_choices() -> list[tuple[str, LazyString]]:
    """What a single line may be exempt by."""
    grounds = sorted((g for g in GROUNDS.values() if g.for_line), key=lambda ground: ground in EXEMPTIONS)
    return [("", _l("As the document")), *((ground.key, ground.title) for ground in grounds)]


def _offered_cases() -> tuple[VatCase, ...]:
    """A company under the franchise charges no VAT, and only such a one may say so."""
    without = VatCase.STANDARD if invoicing_settings().vat_case is VatCase.FRANCHISE else VatCase.FRANCHISE
    return tuple(case for case in CASES if case is not without)


def _pairs(case: VatCase) -> list[tuple[str, LazyString | str]]:
    grounds = () if case is VatCase.STANDARD else grounds_for(case)
    if not grounds:
        return [(case.value, CASES[case].title)]
    return [(treatment_code(case, ground.key), _both(CASES[case].title, ground.title)) for ground in grounds]


def _both(case: LazyString, ground: LazyString) -> LazyString:
    return LazyString(lambda: f"{case} – {ground}")
