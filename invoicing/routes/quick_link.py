"""The quick link: one form, then the link with its code and how it stands."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user

from core.database import commit_once, transaction
from core.sms import sms_is_offered
from core.web.forms import put_errors
from core.web.rights import Right, may, requires
from invoicing.balances import balances_of
from invoicing.document_page import fingerprint
from invoicing.document_view import view_of
from invoicing.documents import find_issued
from invoicing.errors import InvalidInputError, NotIssuableError, Place, Problem
from invoicing.forms.quick_link import LinkTermsForm, QuickLinkForm
from invoicing.lifecycle import DocumentKind
from invoicing.payment_codes import link_code
from invoicing.quick_link import quick_link
from invoicing.send_sms import NOT_OFFERED
from invoicing.sending_status import sending_status
from invoicing.sms_status import sms_status

blueprint = Blueprint("quick_link", __name__, url_prefix="/quick-link")


@blueprint.route("", methods=["GET", "POST"])
@requires(Right.INVOICE)
def new() -> ResponseReturnValue:
    """Who, what, how much: then the invoice is issued and its link sent."""
    form = QuickLinkForm()
    problems: list[Problem] = []
    if form.validate_on_submit():
        given, actor = form.as_input(), current_user.id
        try:
            document_id = commit_once(lambda: quick_link(given, actor_id=actor).id)
        except InvalidInputError as error:
            put_errors(form, error.errors)
        except NotIssuableError as error:
            problems = list(error.problems)
        else:
            return redirect(url_for("quick_link.show", document_id=document_id), code=303)
    page = render_template(
        "invoicing/quick_link.html",
        form=form,
        problems=[(problem, _mend_url(problem)) for problem in problems],
        sms_hint="" if sms_is_offered() else NOT_OFFERED,
    )
    return page, 422 if request.method == "POST" else 200


def _mend_url(problem: Problem) -> str | None:
    """Where the owner can mend what the company lacks; there is no draft left to mend."""
    if not may("settings") or problem.place not in (Place.COMPANY, Place.SETTINGS):
        return None
    endpoint = "settings.company" if problem.place is Place.COMPANY else "settings.invoicing"
    return url_for(endpoint, _anchor=problem.field)


@blueprint.get("/<int:document_id>")
@requires(Right.READ)
def show(document_id: int) -> str:
    """The link to show, its code to scan, and what became of it."""
    document = find_issued(document_id, DocumentKind.INVOICE)
    balance = balances_of([document_id]).get(document_id)
    sendings, texts = sending_status(document_id), sms_status(document_id)
    view = view_of(document)
    terms = LinkTermsForm()
    terms.offer_payment_terms(document)
    return render_template(
        "invoicing/quick_link_done.html",
        document=document,
        view=view,
        terms=terms,
        balance=balance,
        sendings=sendings,
        texts=texts,
        code=link_code(view.payment_url, border=4, light="#fff"),
        fingerprint=fingerprint(document_id, balance, sendings, texts),
    )


@blueprint.post("/<int:document_id>/terms")
@requires(Right.INVOICE)
def choose_terms(document_id: int) -> ResponseReturnValue:
    """Say by which ways and in which parts the link may be paid."""
    document = find_issued(document_id, DocumentKind.INVOICE)
    form, actor = LinkTermsForm(), current_user.id
    form.offer_payment_terms(document)
    with transaction():
        form.choose_payment_terms(document_id, actor)
    flash(gettext("The ways to pay of this link are saved."), "success")
    return redirect(url_for("quick_link.show", document_id=document_id), code=303)
