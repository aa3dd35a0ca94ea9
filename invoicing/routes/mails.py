"""Mails that did not arrive: the list, trying again, letting be."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_security import current_user

from core.database import transaction
from core.web.pages import Page
from core.web.rights import Right, requires
from invoicing.decide_on_sms import decide_on_sms
from invoicing.give_up_mail import give_up_mail
from invoicing.mail_troubles import (
    count_failed_mails,
    count_waiting_mails,
    documents_not_composed,
    failed_mail_ids,
    failed_mails,
    waiting_mails,
)
from invoicing.retry_failed_mail import retry_failed_mail
from invoicing.sms_status import failed_sms, waiting_sms

blueprint = Blueprint("mails", __name__, url_prefix="/mails")


@blueprint.get("")
@requires(Right.READ)
def index() -> str:
    """What failed, or what waits for another try: to whom, what the server said, what to do."""
    is_waiting = request.args.get("state") == "waiting"
    failed, waiting = count_failed_mails(), count_waiting_mails()
    page = Page.of_request(waiting if is_waiting else failed)
    read = waiting_mails if is_waiting else failed_mails
    return render_template(
        "invoicing/mails.html",
        mails=read(limit=page.size, offset=page.offset),
        is_waiting=is_waiting,
        failed=failed,
        waiting=waiting,
        page=page,
        not_composed=documents_not_composed(),
        texts=waiting_sms() if is_waiting else failed_sms(),
    )


@blueprint.post("/retry")
@requires(Right.INVOICE)
def retry_all() -> ResponseReturnValue:
    """Try all failed mails again."""
    actor = current_user.id
    with transaction():
        count = sum(retry_failed_mail(mail_id, actor_id=actor) for mail_id in failed_mail_ids())
    flash(ngettext("%(num)d mail is tried again.", "%(num)d mails are tried again.", count), "success")
    return redirect(url_for("mails.index"), code=303)


@blueprint.post("/<int:mail_id>/retry")
@requires(Right.INVOICE)
def retry(mail_id: int) -> ResponseReturnValue:
    """Try one again."""
    actor = current_user.id
    with transaction():
        retry_failed_mail(mail_id, actor_id=actor)
    flash(gettext("The mail is tried again."), "success")
    return redirect(url_for("mails.index"), code=303)


@blueprint.post("/<int:mail_id>/give-up")
@requires(Right.INVOICE)
def give_up(mail_id: int) -> ResponseReturnValue:
    """Let one be."""
    actor = current_user.id
    with transaction():
        give_up_mail(mail_id, actor_id=actor)
    flash(gettext("This mail is no longer waited for."), "success")
    return redirect(url_for("mails.index"), code=303)


@blueprint.post("/sms/<int:sms_id>/retry")
@requires(Right.INVOICE)
def retry_sms(sms_id: int) -> ResponseReturnValue:
    """Try an SMS again."""
    return _decided(sms_id, again=True, told=gettext("The SMS is tried again."))


@blueprint.post("/sms/<int:sms_id>/give-up")
@requires(Right.INVOICE)
def give_up_sms(sms_id: int) -> ResponseReturnValue:
    """Let one be."""
    return _decided(sms_id, again=False, told=gettext("This SMS is no longer waited for."))


def _decided(sms_id: int, *, again: bool, told: str) -> ResponseReturnValue:
    actor = current_user.id
    with transaction():
        decide_on_sms(sms_id, again=again, actor_id=actor)
    flash(told, "success")
    return redirect(url_for("mails.index"), code=303)
