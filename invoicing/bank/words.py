"""How the pages of the bank say what a proposal is, why it is made, and what was decided."""

from __future__ import annotations

from typing import Final

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from invoicing.bank.models import MatchKind
from invoicing.bank.proposals import Why
from invoicing.bank.read_csv import CsvColumn

PROPOSED: Final[dict[MatchKind, LazyString]] = {
    MatchKind.ENTRY: _l("Already in the books"),
    MatchKind.PAYOUT: _l("Payout of PayPlug"),
    MatchKind.PAYMENT: _l("Payment of invoices"),
}

DECIDED: Final[dict[MatchKind, LazyString]] = {
    MatchKind.ENTRY: _l("In the books already"),
    MatchKind.PAYOUT: _l("Payout arrived"),
    MatchKind.PAYMENT: _l("Recorded as a payment"),
    MatchKind.ACCOUNT: _l("Booked on an account"),
    MatchKind.IGNORED: _l("Put aside"),
}

REASONS: Final[dict[Why, LazyString]] = {
    Why.AMOUNT: _l("same amount"),
    Why.NUMBER: _l("the number stands in the text"),
    Why.IBAN: _l("paid from this account before"),
    Why.NAME: _l("the name stands in the text"),
    Why.SUM: _l("several invoices make this amount"),
    Why.PART: _l("less than what is due"),
    Why.MORE: _l("more than what is due: the rest becomes a credit"),
    Why.NEAR_DAY: _l("days close by"),
    Why.PROCESSOR: _l("PayPlug stands in the text"),
}

COLUMNS: Final[dict[CsvColumn, LazyString]] = {
    CsvColumn.DATE: _l("Date"),
    CsvColumn.WORDING: _l("Text of the bank"),
    CsvColumn.MORE: _l("More text"),
    CsvColumn.AMOUNT: _l("Amount, with its sign"),
    CsvColumn.DEBIT: _l("Debit (money out)"),
    CsvColumn.CREDIT: _l("Credit (money in)"),
    CsvColumn.PARTY: _l("Who paid or was paid"),
    CsvColumn.IBAN: _l("Their IBAN"),
    CsvColumn.REFERENCE: _l("Reference"),
    CsvColumn.BALANCE: _l("Balance after the line"),
}
