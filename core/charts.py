"""Bar charts as SVG that pages show as images: no script runs in one, and the page's strict content policy stands.

The only module that knows pygal. A chart shows sizes; the exact amounts stand in a table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pygal
from babel.numbers import format_currency
from flask_babel import get_locale
from pygal.style import Style

FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif"
CHART_THEMES = ("light", "dark")


@dataclass(frozen=True)
class _Palette:
    ink: str
    lines: str
    pale: str
    strong: str


# The values of static/css/tokens.css: an image has no access to the page's own.
_PALETTES = {
    "light": _Palette(ink="#44595f", lines="#dbe3e1", pale="#a9cfcc", strong="#0b5c61"),
    "dark": _Palette(ink="#abbcbf", lines="#2a3a3f", pale="#2c5a5c", strong="#6cc9c3"),
}


@dataclass(frozen=True)
class Series:
    """Bars of one colour: their name in the legend, and cents by label."""

    name: str
    cents: Sequence[int]


def bar_chart(
    labels: Sequence[str], series: Sequence[Series], theme: str, *, is_narrow: bool = False
) -> bytes:
    """Draw the bars.

    Args:
        labels: below the axis, one for each amount of a series.
        series: one (strong, without a legend) or two (pale and strong).
        theme: one of `CHART_THEMES`; anything else is the first.
        is_narrow: for a phone.
    """
    palette = _PALETTES.get(theme, _PALETTES[CHART_THEMES[0]])
    colours = (palette.strong,) if len(series) == 1 else (palette.pale, palette.strong)
    chart = pygal.Bar(
        width=320 if is_narrow else 620,
        height=260,
        style=_style(palette, colours, is_narrow=is_narrow),
        js=[],
        disable_xml_declaration=True,
        show_legend=len(series) > 1,
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
    chart.x_labels = list(labels)
    for one in series:
        chart.add(one.name, list(one.cents))
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
    """Whole euros on the axis."""
    return format_currency(
        round(cents / 100), "EUR", format="#,##0 ¤", locale=get_locale(), currency_digits=False
    )


def _style(palette: _Palette, colours: tuple[str, ...], *, is_narrow: bool) -> Style:
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
        colors=colours,
        font_family=FONT,
        label_font_size=size,
        major_label_font_size=size,
        legend_font_size=size,
    )
