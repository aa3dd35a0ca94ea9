"""The owner's mail settings: sender, server, and a mail to oneself that shows what the server says."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from core.web.headers import limiter
from core.web.rights import Right, requires
from invoicing.forms.mail import MailSettingsForm
from invoicing.mail_settings import mail_settings, save_mail_settings, shown_server, try_mail_settings
from invoicing.routes.saving import save_form
from invoicing.smtp_words import meaning_of

blueprint = Blueprint("mail_settings", __name__, url_prefix="/settings/mail")


@blueprint.route("", methods=["GET", "POST"])
@requires(Right.SETTINGS)
def index() -> ResponseReturnValue:
    """From which address and by which server."""
    form = MailSettingsForm.of(mail_settings()) if request.method == "GET" else MailSettingsForm()
    if form.validate_on_submit() and _saved(form):
        return redirect(url_for("mail_settings.index"), code=303)
    return _page(form)


@blueprint.post("/test")
@limiter.limit("10/minute")
@requires(Right.SETTINGS)
def test() -> ResponseReturnValue:
    """Send a mail to oneself exactly as invoices go, and show what the server said."""
    to, actor = current_user.email, current_user.id
    answer = try_mail_settings(to, actor_id=actor)
    tried = {"to": to, "accepted": answer.accepted, "meaning": meaning_of(answer), "words": str(answer)}
    return _page(MailSettingsForm.of(mail_settings()), tried)


def _page(form: MailSettingsForm, tried: dict[str, object] | None = None) -> str:
    settings = mail_settings()
    return render_template(
        "invoicing/settings_mail.html",
        form=form,
        settings=settings,
        server=shown_server(settings),
        tried=tried,
    )


def _saved(form: MailSettingsForm) -> bool:
    actor, version = current_user.id, form.version.seen
    return save_form(form, lambda: save_mail_settings(form.as_input(), version=version, actor_id=actor))
