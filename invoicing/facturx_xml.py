"""Writes an e-invoice as the values of EN 16931 that the factur-x library makes the XML from.

Number and payment link are placeholders until issue has given them: so the XML is built and checked before the lock of
the number series is taken, and finished by putting two texts into it (`einvoice_xml`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from flask_babel import force_locale, gettext

from core.money import (
    CENT_DECIMALS,
    QUANTITY_DECIMALS,
    RATE_DECIMALS,
    UNIT_PRICE_DECIMALS,
    round_half_up_div,
)
from invoicing.einvoice import PLATFORM, Einvoice, VatGroup
from invoicing.legal_form import legal_form_line
from invoicing.legal_mentions import Mention, MentionCode
from invoicing.models import CustomerKind, DocumentLine
from invoicing.parties import Address, Buyer, Seller, read_address
from invoicing.vat import WHOLE, LineTotals
from invoicing.vat_categories import VatCategory, category_of

NUMBER: Final = "\ue000number\ue000"
LINK: Final = "\ue000link\ue000"
"""Placeholders. Their private character is taken out of all that people typed."""
_UNFIT: Final = re.compile("[^\t\n\x20-\ud7ff\ue001-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold, and the placeholders' character."""

SIREN: Final = "0002"
SIRET: Final = "0009"
LINK_ID: Final = "PAYMENT-LINK"
ATTACHED: Final = "DOCUMENT_ANNEXE"
"""The one label of BR-FR-17 that fits the payment page (BT-123)."""
TRANSFER: Final = "58"
"""SEPA credit transfer; needs an IBAN (UNTDID 4461)."""
ONLINE: Final = "68"
DISCOUNT: Final = "95"
"""Reason of an allowance (UNTDID 5189)."""

# Which note (BT-21, UNTDID 4451) a mention becomes; those left out are told by codes: BT-23, BG-3, BT-120.
_NOTES: Final = {
    MentionCode.RECOVERY_INDEMNITY: "PMT",
    MentionCode.LATE_PENALTY: "PMD",
    MentionCode.DISCOUNT: "AAB",
    MentionCode.VAT_ON_DEBITS: "ABL",
    MentionCode.MEDIATOR: "ABL",
    MentionCode.INSURANCE: "ABL",
}
_CLAUSES: Final = ("PMT", "PMD", "AAB")
_PRICE_DIVISOR = 10 ** (QUANTITY_DECIMALS + UNIT_PRICE_DECIMALS - CENT_DECIMALS)


def values_of(einvoice: Einvoice) -> dict[str, Any]:
    """The terms of EN 16931 as the library takes them; what is empty is left out."""
    with force_locale(einvoice.document.language):
        return _filled(
            {
                **_head(einvoice),
                **_references(einvoice),
                **_payment(einvoice),
                **_totals(einvoice),
                "BG-1": [{"BT-21": code, "BT-22": text} for code, text in _notes(einvoice)],
                "BG-4": _seller(einvoice),
                "BG-7": _buyer(einvoice),
                "BG-13": _delivery(einvoice),
                "BG-20": list(_discounts(einvoice)),
                "BG-23": [_vat_row(einvoice, group) for group in einvoice.vat],
                "BG-25": [
                    _line(einvoice, position, line, totals)
                    for position, (_, line, totals) in enumerate(einvoice.lines, start=1)
                ],
            }
        )


def _head(einvoice: Einvoice) -> dict[str, Any]:
    document, frozen = einvoice.document, einvoice.frozen
    return {
        "BT-1": NUMBER,
        "BT-2": frozen.issue_date,
        "BT-3": einvoice.type_code,
        "BT-5": "EUR",
        "BT-8": einvoice.vat_due,
        "BT-9": None if einvoice.is_credit else frozen.due_date,
        "BT-23": einvoice.frame,
        # The library needs a date of delivery to write a valid file; the law, one that differs from the document's.
        "BT-72": document.supply_date or document.period_end or frozen.issue_date,
        "BT-73": document.period_start,
        "BT-74": document.period_end,
    }


def _references(einvoice: Einvoice) -> dict[str, Any]:
    document = einvoice.document
    return {
        "BT-10": _text(document.buyer_reference),
        "BT-12": _text(document.contract_reference),
        "BT-13": _text(document.purchase_order),
        "BG-3": [{"BT-25": named.number, "BT-26": named.issue_date} for named in einvoice.preceding],
    }


def _payment(einvoice: Einvoice) -> dict[str, Any]:
    if einvoice.is_credit:
        # An amount due needs a date or terms (BR-CO-25); that of a credit note is due to the customer.
        return {"BT-20": gettext("Credit note: there is nothing to pay.")}
    if not einvoice.asks_for_money:
        return {}
    seller = einvoice.frozen.seller
    how = (
        {
            "BT-81": TRANSFER,
            "BT-82": gettext("Transfer, or online by the payment link"),
            "BT-84": seller.iban,
            "BT-85": _text(seller.name),
            "BT-86": _text(seller.bic),
        }
        if seller.iban
        else {"BT-81": ONLINE, "BT-82": gettext("Online, by the payment link")}
    )
    return {
        **how,
        "BT-20": gettext("See and pay online: %(address)s", address=LINK),
        "BT-83": NUMBER,
        "BG-24": [{"BT-122": LINK_ID, "BT-123": ATTACHED, "BT-124": LINK}],
    }


