"""Confirms what was proposed for a line, as the form names it (`Proposal.choice`). Called by the pages of the bank."""

from __future__ import annotations

import re

from invoicing.bank.lines import LineDecided
from invoicing.bank.match_entries import match_entries
from invoicing.bank.match_payout import match_payout
from invoicing.bank.models import BankMatch, MatchKind
from invoicing.bank.pay_by_line import pay_by_line

_CHOICE = re.compile(r"(entry|payout):(\d{1,18})|(payment):(\d{1,18}-\d{1,18}(?:,\d{1,18}-\d{1,18}){0,199})")


def records_payment(choice: str) -> bool:
    """Whether confirming it records a payment of a customer, which takes the right to invoice."""
    return choice.startswith(f"{MatchKind.PAYMENT}:")


def confirm_proposal(line_id: int, choice: str, *, actor_id: int | None = None) -> BankMatch:
    """Do what a proposal says; every verb checks again whether it still can be.

    Raises:
        LineDecided: the choice is none that a page offers, or something is decided on the line.
        NotFoundError, ConflictError, InvalidInputError: see the verbs.
    """
    found = _CHOICE.fullmatch(choice)
    if found is None:
        raise LineDecided
    if found[3]:
        parts = [tuple(int(number) for number in part.split("-")) for part in found[4].split(",")]
        return pay_by_line(line_id, [(part[0], part[1]) for part in parts], actor_id=actor_id)
    if MatchKind(found[1]) is MatchKind.ENTRY:
        return match_entries(line_id, [int(found[2])], actor_id=actor_id)
    return match_payout(line_id, int(found[2]), actor_id=actor_id)
