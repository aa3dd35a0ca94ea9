"""QR codes for paying: the address of the payment page, and the European code that fills a transfer in.

Used by the PDF and by the payment page. A picture is an SVG in a data: address.
"""

from __future__ import annotations

import segno
import segno.helpers

from core.money import CENT_DECIMALS, as_decimal
from invoicing.parties import Seller

_LONGEST_NAME = 70
"""EPC069-12: the name of who is paid."""


def link_code(url: str | None, *, border: int = 0, light: str | None = None) -> str:
    """The code of an address; level M survives a stain or a fold. Empty for none.

    Args:
        url: the address.
        border: quiet zone in modules; 4 where nothing bright is around it (ISO/IEC 18004).
        light: colour of the ground; none on paper, which is white.
    """
    if url is None:
        return ""
    return str(segno.make(url, error="m", micro=False).svg_data_uri(border=border, light=light))


def transfer_code(seller: Seller, reference: str, cents: int, *, scale: int = 1, border: int = 0) -> str:
    """The code by which a banking application fills a transfer in (EPC069-12); empty when something does not fit it.

    Args:
        reference: told to who is paid, such as the number of the invoice.
        cents: the amount, in euro cents.
    """
    try:
        code = segno.helpers.make_epc_qr(
            name=seller.name[:_LONGEST_NAME],
            iban=seller.iban,
            amount=as_decimal(cents, CENT_DECIMALS),
            text=reference,
            bic=seller.bic or None,
        )
    except ValueError:
        return ""
    return str(code.svg_data_uri(scale=scale, border=border, light="#fff"))
