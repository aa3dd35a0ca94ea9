"""How a text fits into SMS: the alphabet it needs and how many parts are sent (3GPP TS 23.038 and 23.040).

160 characters of the GSM alphabet make one SMS, 153 each part of a longer text; one character outside of it and the
whole text is written in UCS-2, of which 70 fit, or 67 a part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
"""Characters written as two."""
_PLAIN: Final = str.maketrans(
    {
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "…": "...",
    }
)
ONE, PART = 160, 153
ONE_WIDE, PART_WIDE = 70, 67
MOST_PARTS: Final = 6


@dataclass(frozen=True)
class SmsSize:
    """`length` in the units of its alphabet (an extended character, or one beyond the basic plane, counts two)."""

    length: int
    parts: int
    is_wide: bool


def plain_sms(text: str) -> str:
    """The text with typography that only looks fine but costs the GSM alphabet replaced: spaces, quotes, dashes."""
    lines = (" ".join(line.split()) for line in text.translate(_PLAIN).splitlines())
    return "\n".join(lines).strip()


def sms_size(text: str) -> SmsSize:
    """How long a text is and in how many SMS it goes out."""
    if all(letter in _BASIC or letter in _EXTENDED for letter in text):
        weights = [2 if letter in _EXTENDED else 1 for letter in text]
        return SmsSize(sum(weights), _parts(weights, ONE, PART), is_wide=False)
    weights = [2 if ord(letter) > 0xFFFF else 1 for letter in text]
    return SmsSize(sum(weights), _parts(weights, ONE_WIDE, PART_WIDE), is_wide=True)


def _parts(weights: list[int], one: int, part: int) -> int:
    """A character is never torn: what does not fit whole begins the next part."""
    if sum(weights) <= one:
        return 1
    parts, used = 1, 0
    for weight in weights:
        if used + weight > part:
            parts, used = parts + 1, 0
        used += weight
    return parts
