"""How values are shown to people."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale

from core.web.formats import file_size


@pytest.mark.parametrize(
    ("size", "french", "english"),
    [
        (0, "0\u00a0octet", "0 bytes"),
        (1, "1\u00a0octet", "1 byte"),
        (999, "999\u00a0octets", "999 bytes"),
        (1_000, "1\u202fko", "1 kB"),
        (12_449, "12,4\u202fko", "12.4 kB"),
        (999_949, "999,9\u202fko", "999.9 kB"),
        (999_999, "1\u202fMo", "1 MB"),
        (2_500_000_000, "2,5\u202fGo", "2.5 GB"),
        (9_000_000_000_000_000, "9\u202f000\u202fTo", "9,000 TB"),
    ],
)
def test_a_file_size_is_told_in_the_unit_that_reads_best(
    app: Flask, size: int, french: str, english: str
) -> None:
    with app.test_request_context():
        for language, text in (("fr", french), ("en", english)):
            with force_locale(language):
                assert file_size(size) == text
