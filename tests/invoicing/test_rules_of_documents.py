"""Small rules that need no invoice: prefixes, latest due dates, dated rates, cleaned text, the card processor."""

from __future__ import annotations

from datetime import date

import pytest

from core.database import db, transaction
from invoicing.gate import latest_due_date
from invoicing.input_checks import clean_text
from invoicing.legal_mentions import WORDINGS, MentionCode
from invoicing.models import VatRate
from invoicing.numbering import is_prefix
from invoicing.payment_link import card_payments, set_card_payments
from invoicing.units import UNITS, unit_name
from invoicing.vat_rates import FRENCH_RATES, allowed_rates, offered_rates


@pytest.mark.parametrize("text", ["F", "FA-2", "A/B_C+D", "X" * 10])
def test_a_prefix_holds_what_an_e_invoice_number_may_hold(text):
    assert is_prefix(text)


@pytest.mark.parametrize("text", ["", "f", "F ", "É", "F.", "X" * 11, "F\n", "<F>"])
def test_anything_else_is_no_prefix(text):
    assert not is_prefix(text)


def test_the_law_allows_sixty_days_or_forty_five_days_end_of_month():
    # 60 days would be 31 March; 45 days counted from the end of January lead to 17 March.
    assert latest_due_date(date(2026, 1, 30)) == date(2026, 3, 31)
    # End of March plus 45 days is later than 60 days.
    assert latest_due_date(date(2026, 3, 1)) == date(2026, 5, 15)
    assert latest_due_date(date(2026, 12, 10)) == date(2027, 2, 14)


def test_lists_offer_the_rates_of_the_mainland_and_the_companys_own(company):
    day = date(2026, 6, 1)
    assert offered_rates(day) == (2000, 1000, 550, 210, 0)
    with transaction():
        db.session.add_all([VatRate(rate=2100), VatRate(rate=600, valid_to=date(2026, 5, 31))])
    assert offered_rates(day) == (2100, 2000, 1000, 550, 210, 0)
    assert {850, 2100} <= allowed_rates(day)
    assert not {600, 1960} & allowed_rates(day)
    assert 1960 in allowed_rates(date(2013, 12, 31))


def test_the_french_table_is_that_of_the_e_invoice():
    assert {r.rate for r in FRENCH_RATES} == {
        0, 2000, 1000, 550, 210, 850, 1300, 105, 175, 90, 700, 920, 960, 1960, 2060,
    }  # fmt: skip


def test_every_mention_has_exactly_one_wording_for_any_day():
    for day in (date(2000, 1, 1), date(2026, 11, 22), date(2099, 12, 31)):
        # Why no VAT is charged has a table of its own (`vat_cases`), as has what says that an invoice was taken over.
        for code in set(MentionCode) - {MentionCode.VAT_REASON, MentionCode.TAKEN_OVER}:
            holding = [
                wording
                for wording in WORDINGS
                if wording.code is code
                and wording.buyer is None
                and (wording.valid_from is None or wording.valid_from <= day)
                and (wording.valid_to is None or day <= wording.valid_to)
            ]
            assert len(holding) == 1, code


def test_text_loses_what_no_pdf_or_database_takes():
    assert clean_text(" a\x00b\u0007\ud800 \ufffe c\r\nd\te ") == "ab  c d e"
    assert clean_text("a\r\nb\rc\x0b", lines=True) == "a\nb\nc"
    assert clean_text("Élan « n° 5 » — 12\u00a0€ 👍") == "Élan « n° 5 » — 12\u00a0€ 👍"


def test_a_unit_that_is_not_in_the_table_stands_for_itself():
    assert unit_name("XPP") == "XPP"
    assert all(2 <= len(code) <= 3 for code in UNITS)


def test_the_card_processor_is_named_by_the_application(app):
    class Processor:
        def available(self, amount_cents):
            return False

        def abort_open(self, document_id):
            return None

        def ways_for(self, document_id):
            return ()

        def parts_for(self, document_id):
            return "all"

        def choose_terms(self, document_id, ways, parts, actor_id=None):
            return None

    processor = Processor()
    set_card_payments(app, processor)
    with app.app_context():
        assert card_payments() is processor
