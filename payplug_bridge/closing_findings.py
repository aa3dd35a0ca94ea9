"""What the bridge looks at before a year is closed: payments that wait, PayPlug's balance against the books."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import get_locale, gettext, ngettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from accounting.closing.checks import ClosingCheck, Finding, Weight, YearDays
from core.database import db
from core.money import format_cents
from core.web.addresses import path_to
from payplug_bridge.matters import count_matters
from payplug_bridge.models import AttemptState, PaymentAttempt
from payplug_bridge.operations.wallet import wallet_standing


def _waiting(_year: YearDays) -> Iterator[Finding]:
    unconfirmed = select(func.count(PaymentAttempt.id)).where(
        PaymentAttempt.state == AttemptState.UNCONFIRMED
    )
    count = db.session.scalar(unconfirmed) or 0
    if count:
        text = ngettext(
            "%(num)d payment is not confirmed by PayPlug yet.",
            "%(num)d payments are not confirmed by PayPlug yet.",
            count,
        )
        yield Finding(Weight.WARNING, text, path_to("payplug.activity"))
    matters = count_matters()
    if matters:
        text = ngettext(
            "%(num)d payment waits for a decision.", "%(num)d payments wait for a decision.", matters
        )
        yield Finding(Weight.WARNING, text, path_to("to_handle.index"))


def _wallet(_year: YearDays) -> Iterator[Finding]:
    standing = wallet_standing()
    if standing.told_until is None and not standing.ledger_cents:
        return
    url = path_to("wallet.index")
    if standing.told_until is None:
        yield Finding(Weight.WARNING, gettext("No accounting report of PayPlug was read."), url)
    elif standing.difference_cents:
        amount = format_cents(standing.difference_cents, get_locale())
        yield Finding(
            Weight.WARNING, gettext("PayPlug and the books differ by %(amount)s.", amount=amount), url
        )


CHECKS = (
    ClosingCheck("waiting", _l("Card payments that wait"), _waiting, 50),
    ClosingCheck("wallet", _l("The PayPlug wallet agrees with the books"), _wallet, 55),
)
