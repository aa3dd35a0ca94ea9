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
from invoicing.history import HistoryItem
from invoicing.payments import PaymentMethod

METHODS: dict[PaymentMethod, LazyString] = {
    PaymentMethod.TRANSFER: _l("Transfer"),
    PaymentMethod.CHEQUE: _l("Cheque"),
    PaymentMethod.CASH: _l("Cash"),
    PaymentMethod.CARD: _l("Card"),
}

# Kind → icon, tone, words. Where French would bend a participle to the kind of document, it has a noun.
_WORDS: dict[str, tuple[str, str, LazyString]] = {
    "drafted": ("draft", "", _l("Draft written")),
    "invoice.issued": ("lock", "info", lazy_pgettext("history", "Issued")),
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
    "link.replaced": ("link", "warn", _l("Payment link replaced")),
    "sending": ("sent", "info", lazy_pgettext("history", "Sent")),
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
    words = str(what)
    if item.kind == "sending" and item.mail is not None and item.mail.state is MailState.FAILED:
        icon, tone, words = "cross-circle", "bad", gettext("Could not be delivered")
    elif item.kind == "sending" and (item.mail is None or item.mail.state is not MailState.SENT):
        icon, words = "clock", gettext("Being sent")
    detail = " · ".join(filter(None, (_detail(item), item.actor)))
    return Entry(icon=icon, tone=tone, what=words, detail=detail, when=item.at)


def _detail(item: HistoryItem) -> str:
    if item.payment is not None:
        amount = item.payment.amount_cents if item.reversal is not None else item.settled_cents
        reason = item.reversal.reason if item.reversal is not None else ""
        return " · ".join(filter(None, (_money(amount), str(METHODS[item.payment.method]), reason)))
    if item.sending is not None:
        answer = "" if item.mail is None else " / ".join(item.mail.answer.splitlines())
        told = gettext("Server: %(answer)s", answer=answer) if answer else ""
        return " · ".join(filter(None, (", ".join(json.loads(item.sending.recipients)), told)))
    return _event_detail(json.loads(item.event.details)) if item.event is not None else ""


def _event_detail(details: dict[str, Any]) -> str:
    """The number or the amount that an event tells, whichever it has."""
    if details.get("number"):
        return str(details["number"])
    return _money(details["amount_cents"]) if "amount_cents" in details else ""


def _money(cents: int) -> str:
    return format_cents(cents, get_locale())
