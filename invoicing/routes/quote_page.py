"""`/q/<token>`: the customer's page of one quote, where she accepts or declines it. The token is all she has.

Never indexed, tells no referrer, speaks the quote's language (with a switch), works without scripts.
"""

from __future__ import annotations

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf import FlaskForm

from core.colours import seller_css
from core.database import db, transaction
from core.errors import ConflictError
from core.files import read_bytes
from core.tenancy import enter_company
from core.web.forms import choices, put_errors
from core.web.headers import csrf, limiter, send_no_referrer
from core.web.language import LANGUAGES
from core.web.rights import public
from invoicing.answer_quote import AnswerInput, answer_quote
from invoicing.document_view import document_view
from invoicing.errors import InvalidInputError
from invoicing.forms.quotes import AcceptForm, DeclineForm
from invoicing.lifecycle import AnswerKind, LineRole
from invoicing.logo import logo_answer
from invoicing.quotes import QuoteState, agreed, answer_of, find_quote, find_quote_link, state_of
from invoicing.render_pdf import ensure_pdf, file_name
from invoicing.vat import line_amount

blueprint = Blueprint("quote_page", __name__, url_prefix="/q/<token>")


class _DeadLink(Exception):
    """The address was never given."""


@blueprint.before_request
def _enter() -> None:
    """Find the quote by the token and enter its company."""
    send_no_referrer()
    link = find_quote_link(str((request.view_args or {})["token"]))
    if link is None:
        raise _DeadLink
    document_id, company_id = link.document_id, link.company_id
    enter_company(company_id)
    g.quote_id = document_id


@blueprint.errorhandler(_DeadLink)
def _dead(error: _DeadLink) -> ResponseReturnValue:  # noqa: ARG001  # Flask's signature
    return render_template("invoicing/quote_dead_link.html"), 404


@blueprint.get("")
@public
@limiter.limit("120/minute")
def show(token: str) -> ResponseReturnValue:
    """The page."""
    return _page(token)


# No session and no right is used here, so there is nothing to forge; it works where no cookie is kept.
@blueprint.post("/accept")
@csrf.exempt
@public
@limiter.limit("30/minute")
def accept(token: str) -> ResponseReturnValue:
    """The customer accepts, with the options she ticked."""
    form = _accept_form()
    given = AnswerInput(
        AnswerKind.ACCEPTED,
        form.name.data or "",
        consent=consent_sentence(),
        options=frozenset(form.options.data or ()),
        address=request.remote_addr or "",
    )
    return _answered(token, form, given)


@blueprint.post("/decline")
@csrf.exempt
@public
@limiter.limit("30/minute")
def decline(token: str) -> ResponseReturnValue:
    """The customer declines, and may say why."""
    form = DeclineForm(prefix="no-")
    given = AnswerInput(
        AnswerKind.DECLINED,
        form.name.data or "",
        reason=form.reason.data or "",
        address=request.remote_addr or "",
    )
    return _answered(token, form, given)


@blueprint.get("/quote.pdf")
@public
@limiter.limit("60/minute")
def pdf(token: str) -> ResponseReturnValue:  # noqa: ARG001  # part of the address
    """The quote itself."""
    name = file_name(document_view(g.quote_id))
    content = read_bytes(ensure_pdf(g.quote_id).stored_file.sha256)
    answer = Response(content, mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "inline", filename=name)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@blueprint.get("/logo")
@public
@limiter.limit("120/minute")
def logo(token: str) -> ResponseReturnValue:  # noqa: ARG001  # part of the address
    """The seller's logo, as it was when the document was issued."""
    return logo_answer(document_view(g.quote_id).seller.logo_sha256)


@blueprint.get("/colours.css")
@public
def colours(token: str) -> ResponseReturnValue:  # noqa: ARG001
    """The seller's colour."""
    answer = Response(seller_css(document_view(g.quote_id).seller.colour), mimetype="text/css")
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


def consent_sentence() -> str:
    """What a customer agrees to, in the language she reads; kept with her answer."""
    quote = find_quote(g.quote_id)
    return str(gettext("I accept quote %(number)s and its conditions.", number=quote.number))


def _accept_form() -> AcceptForm:
    form = AcceptForm(prefix="yes-")
    offered = [line for line in find_quote(g.quote_id).lines if line.role is LineRole.OPTION]
    form.options.choices = choices([(line.position, line.label) for line in offered])
    _speak()
    form.consent.label.text = consent_sentence()  # the summary of what is missing names the box by it
    return form


def _answered(token: str, form: FlaskForm, given: AnswerInput) -> ResponseReturnValue:
    if not form.validate():
        return _page(token, form=form, status=422)
    try:
        with transaction():
            answer_quote(g.quote_id, given)
    except InvalidInputError as error:
        put_errors(form, {form[name].name: text for name, text in error.errors.items()})
        return _page(token, form=form, status=422)
    except ConflictError as error:
        return _page(token, message=str(error), status=409)
    return redirect(url_for("quote_page.show", token=token), code=303)


def _page(
    token: str, *, form: FlaskForm | None = None, message: str = "", status: int = 200
) -> ResponseReturnValue:
    db.session.expire_all()
    quote = find_quote(g.quote_id)
    view = document_view(quote.id)
    _speak()
    state, said = state_of(quote), answer_of(quote.id)
    answer = make_response(
        render_template(
            "invoicing/quote_public.html",
            token=token,
            quote=quote,
            view=view,
            state=state,
            is_open=state is QuoteState.OPEN,
            said=said,
            agreed=agreed(quote, said),
            accept=form if isinstance(form, AcceptForm) else _accept_form(),
            decline=form if isinstance(form, DeclineForm) else DeclineForm(prefix="no-"),
            failed=form,
            consent=consent_sentence(),
            message=message,
            options=[line for line in quote.lines if line.role is LineRole.OPTION],
            line_amount=line_amount,
            seller_name=view.seller.name,
            seller_logo_url=url_for("quote_page.logo", token=token) if view.seller.logo_sha256 else "",
            seller_style_url=url_for("quote_page.colours", token=token),
            test_mode=False,
        ),
        status,
    )
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _speak() -> None:
    """The quote's language, unless the reader has chosen another."""
    if request.cookies.get("language") not in LANGUAGES:
        g.language = find_quote(g.quote_id).language
