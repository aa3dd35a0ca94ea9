"""Quotes: the list, the page of one, issuing, recording an answer, the invoices made of it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user

from core.database import commit_once, transaction
from core.errors import OutdatedError
from core.web.forms import choices, put_errors
from core.web.pages import Page
from core.web.rights import Right, requires
from invoicing.answer_quote import AnswerInput, answer_quote
from invoicing.deposits import invoice_of_quote
from invoicing.document_page import document_page, shown_versions
from invoicing.document_words import unit_text
from invoicing.draft_deposit import draft_deposit
from invoicing.draft_final import draft_final
from invoicing.errors import InvalidInputError, NotIssuableError
from invoicing.forms.documents import OneClickForm
from invoicing.forms.quotes import DepositForm, RecordedAnswerForm
from invoicing.history_words import history_entries
from invoicing.issue_quote import issue_quote, problems_of_quote
from invoicing.lifecycle import AnswerKind, DocumentState, LineRole
from invoicing.models import Document
from invoicing.quotes import (
    QuoteState,
    accepted_quote,
    agreed,
    answer_of,
    count_quotes,
    find_quote,
    invoices_of,
    link_of_quote,
    list_quotes,
    replacement_of,
    state_of,
)
from invoicing.revise_quote import revise_quote
from invoicing.subtotals import subtotals
from invoicing.vat import line_amount

blueprint = Blueprint("quotes", __name__, url_prefix="/quotes")


@blueprint.get("")
@requires(Right.READ)
def index() -> str:
    """The list, narrowed by state."""
    asked = request.args.get("state", "")
    state = QuoteState(asked) if asked in set(QuoteState) else None
    page = Page.of_request(count_quotes(state))
    return render_template(
        "invoicing/quotes.html",
        quotes=list_quotes(state, limit=page.size, offset=page.offset),
        wanted=state,
        states=QuoteState,
        page=page,
    )


@blueprint.get("/<int:document_id>")
@requires(Right.READ)
def show(document_id: int) -> str:
    """One quote with its answer and what was made of it."""
    return _page(find_quote(document_id))


def _page(quote: Document) -> str:
    page, is_issued = document_page(quote), quote.state is DocumentState.ISSUED
    answer = answer_of(quote.id) if is_issued else None
    return render_template(
        "invoicing/quote.html",
        quote=quote,
        page=page,
        view=page.view,
        state=state_of(quote),
        answer=answer,
        agreed=agreed(quote, answer),
        link=link_of_quote(quote.id) if is_issued else "",
        replacement=replacement_of(quote.id),
        invoices=invoices_of(quote.id),
        invoiced_by=invoice_of_quote(quote.id),
        one_click=OneClickForm(),
        problems=[] if is_issued else problems_of_quote(quote),
        history=history_entries(page.history),
        shown_versions=shown_versions(quote),
        line_amount=line_amount,
        subtotals=subtotals((line.role, line.amount_cents) for line in page.view.lines),
        unit_text=unit_text,
    )


@blueprint.post("/<int:document_id>/issue")
@requires(Right.INVOICE)
def issue(document_id: int) -> ResponseReturnValue:
    """Issue a draft for good."""
    actor, seen = current_user.id, request.form.get("seen")
    try:
        with transaction():
            number = issue_quote(document_id, seen=seen, actor_id=actor).number
    except OutdatedError as error:
        flash(str(error), "warning")
        return _page(find_quote(document_id)), error.status
    except NotIssuableError:
        return _page(find_quote(document_id)), 400
    flash(gettext("Quote %(number)s is issued.", number=number), "success")
    return _to(document_id)


@blueprint.route("/<int:document_id>/answer", methods=["GET", "POST"])
@requires(Right.INVOICE)
def answer(document_id: int) -> ResponseReturnValue:
    """Record an answer given on paper or by telephone."""
    quote, form, actor = find_quote(document_id), RecordedAnswerForm(), current_user.id
    options = [line for line in quote.lines if line.role is LineRole.OPTION]
    form.options.choices = choices([(line.position, line.label) for line in options])
    if answer_of(document_id) is not None:
        return _to(document_id)
    if form.validate_on_submit():
        given = AnswerInput(
            AnswerKind(form.answer.data),
            form.name.data or "",
            reason=form.reason.data or "",
            options=frozenset(form.options.data or ()),
            recorded_by_id=actor,
        )
        try:
            with transaction():
                answer_quote(document_id, given)
        except InvalidInputError as error:
            put_errors(form, error.errors)
        else:
            flash(gettext("The answer is recorded."), "success")
            return _to(document_id)
    return render_template("invoicing/quote_answer.html", form=form, quote=find_quote(document_id))


@blueprint.route("/<int:document_id>/deposit", methods=["GET", "POST"])
@requires(Right.INVOICE)
def deposit(document_id: int) -> ResponseReturnValue:
    """Draft a deposit invoice of an accepted quote."""
    basis, form, actor = accepted_quote(document_id), DepositForm(), current_user.id
    if form.validate_on_submit():
        given = form.as_input()
        try:
            draft_id = commit_once(lambda: draft_deposit(document_id, given, actor_id=actor).id)
        except InvalidInputError as error:
            put_errors(form, error.errors)
        else:
            return redirect(url_for("invoices.show", document_id=draft_id), code=303)
        basis = accepted_quote(document_id)
    return render_template("invoicing/quote_deposit.html", form=form, quote=basis.quote, totals=basis.totals)


@blueprint.post("/<int:document_id>/invoice")
@requires(Right.INVOICE)
def invoice(document_id: int) -> ResponseReturnValue:
    """Draft the invoice of an accepted quote, less its deposits."""
    actor, key = current_user.id, OneClickForm().request_key.key
    draft_id = commit_once(lambda: draft_final(document_id, request_key=key, actor_id=actor).id)
    return redirect(url_for("invoices.show", document_id=draft_id), code=303)


@blueprint.post("/<int:document_id>/revise")
@requires(Right.INVOICE)
def revise(document_id: int) -> ResponseReturnValue:
    """Draft a quote that is to stand instead of this one."""
    actor = current_user.id
    with transaction():
        draft_id = revise_quote(document_id, actor_id=actor).id
    return _to(draft_id)


def _to(document_id: int) -> ResponseReturnValue:
    return redirect(url_for("quotes.show", document_id=document_id), code=303)
