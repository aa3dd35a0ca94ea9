"""Units of measure on document lines: UN/ECE Recommendation 20 codes, as the e-invoice wants them, with their names."""

from __future__ import annotations

from typing import Final

from flask_babel import LazyString, lazy_gettext

DEFAULT_UNIT: Final = "C62"

UNITS: Final[dict[str, LazyString]] = {
    "C62": lazy_gettext("unit"),
    "H87": lazy_gettext("piece"),
    "LS": lazy_gettext("lump sum"),
    "SET": lazy_gettext("set"),
    "HUR": lazy_gettext("hour"),
    "DAY": lazy_gettext("day"),
    "WEE": lazy_gettext("week"),
    "MON": lazy_gettext("month"),
    "ANN": lazy_gettext("year"),
    "GRM": lazy_gettext("gram"),
    "KGM": lazy_gettext("kilogram"),
    "TNE": lazy_gettext("tonne"),
    "MTR": lazy_gettext("metre"),
    "KMT": lazy_gettext("kilometre"),
    "MTK": lazy_gettext("square metre"),
    "MTQ": lazy_gettext("cubic metre"),
    "LTR": lazy_gettext("litre"),
    "KWT": lazy_gettext("kilowatt"),
    "KWH": lazy_gettext("kilowatt hour"),
}
"""Code → name, in the order a list offers them."""


def unit_name(code: str) -> LazyString | str:
    """The name of a unit in the reader's language; a code that is not in the table stands for itself."""
    return UNITS.get(code, code)
