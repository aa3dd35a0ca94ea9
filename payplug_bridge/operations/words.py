"""What the pages of the wallet call things: kinds of operations, why one is not booked, what a report came to."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from payplug_bridge.failures import words_for_call
from payplug_bridge.operations.models import OperationKind, ReportState
from payplug_bridge.operations.wallet import Pending

KINDS: dict[OperationKind, LazyString] = {
    OperationKind.PAYMENT: _l("Payment"),
    OperationKind.REFUND: _l("Refund"),
    OperationKind.FEE_INVOICE: _l("Fees invoiced"),
    OperationKind.PAYOUT: _l("Payout to the bank"),
    OperationKind.DISPUTE: _l("Dispute"),
    OperationKind.DISPUTE_FEE: _l("Cost of a dispute"),
    OperationKind.UNKNOWN: _l("Not understood"),
}

PENDING: dict[Pending, LazyString] = {
    Pending.OURS: _l("Of an invoice of yours; it is recorded as soon as PayPlug confirms it."),
    Pending.DISPUTE: _l("A dispute that could not be recorded on its invoice."),
    Pending.UNKNOWN: _l("Solde does not know this kind of line: look it up in the PayPlug portal."),
    Pending.SOON: _l("It will be booked within a minute."),
}

STATES: dict[ReportState, tuple[LazyString, str, str]] = {
    ReportState.WANTED: (_l("To be asked for"), "clock", "idle"),
    ReportState.MAKING: (_l("Being made by PayPlug"), "clock", "info"),
    ReportState.STORED: (_l("To look at"), "eye", "warn"),
    ReportState.READ: (_l("Booked"), "check", "good"),
    ReportState.REFUSED: (_l("Unavailable"), "cross-circle", "bad"),
    ReportState.DISCARDED: (_l("Put aside"), "cross", "idle"),
}
"""The word, the icon and the tone of a badge."""

_REASONS: dict[str, LazyString] = {
    "run_out": _l("The file was no longer there; it is asked for again."),
    "unreadable_file": _l("PayPlug’s file is not an accounting report that Solde can read."),
    "http_403": _l(
        "PayPlug does not allow this key to ask for reports: download one in the portal and upload it here."
    ),
}

_PROBLEMS: dict[str, LazyString] = {
    "date": _l("The date cannot be read."),
    "no_date": _l("The date is missing."),
    "amount": _l("The amount cannot be read."),
    "no_amount": _l("The amount is missing."),
}


def words_for_reason(reason: str) -> LazyString | str:
    """Why a report is not there, for a word of its own or of `errors.cause_of`; nothing for none."""
    return _REASONS.get(reason) or words_for_call(reason)


def words_for_problem(word: str) -> LazyString | str:
    """Why a line of a report could not be read."""
    return _PROBLEMS.get(word, word)
