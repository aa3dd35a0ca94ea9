"""What the settings page says about the company and how it invoices: checked, saved, and logged with what changed."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, select
from stdnum import bic, iban
from stdnum.fr import siren as fr_siren
from stdnum.fr import siret as fr_siret

from core.colours import DEFAULT as DEFAULT_COLOUR
from core.database import db, lock
from core.event_log import record_event
from core.models import LARGEST_CAPITAL_CENTS, Company
from core.tenancy import current_company_id
from core.versions import count_save
from invoicing.customer_input import LONGEST_BUSINESS_TERMS_DAYS, checked_phone, is_french_vat_number
from invoicing.errors import NotFoundError
from invoicing.input_checks import FieldErrors, clean_text
from invoicing.lifecycle import DocumentState
from invoicing.locked_rows import locked_row
from invoicing.models import Document, InvoicingSettings, VatRate
from invoicing.numbering import is_prefix
from invoicing.settings import UNSAVED
from invoicing.vat_categories import VatCase
from invoicing.vat_checks import check_treatment

MOST_BACKDATING_DAYS = 90
LONGEST_MENTION = 500
LARGEST_RATE = 10_000
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_BANK = ("iban", "bic")
_EINVOICE_ADDRESS = re.compile(r"[A-Za-z0-9._-]{1,125}")


@dataclass(frozen=True)
class CompanyInput:
    """The company as typed; the capital is in cents, None where the form has none."""

    name: str
    siren: str
    address1: str
    postcode: str
    city: str
    legal_form: str = ""
    share_capital_cents: int | None = None
    siret: str = ""
    vat_number: str = ""
    registration: str = ""
    address2: str = ""
    email: str = ""
    phone: str = ""
    website: str = ""
    iban: str = ""
    bic: str = ""
    colour: str = DEFAULT_COLOUR
    legal_notice: str = ""


MOST_DISCOUNT_RATE = 2000
DEFAULT_EARLY_MONTHS, MOST_EARLY_MONTHS = 12, 120
MOST_DIFFERENCE_CENTS = 50_00
"""Beyond these a slip of the keyboard is likelier than a wish."""


@dataclass(frozen=True)
class InvoicingInput:
    """How the company invoices, as typed."""

    invoice_prefix: str
    credit_note_prefix: str
    payment_terms_days: int
    backdating_days: int
    late_penalty: str = ""
    discount_terms: str = ""
    discount_rate: int = 0
    discount_days: int = 0
    difference_limit_cents: int = 100
    early_payment_months: int = DEFAULT_EARLY_MONTHS
    vat_case: VatCase = VatCase.STANDARD
    vat_ground: str = ""
    mediator: str = ""
    insurance: str = ""
    einvoice_address: str = ""


def save_company(given: CompanyInput, *, version: int | None = None, actor_id: int | None = None) -> Company:
    """Change the company entered; documents already issued keep what they said.

    Args:
        given: what was typed.
        version: the version the person's page showed; None for what comes from no page.
        actor_id: who does it.

    Raises:
        OutdatedError: the company was saved since that version, and says something else.
        InvalidInputError: naming every field that is wrong.
    """
    company = lock(select(Company).where(Company.id == current_company_id()))
    assert company is not None, "the company entered exists"
    checked = _checked_company(given, company)
    _write("settings.company", company, checked, version, actor_id)
    return company


def _checked_company(given: CompanyInput, company: Company) -> CompanyInput:
    errors = FieldErrors()
    required = _l("Please fill this in: it stands on every invoice.")
    siren = _checked_siren(errors, given.siren, company)
    capital = given.share_capital_cents
    if capital is not None and not 0 <= capital <= LARGEST_CAPITAL_CENTS:
        errors.add("share_capital_cents", _l("This is not a share capital."))
    checked = replace(
        given,
        name=errors.text("name", given.name, 255, required=required),
        siren=siren,
        siret=_checked_siret(errors, given.siret, siren),
        vat_number=_checked_vat_number(errors, given.vat_number, siren),
        legal_form=errors.text("legal_form", given.legal_form, 60),
        registration=errors.text("registration", given.registration, 120),
        address1=errors.text("address1", given.address1, 255, required=required),
        address2=errors.text("address2", given.address2, 255),
        postcode=_checked_postcode(errors, given.postcode),
        city=errors.text("city", given.city, 100, required=required),
        email=errors.email("email", given.email),
        phone=checked_phone(errors, "phone", given.phone, "FR"),
        website=errors.text("website", given.website, 255),
        iban=_checked_iban(errors, given.iban),
        bic=_checked_bic(errors, given.bic),
        colour=_checked_colour(errors, given.colour),
        legal_notice=errors.text("legal_notice", given.legal_notice, 2000, lines=True),
    )
    errors.raise_if_any()
    return checked


def _checked_siren(errors: FieldErrors, value: str, company: Company) -> str:
    number = fr_siren.compact(clean_text(value))
    if number == company.siren:
        return number
    taken = exists().where(Company.siren == number, Company.id != company.id)
    if not fr_siren.is_valid(number):
        errors.add("siren", _l("A SIREN has 9 digits (the first 9 of the SIRET); one of these is wrong."))
    elif db.session.scalar(select(exists().where(Document.state == DocumentState.ISSUED))):
        # The number identifies whoever issued those invoices, in the seal and in the books.
        errors.add("siren", _l("Invoices have been issued under this SIREN: another one is another company."))
    elif db.session.scalar(select(taken)):
        errors.add("siren", _l("Another company here has this SIREN."))
    return number


def _checked_siret(errors: FieldErrors, value: str, siren: str) -> str:
    number = fr_siret.compact(clean_text(value))
    if number and not (fr_siret.is_valid(number) and number.startswith(siren)):
        errors.add("siret", _l("A SIRET has 14 digits and begins with the SIREN."))
    return number


def _checked_vat_number(errors: FieldErrors, value: str, siren: str) -> str:
    number = "".join(clean_text(value).upper().split())
    if number and not is_french_vat_number(number, siren):
        errors.add(
            "vat_number",
            _l("This is not the VAT number of this SIREN. It is FR, two characters, then the SIREN."),
        )
    return number


def _checked_postcode(errors: FieldErrors, value: str) -> str:
    postcode = clean_text(value)
    if not (len(postcode) == 5 and postcode.isdecimal() and postcode.isascii()):
        errors.add("postcode", _l("A French postcode has 5 digits."))
    return postcode


def _checked_iban(errors: FieldErrors, value: str) -> str:
    number = iban.compact(clean_text(value))
    if number and not iban.is_valid(number):
        errors.add("iban", _l("This IBAN is wrong: check each character against your bank’s statement."))
    return number


def _checked_bic(errors: FieldErrors, value: str) -> str:
    code = bic.compact(clean_text(value))
    if code and not bic.is_valid(code):
        errors.add("bic", _l("A BIC has 8 or 11 characters."))
    return code


def _checked_colour(errors: FieldErrors, value: str) -> str:
    colour = clean_text(value)
    if not _COLOUR.fullmatch(colour):
        errors.add("colour", _l("Choose a colour: # and six digits from 0 to f."))
    return colour.lower()


def save_invoicing_settings(
    given: InvoicingInput, *, version: int | None = None, actor_id: int | None = None
) -> InvoicingSettings:
    """Change how the company entered invoices; it holds for documents issued from now on.

    Args:
        given: what was typed.
        version: the version the person's page showed; None for what comes from no page.
        actor_id: who does it.

    Raises:
        OutdatedError: the settings were saved since that version, and say something else.
        InvalidInputError: naming every field that is wrong.
    """
    checked = _checked_invoicing(given)
    settings = lock(select(InvoicingSettings))
    if settings is None:
        settings = InvoicingSettings(version=UNSAVED)
        db.session.add(settings)
    _write("settings.invoicing", settings, checked, version, actor_id)
    return settings


def _checked_invoicing(given: InvoicingInput) -> InvoicingInput:
    errors = FieldErrors()
    invoice_prefix = _checked_prefix(errors, "invoice_prefix", given.invoice_prefix)
    credit_note_prefix = _checked_prefix(errors, "credit_note_prefix", given.credit_note_prefix)
    if invoice_prefix == credit_note_prefix:
        errors.add("credit_note_prefix", _l("Credit notes need a prefix of their own."))
    for name, most in (
        ("payment_terms_days", LONGEST_BUSINESS_TERMS_DAYS),
        ("backdating_days", MOST_BACKDATING_DAYS),
    ):
        if not 0 <= getattr(given, name) <= most:
            errors.add(name, _l("Give a number of days between 0 and %(most)d.", most=most))
    if not 0 <= given.discount_rate <= MOST_DISCOUNT_RATE:
        errors.add("discount_rate", _l("Give a rate between 0 and 20 %."))
    if not 0 <= given.discount_days <= LONGEST_BUSINESS_TERMS_DAYS:
        errors.add(
            "discount_days",
            _l("Give a number of days between 0 and %(most)d.", most=LONGEST_BUSINESS_TERMS_DAYS),
        )
    if not 0 <= given.difference_limit_cents <= MOST_DIFFERENCE_CENTS:
        errors.add("difference_limit_cents", _l("Give an amount between 0 and 50 €."))
    if not 0 <= given.early_payment_months <= MOST_EARLY_MONTHS:
        errors.add(
            "early_payment_months",
            _l("Give a number of months between 0 and %(most)d.", most=MOST_EARLY_MONTHS),
        )
    check_treatment(errors, given.vat_case, given.vat_ground)
    checked = replace(
        given,
        invoice_prefix=invoice_prefix,
        credit_note_prefix=credit_note_prefix,
        late_penalty=errors.text("late_penalty", given.late_penalty, 200),
        discount_terms=errors.text("discount_terms", given.discount_terms, 200),
        mediator=errors.text("mediator", given.mediator, LONGEST_MENTION),
        insurance=errors.text("insurance", given.insurance, LONGEST_MENTION),
        einvoice_address=_checked_einvoice_address(errors, given.einvoice_address),
    )
    errors.raise_if_any()
    return checked


def _checked_einvoice_address(errors: FieldErrors, value: str) -> str:
    address = clean_text(value)
    if address and not _EINVOICE_ADDRESS.fullmatch(address):
        errors.add(
            "einvoice_address", _l("Only letters, digits, hyphens, underscores and dots, at most 125.")
        )
    return address


def _checked_prefix(errors: FieldErrors, field: str, value: str) -> str:
    prefix = clean_text(value).upper()
    if not is_prefix(prefix):
        errors.add(field, _l("1 to 10 capitals, digits or - / _ + are allowed."))
    return prefix


def add_vat_rate(
    rate: int, valid_from: date | None = None, valid_to: date | None = None, *, actor_id: int | None = None
) -> VatRate:
    """Add a rate (1/100 %) of the company's own, or change the dates of one it has.

    Raises:
        InvalidInputError: on `rate`, `valid_from` or `valid_to`.
    """
    errors = FieldErrors()
    if not 0 <= rate <= LARGEST_RATE:
        errors.add("rate", _l("A rate lies between 0 and 100 %%."))
    errors.day("valid_from", valid_from)
    errors.day("valid_to", valid_to)
    if valid_from and valid_to and valid_to < valid_from:
        errors.add("valid_to", _l("The last day cannot lie before the first."))
    errors.raise_if_any()
    row = locked_row(VatRate, rate=rate)  # two first additions at once make one row
    row.valid_from, row.valid_to = valid_from, valid_to
    db.session.flush()
    record_event(
        "settings.vat_rate_added",
        actor_id=actor_id,
        rate=rate,
        valid_from=_text(valid_from),
        valid_to=_text(valid_to),
    )
    return row


def remove_vat_rate(rate_id: int, *, actor_id: int | None = None) -> None:
    """Offer a rate of the company's own no longer; issued documents keep it.

    Raises:
        NotFoundError: the company has no such rate (any more).
    """
    row = lock(select(VatRate).where(VatRate.id == rate_id))
    if row is None:
        raise NotFoundError
    record_event("settings.vat_rate_removed", actor_id=actor_id, rate=row.rate)
    db.session.delete(row)
    db.session.flush()


def _write(
    kind: str, row: Company | InvoicingSettings, checked: Any, version: int | None, actor_id: int | None
) -> None:
    """Put the checked values onto the row and log what changed, if anything did."""
    changed: dict[str, list[str]] = {}
    for field in fields(checked):
        before, after = getattr(row, field.name), getattr(checked, field.name)
        if before != after:
            changed[field.name] = [_logged(field.name, before), _logged(field.name, after)]
            setattr(row, field.name, after)
    if changed:
        count_save(row, version)
    db.session.flush()
    if changed:
        record_event(kind, actor_id=actor_id, changed=changed)


def _logged(name: str, value: object) -> str:
    """A value for the log; of bank details only the end, enough to tell two apart."""
    text = _text(value)
    return f"…{text[-4:]}" if name in _BANK and text else text


def _text(value: object) -> str:
    return "" if value is None else str(value)
