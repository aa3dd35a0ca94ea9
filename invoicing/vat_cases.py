"""Cases of VAT and the grounds on which none is charged: dated wordings, codes of the e-invoice, whom a case fits.

A *ground* is named by `Document.vat_ground` or `DocumentLine.vat_ground`: a provision that exempts. Cases with one
ground only need not name it. Wordings follow CGI ann. II art. 242 nonies A I-12°, which takes the provision of the
French code, that of directive 2006/112/CE, or any other words that tell the exemption; those here are the ones
usually printed (practice).

On 1 January 2027 VAT moves from the CGI to the CIBS; references to the CGI stay legal until 30 June 2028 (web). The
two numbers of the CIBS that are known (web) stand from the first day on; where none is known, the words after June
2028 name the directive or tell the exemption alone, which the law takes as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Final, NamedTuple, Protocol

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from stdnum.eu import vat as eu_vat

from accounting.facts import SaleTreatment
from invoicing.models import CustomerKind
from invoicing.vat_categories import VatCase, VatCategory

CIBS_FROM: Final = date(2027, 1, 1)
LAST_CGI_DAY: Final = date(2028, 6, 30)
DISBURSEMENT: Final = "VATEX-EU-79-C"
"""The ground of a line that passes on what was paid in the customer's name."""


class Reason(NamedTuple):
    """Why no VAT is charged, as printed on documents of some days; an open end is None."""

    fr: str
    en: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class Ground:
    """A provision by which no VAT is charged.

    Attributes:
        key: how documents keep it.
        code: reason in the e-invoice (BT-121, list VATEX).
        category: the category it goes with.
        title: what people choose.
        reasons: its wordings; exactly one holds on any day.
        for_line: one line of a taxed document may have it.
    """

    key: str
    code: str
    category: VatCategory
    title: LazyString
    reasons: tuple[Reason, ...]
    for_line: bool = False

    def reason_on(self, day: date) -> Reason:
        """The wording of a document of that day."""
        return next(reason for reason in self.reasons if _holds(reason, day))


class Where(StrEnum):
    """Where the customer of a case is. France includes Monaco, which is France to VAT (practice)."""

    ANYWHERE = "anywhere"
    OTHER_EU = "other_eu"
    OUTSIDE_EU = "outside_eu"


@dataclass(frozen=True)
class CaseRule:
    """Whom a case fits and what it needs.

    Attributes:
        title: what people choose.
        kinds: the customers it may be used for.
        where: where they are, or where goods go for goods.
        seller_vat_number, buyer_vat_number: the numbers that must be there.
    """

    title: LazyString
    kinds: frozenset[CustomerKind] = frozenset(CustomerKind)
    where: Where = Where.ANYWHERE
    seller_vat_number: bool = False
    buyer_vat_number: bool = False


_BUSINESS = frozenset({CustomerKind.BUSINESS})
_TAXABLE = frozenset({CustomerKind.BUSINESS, CustomerKind.PUBLIC})
CASES: Final[dict[VatCase, CaseRule]] = {
    VatCase.STANDARD: CaseRule(_l("VAT is charged")),
    VatCase.FRANCHISE: CaseRule(_l("Franchise: no VAT (art. 293 B)")),
    # CGI art. 283, 2 nonies: the customer is a taxable business that ordered the works.
    VatCase.CONSTRUCTION: CaseRule(
        _l("Building subcontracting: reverse charge"),
        _BUSINESS,
        seller_vat_number=True,
        buyer_vat_number=True,
    ),
    # A public body of another state that has a number is a taxable customer to CGI art. 259-0.
    VatCase.INTRA_EU: CaseRule(
        _l("Business in another EU country"),
        _TAXABLE,
        Where.OTHER_EU,
        seller_vat_number=True,
        buyer_vat_number=True,
    ),
    VatCase.EXPORT: CaseRule(_l("Export of goods"), where=Where.OUTSIDE_EU, seller_vat_number=True),
    VatCase.EXEMPT: CaseRule(_l("Exempt by law")),
    VatCase.OUTSIDE_SCOPE: CaseRule(_l("Outside the scope of VAT")),
}


def _until_2028(fr: str, en: str, later_fr: str, later_en: str) -> tuple[Reason, ...]:
    return (
        Reason(fr, en, None, LAST_CGI_DAY),
        Reason(later_fr, later_en, LAST_CGI_DAY + timedelta(days=1), None),
    )


def _cibs(fr: str, en: str, cibs_fr: str, cibs_en: str) -> tuple[Reason, ...]:
    return (
        Reason(fr, en, None, CIBS_FROM - timedelta(days=1)),
        Reason(cibs_fr, cibs_en, CIBS_FROM, None),
    )


