"""The gate against the official rules: whatever they refuse it refuses first, and what it asks for them they ask.

Right documents are spoilt field by field past all forms, as an older row or another way in may hold them: emptied,
blank, far too long, odd, contradictory. A part of the mutations in the short run, all of them in `make test-long`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from core.database import db, transaction
from core.models import Company
from demo.sample_documents import Sample, SampleCustomer, SampleKind, make_sample
from invoicing.company_input import add_vat_rate
from invoicing.duplicate_invoice import duplicate_invoice
from invoicing.einvoice import Einvoice
from invoicing.facturx_library import EN16931_RULES, FRENCH_RULES, generated_xml, schema_faults
from invoicing.facturx_rules import broken_rules
from invoicing.facturx_xml import LINK, NUMBER, values_of
from invoicing.gate import problems_of
from invoicing.gate_einvoice import problems_of_einvoice
from invoicing.issue_invoice import candidate_of, einvoice_of, problems_of_issue
from invoicing.models import Customer, Document, DocumentLine, EinvoiceRules, InvoicingSettings
from invoicing.parties import Address, address_json
from invoicing.vat_categories import VatCase
from tests._profiles import LONG

DAY = date(2026, 11, 20)
_CUSTOMERS = SampleCustomer
BASES = (
    Sample(SampleKind.INVOICE, VatCase.STANDARD, _CUSTOMERS.FRENCH_BUSINESS),
    Sample(SampleKind.INVOICE, VatCase.STANDARD, _CUSTOMERS.FRENCH_INDIVIDUAL),
    Sample(SampleKind.INVOICE, VatCase.FRANCHISE, _CUSTOMERS.FRENCH_PUBLIC_BODY),
    Sample(SampleKind.INVOICE, VatCase.CONSTRUCTION, _CUSTOMERS.FRENCH_BUSINESS),
    Sample(SampleKind.INVOICE, VatCase.INTRA_EU, _CUSTOMERS.EU_BUSINESS, "en"),
    Sample(SampleKind.INVOICE, VatCase.EXPORT, _CUSTOMERS.INDIVIDUAL_ABROAD, "en"),
    Sample(SampleKind.INVOICE, VatCase.OUTSIDE_SCOPE, _CUSTOMERS.BUSINESS_ABROAD),
)
# What the gate refuses though no published rule does: money would not arrive; keys of SIREN and SIRET are checked too.
OURS_ALONE = {"company.iban"}

TEXTS = {
    Company: (
        "name", "legal_form", "siren", "siret", "vat_number", "registration", "address1", "address2", "postcode",
        "city", "email", "phone", "iban", "bic", "legal_notice",
    ),
    InvoicingSettings: ("einvoice_address", "late_penalty", "discount_terms", "mediator", "insurance"),
    Customer: (
        "name", "siren", "siret", "vat_number", "einvoice_address", "address1", "address2", "postcode", "city",
    ),
    Document: ("purchase_order", "buyer_reference", "contract_reference", "note", "conditions", "discount_label"),
    DocumentLine: ("label", "description", "unit"),
}  # fmt: skip
SPOILT = ("", " ", "x" * 300, "é;/ \ue000\x0b", "123456789", "FR0")
COUNTRIES = ("FR", "DE", "CH", "XK", "GR", "ZZ", "MC")


@dataclass(frozen=True)
class Mutation:
    """One field of one row set to one value."""

    model: type[Any]
    name: str
    value: Any

    def __str__(self) -> str:
        return f"{self.model.__name__}.{self.name} = {str(self.value)[:20]!r}"


def mutations() -> list[Mutation]:
    texts = [
        Mutation(model, name, value) for model, names in TEXTS.items() for name in names for value in SPOILT
    ]
    countries = [Mutation(Customer, "country", country) for country in COUNTRIES]
    deliveries = [
        Mutation(Document, "delivery", address_json(Address(" ", "1 rue X", "", "", "", country)))
        for country in COUNTRIES
    ]
    dates = [
        Mutation(Document, name, value)
        for name in ("supply_date", "due_date", "period_start", "period_end", "issue_date")
        for value in (None, date(1999, 12, 31), date(2026, 11, 1), date(2099, 12, 31), date(2100, 1, 1))
    ]
    rates = [Mutation(DocumentLine, "vat_rate", rate) for rate in (0, 1, 49, 50, 90, 600, 1960, 2000, 10_000)]
    amounts = [
        Mutation(DocumentLine, name, value)
        for name, values in (
            ("quantity", (0, 1, -10_000, 10**12)), ("unit_price", (0, 1, 10**14)), ("discount", (0, 1, 9_999, 10_000)),
        )
        for value in values
    ]  # fmt: skip
    whole = [
        *(Mutation(Document, "discount_rate", rate) for rate in (0, 1, 9_999, 10_000)),
        *(Mutation(Document, "prices_include_vat", value) for value in (True, False)),
        *(
            Mutation(Document, "vat_ground", value)
            for value in ("", "CGI261-4-4", "VATEX-EU-79-C", "O-NO-SALE")
        ),
        *(Mutation(Document, "vat_case", case) for case in VatCase),
        *(
            Mutation(DocumentLine, "vat_ground", value)
            for value in ("CGI261-4-4", "VATEX-EU-79-C", "VATEX-EU-G")
        ),
        *(Mutation(InvoicingSettings, "vat_case", case) for case in (VatCase.FRANCHISE, VatCase.STANDARD)),
    ]
    return [*texts, *countries, *deliveries, *dates, *rates, *amounts, *whole]


class Undo(Exception):
    """Rolls the transaction back."""


@pytest.mark.timeout(600)  # in the long run
@pytest.mark.parametrize("number", range(len(BASES)), ids=[base.name for base in BASES])
def test_the_gate_refuses_what_the_rules_refuse_and_lets_the_rest_through(company, number):
    with transaction():
        for rate in (1, 49, 50, 600, 10_000):
            add_vat_rate(rate)
    original = make_sample(BASES[number], DAY)
    with transaction():
        draft_id = duplicate_invoice(original).id
    every = mutations()
    # Each base its own part, so that all of them together have most of it.
    chosen = every if LONG else every[number :: 3 * len(BASES)]
    wrong = [f"{m}: {fault}" for m in chosen for fault in _faults_after(m, draft_id)]
    assert not wrong, "\n".join(wrong)


def _faults_after(mutation: Mutation, draft_id: int) -> list[str]:
    found: list[str] = []
    try:
        with transaction():
            db.session.expire_all()
            draft = db.session.get_one(Document, draft_id)
            _spoil(mutation, draft)
            with db.session.no_autoflush:
                found += _disagreement(draft)
            raise Undo
    except Undo:
        db.session.expire_all()
    return found


def _spoil(mutation: Mutation, draft: Document) -> None:
    rows: dict[type[Any], Callable[[], Any]] = {
        Document: lambda: draft,
        DocumentLine: lambda: draft.lines[0],
        Customer: lambda: db.session.get_one(Customer, draft.customer_id),
        Company: lambda: db.session.get_one(Company, draft.company_id),
        InvoicingSettings: lambda: db.session.query(InvoicingSettings).one(),
    }
    setattr(rows[mutation.model](), mutation.name, mutation.value)
    with db.session.no_autoflush:
        db.session.flush()


def _disagreement(draft: Document) -> Iterator[str]:
    candidate = candidate_of(draft, DAY)
    einvoice = einvoice_of(candidate)
    law = problems_of(candidate)
    ours = {f"{p.place.value}.{p.field}" for p in problems_of_einvoice(einvoice, law)} - OURS_ALONE
    refused = problems_of_issue(candidate, einvoice)
    rules = _broken(einvoice)
    if rules and not refused:
        yield f"the rules refuse it ({rules}), the gate does not"
    if ours and not rules:
        yield f"the gate asks for {ours}, the rules do not"


def _broken(einvoice: Einvoice) -> list[str]:
    """What the XSD and the rules that bind the document refuse; or that no XML can be made at all."""
    try:
        xml = generated_xml(values_of(einvoice))
    except (ValueError, AssertionError, KeyError) as error:
        return [f"no XML: {error!r}"]
    xml = xml.replace(NUMBER.encode(), b"F-2026-0001").replace(LINK.encode(), b"https://example.org/p/x")
    found = [*schema_faults(xml), *(rule.code for rule in broken_rules(xml, EN16931_RULES))]
    if einvoice.why_rules.rules is EinvoiceRules.FRENCH:
        found += [rule.code for rule in broken_rules(xml, FRENCH_RULES)]
    return found