def _totals(einvoice: Einvoice) -> dict[str, Any]:
    totals = einvoice.frozen.totals
    lines = sum(line.net_cents for _, _, line in einvoice.lines)
    discounts = [group.discount_cents for group in einvoice.vat if group.discount_cents]
    return {
        "BT-106": _euros(lines),
        "BT-107": _euros(sum(discounts)) if discounts else None,
        "BT-109": _euros(totals.net_cents),
        "BT-110": _euros(totals.vat_cents),
        "BT-112": _euros(totals.net_cents + totals.vat_cents),
        "BT-114": _euros(totals.rounding_cents) if totals.rounding_cents else None,
        "BT-115": _euros(totals.total_cents),
    }


def _notes(einvoice: Einvoice) -> Iterator[tuple[str, str]]:
    document, frozen = einvoice.document, einvoice.frozen
    yield "BAR", einvoice.treatment
    yield from ((_NOTES[m.code], _said(m)) for m in frozen.mentions if m.code in _NOTES)
    # Each of these three once, on whatever document (BR-FR-05, BR-FR-06): where the law wants none, that is said.
    told = {_NOTES.get(mention.code) for mention in frozen.mentions}
    yield from ((code, _no_clause(einvoice)) for code in _CLAUSES if code not in told)
    if einvoice.is_credit:
        words = " ".join(_said(m) for m in frozen.mentions if m.code is MentionCode.CREDITED_INVOICE)
        reason = gettext("Reason: %(reason)s", reason=_text(document.reason))
        yield "AAI", f"{words} {reason}".strip()
    free = (("REG", frozen.seller.legal_notice), ("AAI", document.note), ("AAI", document.conditions))
    yield from ((code, text) for code, typed in free if (text := _text(typed)))


def _said(mention: Mention) -> str:
    return _text(f"{mention.text}\n{mention.french}" if mention.french else mention.text)


def _no_clause(einvoice: Einvoice) -> str:
    if einvoice.is_credit:
        return str(gettext("Does not apply to a credit note."))
    assert einvoice.frozen.buyer.kind is CustomerKind.INDIVIDUAL, "professionals are told all three"
    return str(gettext("Does not apply: the customer is an individual."))


def _seller(einvoice: Einvoice) -> dict[str, Any]:
    seller = einvoice.frozen.seller
    # What is outside the scope of VAT may show no VAT number (BR-O-02); without a number, the SIREN identifies the
    # seller to the tax office (BT-32, scheme FC), as the franchise needs (BR-E-02).
    is_outside = _is_outside_scope(einvoice)
    contact = _filled({"phone": _text(seller.phone), "email": _text(seller.email)})
    return _filled(
        {
            "name": _text(seller.name),
            "identifiers": _place_number(seller),
            "legal_identifier": _text(seller.siren),
            "legal_identifier_schemeid": SIREN,
            "vat_identifier": "" if is_outside else _text(seller.vat_number),
            "tax_identifier": "" if is_outside or seller.vat_number else _text(seller.siren),
            "legal_info": _text(legal_form_line(seller)),
            "einvoicing_addr": _text(einvoice.seller_address),
            "einvoicing_addr_schemeid": PLATFORM,
            "contacts": [contact] if contact else None,
            **_place(seller),
        }
    )


def _buyer(einvoice: Einvoice) -> dict[str, Any]:
    buyer, (address, scheme) = einvoice.frozen.buyer, einvoice.buyer_address or ("", "")
    siren = _text(buyer.siren)
    return _filled(
        {
            "name": _text(buyer.name),
            "identifiers": _place_number(buyer),
            "legal_identifier": siren,
            "legal_identifier_schemeid": SIREN if siren else "",
            "vat_identifier": "" if _is_outside_scope(einvoice) else _text(buyer.vat_number),
            "einvoicing_addr": _text(address),
            "einvoicing_addr_schemeid": scheme,
            **_place(buyer),
        }
    )


def _place_number(party: Seller | Buyer) -> dict[str, str] | None:
    """The SIRET among the identifiers (BT-29, BT-46)."""
    siret = _text(party.siret)
    return {SIRET: siret} if siret else None


def _is_outside_scope(einvoice: Einvoice) -> bool:
    return any(group.category is VatCategory.OUTSIDE_SCOPE for group in einvoice.vat)


def _delivery(einvoice: Einvoice) -> dict[str, Any] | None:
    """Where goods go; goods sold to another country of the EU always say it (BR-IC-12)."""
    buyer = einvoice.frozen.buyer
    address: Address | Buyer | None = read_address(einvoice.document.delivery)
    if address is None and any(group.category is VatCategory.INTRA_EU_GOODS for group in einvoice.vat):
        address = buyer
    if address is None:
        return None
    return _filled({"name": _text(address.name) or _text(buyer.name), **_place(address)})


