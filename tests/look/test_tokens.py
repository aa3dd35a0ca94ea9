"""The colours of static/css/tokens.css are readable in both themes, and its two blocks say the same."""

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parents[2] / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
PAIR = re.compile(r"--([\w-]+): light-dark\((#\w+|rgb\([^)]*\)), (#\w+|rgb\([^)]*\))\);")
THEMES = {
    "light": {name: light for name, light, _ in PAIR.findall(TOKENS)},
    "dark": {name: dark for name, _, dark in PAIR.findall(TOKENS)},
}
TEXT_ON_GROUND = [
    *[
        (text, ground)
        for text in ("ink", "ink-soft", "ink-faint", "primary")
        for ground in ("surface", "paper", "sunken")
    ],
    *[(tone, f"{tone}-soft") for tone in ("good", "warn", "bad", "info", "idle", "primary")],
    *[(tone, "surface") for tone in ("good", "warn", "bad", "info")],
    *[("ink", f"{tone}-soft") for tone in ("good", "warn", "bad", "info")],
    *[("on-primary", ground) for ground in ("primary", "primary-hover")],
    *[("on-bad", ground) for ground in ("bad", "bad-hover")],
    *[("side-ink", ground) for ground in ("side", "side-raised", "side-line")],
]


def luminance(colour: str) -> float:
    """Relative luminance of `#rgb` or `#rrggbb` as WCAG 2.2 defines it."""
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_text_stands_out_from_its_ground(theme: str, text: str, ground: str) -> None:
    colours = THEMES[theme]
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_edge_of_a_field_stands_out_from_the_page(theme: str) -> None:
    colours = THEMES[theme]
    assert contrast(colours["line-strong"], colours["surface"]) >= 3


def test_a_browser_without_light_dark_gets_the_light_colours() -> None:
    plain = dict(re.findall(r"--([\w-]+): (#\w+|rgb\([^)]*\));", TOKENS.split("@supports")[0]))
    plain.pop("sun")
    assert plain == THEMES["light"]
