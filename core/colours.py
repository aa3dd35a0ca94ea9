"""A company's own colour, made readable: on paper and in mails it may be any colour, text has to stay legible.

Used by documents, mails and the pages that customers see. Contrast is that of WCAG 2.2 (§1.4.3: at least 4.5 to 1).
"""

from __future__ import annotations

import re
from typing import Final

DEFAULT = "#1f5f5b"
WHITE = "#ffffff"
INK = "#16211f"
DARK_INK: Final = "#12272b"
LEAST_CONTRAST = 4.5

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def valid_colour(colour: str) -> str:
    """The colour in lower case, or the default one when it is not of the form `#rrggbb`."""
    return colour.lower() if _HEX.fullmatch(colour) else DEFAULT


def text_colour(colour: str) -> str:
    """The colour itself when it can be read on white, else the lightest darker shade of it that can."""
    red, green, blue = _channels(valid_colour(colour))
    for percent in range(100, -1, -4):
        shade = "#{:02x}{:02x}{:02x}".format(*(channel * percent // 100 for channel in (red, green, blue)))
        if contrast(shade, WHITE) >= LEAST_CONTRAST:
            return shade
    return INK


def seller_css(text: str) -> str:
    """A seller's colour as custom properties of a public page, with an ink that can be read on it."""
    colour = valid_colour(text)
    ink = WHITE if contrast(colour, WHITE) >= LEAST_CONTRAST else DARK_INK
    return f":root {{ --seller: {colour}; --on-seller: {ink}; }}\n"


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