def _place(party: Any) -> dict[str, Any]:
    names = (("addr_l1", "address1"), ("addr_l2", "address2"), ("postcode", "postcode"), ("city", "city"))
    return {**{key: _text(getattr(party, name)) for key, name in names}, "country_code": party.country}


def _discounts(einvoice: Einvoice) -> Iterator[dict[str, Any]]:
    """The discount on the whole document, for each row of the breakdown that it lowers (BG-20)."""
    rate = einvoice.document.discount_rate
    for group in einvoice.vat:
        if group.discount_cents:
            yield _filled(
                {
                    "amount": _euros(group.discount_cents),
                    "base_amount": _euros(_base_cents(einvoice, group)) if rate else "",
                    "rate": _percent(rate) if rate else "",
                    "reason": _text(einvoice.document.discount_label) or gettext("Discount"),
                    "reason_code": DISCOUNT,
                    "vat_category_code": group.category.value,
                    "vat_rate": _rate_of(group.category, group.rate),
                }
            )


def _base_cents(einvoice: Einvoice, group: VatGroup) -> int:
    """What a discount in per cent is taken off: the group's lines without the deposits deducted."""
    deposits = sum(
        row.net_cents
        for row in einvoice.frozen.totals.vat
        if row.is_deposit and (row.category, row.rate) == (group.category, group.rate)
    )
    return group.net_cents + group.discount_cents - deposits


def _vat_row(einvoice: Einvoice, group: VatGroup) -> dict[str, Any]:
    reason = group.ground.reason_on(einvoice.frozen.issue_date) if group.ground else None
    words = "" if reason is None else reason.fr
    if reason is not None and einvoice.document.language != "fr":
        words = f"{reason.en}\n{reason.fr}"
    return _filled(
        {
            "BT-116": _euros(group.net_cents),
            "BT-117": _euros(group.vat_cents),
            "BT-118": group.category.value,
            "BT-119": _rate_of(group.category, group.rate),
            "BT-120": words,
            "BT-121": group.ground.code if group.ground else "",
        }
    )


def _line(einvoice: Einvoice, position: int, line: DocumentLine, totals: LineTotals) -> dict[str, Any]:
    document = einvoice.document
    category = category_of(document.vat_case, line.kind, line.vat_rate, line.vat_ground)
    price = net_price(line, prices_include_vat=document.prices_include_vat)
    return _filled(
        {
            "BT-126": str(position),
            "BT-153": _text(line.label),
            "BT-154": _text(line.description),
            "BT-129": _decimal(line.quantity, QUANTITY_DECIMALS),
            "BT-130": line.unit,
            "BT-146": _decimal(price, UNIT_PRICE_DECIMALS, least=CENT_DECIMALS),
            "BT-131": _euros(totals.net_cents),
            "BT-151": category.value,
            "BT-152": _rate_of(category, line.vat_rate),
            "BG-27": _line_discount(line, price, totals.net_cents),
        }
    )


def net_price(line: DocumentLine, *, prices_include_vat: bool) -> int:
    """BT-146 as a scaled integer, 6 decimals: the unit price without VAT, before the line's discount."""
    if not prices_include_vat:
        return line.unit_price
    return round_half_up_div(line.unit_price * WHOLE, WHOLE + line.vat_rate)


def _line_discount(line: DocumentLine, price: int, net_cents: int) -> list[dict[str, Any]]:
    """BG-27: what the discount takes off, so that quantity × price less this is the line's net.

    Of a line of negative quantity it is negative as well: what was given off comes back.
    """
    base = round_half_up_div(line.quantity * price, _PRICE_DIVISOR)
    if not line.discount or base == net_cents:
        return []
    return [
        {
            "amount": _euros(base - net_cents),
            "base_amount": _euros(base),
            "rate": _percent(line.discount),
            "reason": gettext("Discount"),
            "reason_code": DISCOUNT,
        }
    ]


def _rate_of(category: VatCategory, rate: int) -> str:
    """A rate for every category but that outside the scope, which has none (BR-O-05)."""
    return "" if category is VatCategory.OUTSIDE_SCOPE else _percent(rate)


def _percent(rate: int) -> str:
    return _decimal(rate, RATE_DECIMALS, least=RATE_DECIMALS)


def _euros(cents: int) -> str:
    return _decimal(cents, CENT_DECIMALS, least=CENT_DECIMALS)


def _decimal(scaled: int, decimals: int, *, least: int = 0) -> str:
    """A scaled integer with a point, at least so many decimals and no other zeros behind them."""
    whole, part = divmod(abs(scaled), 10**decimals)
    digits = f"{part:0{decimals}d}".rstrip("0").ljust(least, "0")
    sign = "-" if scaled < 0 else ""
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def _text(typed: str) -> str:
    return _UNFIT.sub("", typed).strip()


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty: no element may be (PEPPOL-EN16931-R008)."""
    return {key: value for key, value in values.items() if value not in ("", None, [])}
