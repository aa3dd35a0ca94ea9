"""What became of a notification, in words for members; stored as short codes."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from payplug_bridge.apply_snapshot import Outcome
from payplug_bridge.process_notifications import REPORT, UNKNOWN

_WORDS: dict[str, LazyString] = {
    Outcome.RECORDED: _l("Payment recorded"),
    Outcome.PAID_IN_TEST: _l("Test payment, nothing recorded"),
    Outcome.REFUNDED: _l("Refund recorded"),
    Outcome.KNOWN: _l("Nothing new"),
    Outcome.PENDING: _l("Not paid yet"),
    Outcome.FAILED: _l("Attempt failed"),
    Outcome.ABORTED: _l("Payment page closed"),
    Outcome.TROUBLE: _l("Does not match: to handle"),
    Outcome.NOT_OURS: _l("Not a payment of an invoice"),
    UNKNOWN: _l("Unknown at PayPlug"),
    REPORT: _l("Accounting report"),
    "invalid_json": _l("Not readable"),
    "invalid_object": _l("Not readable"),
    "invalid_id": _l("Impossible identifier"),
    "other_object": _l("About something else"),
}


def words_for_outcome(outcome: str) -> LazyString | str:
    """The words of an outcome; a reason why it is tried again (`http_503`, `timeout`) is shown as it is."""
    return _WORDS.get(outcome, outcome)
