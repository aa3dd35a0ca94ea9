"""What goes wrong between PayPlug and us: notifications that cannot be done, a key that is no longer accepted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select

from core.clock import utc_now
from core.database import db
from core.web.rights import Right
from payplug_bridge.account_models import PayplugFacts
from payplug_bridge.facts import KEY_REFUSED
from payplug_bridge.matters import Action, Matter, Source, is_undecided
from payplug_bridge.models import NotificationState, PayplugAccount, PayplugNotification
from payplug_bridge.trouble_words import title_of

NOTIFICATION: Final = "notification"
KEY: Final = "payplug_facts"
STUCK: Final = "stuck"


def _stuck() -> Select[PayplugNotification]:
    return select(PayplugNotification).where(
        PayplugNotification.state == NotificationState.STUCK,
        is_undecided(NOTIFICATION, PayplugNotification.id.expression, PayplugNotification.state.expression),
    )


def _refused() -> Select[PayplugFacts]:
    """The mode that customers pay in, when its key was refused at the last reading of the account."""
    return (
        select(PayplugFacts)
        .join(PayplugAccount, PayplugAccount.active_mode == PayplugFacts.mode)
        .where(PayplugFacts.failure == KEY_REFUSED)
    )


def _count() -> int:
    statements = (_stuck().with_only_columns(func.count()), _refused().with_only_columns(func.count()))
    return sum(db.session.scalar(statement) or 0 for statement in statements)


def _matters() -> Iterator[Matter]:
    for row in db.session.scalars(_stuck().order_by(PayplugNotification.id)):
        yield _of_notification(row)
    for facts in db.session.scalars(_refused()):
        yield _of_key(facts)


def _of_notification(row: PayplugNotification) -> Matter:
    return Matter(
        subject=(NOTIFICATION, row.id),
        trouble=STUCK,
        icon="bell",
        title=title_of(STUCK),
        happened=_l(
            "PayPlug told something about the payment %(payment)s that could not be applied after %(tries)d tries. The "
            "payment itself is also asked about by the sync.",
            payment=row.resource_id,
            tries=row.tries,
        ),
        since=row.received_at,
        actions=(
            Action(
                _l("Look at it"),
                url_for("payplug.notification", notification_id=row.id),
                "eye",
                right=Right.READ,
            ),
            Action(
                _l("Do it again"), url_for("payplug.replay", notification_id=row.id), "sync", is_post=True
            ),
        ),
    )


def _of_key(facts: PayplugFacts) -> Matter:
    return Matter(
        subject=(KEY, facts.id),
        trouble=KEY_REFUSED,
        icon="key",
        title=_l("PayPlug refuses the secret key"),
        happened=_l(
            "Nobody can pay by card, and what was paid is not told any more, until the owner saves a key that PayPlug "
            "accepts. What was paid meanwhile is found then."
        ),
        since=facts.tried_at or utc_now(),
        actions=(
            Action(
                _l("PayPlug settings"), url_for("payplug_settings.index"), "settings", right=Right.SETTINGS
            ),
        ),
        can_be_settled=False,
    )


SOURCE: Final = Source(_count, _matters)
