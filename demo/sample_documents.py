"""Sample documents: every kind there is, in every case of VAT, for every customer the case fits.

Made through the verbs that people's clicks reach. `solde samples` writes them as files, tests check them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from accounting.facts import SupplyKind
from core.database import db, transaction
from core.money import QUANTITY_DECIMALS, UNIT_PRICE_DECIMALS
from demo.people import siren, vat_number
from invoicing.company_input import InvoicingInput, save_invoicing_settings
from invoicing.credit_amounts import CreditChoice
from invoicing.credit_invoice import credit_invoice
from invoicing.customer_input import LANGUAGES, ContactInput, CustomerInput
from invoicing.customers import save_customer
from invoicing.draft_final import deduct_deposits
from invoicing.draft_input import DraftInput, LineInput
from invoicing.draft_invoice import draft_invoice
from invoicing.issue_invoice import issue_invoice
from invoicing.issue_quote import issue_quote
from invoicing.lifecycle import DocumentKind, LineRole
from invoicing.models import CustomerKind, Document
from invoicing.parties import Address
from invoicing.set_invoice_type import set_deposit
from invoicing.settings import invoicing_settings
from invoicing.vat_categories import VatCase

_ONE, _EURO = 10**QUANTITY_DECIMALS, 10**UNIT_PRICE_DECIMALS
TRAINING: Final = "CGI261-4-4"
"""The ground of the exempt samples: education and training."""


class SampleKind(StrEnum):
    """What a sample is; the values stand in file names."""

    QUOTE = "quote"
    INVOICE = "invoice"
    DEPOSIT = "deposit-invoice"
    FINAL = "final-invoice"
    CREDIT_NOTE = "credit-note"
    PARTIAL_CREDIT = "partial-credit-note"

    @property
    def has_einvoice(self) -> bool:
        """False for a quote alone."""
        return self is not SampleKind.QUOTE


class SampleCustomer(StrEnum):
    """Who it is for; the values stand in file names."""

    FRENCH_BUSINESS = "french-business"
    FRENCH_INDIVIDUAL = "french-individual"
    FRENCH_PUBLIC_BODY = "french-public-body"
    EU_BUSINESS = "eu-business"
    EU_INDIVIDUAL = "eu-individual"
    BUSINESS_ABROAD = "business-abroad"
    INDIVIDUAL_ABROAD = "individual-abroad"


_C = SampleCustomer
_EVERYBODY = frozenset(SampleCustomer)
FITS: Final[dict[VatCase, frozenset[SampleCustomer]]] = {
    VatCase.STANDARD: _EVERYBODY,
    VatCase.FRANCHISE: _EVERYBODY,
    VatCase.CONSTRUCTION: frozenset({_C.FRENCH_BUSINESS, _C.EU_BUSINESS}),
    VatCase.INTRA_EU: frozenset({_C.EU_BUSINESS}),
    VatCase.EXPORT: frozenset({_C.BUSINESS_ABROAD, _C.INDIVIDUAL_ABROAD}),
    VatCase.EXEMPT: _EVERYBODY,
    VatCase.OUTSIDE_SCOPE: frozenset({_C.BUSINESS_ABROAD}),
}
"""Whom each case fits; the gate refuses the others."""


@dataclass(frozen=True)
class Sample:
    """One document to make; `prices_include_vat` is None for what is usual: included for individuals."""

    kind: SampleKind
    vat_case: VatCase
    customer: SampleCustomer
    language: str = "fr"
    prices_include_vat: bool | None = None

    @property
    def name(self) -> str:
        """What its files are called, without their endings: it says what they are, in the same words each time."""
        return "_".join((self.kind, self.vat_case.replace("_", "-"), self.customer, self.language))


def all_samples() -> Iterator[Sample]:
    """Every kind, case, customer and language; one case after the other, for the company changes with the franchise."""
    for vat_case, customers in FITS.items():
        for customer in SampleCustomer:
            if customer in customers:
                for kind in SampleKind:
                    yield from (Sample(kind, vat_case, customer, language) for language in LANGUAGES)


def make_sample(sample: Sample, today: date) -> int:
    """Make one for the company entered, each step in a transaction of its own; returns the document's id.

    Raises:
        NotIssuableError: the gate refuses it.
    """
    _choose_usual_case(VatCase.FRANCHISE if sample.vat_case is VatCase.FRANCHISE else VatCase.STANDARD)
    with transaction():
        customer_id = save_customer(_customer(sample)).id
    if sample.kind is SampleKind.QUOTE:
        return _quote(sample, customer_id, today)
    if sample.kind is SampleKind.DEPOSIT:
        return _deposit(sample, customer_id, today)
    if sample.kind is SampleKind.FINAL:
        _deposit(sample, customer_id, today)
    with transaction():
        draft = draft_invoice(_draft(sample, customer_id, _lines(sample)))
        if sample.kind is SampleKind.FINAL:
            deduct_deposits(draft.id)
        invoice_id = issue_invoice(draft.id, today=today).id
    if sample.kind in (SampleKind.CREDIT_NOTE, SampleKind.PARTIAL_CREDIT):
        return _note(sample, invoice_id, today)
    return invoice_id


def _quote(sample: Sample, customer_id: int, today: date) -> int:
    """A heading, the lines under it with their sub-total, and the last of them once more as an option."""
    is_french, lines = sample.language == "fr", _lines(sample)
    words = ("Atelier", "Sous-total", "En option") if is_french else ("Workshop", "Sub-total", "Optional")
    heading, subtotal, optional = (
        LineInput(label=label, quantity=0, unit_price=0, vat_rate=0, role=role)
        for label, role in zip(words, (LineRole.SECTION, LineRole.SUBTOTAL, LineRole.SECTION), strict=True)
    )
    option = replace(lines[-1], role=LineRole.OPTION)
    given = _draft(sample, customer_id, (heading, *lines, subtotal, optional, option))
    with transaction():
        draft = draft_invoice(given, kind=DocumentKind.QUOTE)
        return issue_quote(draft.id, today=today).id


def _deposit(sample: Sample, customer_id: int, today: date) -> int:
    first = _lines(sample)[0]
    label = "Acompte" if sample.language == "fr" else "Deposit"
    line = LineInput(
        label=label, quantity=_ONE, unit_price=60 * _EURO, vat_rate=first.vat_rate, kind=first.kind, unit="LS"
    )
    with transaction():
        draft = draft_invoice(_draft(sample, customer_id, (line,)))
        set_deposit(draft.id, is_deposit=True)
        return issue_invoice(draft.id, today=today).id


def _note(sample: Sample, invoice_id: int, today: date) -> int:
    reason = "Erreur de quantité" if sample.language == "fr" else "Wrong quantity"
    with transaction():
        choice = None
        if sample.kind is SampleKind.PARTIAL_CREDIT:
            first = db.session.get_one(Document, invoice_id).lines[0]
            choice = CreditChoice(quantities={first.position: _ONE})
        return credit_invoice(invoice_id, reason=reason, choice=choice, today=today).id


def _choose_usual_case(vat_case: VatCase) -> None:
    settings = invoicing_settings()
    if settings.vat_case is not vat_case:
        given: dict[str, Any] = {
            field.name: getattr(settings, field.name) for field in fields(InvoicingInput)
        }
        with transaction():
            save_invoicing_settings(InvoicingInput(**{**given, "vat_case": vat_case}))


def _draft(sample: Sample, customer_id: int, lines: tuple[LineInput, ...]) -> DraftInput:
    is_professional = sample.customer not in (_C.FRENCH_INDIVIDUAL, _C.EU_INDIVIDUAL, _C.INDIVIDUAL_ABROAD)
    is_french = sample.language == "fr"
    discounted = len(lines) > 1 and is_professional
    workshop = Address(
        "Atelier nord" if is_french else "North workshop", "1 rue de l’Essai", "", "38100", "Grenoble"
    )
    return DraftInput(
        customer_id=customer_id,
        lines=lines,
        language=sample.language,
        prices_include_vat=sample.prices_include_vat,
        vat_case=sample.vat_case,
        vat_ground=TRAINING if sample.vat_case is VatCase.EXEMPT else "",
        discount_rate=200 if discounted else 0,
        discount_label=("Remise fidélité" if is_french else "Loyalty discount") if discounted else "",
        purchase_order="BC-2026-118" if is_professional else "",
        buyer_reference="SERVICE-7" if sample.customer is _C.FRENCH_PUBLIC_BODY else "",
        contract_reference="M-2026-04" if sample.customer is _C.FRENCH_PUBLIC_BODY else "",
        delivery=workshop if sample.customer is _C.FRENCH_BUSINESS else None,
        note="Merci de votre confiance." if is_french else "Thank you for your trust.",
    )


def _lines(sample: Sample) -> tuple[LineInput, ...]:
    """A service, goods and, where VAT is charged, a reduced rate; exports are goods, what is outside is a service."""
    is_french, is_taxed = sample.language == "fr", sample.vat_case is VatCase.STANDARD
    service = LineInput(
        label="Réglage sur place" if is_french else "Adjustment on site",
        description="Déplacement compris" if is_french else "Travel included",
        quantity=25_000, unit="HUR", unit_price=84_500_000, discount=500, vat_rate=2000 if is_taxed else 0,
    )  # fmt: skip
    goods = LineInput(
        label="Lampe d’atelier" if is_french else "Workshop lamp", kind=SupplyKind.GOODS,
        quantity=3 * _ONE, unit="H87", unit_price=49_900_000, vat_rate=2000 if is_taxed else 0,
    )  # fmt: skip
    book = LineInput(
        label="Manuel imprimé" if is_french else "Printed manual", kind=SupplyKind.GOODS,
        quantity=2 * _ONE, unit="H87", unit_price=12_345_000, vat_rate=550,
    )  # fmt: skip
    if sample.vat_case is VatCase.EXPORT:
        return (goods, replace(goods, label="Housse" if is_french else "Cover", quantity=_ONE, discount=1000))
    if sample.vat_case is VatCase.OUTSIDE_SCOPE:
        return (service,)
    return (service, goods, book) if is_taxed else (service, goods)


def _customer(sample: Sample) -> CustomerInput:
    number = siren(900)
    common: dict[str, Any] = {
        "address1": "3 place du Marché", "language": sample.language,
        "contacts": (ContactInput(email="achats@clients.example.org"),),
    }  # fmt: skip
    company: dict[str, Any] = {"kind": CustomerKind.BUSINESS, "name": "Boulangerie Imaginaire"}
    person: dict[str, Any] = {"kind": CustomerKind.INDIVIDUAL, "first_name": "Camille", "name": "Modèle"}
    town: dict[str, Any] = {"postcode": "38000", "city": "Grenoble"}
    berlin: dict[str, Any] = {"country": "DE", "postcode": "10115", "city": "Berlin"}
    geneva: dict[str, Any] = {"country": "CH", "postcode": "1204", "city": "Genève"}
    values: dict[SampleCustomer, dict[str, Any]] = {
        _C.FRENCH_BUSINESS: {**company, **town, "siren": number, "vat_number": vat_number(number)},
        _C.FRENCH_INDIVIDUAL: {**person, **town},
        _C.FRENCH_PUBLIC_BODY: {
            **town, "kind": CustomerKind.PUBLIC, "name": "Commune de Fictive-sur-Isère", "siren": siren(901),
        },
        _C.EU_BUSINESS: {**company, **berlin, "name": "Beispiel GmbH", "vat_number": "DE136695976"},
        _C.EU_INDIVIDUAL: {**person, **berlin},
        _C.BUSINESS_ABROAD: {**company, **geneva, "name": "Exemple SA"},
        _C.INDIVIDUAL_ABROAD: {**person, **geneva},
    }  # fmt: skip
    return CustomerInput(**{**common, **values[sample.customer]})
