"""A company's colour on paper and in mails."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.colours import DEFAULT, LEAST_CONTRAST, WHITE, contrast, text_colour, valid_colour


@given(st.integers(0, 0xFFFFFF))
def test_text_in_any_companys_colour_can_be_read_on_white(value: int) -> None:
    assert contrast(text_colour(f"#{value:06x}"), WHITE) >= LEAST_CONTRAST


def test_a_colour_that_can_be_read_is_kept() -> None:
    assert text_colour("#1F5F5B") == "#1f5f5b"


def test_yellow_becomes_a_dark_yellow() -> None:
    shade = text_colour("#ffff00")
    assert shade != "#ffff00"
    assert shade.endswith("00")


def test_what_is_no_colour_becomes_the_default() -> None:
    for text in ("", "red", "#fff", "#12345g", "#123456;background:url(x)"):
        assert valid_colour(text) == DEFAULT


def test_black_on_white_has_the_greatest_contrast() -> None:
    assert round(contrast("#000000", WHITE), 2) == 21
