"""What an e-invoice says, for tests: read back by the library, in its own words."""

from __future__ import annotations

from typing import Any

import facturx


def terms_of_xml(xml: bytes) -> dict[str, Any]:
    """The terms of EN 16931 (`BT-1`: …) of an XML; amounts are texts, dates are dates."""
    values: dict[str, Any] = facturx.parse_ubl_cii_xml(
        xml, flavor="factur-x", level="en16931", check_xsd=False
    )
    return values


def cents(text: str) -> int:
    """An amount as the e-invoice writes it, in cents; a rate in 1/100 %."""
    whole, _, part = text.partition(".")
    sign = -1 if whole.startswith("-") else 1
    return sign * (abs(int(whole)) * 100 + int(part.ljust(2, "0") or 0))
