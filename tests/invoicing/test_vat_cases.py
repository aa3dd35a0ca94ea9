"""The cases of VAT: their dated wordings, and every case with every kind of customer through issue, books and seal."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from accounting.errors import AccountingError
from accounting.ledger_checks import check_ledger
from accounting.models import Account, AccountingSettings, JournalEntry
from accounting.roles import AccountRole
from accounting.settings.assign_account import assign_account
from core.database import db, transaction
from core.seal import verify_chain
from invoicing.credit_invoice import credit_invoice
from invoicing.draft_input import LineInput
from invoicing.errors import NotIssuableError
from invoicing.issue_invoice import issue_invoice
from invoicing.legal_mentions import MentionCode, read_mentions
from invoicing.models import Customer, CustomerKind, Document, InvoicingSettings
from invoicing.parties import Address
from invoicing.vat_cases import (
    CIBS_FROM,
    EXEMPTIONS,
    GROUNDS,
    LAST_CGI_DAY,
    Ground,
    charged_rate,
    eu_countries,
)
from invoicing.vat_categories import VatCase, VatCategory
from tests.accounting.scheme import lines as scheme_of
from tests.accounting.scheme import written
from tests.factories.invoicing import INDIVIDUAL, issue, make_customer, make_draft, make_line

ABROAD = {"siren": "", "postcode": "10115", "city": "Ailleurs"}
CUSTOMERS: dict[str, dict[str, Any]] = {
    "french business": {"vat_number": "FR83404833048"},
    "french individual": INDIVIDUAL,
    "public body": {},
    "german business": {**ABROAD, "country": "DE", "vat_number": "DE136695976"},
    "german individual": {**INDIVIDUAL, **ABROAD, "country": "DE"},
    "swiss business": {**ABROAD, "country": "CH"},
    "swiss individual": {**INDIVIDUAL, **ABROAD, "country": "CH"},
}
EVERYBODY = frozenset(CUSTOMERS)
SERVICE, GOODS = make_line(), make_line(price="50", goods=True)
TRAINING = "CGI261-4-4"


class Story:
    """One case: what is sold, who may buy it, the entry (D 411 first) and the words that are printed."""

    def __init__(self, entry: str, words: str, fits: frozenset[str], *sold: LineInput, **said: Any) -> None:
        self.entry, self.words, self.fits, self.sold, self.said = scheme_of(entry), words, fits, sold, said


STORIES: dict[VatCase, Story] = {
    VatCase.STANDARD: Story(
        "D 411000 {c} 180,00\nC 707000 50,00\nC 706000 100,00\nC 445740 20,00\nC 445711 10,00",
        "", EVERYBODY, SERVICE, GOODS),
    VatCase.FRANCHISE: Story(
        "D 411000 {c} 150,00\nC 707000 50,00\nC 706000 100,00",
        "TVA non applicable, art. 293 B du CGI.", EVERYBODY, SERVICE, GOODS),
    VatCase.CONSTRUCTION: Story(
        "D 411000 {c} 150,00\nC 706200 50,00\nC 706200 100,00",
        "Autoliquidation (art. 283-2 nonies du CGI).",
        frozenset({"french business", "german business"}), SERVICE, GOODS),
    VatCase.INTRA_EU: Story(
        "D 411000 {c} 150,00\nC 706300 100,00\nC 707300 50,00",
        "Autoliquidation – art. 283-2 et 259-1 du CGI, art. 196 de la directive 2006/112/CE."
        " Exonération de TVA, art. 262 ter I du CGI.",
        frozenset({"german business"}), SERVICE, GOODS),
    VatCase.EXPORT: Story(
        "D 411000 {c} 50,00\nC 707400 50,00",
        "Exonération de TVA, art. 262 I du CGI.", frozenset({"swiss business", "swiss individual"}), GOODS),
    VatCase.EXEMPT: Story(
        "D 411000 {c} 150,00\nC 707100 50,00\nC 706100 100,00",
        "Exonération de TVA, art. 261, 4-4° du CGI.", EVERYBODY, SERVICE, GOODS, vat_ground=TRAINING),
    VatCase.OUTSIDE_SCOPE: Story(
        "D 411000 {c} 100,00\nC 706400 100,00",
        "TVA non applicable, art. 259-1 du CGI.", frozenset({"swiss business"}), SERVICE),
}  # fmt: skip


@pytest.fixture(scope="module")
def day() -> date:
    return date(2026, 11, 20)


def choose(vat_case: VatCase, **more: Any) -> None:
    settings = db.session.query(InvoicingSettings).one_or_none() or InvoicingSettings()
    settings.vat_case = vat_case
    for name, value in more.items():
        setattr(settings, name, value)
    db.session.add(settings)
    db.session.flush()


def customer_of(name: str) -> Customer:
    customer = make_customer(**CUSTOMERS[name])
    if name == "public body":
        customer.kind = CustomerKind.PUBLIC
        db.session.flush()
    return customer


def tell(vat_case: VatCase, name: str, day: date) -> Document:
    story = STORIES[vat_case]
    choose(VatCase.FRANCHISE if vat_case is VatCase.FRANCHISE else VatCase.STANDARD)
    said: dict[str, Any] = {"vat_case": vat_case, "language": "fr", "prices_include_vat": False, **story.said}
    return issue(*story.sold, customer=customer_of(name), today=day, **said)


def check_told(document: Document, vat_case: VatCase) -> None:
    entry = db.session.query(JournalEntry).filter_by(source_id=document.id).one()
    story = STORIES[vat_case]
    buyer = db.session.get_one(Customer, document.customer_id)
    assert written(entry) == story.entry.format(c=buyer.number)
    reasons = [m.text for m in read_mentions(document.mentions) if m.code is MentionCode.VAT_REASON]
    assert " ".join(reasons) == story.words


@pytest.mark.parametrize("vat_case", VatCase)
def test_every_case_with_every_kind_of_customer(company, day, vat_case):
    told = set()
    for name in CUSTOMERS:
        try:
            with transaction():
                document_id = tell(vat_case, name, day).id
        except NotIssuableError:
            continue
        check_told(db.session.get_one(Document, document_id), vat_case)
        told.add(name)
    assert told == STORIES[vat_case].fits
    assert check_ledger() == []
    assert list(verify_chain(company.id)) == []


def test_each_case_and_its_credit_note_on_both_databases(each_company, day):
    for vat_case, story in STORIES.items():
        with transaction():
            document_id = tell(vat_case, min(story.fits), day).id
        check_told(db.session.get_one(Document, document_id), vat_case)
        with transaction():
            note = credit_invoice(document_id, reason="Erreur", today=day)
            note_id = note.id
        entry = written(db.session.query(JournalEntry).filter_by(source_id=note_id).one()).splitlines()
        turned = {"D": "C", "C": "D"}
        expected = [
            turned[line[0]] + line[1:]
            for line in story.entry.splitlines()
            if line.split()[1].startswith("70")
        ]
        assert sorted(line for line in entry if line.split()[1].startswith("70")) == sorted(expected)
        printed = read_mentions(db.session.get_one(Document, note_id).mentions)
        assert " ".join(m.text for m in printed if m.code is MentionCode.VAT_REASON) == story.words
    assert check_ledger() == []
    assert list(verify_chain(each_company.id)) == []


def test_a_disbursement_stands_beside_taxed_lines_and_is_no_income(company, day):
    with transaction():
        document = issue(
            SERVICE, make_line(price="37", label="Timbre fiscal", vat_ground="VATEX-EU-79-C"), today=day
        )
        document_id = document.id
    document = db.session.get_one(Document, document_id)
    assert (document.net_cents, document.vat_cents) == (13700, 2000)
    assert written(db.session.query(JournalEntry).one()) == scheme_of("""
        D 411000 C00001 157,00
        C 706000 100,00
        C 467100 37,00
        C 445740 20,00
    """)
    words = [m.text for m in read_mentions(document.mentions) if m.code is MentionCode.VAT_REASON]
    assert words == ["Débours non soumis à la TVA, art. 267 II-2° du CGI."]


def test_a_line_is_posted_on_the_account_it_names(each_company, day):
    for _ in range(2):  # the account is new the first time only
        with transaction():
            document_id = issue(make_line(sales_account="706123"), SERVICE, today=day).id
        entry = db.session.query(JournalEntry).filter_by(source_id=document_id).one()
        assert written(entry).splitlines()[1:3] == ["C 706000 100,00", "C 706123 100,00"]
    assert db.session.query(Account).filter_by(number="706123").count() == 1
    assert check_ledger() == []


def test_a_treatment_without_an_account_is_posted_on_the_role_that_stands_for_it(company, day):
    with transaction():
        assert assign_account(AccountRole.SALES_SERVICE_EXEMPT, "", "") is None
    with transaction():
        issue(SERVICE, today=day, vat_case=VatCase.EXEMPT, vat_ground=TRAINING)
    assert "C 706000 100,00" in written(db.session.query(JournalEntry).one())
    # The account of the kind is given up as well: that of all other sales is left, and stays.
    with transaction():
        assert assign_account(AccountRole.SALES_SERVICE, "", "") is None
    with pytest.raises(AccountingError), transaction():
        assign_account(AccountRole.SALES, "", "")
    with transaction():
        again = issue(SERVICE, today=day).id
    assert "C 700000 100,00" in written(db.session.query(JournalEntry).filter_by(source_id=again).one())


def test_the_case_comes_from_the_customer_else_from_the_company(company):
    with transaction():
        choose(VatCase.EXEMPT, vat_ground=TRAINING)
        plain, german = make_customer(), make_customer(**CUSTOMERS["german business"])
        german.vat_case = VatCase.INTRA_EU
        db.session.flush()
        drafts = [make_draft(SERVICE, customer=customer) for customer in (plain, german)]
        assert [(d.vat_case, d.vat_ground, d.vat_cents) for d in drafts] == [
            (VatCase.EXEMPT, TRAINING, 0), (VatCase.INTRA_EU, "", 0),
        ]  # fmt: skip
        chosen = make_draft(SERVICE, customer=german, vat_case=VatCase.STANDARD)
        assert (chosen.vat_case, chosen.vat_cents) == (VatCase.STANDARD, 2000)


def test_exported_goods_may_be_sold_to_a_french_customer_who_has_them_sent(company, day):
    geneva = Address("Entrepôt", "1 quai Inventé", "", "1204", "Genève", "CH")
    with transaction():
        assert issue(GOODS, today=day, vat_case=VatCase.EXPORT, delivery=geneva).vat_cents == 0


def test_a_compensation_is_outside_the_scope_for_anybody(company, day):
    with transaction():
        document = issue(SERVICE, today=day, vat_case=VatCase.OUTSIDE_SCOPE, vat_ground="O-NO-SALE")
        assert [row.category for row in document.vat_lines] == [VatCategory.OUTSIDE_SCOPE]


def test_the_option_for_debits_is_not_told_where_no_vat_is_charged(company, day):
    with transaction():
        db.session.query(AccountingSettings).one().vat_on_debits_from = day
        db.session.flush()
        taxed, exempt = (
            issue(SERVICE, today=day),
            issue(SERVICE, today=day, vat_case=VatCase.EXEMPT, vat_ground=TRAINING),
        )
        told = [
            MentionCode.VAT_ON_DEBITS in {m.code for m in read_mentions(d.mentions)} for d in (taxed, exempt)
        ]
    assert told == [True, False]


def test_mediator_and_insurance_are_told_to_those_they_concern(company, day):
    with transaction():
        choose(
            VatCase.STANDARD,
            mediator="Médiation Exemple, 1 rue X",
            insurance="Assureur Inventé, France",
            late_penalty="12 %",
        )
        texts = {
            name: {
                m.code: m.text for m in read_mentions(issue(customer=customer_of(name), today=day).mentions)
            }
            for name in ("french business", "french individual", "public body")
        }
    assert texts["french individual"][MentionCode.MEDIATOR] == (
        "Médiateur de la consommation\u00a0: Médiation Exemple, 1 rue X"
    )
    assert all(t[MentionCode.INSURANCE].endswith("Assureur Inventé, France") for t in texts.values())
    assert MentionCode.MEDIATOR not in texts["french business"]
    assert MentionCode.LATE_PENALTY not in texts["french individual"]
    assert texts["french business"][MentionCode.LATE_PENALTY].endswith("12 %")
    # The rate that public bodies owe is not for the company to choose.
    assert "8\u00a0points" in texts["public body"][MentionCode.LATE_PENALTY]
    assert MentionCode.RECOVERY_INDEMNITY in texts["public body"]


@pytest.mark.parametrize("ground", GROUNDS.values(), ids=lambda ground: ground.key)
def test_exactly_one_wording_of_each_ground_holds_on_any_day(ground: Ground):
    assert ground.reasons[0].valid_from is None
    assert ground.reasons[-1].valid_to is None
    for before, after in pairwise(ground.reasons):
        assert before.valid_to is not None
        assert after.valid_from == before.valid_to + timedelta(days=1)
    assert len(ground.key) <= 40, "what the column holds"
    assert "CGI" not in ground.reason_on(LAST_CGI_DAY + timedelta(days=1)).fr


def test_what_is_renumbered_is_printed_so_from_the_first_of_january_2027(company):
    before, after = CIBS_FROM - timedelta(days=1), CIBS_FROM
    with transaction():
        choose(VatCase.FRANCHISE)
        found = []
        for issued_on in (before, after):
            document = issue_invoice(
                make_draft(SERVICE, issue_date=issued_on, language="en").id, today=issued_on
            )
            found.append(
                next(m for m in read_mentions(document.mentions) if m.code is MentionCode.VAT_REASON)
            )
    assert [m.french for m in found] == [
        "TVA non applicable, art. 293 B du CGI.", "TVA non applicable, art. L. 223-3 du CIBS.",
    ]  # fmt: skip
    assert found[0].text == "VAT not applicable, art. 293 B of the French tax code (CGI)."


def test_no_rate_is_charged_where_the_case_or_the_line_says_so():
    assert charged_rate(VatCase.STANDARD, 2000, "") == 2000
    assert charged_rate(VatCase.STANDARD, 2000, EXEMPTIONS[0].key) == 0
    assert charged_rate(VatCase.FRANCHISE, 2000, "") == 0


def test_the_eu_is_its_other_twenty_six_states():
    assert len(eu_countries()) == 26
    assert {"GR", "IE", "DE"} <= eu_countries()
    assert not {"FR", "GB", "CH", "MC", "XI"} & eu_countries()