def _exemption(provision: str, code: str, title: LazyString, fr: str, en: str, *, key: str = "") -> Ground:
    """A listed exemption: by its provision of the CGI, and in plain words once the CGI may not be named any more."""
    return Ground(
        key=key or code,
        code=code,
        category=VatCategory.EXEMPT,
        title=title,
        reasons=_until_2028(
            f"Exonération de TVA, {provision} du CGI",
            f"VAT exemption, {provision} of the French tax code (CGI)",
            f"Exonération de TVA\u00a0: {fr}",
            f"VAT exemption: {en}",
        ),
        for_line=True,
    )


_VC = VatCategory
FRANCHISE_GROUND: Final = Ground(
    "VATEX-FR-FRANCHISE",
    "VATEX-FR-FRANCHISE",
    _VC.EXEMPT,
    _l("Franchise: no VAT (art. 293 B)"),
    _cibs(
        "TVA non applicable, art. 293 B du CGI",
        "VAT not applicable, art. 293 B of the French tax code (CGI)",
        "TVA non applicable, art. L. 223-3 du CIBS",
        "VAT not applicable, art. L. 223-3 of the French CIBS",
    ),
)
CONSTRUCTION_GROUND: Final = Ground(
    "VATEX-EU-AE",
    "VATEX-EU-AE",
    _VC.REVERSE_CHARGE,
    _l("Building subcontracting: reverse charge"),
    _until_2028(
        "Autoliquidation (art. 283-2 nonies du CGI)",
        "Reverse charge (art. 283-2 nonies of the French tax code, CGI)",
        "Autoliquidation (art. 199 de la directive 2006/112/CE)",
        "Reverse charge (art. 199 of directive 2006/112/EC)",
    ),
)
EU_SERVICES_GROUND: Final = Ground(
    "AE-EU-SERVICES",
    "VATEX-EU-AE",
    _VC.REVERSE_CHARGE,
    _l("Services to a business in another EU country"),
    _until_2028(
        "Autoliquidation – art. 283-2 et 259-1 du CGI, art. 196 de la directive 2006/112/CE",
        "Reverse charge – art. 283-2 and 259-1 of the French tax code (CGI), art. 196 of directive 2006/112/EC",
        "Autoliquidation – art. 196 de la directive 2006/112/CE",
        "Reverse charge – art. 196 of directive 2006/112/EC",
    ),
)
EU_GOODS_GROUND: Final = Ground(
    "VATEX-EU-IC",
    "VATEX-EU-IC",
    _VC.INTRA_EU_GOODS,
    _l("Goods to a business in another EU country"),
    _until_2028(
        "Exonération de TVA, art. 262 ter I du CGI",
        "VAT exemption, art. 262 ter I of the French tax code (CGI)",
        "Exonération de TVA, art. 138 de la directive 2006/112/CE",
        "VAT exemption, art. 138 of directive 2006/112/EC",
    ),
)
EXPORT_GROUND: Final = Ground(
    "VATEX-EU-G",
    "VATEX-EU-G",
    _VC.EXPORT,
    _l("Export of goods"),
    _cibs(
        "Exonération de TVA, art. 262 I du CGI",
        "VAT exemption, art. 262 I of the French tax code (CGI)",
        "Exonération de TVA, art. L. 213-16 du CIBS",
        "VAT exemption, art. L. 213-16 of the French CIBS",
    ),
)
ABROAD_GROUND: Final = Ground(
    "VATEX-EU-O",
    "VATEX-EU-O",
    _VC.OUTSIDE_SCOPE,
    _l("Services to a customer outside the EU"),
    _until_2028(
        "TVA non applicable, art. 259-1 du CGI",
        "VAT not applicable, art. 259-1 of the French tax code (CGI)",
        "TVA non applicable, art. 44 de la directive 2006/112/CE",
        "VAT not applicable, art. 44 of directive 2006/112/EC",
    ),
)
NO_SALE_GROUND: Final = Ground(
    "O-NO-SALE",
    "VATEX-EU-O",
    _VC.OUTSIDE_SCOPE,
    _l("Compensation or subsidy: nothing is sold"),
    _until_2028(
        "Opération hors du champ d’application de la TVA, art. 256 du CGI",
        "Outside the scope of VAT, art. 256 of the French tax code (CGI)",
        "Opération hors du champ d’application de la TVA",
        "Outside the scope of VAT",
    ),
)
DISBURSEMENT_GROUND: Final = Ground(
    DISBURSEMENT,
    DISBURSEMENT,
    _VC.EXEMPT,
    _l("Disbursement"),
    _until_2028(
        "Débours non soumis à la TVA, art. 267 II-2° du CGI",
        "Disbursements without VAT, art. 267 II-2° of the French tax code (CGI)",
        "Débours non soumis à la TVA, art. 79 c de la directive 2006/112/CE",
        "Disbursements without VAT, art. 79 (c) of directive 2006/112/EC",
    ),
    for_line=True,
)
# The exemptions inside the country for which the list VATEX has a French code. Which activities each one covers is
# (practice): the owner chooses, with her accountant. The codes of article 261, 1 and 8, and 261 A are not offered:
# what they cover was not confirmed.
EXEMPTIONS: Final[tuple[Ground, ...]] = (
    _exemption(
        "art. 261, 4-1°", "VATEX-FR-CGI261-4", _l("Health care (art. 261, 4-1°)"),
        "soins dispensés aux personnes", "health care", key="CGI261-4-1",
    ),
    _exemption(
        "art. 261, 4-4°", "VATEX-FR-CGI261-4", _l("Education and training (art. 261, 4-4°)"),
        "enseignement et formation professionnelle", "education and vocational training", key="CGI261-4-4",
    ),
    _exemption(
        "art. 261, 4", "VATEX-FR-CGI261-4", _l("Other professions (art. 261, 4)"),
        "professions exonérées", "exempt professions",
    ),
    _exemption(
        "art. 261, 7", "VATEX-FR-CGI261-7", _l("Non-profit bodies (art. 261, 7)"),
        "organisme d’utilité générale", "body of general interest",
    ),
    _exemption(
        "art. 261 B", "VATEX-FR-CGI261B", _l("Groups sharing costs (art. 261 B)"),
        "services d’un groupement à ses adhérents", "services of a group to its members",
    ),
    _exemption(
        "art. 261 C, 1°", "VATEX-FR-CGI261C-1", _l("Banking and finance (art. 261 C, 1°)"),
        "opérations bancaires et financières", "banking and finance",
    ),
    _exemption(
        "art. 261 C, 2°", "VATEX-FR-CGI261C-2", _l("Insurance (art. 261 C, 2°)"), "assurance", "insurance"
    ),
    _exemption(
        "art. 261 C, 3°", "VATEX-FR-CGI261C-3", _l("Stamps at face value (art. 261 C, 3°)"),
        "timbres à leur valeur officielle", "stamps at face value",
    ),
    _exemption(
        "art. 261 D, 1°", "VATEX-FR-CGI261D-1", _l("Rent of farm land and buildings (art. 261 D, 1°)"),
        "location de terres et bâtiments agricoles", "letting of farm land and buildings",
    ),
    _exemption(
        "art. 261 D, 1° bis", "VATEX-FR-CGI261D-1BIS", _l("Rent that gives a right on property (art. 261 D, 1° bis)"),
        "bail conférant un droit réel", "lease that gives a right on property",
    ),
    _exemption(
        "art. 261 D, 2°", "VATEX-FR-CGI261D-2", _l("Rent of land and bare premises (art. 261 D, 2°)"),
        "location de terrains non aménagés ou de locaux nus", "letting of land or bare premises",
    ),
    _exemption(
        "art. 261 D, 3°", "VATEX-FR-CGI261D-3", _l("Rights on such property (art. 261 D, 3°)"),
        "location de droits portant sur des immeubles", "letting of rights on property",
    ),
    _exemption(
        "art. 261 D, 4°", "VATEX-FR-CGI261D-4", _l("Rent of furnished homes (art. 261 D, 4°)"),
        "location de logements meublés", "letting of furnished homes",
    ),
    _exemption(
        "art. 261 E, 1°", "VATEX-FR-CGI261E-1", _l("Games of chance (art. 261 E, 1°)"),
        "jeux de hasard", "games of chance",
    ),
    _exemption(
        "art. 261 E, 2°", "VATEX-FR-CGI261E-2", _l("Bets and lotteries (art. 261 E, 2°)"),
        "paris et loteries", "bets and lotteries",
    ),
    _exemption(
        "art. 261, 2", "VATEX-FR-CGI261-2", _l("Agriculture and fishing (art. 261, 2)"),
        "agriculture et pêche", "agriculture and fishing",
    ),
    _exemption(
        "art. 261, 3", "VATEX-FR-CGI261-3", _l("Second-hand and recovered goods (art. 261, 3)"),
        "biens usagés ou de récupération", "second-hand or recovered goods",
    ),
    _exemption(
        "art. 261, 5", "VATEX-FR-CGI261-5", _l("Property (art. 261, 5)"), "opérations immobilières", "property"
    ),
)  # fmt: skip
GROUNDS: Final[dict[str, Ground]] = {
    ground.key: ground
    for ground in (
        FRANCHISE_GROUND, CONSTRUCTION_GROUND, EU_SERVICES_GROUND, EU_GOODS_GROUND, EXPORT_GROUND, ABROAD_GROUND,
        NO_SALE_GROUND, DISBURSEMENT_GROUND, *EXEMPTIONS,
    )
}  # fmt: skip
_OF_CASE: Final[dict[VatCase, dict[VatCategory, Ground]]] = {
    VatCase.FRANCHISE: {_VC.EXEMPT: FRANCHISE_GROUND},
    VatCase.CONSTRUCTION: {_VC.REVERSE_CHARGE: CONSTRUCTION_GROUND},
    VatCase.INTRA_EU: {_VC.REVERSE_CHARGE: EU_SERVICES_GROUND, _VC.INTRA_EU_GOODS: EU_GOODS_GROUND},
    VatCase.EXPORT: {_VC.EXPORT: EXPORT_GROUND},
    VatCase.OUTSIDE_SCOPE: {_VC.OUTSIDE_SCOPE: ABROAD_GROUND},
}
_OF_CATEGORY: Final = {
    _VC.STANDARD: SaleTreatment.ORDINARY,
    _VC.ZERO: SaleTreatment.EXEMPT,
    _VC.EXEMPT: SaleTreatment.EXEMPT,
    _VC.INTRA_EU_GOODS: SaleTreatment.INTRA_EU,
    _VC.EXPORT: SaleTreatment.EXPORT,
    _VC.OUTSIDE_SCOPE: SaleTreatment.OUTSIDE_SCOPE,
}


