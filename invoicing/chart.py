"""The chart of the dashboard: invoiced and paid by month, as an SVG that the page shows as an image.

The only module that knows pygal. As an image it runs no script and the page's strict content policy stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pygal
from babel.dates import format_date
from babel.numbers import format_currency
from flask_babel import get_locale, gettext
from pygal.style import Style

from invoicing.dashboard import Month

FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif"


@dataclass(frozen=True)
class _Palette:
    ink: str
    lines: str
    invoiced: str
    paid: str


# The values of static/css/tokens.css: an image has no access to the page's own.
_PALETTES = {
    "light": _Palette(ink="#44595f", lines="#dbe3e1", invoiced="#a9cfcc", paid="#0b5c61"),
    "dark": _Palette(ink="#abbcbf", lines="#2a3a3f", invoiced="#2c5a5c", paid="#6cc9c3"),
}


def months_chart(months: Sequence[Month], theme: str, *, is_narrow: bool = False) -> bytes:
    """Draw the months.

    Args:
        months: in order.
        theme: `light` or `dark`.
        is_narrow: for a phone: smaller, months by their first letter.
    """
    chart = pygal.Bar(
        width=320 if is_narrow else 620,
        height=260,
        style=_style(_PALETTES[theme], is_narrow=is_narrow),
        js=[],
        disable_xml_declaration=True,
        legend_at_bottom=True,
        legend_box_size=11,
        show_y_guides=True,
        margin=4,
        spacing=6,
        rounded_bars=2,
        truncate_legend=-1,
        value_formatter=_euros,
        truncate_label=-1,
        max_scale=5,
        no_prefix=True,
    )
    letters = "MMMMM" if is_narrow else "MMM"
    chart.x_labels = [format_date(month.first_day, format=letters, locale=get_locale()) for month in months]
    chart.add(gettext("Invoiced"), [month.invoiced_cents for month in months])
    chart.add(gettext("Money received"), [month.paid_cents for month in months])
    chart.add_xml_filter(_without_scripts)
    drawn: bytes = chart.render()
    return drawn


def _without_scripts(drawing: ET.Element) -> ET.Element:
    """The drawing alone: pygal's own script has no use in an image."""
    for parent in drawing.iter():
        for child in [child for child in parent if str(child.tag).endswith("script")]:
            parent.remove(child)
    return drawing


def _euros(cents: float) -> str:
    """Whole euros on the axis. The chart shows sizes; exact amounts stand in the table beside it."""
    return format_currency(
        round(cents / 100), "EUR", format="#,##0 ¤", locale=get_locale(), currency_digits=False
    )


def _style(palette: _Palette, *, is_narrow: bool) -> Style:
    size = 12 if is_narrow else 13
    return Style(
        background="transparent",
        plot_background="transparent",
        foreground=palette.ink,
        foreground_strong=palette.ink,
        foreground_subtle=palette.ink,
        guide_stroke_color=palette.lines,
        major_guide_stroke_color=palette.lines,
        guide_stroke_dasharray="",
        major_guide_stroke_dasharray="",
        opacity="1",
        colors=(palette.invoiced, palette.paid),
        font_family=FONT,
        label_font_size=size,
        major_label_font_size=size,
        legend_font_size=size,
    )
