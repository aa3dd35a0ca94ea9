"""`/p/<token>`: the customer's page of one invoice, for ever. No account; the token is all she has.

Never indexed, tells no referrer, speaks the invoice's language (with a switch), and is never a dead end.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from flask import Blueprint, Response, g, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm

from core.database import db
from core.files import read_bytes
from core.money import CENT_DECIMALS, MoneyTextError, parse_scaled
from core.tenancy import enter_company
from core.web.forms import put_errors, typed_cents
from core.web.headers import csrf, limiter, send_no_referrer
from core.web.language import LANGUAGES
from core.web.rights import public
from invoicing.document_view import document_view
from invoicing.duplicate_pdf import pdf_with_link
from invoicing.logo import logo_answer
from invoicing.payment_link import find_by_token, link_of, link_url
from invoicing.receipt_view import receipt_view
from invoicing.receipts import receipt_name, receipt_pdf
from payplug_bridge.check_attempt import check_attempt
from payplug_bridge.errors import (
    AmountNotPossible,
    BillingIncomplete,
    CardNotPossible,
    NothingToPay,
    PaymentBeingPrepared,
    PayplugBusy,
    PayplugError,
    SimulatorNotAllowed,
)
from payplug_bridge.forms import ASKED, payer_form
from payplug_bridge.public_page import PublicPage, colours_css, paid_by, payable_attempt, public_page
from payplug_bridge.start_payment import ReturnAddresses, start_payment
from payplug_bridge.waiting import waiting_for_payplug
from payplug_bridge.wish import Wish

log = structlog.get_logger(__name__)

blueprint = Blueprint("payment_page", __name__, url_prefix="/p/<token>")

RETRY_AFTER_SECONDS = 60
LONGEST_AMOUNT = 12
RETURN_SECONDS = 5.0
"""A payer who comes back waits no longer for the news: her page shows it when it comes."""
PAYPLUG_IS_DOWN = _l(
    "The card payment service does not answer at the moment. You have not been charged. Please try again in a few "
    "minutes, or pay by transfer."
)
PAYPLUG_IS_SLOW = _l(
    "The card payment service is slow just now. You have not been charged. Please try again in a minute, or pay by "
    "transfer."
)
CARD_NOT_POSSIBLE = _l(
    "Card payment is not possible at the moment. Please pay by transfer, or contact the seller."
)


class _DeadLink(Exception):
    """The address leads nowhere: never given (404), or replaced by another (410)."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class _Notice:
    text: LazyString
    kind: str = "warning"


@blueprint.before_request
def _enter() -> None:
    """Find the invoice by the token and enter its company; the page speaks the customer's language."""
    send_no_referrer()
    link = find_by_token(str((request.view_args or {})["token"]))
    if link is None:
        raise _DeadLink(404)
    link_id, document_id, company_id = link.id, link.document_id, link.company_id
    enter_company(company_id)
    newest = link_of(document_id)
    assert newest is not None
    if newest.id != link_id:
        raise _DeadLink(410)
    g.payment_document_id = document_id


@blueprint.errorhandler(_DeadLink)
def _dead(error: _DeadLink) -> ResponseReturnValue:
    return render_template("payplug/dead_link.html", replaced=error.status == 410), error.status


@blueprint.get("")
@public
@limiter.limit("120/minute")
def show(token: str) -> ResponseReturnValue:
    """The page."""
    return _page(token)


# No session and no right is used here, so there is nothing to forge; a payer whose browser keeps no cookie can pay.
@blueprint.post("/pay")
@csrf.exempt
@public
@limiter.limit("30/minute")
def pay(token: str) -> ResponseReturnValue:  # noqa: PLR0911  # one answer for each thing that may stand against it
    """Start the payment and go to PayPlug; whatever stands against it is told on the page."""
    answers = {name: request.form[name] for name in ASKED if request.form.get(name)}
    try:
        wish = _wish()
        with waiting_for_payplug():
            address = start_payment(g.payment_document_id, _back(token), answers, wish)
    except NothingToPay:
        return redirect(url_for("payment_page.show", token=token), code=303)
    except AmountNotPossible as error:
        return _page(token, form=_amount_again(error), status=422)
    except BillingIncomplete as incomplete:
        return _page(token, form=_asking_again(incomplete), status=422)
    except PaymentBeingPrepared as error:
        return _page(token, notice=_Notice(error.default, "info"), status=409)
    except (CardNotPossible, SimulatorNotAllowed):
        return _page(token, notice=_Notice(CARD_NOT_POSSIBLE), status=409)
    except PayplugBusy:
        log.warning("payplug_is_slow")
        return _page(token, notice=_Notice(PAYPLUG_IS_SLOW), status=503)
    except PayplugError as error:
        log.warning("payment_not_started", error_type=type(error).__name__)
        return _page(token, notice=_Notice(PAYPLUG_IS_DOWN), status=503)
    return redirect(address, code=303)


@blueprint.get("/return")
@public
@limiter.limit("60/minute")
def back_from_payplug(token: str) -> ResponseReturnValue:
    """PayPlug sends the payer here whether or not she has paid: ask how it stands, then show it."""
    _ask_payplug()
    return _page(token, returned=True)


@blueprint.get("/cancel")
@public
@limiter.limit("60/minute")
def cancelled(token: str) -> ResponseReturnValue:
    """The payer left PayPlug's page; she may also have paid in another tab, so it is asked all the same."""
    _ask_payplug()
    return _page(
        token, notice=_Notice(_l("You left the payment page. You can pay whenever you like."), "info")
    )