class HasCategory(Protocol):
    """What stands at one rate of one category: a VAT row, computed or frozen, or what a page shows of it."""

    @property
    def category(self) -> VatCategory:
        """The category of the e-invoice."""

    @property
    def ground(self) -> str:
        """The ground that was named; empty when the case decides."""


def ground_of(case: VatCase, row: HasCategory) -> Ground | None:
    """Why a part of a document has no VAT; None for one that has, and where no ground was named yet."""
    if row.category is VatCategory.STANDARD:
        return None
    named = GROUNDS.get(row.ground)
    if named is not None and named.category is row.category:
        return named
    return _OF_CASE.get(case, {}).get(row.category)


def grounds_of(case: VatCase, rows: Iterable[HasCategory]) -> tuple[Ground, ...]:
    """The grounds of a document, each once, in an order that does not depend on that of its VAT rows."""
    found = {ground.key: ground for row in rows if (ground := ground_of(case, row)) is not None}
    return tuple(sorted(found.values(), key=lambda ground: (ground.category, ground.key)))


def treatment_of(case: VatCase, row: HasCategory) -> SaleTreatment:
    """How the books take a part of a document."""
    if row.ground == DISBURSEMENT:
        return SaleTreatment.DISBURSEMENT
    if case is VatCase.FRANCHISE and ground_of(case, row) is FRANCHISE_GROUND:
        return SaleTreatment.ORDINARY
    if row.category is VatCategory.REVERSE_CHARGE:
        return SaleTreatment.INTRA_EU if case is VatCase.INTRA_EU else SaleTreatment.REVERSE_CHARGE
    return _OF_CATEGORY[row.category]


def grounds_for(case: VatCase) -> tuple[Ground, ...]:
    """The grounds a document of that case may name; none where the case alone decides."""
    if case in (VatCase.EXEMPT, VatCase.STANDARD):
        return EXEMPTIONS
    return (ABROAD_GROUND, NO_SALE_GROUND) if case is VatCase.OUTSIDE_SCOPE else ()


def charged_rate(case: VatCase, vat_rate: int, line_ground: str) -> int:
    """The rate (1/100 %) a line has in that case: none where no VAT is charged, whatever stood on its form."""
    return vat_rate if case is VatCase.STANDARD and not line_ground else 0


@cache
def eu_countries() -> frozenset[str]:
    """The other states of the EU, by ISO code (Northern Ireland, in it for goods only, is left out)."""
    return frozenset(code.upper() for code in eu_vat.MEMBER_STATES) - {"FR", "XI"}


def is_in_france(country: str) -> bool:
    """Whether the country is France to VAT; overseas departments with a code of their own are not."""
    return country in ("FR", "MC")


def _holds(reason: Reason, day: date) -> bool:
    return (reason.valid_from is None or reason.valid_from <= day) and (
        reason.valid_to is None or day <= reason.valid_to
    )
