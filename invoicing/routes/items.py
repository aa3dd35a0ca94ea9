"""The catalogue: list, form, archive, and what the editor proposes while a label is typed."""

from __future__ import annotations

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user

from accounting.sales_accounts import sales_account_numbers
from core.database import commit_once, transaction
from core.errors import OutdatedError
from core.web.addresses import LARGEST_ID
from core.web.forms import put_errors, tell_outdated
from core.web.pages import Page, searched
from core.web.rights import Right, requires
from invoicing.archive_item import archive_item
from invoicing.errors import InvalidInputError
from invoicing.forms.items import ItemForm
from invoicing.forms.lines_of_items import typed_item
from invoicing.forms.vat_treatment import case_of_code
from invoicing.item_prices import prices_of_request
from invoicing.items import count_items, find_item, save_item, search_items

blueprint = Blueprint("items", __name__, url_prefix="/catalogue")
PROPOSED = 8


@blueprint.get("")
@requires(Right.READ)
def index() -> str:
    """The list, searched by a few letters; the archive is a list of its own."""
    query, archived = searched(), request.args.get("state") == "archived"
    page = Page.of_request(count_items(query, archived=archived))
    items = search_items(query, archived=archived, limit=page.size, offset=page.offset)
    return render_template("invoicing/items.html", items=items, query=query, archived=archived, page=page)


@blueprint.get("/search.json")
@requires(Right.INVOICE)
def search() -> Response:
    """Items that match a few letters, as the fields of a line.

    `customer`, `prices` and `vat_case`, as chosen in the editor, say how prices are shown and whether VAT is charged.
    """
    query = searched()
    case = case_of_code(request.args.get("vat_case", ""))
    shown = prices_of_request(_asked_customer(), request.args.get("prices", ""), case)
    found = search_items(query, limit=PROPOSED) if query else []
    return jsonify(items=[typed_item(item, shown) for item in found])


def _asked_customer() -> int | None:
    asked = request.args.get("customer", type=int)
    return asked if asked is not None and 0 < asked <= LARGEST_ID else None


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Right.INVOICE)
def new() -> ResponseReturnValue:
    """Add an item."""
    form = ItemForm()
    if form.validate_on_submit() and _saved(form) is not None:
        return _to_list()
    return _form_page(form)


@blueprint.route("/<int:item_id>/edit", methods=["GET", "POST"])
@requires(Right.INVOICE)
def edit(item_id: int) -> ResponseReturnValue:
    """Change an item; documents keep what they said."""
    item = find_item(item_id)
    form = ItemForm() if request.method == "POST" else ItemForm.of(item)
    try:
        if form.validate_on_submit() and _saved(form, item_id) is not None:
            return _to_list()
    except OutdatedError as error:
        tell_outdated(form, form.version, error, url_for("items.edit", item_id=item_id))
        return _form_page(form, item_id), error.status
    return _form_page(form, item_id)


@blueprint.post("/<int:item_id>/archive")
@requires(Right.INVOICE)
def archive(item_id: int) -> ResponseReturnValue:
    """Take an item out of the catalogue."""
    return _archived(item_id, archived=True)


@blueprint.post("/<int:item_id>/take-back")
@requires(Right.INVOICE)
def take_back(item_id: int) -> ResponseReturnValue:
    """Take an item back from the archive."""
    return _archived(item_id, archived=False)


def _archived(item_id: int, *, archived: bool) -> ResponseReturnValue:
    actor = current_user.id
    with transaction():
        archive_item(item_id, archived=archived, actor_id=actor)
    flash(
        gettext("The item is archived.") if archived else gettext("The item is in the catalogue again."),
        "success",
    )
    return _to_list()


def _saved(form: ItemForm, item_id: int | None = None) -> int | None:
    """Save what was sent; None when something is to be mended."""
    given, version, actor = form.as_input(), form.version.seen, current_user.id
    try:
        saved = commit_once(lambda: save_item(given, item_id=item_id, version=version, actor_id=actor).id)
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return None
    flash(gettext("The item is saved."), "success")
    return saved


def _to_list() -> ResponseReturnValue:
    return redirect(url_for("items.index"), code=303)


def _form_page(form: ItemForm, item_id: int | None = None) -> str:
    item = None if item_id is None else find_item(item_id)
    return render_template("invoicing/item_form.html", form=form, item=item, accounts=sales_account_numbers())
