"""Lettering: whose lines are open, which belong together, and the letterings that hold, each with its way back."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from accounting.errors import AccountingError, AccountNotFound
from accounting.lettering.letter_by_hand import letter_by_hand
from accounting.lettering.unletter import unletter
from accounting.lettering.views import (
    even_sets,
    letterings_of,
    lines_of_lettering,
    open_lines_of,
    open_parties,
)
from accounting.models import Account, Lettering
from core.database import db, transaction
from core.errors import NotFoundError
from core.web.pages import Page, searched
from core.web.rights import Right, requires

blueprint = Blueprint("lettering", __name__, url_prefix="/books/lettering")


@blueprint.get("")
@requires(Right.BOOKS)
def index() -> str:
    """The third parties with open lines."""
    text = searched()
    page = Page.of_request(open_parties(text, limit=1)[1])
    parties, _ = open_parties(text, limit=page.size, offset=page.offset)
    return render_template("accounting/lettering.html", parties=parties, page=page, query=text)


@blueprint.get("/accounts/<int:account_id>")
@requires(Right.BOOKS)
def account(account_id: int) -> str:
    """The open lines of one third party on an account."""
    return _page(_account(account_id), searched("code"))


@blueprint.post("/accounts/<int:account_id>")
@requires(Right.BOOKS)
def letter(account_id: int) -> ResponseReturnValue:
    """Letter the lines that are ticked."""
    found, code, actor = _account(account_id), searched("code"), current_user.id
    ticked = [int(text) for text in request.form.getlist("lines") if _is_id(text)]
    try:
        with transaction():
            made = letter_by_hand(ticked, actor_id=actor).code
    except AccountingError as error:
        return _page(found, code, ticked=ticked, refused=str(error.message)), 422
    flash(gettext("The lines are lettered %(code)s.", code=made), "success")
    return redirect(url_for("lettering.account", account_id=account_id, code=code), code=303)


@blueprint.get("/<int:lettering_id>")
@requires(Right.BOOKS)
def show(lettering_id: int) -> str:
    """One lettering with its lines."""
    return _lettering_page(_lettering(lettering_id))


@blueprint.post("/<int:lettering_id>/undo")
@requires(Right.BOOKS)
def undo(lettering_id: int) -> ResponseReturnValue:
    """End a lettering, with a reason."""
    lettering, actor = _lettering(lettering_id), current_user.id
    there = url_for("lettering.account", account_id=lettering.account_id, code=lettering.auxiliary_code)
    try:
        with transaction():
            unletter(lettering_id, request.form.get("reason", "")[:1000], actor_id=actor)
    except AccountingError as error:
        return _lettering_page(_lettering(lettering_id), refused=str(error.message)), 422
    flash(gettext("The lettering is ended; its lines are open again."), "success")
    return _to(there)


def _to(url: str) -> Response:
    return redirect(url, code=303)


def _page(found: Account, code: str, ticked: list[int] | None = None, refused: str = "") -> str:
    lines = open_lines_of(found.id, code)
    chosen = searched("set")
    sets = even_sets(lines)
    wanted = sets[int(chosen) - 1] if _is_id(chosen) and 0 < int(chosen) <= len(sets) else ()
    return render_template(
        "accounting/lettering_account.html",
        account=found,
        code=code,
        lines=lines,
        sets=sets,
        ticked=wanted if ticked is None else ticked,
        letterings=letterings_of(found.id, code),
        refused=refused,
        form=FlaskForm(),
    )


def _lettering_page(lettering: Lettering, refused: str = "") -> str:
    return render_template(
        "accounting/lettering_one.html",
        lettering=lettering,
        account=db.session.get_one(Account, lettering.account_id),
        lines=lines_of_lettering(lettering.id),
        refused=refused,
    )


def _account(account_id: int) -> Account:
    found = db.session.get(Account, account_id)
    if found is None:
        raise AccountNotFound
    return found


def _lettering(lettering_id: int) -> Lettering:
    found = db.session.get(Lettering, lettering_id)
    if found is None:
        raise NotFoundError
    return found


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19
