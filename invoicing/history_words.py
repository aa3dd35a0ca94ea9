"""The history of a document in words: what the timeline of its page shows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypedDict

from flask_babel import LazyString, get_locale, gettext, lazy_pgettext
from flask_babel import lazy_gettext as _l

from core.mail import MailState
from core.money import format_cents
from core.sms import SmsState
from invoicing.history import HistoryItem
from invoicing.payments import PaymentMethod

METHODS: dict[PaymentMethod, LazyString] = {
    PaymentMethod.TRANSFER: _l("Transfer"),
    PaymentMethod.CHEQUE: _l("Cheque"),
    PaymentMethod.CASH: _l("Cash"),
    PaymentMethod.CARD: _l("Card"),
    PaymentMethod.CARD_TERMINAL: _l("Card at the counter"),
    PaymentMethod.DIRECT_DEBIT: _l("Direct debit"),
    PaymentMethod.OTHER: lazy_pgettext("payment method", "Other"),
}

# Kind → icon, tone, words. Where French would bend a participle to the kind of document, it has a noun.
_WORDS: dict[str, tuple[str, str, LazyString]] = {
    "drafted": ("draft", "", _l("Draft written")),
    "invoice.issued": ("lock", "info", lazy_pgettext("history", "Issued")),
    "invoice.taken_over": ("ledger", "info", _l("Taken over from other software")),
    "takeover.undone": ("cross-circle", "warn", _l("Take-over undone")),
    "quote.issued": ("lock", "info", lazy_pgettext("history", "Issued")),
    "quote.accepted": ("check-circle", "good", lazy_pgettext("history", "Accepted")),
    "quote.declined": ("cross-circle", "bad", lazy_pgettext("history", "Declined")),
    "credit_note.issued": ("lock", "info", lazy_pgettext("history", "Issued")),
    "invoice.credited": ("credit", "warn", _l("Credited")),
    "credit.applied": ("credit", "good", _l("Customer’s credit used")),
    "card.declined": ("cross-circle", "bad", _l("Card declined")),
    "payment": ("check-circle", "good", _l("Payment received")),
    "payment_cancelled": ("cross-circle", "warn", _l("Payment cancelled")),
    "refund.recorded": ("refund", "warn", _l("Money given back")),
    "dispute.recorded": ("dispute", "bad", _l("Payment disputed: the bank took it back")),
    "dispute.won": ("check-circle", "good", _l("Dispute won: the money came back")),
    "invoice.claimed": ("bell", "info", _l("Claimed again")),
    "write_off.discount": ("credit", "info", _l("Early-payment discount given")),
    "write_off.difference": ("check", "info", _l("Small difference let be")),
    "write_off.loss": ("cross-circle", "bad", _l("Given up as a loss")),
    "write_off.undone": ("sync", "warn", _l("Given up no longer")),
    "invoice.doubtful": ("warning", "warn", _l("Declared doubtful")),
    "invoice.doubt_ended": ("check-circle", "info", _l("Doubtful no longer")),
    "link.replaced": ("link", "warn", _l("Payment link replaced")),
    "sending": ("sent", "info", lazy_pgettext("history", "Sent")),
    "sms": ("phone", "info", _l("SMS sent")),
    "receipt": ("sent", "info", _l("Receipt sent")),
}


_FAILED: dict[str, LazyString] = {
    "sending": _l("Could not be delivered"),
    "sms": _l("The SMS could not be delivered"),
    "receipt": _l("The receipt could not be delivered"),
}
_WAITING: dict[str, LazyString] = {
    "sending": _l("Being sent"),
    "sms": _l("The SMS is being sent"),
    "receipt": _l("The receipt is being sent"),
}


class Entry(TypedDict):
    """One entry of the macro `timeline`."""

    icon: str
    tone: str
    what: str
    detail: str
    when: datetime


def history_entries(items: Iterable[HistoryItem]) -> list[Entry]:
    """What the timeline shows, in the order given; what has no words for people is left out."""
    return [_entry(item) for item in items if item.kind in _WORDS]


def _entry(item: HistoryItem) -> Entry:
    icon, tone, what = _WORDS[item.kind]
    words = what
    if _is_failed(item):
        icon, tone, words = "cross-circle", "bad", _FAILED.get(item.kind, words)
    elif _is_waiting(item):
        icon, words = "clock", _WAITING.get(item.kind, words)
    detail = " · ".join(filter(None, (_detail(item), item.actor)))
    return Entry(icon=icon, tone=tone, what=str(words), detail=detail, when=item.at)


def _is_failed(item: HistoryItem) -> bool:
    mail_failed = item.mail is not None and item.mail.state is MailState.FAILED
    return mail_failed or (item.sms is not None and item.sms.state is SmsState.FAILED)


def _is_waiting(item: HistoryItem) -> bool:
    if item.sms is not None:
        return item.sms.state is not SmsState.SENT
    carried = item.sending is not None or item.receipt is not None
    return carried and (item.mail is None or item.mail.state is not MailState.SENT)


def _detail(item: HistoryItem) -> str:
    if item.payment is not None:
        amount = item.payment.amount_cents if item.reversal is not None else item.settled_cents
        reason = item.reversal.reason if item.reversal is not None else ""
        return " · ".join(filter(None, (_money(amount), str(METHODS[item.payment.method]), reason)))
    if item.sending is not None:
        answer = "" if item.mail is None else " / ".join(item.mail.answer.splitlines())
        told = gettext("Server: %(answer)s", answer=answer) if answer else ""
        return " · ".join(filter(None, (", ".join(json.loads(item.sending.recipients)), told)))
    if item.sms is not None:
        return item.sms.recipient
    if item.receipt is not None:
        return ", ".join(json.loads(item.receipt.recipients))
    return _event_detail(json.loads(item.event.details)) if item.event is not None else ""


def _event_detail(details: dict[str, Any]) -> str:
    """The number or the amount that an event tells, whichever it has."""
    if details.get("number"):
        return str(details["number"])
    return _money(details["amount_cents"]) if "amount_cents" in details else ""


def _money(cents: int) -> str:
    return format_cents(cents, get_locale())
