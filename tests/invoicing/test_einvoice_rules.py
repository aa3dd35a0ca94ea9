"""The e-invoices of all kinds, cases of VAT, customers and ways of pricing, against the official rules and the books.

A sample of each case in the short run, all of them in `make test-long`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from io import BytesIO
from itertools import product
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from accounting.models import Account, EntryLine, JournalEntry
from core.database import db, transaction
from core.files import read_bytes
from core.money import format_cents
from core.seal import verify_chain
from demo.sample_documents import FITS, Sample, SampleCustomer, SampleKind, all_samples, make_sample
from invoicing.company_input import add_vat_rate
from invoicing.credit_amounts import CreditChoice
from invoicing.credit_invoice import credit_invoice
from invoicing.einvoice_xml import xml_of
from invoicing.errors import NotIssuableError
from invoicing.facturx_library import (
    EN16931_RULES,
    FRENCH_RULES,
    binds_france,
    generated_xml,
    invoice_of_file,
    schema_faults,
)
from invoicing.facturx_rules import broken_rules
from invoicing.models import Document, EinvoiceRules
from invoicing.render_pdf import ensure_pdf
from invoicing.vat import counts
from invoicing.vat_categories import VatCase
from tests._profiles import LONG
from tests.factories.invoicing import issue, make_line
from tests.invoicing.einvoices import cents, terms_of_xml

DAY = date(2026, 11, 20)
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " "})
_KINDS, _PRICES = [kind for kind in SampleKind if kind.has_einvoice], (False, True)


def samples_of(vat_case: VatCase) -> Iterator[Sample]:
    """All of a case; in the short run one per customer, the kinds and ways of pricing in turn."""
    for turn, customer in enumerate(sorted(FITS[vat_case])):
        every = list(product(_KINDS, _PRICES))
        # 7 and 10 have no divisor in common: over the cases each pair has its turn.
        chosen = every if LONG else [every[(7 * turn + 3 * list(VatCase).index(vat_case)) % len(every)]]
        for kind, gross in chosen:
            yield Sample(kind, vat_case, customer, "en" if turn % 2 else "fr", prices_include_vat=gross)


@pytest.mark.timeout(600)  # in the long run
@pytest.mark.parametrize("vat_case", VatCase)
def test_every_einvoice_keeps_the_rules_that_bind_it_and_says_what_the_books_say(company, vat_case):
    wrong = []
    for turn, sample in enumerate(samples_of(vat_case)):
        document_id = make_sample(sample, DAY)
        # To draw takes longer than all rules together: one of each case in the short run.
        faults = [*faults_of(document_id), *(unprinted(document_id) if LONG or not turn else ())]
        wrong += [f"{sample.name}, VAT included: {sample.prices_include_vat}: {fault}" for fault in faults]
    assert not wrong, "\n".join(wrong)
    assert list(verify_chain(company.id)) == []


def faults_of(document_id: int) -> Iterator[str]:
    document, stored = db.session.get_one(Document, document_id), xml_of(document_id)
    assert stored is not None
    xml = stored.content.encode()
    yield from schema_faults(xml)
    yield from (f"{rule.code}: {rule.sentence}" for rule in broken_rules(xml, EN16931_RULES))
    is_french = stored.rules is EinvoiceRules.FRENCH
    if is_french:
        yield from (f"{rule.code}: {rule.sentence}" for rule in broken_rules(xml, FRENCH_RULES))
    if binds_france(xml) != is_french:
        yield "the file tells other rules than those it was checked against"
    terms = terms_of_xml(xml)
    yield from (
        f"{name}: {found} instead of {wanted}"
        for name, found, wanted in _amounts(document, terms)
        if found != wanted
    )
    if generated_xml(terms) != xml:
        yield "read back and written again it is another file"


def unprinted(document_id: int) -> Iterator[str]:
    """Amounts of the e-invoice in the PDF that cannot be read on its pages."""
    pdf = read_bytes(ensure_pdf(document_id).stored_file.sha256)
    pages = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    text = " ".join(pages.translate(_SPACES).split())
    terms, language = terms_of_xml(invoice_of_file(pdf)), db.session.get_one(Document, document_id).language
    told = [terms[name] for name in ("BT-109", "BT-110", "BT-115")] + [
        row["BT-116"] for row in terms["BG-23"]
    ]
    for amount in told:
        printed = format_cents(cents(amount), language, currency=False).translate(_SPACES)
        if printed not in text:
            yield f"{printed} is not on the pages"


def _amounts(document: Document, terms: dict[str, Any]) -> Iterator[tuple[str, object, object]]:
    """What the e-invoice says beside what the document's rows and the ledger say; cents."""
    yield "net", cents(terms["BT-109"]), document.net_cents
    yield "VAT", cents(terms["BT-110"]), document.vat_cents
    yield "rounding", cents(terms.get("BT-114", "0")), document.rounding_cents
    yield "due", cents(terms["BT-115"]), document.total_cents
    yield (
        "lines",
        [cents(line["BT-131"]) for line in terms["BG-25"]],
        [line.net_cents for line in document.lines if counts(line)],
    )
    by_rate: dict[tuple[str, int], list[int]] = {}
    for row in document.vat_lines:
        sums = by_rate.setdefault((row.category.value, row.rate), [0, 0])
        sums[0], sums[1] = sums[0] + row.net_cents, sums[1] + row.vat_cents
    told = {(row["BT-118"], cents(row.get("BT-119", "0"))): row for row in terms["BG-23"]}
    yield (
        "breakdown",
        {key: [cents(row["BT-116"]), cents(row["BT-117"])] for key, row in told.items()},
        by_rate,
    )
    entry = db.session.scalars(
        select(JournalEntry).filter_by(source_kind="document", source_id=document.id)
    ).one()
    customers = db.session.execute(
        select(EntryLine.debit_cents, EntryLine.credit_cents)
        .join(Account, Account.id == EntryLine.account_id)
        .where(EntryLine.entry_id == entry.id, Account.number.startswith("411"))
    )
    yield "ledger", cents(terms["BT-115"]), sum(max(row) for row in customers)


