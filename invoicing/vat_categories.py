"""How VAT treats a document and each of its lines: the case a person chooses, and the category an e-invoice writes."""

from __future__ import annotations

from enum import StrEnum

from accounting.facts import SupplyKind


class VatCase(StrEnum):
    """What a person chooses for a customer or a document; wording, categories and accounts follow from it."""

    STANDARD = "standard"
    FRANCHISE = "franchise"
    CONSTRUCTION = "construction"
    INTRA_EU = "intra_eu"
    EXPORT = "export"
    EXEMPT = "exempt"
    OUTSIDE_SCOPE = "outside_scope"


class VatCategory(StrEnum):
    """The category of a line in the e-invoice (UNTDID 5305; BR-FR-15 refuses L and M)."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_EU_GOODS = "K"
    EXPORT = "G"
    OUTSIDE_SCOPE = "O"


_OF_CASE = {
    VatCase.FRANCHISE: VatCategory.EXEMPT,
    VatCase.CONSTRUCTION: VatCategory.REVERSE_CHARGE,
    VatCase.EXPORT: VatCategory.EXPORT,
    VatCase.EXEMPT: VatCategory.EXEMPT,
    VatCase.OUTSIDE_SCOPE: VatCategory.OUTSIDE_SCOPE,
}


def category_of(case: VatCase, kind: SupplyKind, vat_rate: int, line_ground: str) -> VatCategory:
    """The category of a line at a rate (1/100 %): its own ground exempts it, else the case of the document decides."""
    if line_ground:
        return VatCategory.EXEMPT
    if case is VatCase.STANDARD:
        return VatCategory.STANDARD if vat_rate else VatCategory.EXEMPT
    if case is VatCase.INTRA_EU:
        # Goods are exempt here (CGI art. 262 ter I), for services the customer owes the VAT (art. 283-2).
        return VatCategory.INTRA_EU_GOODS if kind is SupplyKind.GOODS else VatCategory.REVERSE_CHARGE
    return _OF_CASE[case]
