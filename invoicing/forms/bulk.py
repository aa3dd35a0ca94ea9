"""The form that confirms an action on many documents."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField

from core.web.addresses import LARGEST_ID
from core.web.forms import RequestKeyField
from invoicing.models import BulkAction
from invoicing.order_bulk import BulkInput

LONGEST_ID_DIGITS = 19

ACTIONS = {
    BulkAction.ISSUE: _l("Issue"),
    BulkAction.ISSUE_AND_SEND: _l("Issue and send"),
    BulkAction.SEND: _l("Send"),
}


class BulkForm(FlaskForm):
    """What was confirmed: exactly those documents, as they were seen."""

    action = HiddenField()
    documents = HiddenField()
    seen = HiddenField()
    request_key = RequestKeyField()

    def as_input(self, actor_id: int) -> BulkInput:
        """What the verb takes."""
        return BulkInput(
            action=asked_action(self.action.data),
            document_ids=ids_in((self.documents.data or "").split(",")),
            request_key=self.request_key.key,
            seen=self.seen.data or "",
            actor_id=actor_id,
        )


def asked_action(text: str | None) -> BulkAction:
    """The action named; issuing, when somebody sent a word that is none."""
    return BulkAction(text) if text in set(BulkAction) else BulkAction.ISSUE


def ids_in(texts: list[str]) -> list[int]:
    """The ids that were sent, each once; what cannot be an id is passed over."""
    numbers = (int(t) for t in texts if t.isascii() and t.isdecimal() and len(t) <= LONGEST_ID_DIGITS)
    return list(dict.fromkeys(number for number in numbers if number <= LARGEST_ID))