def test_whom_a_case_does_not_fit_the_gate_refuses(company):
    taken = set()
    for vat_case, customer in product(VatCase, SampleCustomer):
        if customer not in FITS[vat_case]:
            with pytest.raises(NotIssuableError):
                make_sample(Sample(SampleKind.INVOICE, vat_case, customer), DAY)
        else:
            taken.add((vat_case, customer))
    names = [sample.name for sample in all_samples()]
    assert len(names) == len(set(names)) == len(taken) * len(SampleKind) * 2


def test_credit_notes_share_out_the_vat_of_an_invoice_to_the_cent(company):
    """Ten notes of a tenth each: the last takes the cents of VAT that rounding left, and stays within the rules."""
    with transaction():
        invoice = issue(make_line("10", "0.12"), make_line("10", "0.13", "5.5"), today=DAY)
        invoice_id, lines = invoice.id, [line.position for line in invoice.lines]
    vat, note_id = 0, 0
    for _ in range(10):
        with transaction():
            choice = CreditChoice(quantities=dict.fromkeys(lines, 10_000))
            note_id = credit_invoice(invoice_id, reason="Retour", choice=choice, today=DAY).id
        assert list(faults_of(note_id)) == []
        vat += db.session.get_one(Document, note_id).vat_cents
    assert vat == db.session.get_one(Document, invoice_id).vat_cents
    last = db.session.get_one(Document, note_id)
    assert [(row.net_cents, row.vat_cents) for row in last.vat_lines] == [(12, 6), (13, 0)]


def test_a_credit_of_an_amount_and_the_rest_of_a_discounted_invoice_keep_the_rules(company):
    for gross in (False, True):
        with transaction():
            invoice_id = issue(
                make_line("3", "33.33", discount="7"), make_line("1", "80", "10", goods=True), make_line("-1", "5"),
                today=DAY, discount_cents=1_001, prices_include_vat=gross,
            ).id  # fmt: skip
        with transaction():
            choice = CreditChoice(amounts={0: 1_234, 1: 999})
            part_id = credit_invoice(invoice_id, reason="Geste", choice=choice, today=DAY).id
        with transaction():
            rest_id = credit_invoice(invoice_id, reason="Solde", today=DAY).id
        assert [fault for id_ in (invoice_id, part_id, rest_id) for fault in faults_of(id_)] == []


def test_a_rate_of_the_companys_own_keeps_the_rules_of_europe(company):
    with transaction():
        for rate in (50, 600, 2100, 10_000):
            add_vat_rate(rate)
    with transaction():
        document = issue(*(make_line("3", "33.33", rate) for rate in ("0.5", "6", "21", "100")), today=DAY)
    assert list(faults_of(document.id)) == []
