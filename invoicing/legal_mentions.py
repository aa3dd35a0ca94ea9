"""Legal wordings of documents, as dated data: what the law wants printed, for whom, in which words, since when.

Basis: CGI ann. II art. 242 nonies A, Code de commerce art. L441-9, L441-10, D441-5; decree 2022-1299 for the category
of operation. Wordings are those usually printed (practice). `issue_invoice` freezes the result on the document.
Why no VAT is charged stands in `vat_cases`; the customer's SIREN and the delivery address, the other two of the four
new mentions, are printed with the frozen buyer and the frozen delivery address.

French is the language of the law: a document in another language carries the translation and the French text.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Protocol

from accounting.facts import SupplyKind, VatRegime
from core.money import RATE_DECIMALS, format_scaled
from core.seal import canonical
from invoicing.models import CustomerKind
from invoicing.vat_cases import Ground, HasCategory
from invoicing.vat_categories import VatCategory


class MentionCode(StrEnum):
    """What a mention is about; pages and e-invoices find it by this."""

    CREDITED_INVOICE = "credited_invoice"
    VAT_REASON = "vat_reason"
    CATEGORY_GOODS = "category_goods"
    CATEGORY_SERVICES = "category_services"
    CATEGORY_MIXED = "category_mixed"
    VAT_ON_DEBITS = "vat_on_debits"
    DISCOUNT = "discount"
    LATE_PENALTY = "late_penalty"
    RECOVERY_INDEMNITY = "recovery_indemnity"
    MEDIATOR = "mediator"
    INSURANCE = "insurance"
    TAKEN_OVER = "taken_over"


@dataclass(frozen=True)
class Mention:
    """One printed sentence. `french` is the text the law knows when the document is in another language."""

    code: MentionCode
    text: str
    french: str = ""


@dataclass(frozen=True)
class Wording:
    """A sentence of the table, for documents dated between two days; an open end is None.

    `buyer` names the kind of customer it is for, where others read another one.
    """

    code: MentionCode
    fr: str
    en: str
    valid_from: date | None = None
    valid_to: date | None = None
    buyer: CustomerKind | None = None


@dataclass(frozen=True)
class MentionCase:
    """What decides which mentions a document carries.

    Attributes:
        day: date of the document.
        language: `fr` or `en`.
        buyer: a business gets the clauses of the Code de commerce, a public body those of public contracts, an
            individual none.
        kinds: what is sold.
        on_debits: the seller opted for VAT on debits.
        late_penalty: the seller's own rate as printed; empty for the default of the law.
        discount_terms: the seller's own early-payment terms; empty for the rate and days, if any.
        discount: rate (1/100 %) and days of the early-payment discount; None for none.
        credited: number and date of the invoice that a credit note corrects.
        grounds: why no VAT is charged on what has none.
        mediator: the mediator of consumers, told to individuals (C. conso. L616-1); empty for none.
        insurance: the insurance that some trades must name (C. assur. L243-2); empty for none.
    """

    day: date
    language: str
    buyer: CustomerKind
    kinds: frozenset[SupplyKind]
    on_debits: bool
    late_penalty: str = ""
    discount_terms: str = ""
    discount: tuple[int, int] | None = None
    credited: tuple[str, date] | None = None
    grounds: tuple[Ground, ...] = ()
    mediator: str = ""
    insurance: str = ""


_C = MentionCode
WORDINGS: Final = (
    Wording(
        _C.CREDITED_INVOICE,
        "Avoir sur la facture {number} du {date}.",
        "Credit note for invoice {number} of {date}.",
    ),
    Wording(_C.CATEGORY_GOODS, "Livraison de biens.", "Supply of goods."),
    Wording(_C.CATEGORY_SERVICES, "Prestation de services.", "Supply of services."),
    Wording(
        _C.CATEGORY_MIXED,
        "Livraison de biens et prestation de services.",
        "Supply of goods and services.",
    ),
    Wording(
        _C.VAT_ON_DEBITS,
        "Option pour le paiement de la taxe d’après les débits.",
        "Option to pay the VAT on the basis of debits.",
    ),
    Wording(
        _C.DISCOUNT,
        "Pas d’escompte pour paiement anticipé.",
        "No discount for early payment.",
    ),
    Wording(
        _C.LATE_PENALTY,
        "Pénalités de retard\u00a0: taux d’intérêt appliqué par la Banque centrale européenne à son opération de "
        "refinancement la plus récente, majoré de 10\u00a0points de pourcentage.",
        "Late-payment penalties: interest rate applied by the European Central Bank to its most recent refinancing "
        "operation, plus 10\u00a0percentage points.",
    ),
    # What public bodies owe is set by law, not by the parties: 8 points (CCP R2192-31) (web).
    Wording(
        _C.LATE_PENALTY,
        "Intérêts moratoires\u00a0: taux d’intérêt appliqué par la Banque centrale européenne à ses opérations "
        "principales de refinancement les plus récentes, majoré de 8\u00a0points de pourcentage.",
        "Late-payment interest: interest rate applied by the European Central Bank to its most recent main refinancing "
        "operations, plus 8\u00a0percentage points.",
        buyer=CustomerKind.PUBLIC,
    ),
    Wording(
        _C.RECOVERY_INDEMNITY,
        "Indemnité forfaitaire pour frais de recouvrement en cas de retard de paiement\u00a0: 40\u00a0€.",
        "Fixed compensation for recovery costs in case of late payment: €40.",
    ),
    Wording(
        _C.MEDIATOR,
        "Médiateur de la consommation\u00a0: {text}",
        "Consumer mediator: {text}",
    ),
    Wording(_C.INSURANCE, "Assurance professionnelle\u00a0: {text}", "Professional insurance: {text}"),
)
# A company's own terms stand in front of nothing else: they are printed in its words, after these.
_OWN_PENALTY: Final = {"fr": "Pénalités de retard\u00a0: {terms}", "en": "Late-payment penalties: {terms}"}

# A discount taken lowers the VAT without a credit note where the invoice says that the buyer deducts less (practice).
_OFFERED_DISCOUNT: Final = {
    "fr": "Escompte de {rate}\u00a0% pour paiement dans les {days}\u00a0jours de la facture\u00a0; la TVA "
    "déductible est celle du prix effectivement payé.",
    "en": "Discount of {rate}% for payment within {days}\u00a0days of the invoice; deductible VAT is that of the "
    "price actually paid.",
}


def mentions_for(case: MentionCase) -> tuple[Mention, ...]:
    """The sentences a document must carry, in the order they are printed."""
    mentions: list[Mention] = []
    if case.credited is not None:
        number, day = case.credited
        mentions.append(_mention(case, _C.CREDITED_INVOICE, number=number, date=day.strftime("%d/%m/%Y")))
    mentions += (_reason(case, ground) for ground in case.grounds)
    mentions.append(_mention(case, _category(case.kinds)))
    if case.on_debits:
        mentions.append(_mention(case, _C.VAT_ON_DEBITS))
    if case.credited is None:
        mentions += _clauses(case)
    return tuple(mentions)


def _reason(case: MentionCase, ground: Ground) -> Mention:
    reason = ground.reason_on(case.day)
    if case.language == "fr":
        return Mention(_C.VAT_REASON, f"{reason.fr}.")
    return Mention(_C.VAT_REASON, f"{reason.en}.", f"{reason.fr}.")


def _clauses(case: MentionCase) -> list[Mention]:
    clauses = [] if case.buyer is CustomerKind.INDIVIDUAL else _business_clauses(case)
    if case.mediator and case.buyer is CustomerKind.INDIVIDUAL:
        clauses.append(_mention(case, _C.MEDIATOR, text=case.mediator))
    if case.insurance:
        clauses.append(_mention(case, _C.INSURANCE, text=case.insurance))
    return clauses


def _business_clauses(case: MentionCase) -> list[Mention]:
    own = case.discount_terms.strip()
    discount = Mention(_C.DISCOUNT, own) if own else _discount(case)
    # The company's own rate binds businesses; that of public bodies is not for the parties to choose.
    is_own = case.late_penalty.strip() and case.buyer is CustomerKind.BUSINESS
    penalty = _own_penalty(case) if is_own else _mention(case, _C.LATE_PENALTY)
    return [discount, penalty, _mention(case, _C.RECOVERY_INDEMNITY)]


def _discount(case: MentionCase) -> Mention:
    if case.discount is None:
        return _mention(case, _C.DISCOUNT)
    rate, days = case.discount
    texts = {
        language: text.format(rate=format_scaled(rate, RATE_DECIMALS, language), days=days)
        for language, text in _OFFERED_DISCOUNT.items()
    }
    if case.language == "fr":
        return Mention(_C.DISCOUNT, texts["fr"])
    return Mention(_C.DISCOUNT, texts["en"], texts["fr"])


def _own_penalty(case: MentionCase) -> Mention:
    french = _OWN_PENALTY["fr"].format(terms=case.late_penalty)
    if case.language == "fr":
        return Mention(_C.LATE_PENALTY, french)
    return Mention(_C.LATE_PENALTY, _OWN_PENALTY["en"].format(terms=case.late_penalty), french)


def _category(kinds: Collection[SupplyKind]) -> MentionCode:
    if len(kinds) > 1:
        return _C.CATEGORY_MIXED
    return _C.CATEGORY_GOODS if SupplyKind.GOODS in kinds else _C.CATEGORY_SERVICES


def _mention(case: MentionCase, code: MentionCode, **values: str) -> Mention:
    holding = [w for w in WORDINGS if w.code is code and _holds(w, case.day)]
    wording = next((w for w in holding if w.buyer is case.buyer), next(w for w in holding if w.buyer is None))
    french = wording.fr.format(**values)
    if case.language == "fr":
        return Mention(code, french)
    return Mention(code, wording.en.format(**values), french)


def _holds(wording: Wording, day: date) -> bool:
    return (wording.valid_from is None or wording.valid_from <= day) and (
        wording.valid_to is None or day <= wording.valid_to
    )


def mentions_json(mentions: Collection[Mention]) -> str:
    """The copy that is kept on the document."""
    return canonical([vars(mention) for mention in mentions])


def read_mentions(text: str) -> tuple[Mention, ...]:
    """The mentions of an issued document, as printed."""
    return tuple(Mention(MentionCode(m["code"]), m["text"], m["french"]) for m in json.loads(text))


class _VatPart(HasCategory, Protocol):
    """A VAT row: what is sold, and how it is taxed."""

    @property
    def kind(self) -> SupplyKind:
        """Goods or services."""


def taxed_kinds(rows: Iterable[_VatPart]) -> frozenset[SupplyKind]:
    """What VAT is charged on; the rest falls due for nobody."""
    return frozenset(row.kind for row in rows if row.category is VatCategory.STANDARD)


def on_debits(regime: VatRegime, kinds: Collection[SupplyKind]) -> bool:
    """Whether the option for debits is mentioned: it concerns services only (CGI art. 269, 2 c)."""
    return regime is VatRegime.DEBITS and SupplyKind.SERVICE in kinds
