"""The owner's settings of what is told about card payments: receipts, mails to members, a chat."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user

from core.apprise_library import Handed
from core.members import members_of_company
from core.sms import sms_is_offered
from core.web.headers import limiter
from core.web.rights import Right, requires
from invoicing.forms.notices import NoticeForm
from invoicing.notice_settings import mailed_members, notice_settings, save_notice_settings, try_chat
from invoicing.routes.saving import save_form
from invoicing.send_sms import NOT_OFFERED

blueprint = Blueprint("notices", __name__, url_prefix="/settings/notices")


@blueprint.route("", methods=["GET", "POST"])
@requires(Right.SETTINGS)
def index() -> ResponseReturnValue:
    """Who is told what."""
    form = NoticeForm(members_of_company()) if request.method == "POST" else _filled()
    if form.validate_on_submit() and _saved(form):
        return redirect(url_for("notices.index"), code=303)
    return _page(form)


@blueprint.post("/test")
@limiter.limit("10/minute")
@requires(Right.SETTINGS)
def test() -> ResponseReturnValue:
    """Send a text to the stored chat and show what came of it."""
    told = try_chat(gettext("A test from Solde, for %(company)s.", company=g.company.name))
    return _page(_filled(), told)


def _filled() -> NoticeForm:
    settings = notice_settings()
    form = NoticeForm(members_of_company(), formdata=None, obj=settings)
    form.chat_url.data = ""
    form.members.data = [user.id for user in mailed_members()]
    return form


def _page(form: NoticeForm, tried: Handed | None = None) -> str:
    return render_template(
        "invoicing/settings_notices.html",
        form=form,
        has_chat=bool(notice_settings().chat_url),
        tried=tried,
        sms_hint="" if sms_is_offered() else NOT_OFFERED,
    )


def _saved(form: NoticeForm) -> bool:
    actor, version = current_user.id, form.version.seen
    return save_form(form, lambda: save_notice_settings(form.as_input(), version=version, actor_id=actor))
