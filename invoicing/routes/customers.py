"""Customers: list, page, form, export, archive."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as FileResponse
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_security import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from core.database import db, transaction
from core.errors import OutdatedError
from core.web.forms import press_row_button, put_errors, refuse_unknown_button, tell_outdated
from core.web.pages import Page, searched
from core.web.rights import Right, requires
from invoicing.archive_customer import archive_customer
from invoicing.balances import balances_of, customer_credit_cents, customer_due_cents, merged_ids
from invoicing.customer_input import zone_of
from invoicing.customers import count_found, find_customer, found_customers, save_customer
from invoicing.errors import InvalidInputError
from invoicing.export_customers import export_customers
from invoicing.forms.customers import ContactForm, CustomerForm
from invoicing.forms.recurring import EVERY
from invoicing.lifecycle import DocumentKind
from invoicing.models import Document
from invoicing.open_invoices import open_invoices
from invoicing.quotes import state_of
from invoicing.recurring import recurring_of_customer

blueprint = Blueprint("customers", __name__, url_prefix="/customers")
RECENT = 50


@blueprint.get("")
@requires(Right.READ)
def index() -> str:
    """The list, searched by a few letters."""
    query, archived = searched(), _archived()
    statement = found_customers(query, archived=archived)
    page = Page.of_request(count_found(statement))
    found = db.session.scalars(statement.limit(page.size).offset(page.offset)).all()
    return render_template(
        "invoicing/customers.html", customers=found, query=query, page=page, archived=archived
    )


@blueprint.get("/export.csv")
@requires(Right.READ)
def export() -> FileResponse:
    """All customers in use, or all archived ones, as a file that the import takes back."""
    content = export_customers(archived=_archived(), language=str(get_locale()))
    name = gettext("customers") + ".csv"
    headers = {"Content-Disposition": f"attachment; filename={name}"}
    return FileResponse(content, mimetype="text/csv", headers=headers)


@blueprint.post("/<int:customer_id>/archive")
@requires(Right.INVOICE)
def archive(customer_id: int) -> Response:
    """Take the customer out of lists and proposals, or back in."""
    archived = request.form.get("archived") == "1"
    with transaction():
        archive_customer(customer_id, archived=archived, actor_id=current_user.id)
    flash(
        gettext("The customer is archived.") if archived else gettext("The customer is in use again."),
        "success",
    )
    return redirect(url_for("customers.show", customer_id=customer_id), code=303)


def _archived() -> bool:
    return request.args.get("state") == "archived"


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Right.INVOICE)
def new() -> str | Response:
    """Add a customer."""
    form = CustomerForm()
    customer_id = _saved(form)
    if customer_id is not None:
        return redirect(url_for("customers.show", customer_id=customer_id), code=303)
    return _form_page(form)


@blueprint.get("/<int:customer_id>")
@requires(Right.READ)
def show(customer_id: int) -> str:
    """One customer: details, latest documents, credit."""
    customer = find_customer(customer_id)
    theirs = Document.customer_id.in_(merged_ids(customer_id)), Document.kind != DocumentKind.RECURRING
    latest = select(Document).where(*theirs).order_by(Document.id.desc())
    documents = db.session.scalars(latest.limit(RECENT)).all()
    return render_template(
        "invoicing/customer.html",
        customer=customer,
        zone=zone_of(customer.country),
        target=find_customer(customer.merged_into_id) if customer.merged_into_id else None,
        documents=documents,
        may_record_payment=bool(open_invoices(customer_id)),
        recurring=recurring_of_customer(customer_id),
        every=EVERY,
        balances=balances_of([document.id for document in documents]),
        quote_state=state_of,
        due_cents=customer_due_cents(customer_id),
        credit_cents=customer_credit_cents(customer_id),
    )


@blueprint.route("/<int:customer_id>/edit", methods=["GET", "POST"])
@requires(Right.INVOICE)
def edit(customer_id: int) -> ResponseReturnValue:
    """Change a customer; documents already issued keep what they said."""
    customer = find_customer(customer_id)
    form = CustomerForm() if request.method == "POST" else CustomerForm.of(customer)
    try:
        saved = _saved(form, customer_id, customer.external_reference)
    except OutdatedError as error:
        tell_outdated(form, form.version, error, url_for("customers.show", customer_id=customer_id))
        return _form_page(form, customer_id), error.status
    if saved is not None:
        return redirect(url_for("customers.show", customer_id=customer_id), code=303)
    return _form_page(form, customer_id)


@blueprint.context_processor
def _blank() -> dict[str, type[ContactForm]]:
    """What scripts copy for a new contact."""
    return {"ContactForm": ContactForm}


def _saved(form: CustomerForm, customer_id: int | None = None, reference: str | None = None) -> int | None:
    """Save what was sent; None when there is nothing to save or something to mend."""
    if press_row_button(form.contacts, "contact"):
        return None
    refuse_unknown_button()
    if not form.validate_on_submit():
        return None
    given, version, actor = form.as_input(reference), form.version.seen, current_user.id
    try:
        with transaction():
            saved = save_customer(given, customer_id=customer_id, version=version, actor_id=actor).id
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return None
    flash(gettext("The customer is saved."), "success")
    return saved


def _form_page(form: CustomerForm, customer_id: int | None = None) -> str:
    customer = None if customer_id is None else find_customer(customer_id)
    return render_template("invoicing/customer_form.html", form=form, customer=customer)
