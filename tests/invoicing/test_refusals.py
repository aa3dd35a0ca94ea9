"""Each row of docs/refusals.md: the document that is refused, and where the refusal sends the person."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from accounting.closed_periods import close_months
from accounting.fiscal_years import open_year_for
from core.database import db, transaction
from core.models import Company
from invoicing.company_input import add_vat_rate
from invoicing.draft_input import LineInput
from invoicing.errors import NotIssuableError
from invoicing.issue_invoice import issue_invoice
from invoicing.lifecycle import LineRole
from invoicing.models import CustomerKind, Document, InvoicingSettings
from invoicing.parties import Address
from invoicing.vat_categories import VatCase
from tests.factories.invoicing import INDIVIDUAL, make_customer, make_draft, make_line

DOCUMENTED = Path(__file__).parents[2] / "docs" / "refusals.md"
TODAY = date(2026, 11, 20)
GERMAN = {"country": "DE", "siren": "", "vat_number": "DE136695976", "postcode": "10115", "city": "Berlin"}
SWISS = {"country": "CH", "siren": "", "postcode": "1204", "city": "Genève"}
FRENCH_NUMBER = {"vat_number": "FR83404833048"}
PRIVATE_SWISS = {**INDIVIDUAL, **SWISS}
ZERO, GOODS = make_line(rate="0"), make_line(rate="0", goods=True)
HEADING = LineInput(label="Lot 1", quantity=0, unit_price=0, vat_rate=0, role=LineRole.SECTION)
TRAINING, BANKING = "CGI261-4-4", "VATEX-FR-CGI261C-1"
IN_LYON = Address("Dépôt", "1 rue du Dépôt", "", "69001", "Lyon", "FR")


@dataclass(frozen=True)
class Refused:
    """A document that is refused; what is not said is that of an ordinary legal one.

    `company` and `settings` are set on those rows, `row` on the customer and `draft` on the document once they are
    made: what forms would not take, but an older row, an import or another way may hold.
    """

    where: str
    lines: tuple[LineInput, ...] = ()
    customer: dict[str, Any] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    company: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    row: dict[str, Any] = field(default_factory=dict)
    draft: dict[str, Any] = field(default_factory=dict)
    line: dict[str, Any] = field(default_factory=dict)
    before: Callable[[], object] | None = None


def case(vat_case: VatCase, **more: Any) -> dict[str, Any]:
    return {"vat_case": vat_case, **more}


def issue_one() -> None:
    issue_invoice(make_draft().id, today=TODAY)


def close_october() -> None:
    year, _day = open_year_for(TODAY)
    close_months(year.id, date(2026, 10, 31), today=TODAY)


def add_tiny_rate() -> None:
    add_vat_rate(49)


C = VatCase
REFUSALS: dict[str, Refused] = {
    "seller_address": Refused("company.address1", company={"address1": ""}),
    "seller_siren": Refused("company.siren", company={"siren": "123456789", "vat_number": ""}, lines=(ZERO,),
                            said=case(C.EXEMPT, vat_ground=TRAINING)),
    "seller_abroad": Refused("company.country", company={"country": "BE"}),
    "seller_legal_form": Refused("company.legal_form", company={"legal_form": ""}),
    "seller_capital": Refused("company.share_capital_cents", company={"share_capital_cents": None}),
    "seller_register": Refused("company.registration", company={"registration": ""}),
    "seller_vat_number_wrong": Refused("company.vat_number", company={"vat_number": "FR83404833048"}),
    "vat_without_number": Refused("company.vat_number", company={"vat_number": ""}),
    "reverse_charge_without_number": Refused(
        "company.vat_number", company={"vat_number": ""}, customer=FRENCH_NUMBER, said=case(C.CONSTRUCTION)),
    "prefix": Refused("settings.invoice_prefix", settings={"invoice_prefix": "f."}),
    "buyer_address": Refused("customer.address1", row={"city": ""}),
    "business_without_siren": Refused("customer.siren", row={"siren": ""}),
    "public_without_siren": Refused("customer.siren", row={"siren": "", "kind": CustomerKind.PUBLIC}),
    "future_date": Refused("document.issue_date", said={"issue_date": TODAY + timedelta(days=1)}),
    "old_date": Refused("document.issue_date", said={"issue_date": TODAY - timedelta(days=21)}),
    "closed_period": Refused(
        "document.issue_date", said={"issue_date": date(2026, 10, 31)}, before=close_october),
    "date_before_last": Refused(
        "document.issue_date", said={"issue_date": TODAY - timedelta(days=1)}, before=issue_one),
    "due_before_date": Refused("document.due_date", said={"due_date": TODAY - timedelta(days=1)}),
    "terms_too_long": Refused("document.due_date", said={"due_date": TODAY + timedelta(days=90)}),
    "period_without_start": Refused("document.period_start", said={"period_end": TODAY}),
    "period_backwards": Refused(
        "document.period_end", draft={"period_start": TODAY, "period_end": TODAY - timedelta(days=1)}),
    "no_lines": Refused(
        "document.lines", lines=(HEADING,)),
    "negative_total": Refused("document.lines", lines=(make_line("-1"),)),
    "discount_above_total": Refused("document.discount_cents", said={"discount_cents": 10_001}),
    "standard_under_franchise": Refused(
        "document.vat_case", settings={"vat_case": C.FRANCHISE}, said=case(C.STANDARD)),
    "franchise_without_franchise": Refused("settings.vat_case", said=case(C.FRANCHISE)),
    "construction_for_individual": Refused("document.vat_case", customer=INDIVIDUAL, said=case(C.CONSTRUCTION)),
    "construction_without_buyer_number": Refused("customer.vat_number", said=case(C.CONSTRUCTION)),
    "intra_eu_for_individual": Refused(
        "document.vat_case", customer={**INDIVIDUAL, "country": "DE", "postcode": "10115"}, said=case(C.INTRA_EU)),
    "intra_eu_in_france": Refused(
        "customer.country", row={"vat_number": "DE136695976"}, said=case(C.INTRA_EU)),
    "intra_eu_beyond": Refused(
        "customer.country", customer=SWISS, row={"vat_number": "DE136695976"}, said=case(C.INTRA_EU)),
    "intra_eu_without_buyer_number": Refused(
        "customer.vat_number", customer={**GERMAN, "vat_number": ""}, said=case(C.INTRA_EU)),
    "intra_eu_french_number": Refused(
        "customer.vat_number", customer=GERMAN, row=FRENCH_NUMBER, said=case(C.INTRA_EU)),
    "intra_eu_goods_stay": Refused(
        "document.delivers_to", lines=(GOODS,), customer=GERMAN, said=case(C.INTRA_EU, delivery=IN_LYON)),
    "export_to_france": Refused("document.delivers_to", lines=(GOODS,), said=case(C.EXPORT)),
    "export_inside_eu": Refused("customer.country", lines=(GOODS,), customer=GERMAN, said=case(C.EXPORT)),
    "export_of_services": Refused("document.vat_case", customer=SWISS, said=case(C.EXPORT)),
    "outside_scope_in_eu": Refused("customer.country", customer=GERMAN, said=case(C.OUTSIDE_SCOPE)),
    "outside_scope_individual": Refused("document.vat_case", customer=PRIVATE_SWISS, said=case(C.OUTSIDE_SCOPE)),
    "outside_scope_goods": Refused(
        "document.vat_case", lines=(GOODS,), customer=SWISS, said=case(C.OUTSIDE_SCOPE)),
    "outside_scope_mixed": Refused(
        "document.lines", lines=(make_line(), make_line(vat_ground=TRAINING)), customer=SWISS,
        said=case(C.OUTSIDE_SCOPE)),
    "exempt_without_ground": Refused("document.vat_case", said=case(C.EXEMPT)),
    "wrong_ground": Refused(
        "document.vat_case", customer=FRENCH_NUMBER, said=case(C.CONSTRUCTION),
        draft={"vat_ground": TRAINING}),
    "zero_without_ground": Refused("document.lines-1-vat_rate", lines=(make_line(), ZERO)),
    "two_grounds": Refused(
        "document.lines", lines=(make_line(vat_ground=TRAINING), make_line(vat_ground=BANKING), make_line())),
    "unknown_line_ground": Refused("document.lines-0-vat_ground", line={"vat_ground": "VATEX-EU-G"}),
    "outdated_rate": Refused("document.lines-0-vat_rate", line={"vat_rate": 1960}),
    "wrong_sales_account": Refused("document.lines-0-sales_account", line={"sales_account": "512000"}),
    "seller_siret": Refused("company.siret", company={"siret": "40483304800022"}),
    "seller_einvoice_address": Refused(
        "settings.einvoice_address", settings={"einvoice_address": "732829320 COMPTA"}),
    "seller_iban": Refused("company.iban", company={"iban": "FR7630006000011234567890188"}),
    "buyer_siret": Refused("customer.siret", row={"siret": "73282932000074"}),
    "buyer_einvoice_address": Refused("customer.einvoice_address", row={"einvoice_address": "732829320_ACHATS"}),
    "buyer_vat_prefix": Refused("customer.vat_number", customer=SWISS, row={"vat_number": "123456789"}),
    "buyer_country": Refused("customer.country", customer={**SWISS, "country": "XK"}),
    "delivery_country": Refused(
        "document.delivers_to", said={"delivery": Address("Dépôt", "1 rue X", "", "", "Pristina", "XK")}),
    "unknown_unit": Refused("document.lines-0-unit", line={"unit": "XXX"}),
    "empty_label": Refused("document.lines-0-label", line={"label": " "}),
    "tiny_rate": Refused(
        "document.lines-0-vat_rate", lines=(make_line(price="1000", rate="0.49"),), before=add_tiny_rate),
    "other_century": Refused("document.supply_date", draft={"supply_date": date(1999, 12, 31)}),
}  # fmt: skip


def set_on(row: object, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    db.session.flush()


def draft_of(refused: Refused, company: Company) -> Document:
    settings = db.session.query(InvoicingSettings).one_or_none() or InvoicingSettings()
    db.session.add(settings)
    set_on(settings, refused.settings)
    set_on(company, refused.company)
    customer = make_customer(**refused.customer)
    said: dict[str, Any] = {"issue_date": TODAY, **refused.said}
    if "due_date" in said:
        # A form would refuse it already.
        due = said.pop("due_date")
        draft = make_draft(*refused.lines, customer=customer, **said)
        draft.due_date = due
    else:
        draft = make_draft(*refused.lines, customer=customer, **said)
    set_on(draft, refused.draft)
    set_on(draft.lines[0], refused.line)
    set_on(customer, refused.row)
    return draft


@pytest.mark.parametrize("key", REFUSALS)
def test_it_is_refused_with_its_place_and_field(company, key):
    refused = REFUSALS[key]
    with transaction():
        if refused.before is not None:
            refused.before()
        document_id = draft_of(refused, company).id
    with pytest.raises(NotIssuableError) as caught, transaction():
        issue_invoice(document_id, today=TODAY)
    assert [f"{problem.place.value}.{problem.field}" for problem in caught.value.problems] == [refused.where]
    assert all(str(problem.message).strip() for problem in caught.value.problems)
    document = db.session.get_one(Document, document_id)
    assert (document.number, document.issued_at) == (None, None)


def test_every_refusal_is_documented_with_its_place():
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\| (\w+) · ([\w-]+) \|", DOCUMENTED.read_text(), re.MULTILINE)
    documented = {key: f"{place}.{where}" for key, place, where in rows}
    tested = {key: re.sub(r"lines-\d", "lines-N", refused.where) for key, refused in REFUSALS.items()}
    assert documented == tested


def test_every_refusal_between_documents_names_a_test_there_is():
    named = re.findall(r"^\| .+ \| `(test_\w+)` \|$", DOCUMENTED.read_text(), re.MULTILINE)
    tests = "".join(path.read_text() for path in Path(__file__).parents[1].rglob("test_*.py"))
    assert named
    assert [name for name in named if f"def {name}(" not in tests] == []
