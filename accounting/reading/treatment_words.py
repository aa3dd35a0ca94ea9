"""How sales without VAT are called on pages and in files."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from accounting.facts import SaleTreatment, SupplyKind

_T, _S, _G = SaleTreatment, SupplyKind.SERVICE, SupplyKind.GOODS
TREATMENTS: dict[tuple[SaleTreatment, SupplyKind], LazyString] = {
    (_T.ORDINARY, _S): _l("Services without VAT (franchise, art. 293 B)"),
    (_T.ORDINARY, _G): _l("Goods without VAT (franchise, art. 293 B)"),
    (_T.EXEMPT, _S): _l("Services exempt from VAT"),
    (_T.EXEMPT, _G): _l("Goods exempt from VAT"),
    (_T.REVERSE_CHARGE, _S): _l("Building subcontracting (reverse charge)"),
    (_T.REVERSE_CHARGE, _G): _l("Building subcontracting (reverse charge)"),
    (_T.INTRA_EU, _S): _l("Services to businesses in the EU"),
    (_T.INTRA_EU, _G): _l("Goods to businesses in the EU"),
    (_T.EXPORT, _S): _l("Exports"),
    (_T.EXPORT, _G): _l("Exports"),
    (_T.OUTSIDE_SCOPE, _S): _l("Sales outside the scope of VAT"),
    (_T.OUTSIDE_SCOPE, _G): _l("Sales outside the scope of VAT"),
    (_T.DISBURSEMENT, _S): _l("Disbursements for customers"),
    (_T.DISBURSEMENT, _G): _l("Disbursements for customers"),
}