@blueprint.get("/status.json")
@public
@limiter.limit("120/minute")
def status(token: str) -> ResponseReturnValue:  # noqa: ARG001  # part of the address
    """What a small module asks every few seconds, to show a payment without a reload."""
    page = public_page(g.payment_document_id)
    return jsonify(state=page.poll_state, final=page.is_final)


@blueprint.get("/invoice.pdf")
@public
@limiter.limit("60/minute")
def pdf(token: str) -> ResponseReturnValue:  # noqa: ARG001
    """The invoice itself; its duplicate once the link was replaced."""
    file = pdf_with_link(document_view(g.payment_document_id))
    answer = Response(read_bytes(file.sha256), mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "inline", filename=file.name)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@blueprint.get("/receipt-<int:rank>.pdf")
@public
@limiter.limit("60/minute")
def receipt(token: str, rank: int) -> ResponseReturnValue:  # noqa: ARG001  # part of the address
    """The receipt of one of the payments that settle the invoice, counted from 1 as the page lists them."""
    payments = paid_by(g.payment_document_id)
    if not 1 <= rank <= len(payments):
        raise _DeadLink(404)
    view = receipt_view(payments[rank - 1].payment_id, g.payment_document_id)
    answer = Response(receipt_pdf(view), mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "inline", filename=receipt_name(view))
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/logo")
@public
@limiter.limit("120/minute")
def logo(token: str) -> ResponseReturnValue:  # noqa: ARG001  # part of the address
    """The seller's logo, as it was when the document was issued."""
    return logo_answer(document_view(g.payment_document_id).seller.logo_sha256)


@blueprint.get("/colours.css")
@public
def colours(token: str) -> ResponseReturnValue:  # noqa: ARG001
    """The seller's colour."""
    seller = document_view(g.payment_document_id).seller
    answer = Response(colours_css(seller), mimetype="text/css")
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


def _wish() -> Wish:
    """The way and the amount that were chosen or typed; nothing of it is trusted.

    Raises:
        AmountNotPossible: what was typed is no amount.
    """
    typed = request.form.get("amount", "").strip()
    try:
        cents = parse_scaled(typed, CENT_DECIMALS) if typed else None
    except MoneyTextError as error:
        raise AmountNotPossible(error.message) from None
    chosen = request.form.get("part", "")
    if cents is None and chosen.isdecimal() and len(chosen) <= LONGEST_AMOUNT:
        cents = int(chosen)
    return Wish(request.form.get("way", ""), cents)


def _amount_again(error: AmountNotPossible) -> FlaskForm:
    """The form with the amount that was typed, and what is wrong with it; at the top where no amount is asked for."""
    _speak(public_page(g.payment_document_id))
    page = public_page(g.payment_document_id)
    form = payer_form(_typed(), with_amount=page.purse is not None and page.purse.asks_for_amount)
    put_errors(form, {"amount": error.message})
    return form


def _typed() -> set[str]:
    return {name for name in ASKED if name in request.form}


def _ask_payplug() -> None:
    """PayPlug being down now is no news for the payer: the notification or the sync will tell."""
    attempt = payable_attempt(g.payment_document_id)
    if attempt is None:
        return
    try:
        with waiting_for_payplug(RETURN_SECONDS):
            check_attempt(attempt.id)
    except (PayplugError, CardNotPossible, SimulatorNotAllowed) as error:
        log.warning("return_not_checked", error_type=type(error).__name__)


def _back(token: str) -> ReturnAddresses:
    address = link_url(token)
    return ReturnAddresses(f"{address}/return", f"{address}/cancel")


def _asking_again(incomplete: BillingIncomplete) -> FlaskForm:
    """The fields to mend, those already typed among them, with a word beside each."""
    form = payer_form(_typed() | set(incomplete.fields), with_amount="amount" in request.form)
    form.validate()
    untold = [name for name in incomplete.fields if not form[name].errors]
    put_errors(form, dict.fromkeys(untold, gettext("Please check this.")))
    return form


def _page(
    token: str,
    *,
    form: FlaskForm | None = None,
    notice: _Notice | None = None,
    returned: bool = False,
    status: int = 200,
) -> ResponseReturnValue:
    db.session.expire_all()
    page = public_page(g.payment_document_id)
    _speak(page)
    answer = make_response(
        render_template(
            "payplug/public.html",
            page=page,
            token=token,
            form=form or _fresh_form(page),
            chosen_way=request.form.get("way", ""),
            chosen_part=request.form.get("part", ""),
            notice_shown=notice,
            returned=returned,
            seller_name=page.seller.name,
            seller_logo_url=url_for("payment_page.logo", token=token) if page.seller.logo_sha256 else "",
            seller_style_url=url_for("payment_page.colours", token=token),
            test_mode=page.offer.is_test,
        ),
        status,
    )
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Cache-Control"] = "no-store"
    if status == 503:
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def _fresh_form(page: PublicPage) -> FlaskForm:
    purse = page.purse
    form = payer_form(page.missing, with_amount=purse is not None and purse.asks_for_amount)
    if purse is not None and purse.asks_for_amount and not form["amount"].data:
        form["amount"].data = typed_cents(purse.proposed_cents)
    return form


def _speak(page: PublicPage) -> None:
    """The invoice's language, unless the reader has chosen another."""
    if request.cookies.get("language") not in LANGUAGES:
        g.language = page.language
