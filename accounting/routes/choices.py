"""What the company chooses once: sales accounts by rate, customer accounts, deposits, financial years; and who
changed what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user
from flask_wtf import FlaskForm

from accounting.deposits_preview import deposits_preview
from accounting.errors import AccountingError
from accounting.fiscal_years import fiscal_years
from accounting.forms import put_error
from accounting.models import DepositsScheme, SalesExtension
from accounting.sales_extension import preview
from accounting.settings.choose_customer_accounts import choose_customer_accounts
from accounting.settings.choose_deposits_scheme import choose_deposits_scheme
from accounting.settings.choose_sales_extension import choose_sales_extension
from accounting.settings.chosen import accounting_settings
from accounting.settings.fiscal_year_dates import coming_years, set_year_dates, year_dates
from accounting.settings.forms import CustomersForm, DepositsForm, SalesForm, YearForm
from accounting.settings.history import count_changes, settings_changes
from core.database import transaction
from core.web.pages import Page
from core.web.rights import Right, requires

blueprint = Blueprint("books_choices", __name__, url_prefix="/books/settings")


@blueprint.get("/choices")
@requires(Right.BOOKS)
def index() -> str:
    """The four forms."""
    return _page()


@blueprint.post("/sales")
@requires(Right.BOOKS)
def sales() -> ResponseReturnValue:
    """Choose the extension of sales accounts; with `preview` it is only shown."""
    form = SalesForm()
    if not form.validate() or request.form.get("action") == "preview":
        return _page(sales_form=form)
    return _saved(
        form.sales_extension,
        lambda actor: choose_sales_extension(form.chosen, seen=form.seen.data, actor_id=actor),
        sales_form=form,
    )


@blueprint.post("/customers")
@requires(Right.BOOKS)
def customers() -> ResponseReturnValue:
    """Choose between one account for all customers and one each."""
    form = CustomersForm()
    if not form.validate():
        return _page(customers_form=form)
    return _saved(
        form.customer_accounts,
        lambda actor: choose_customer_accounts(form.chosen, seen=form.seen.data, actor_id=actor),
        customers_form=form,
    )


@blueprint.post("/deposits")
@requires(Right.BOOKS)
def deposits() -> ResponseReturnValue:
    """Choose when deposit invoices are booked; with `preview` the entries are only shown."""
    form = DepositsForm()
    if not form.validate() or request.form.get("action") == "preview":
        return _page(deposits_form=form)
    return _saved(
        form.deposits_scheme,
        lambda actor: choose_deposits_scheme(form.chosen, seen=form.seen.data, actor_id=actor),
        deposits_form=form,
    )


@blueprint.post("/years")
@requires(Right.BOOKS)
def years() -> ResponseReturnValue:
    """Choose the dates of financial years; with `preview` the years are only shown."""
    form = YearForm()
    if not form.validate() or request.form.get("action") == "preview":
        return _page(year_form=form)
    return _saved(
        form.end_month,
        lambda actor: set_year_dates(form.wanted, seen=form.seen.data, actor_id=actor),
        year_form=form,
    )


@blueprint.get("/changes")
@requires(Right.BOOKS)
def changes() -> str:
    """Everything that was changed in the settings of the books."""
    page = Page.of_request(count_changes())
    return render_template(
        "accounting/changes.html",
        changes=settings_changes(limit=page.size, offset=page.offset),
        page=page,
        page_url=f"{url_for('books_choices.changes')}?page={{page}}",
    )


def _saved(field: Any, choose: Callable[[int], None], **forms: FlaskForm) -> ResponseReturnValue:
    actor = current_user.id
    try:
        with transaction():
            choose(actor)
    except AccountingError as error:
        (form,) = forms.values()
        put_error(getattr(form, error.field or "", field), error)
        return _page(**forms)
    flash(gettext("Saved. It holds for entries to come."), "success")
    # To the top, where the message stands: without a fragment a browser keeps the one of the form.
    return redirect(url_for("books_choices.index", _anchor="content"), code=303)


def _page(
    sales_form: FlaskForm | None = None,
    customers_form: FlaskForm | None = None,
    deposits_form: FlaskForm | None = None,
    year_form: FlaskForm | None = None,
) -> str:
    settings = accounting_settings()
    dates = year_dates(settings)
    sales_form = sales_form or SalesForm(
        formdata=None, data={"sales_extension": settings.sales_extension, "seen": settings.sales_extension}
    )
    customers_form = customers_form or CustomersForm(
        formdata=None,
        data={"customer_accounts": settings.customer_accounts, "seen": settings.customer_accounts},
    )
    deposits_form = deposits_form or DepositsForm(
        formdata=None, data={"deposits_scheme": settings.deposits_scheme, "seen": settings.deposits_scheme}
    )
    year_form = year_form or YearForm(
        formdata=None,
        data={
            "end_month": dates.end_month,
            "first_day": dates.first_day,
            "last_day": dates.last_day,
            "seen": dates.seen,
        },
    )
    extension, scheme = sales_form.sales_extension.data, deposits_form.deposits_scheme.data
    return render_template(
        "accounting/choices.html",
        sales_form=sales_form,
        customers_form=customers_form,
        deposits_form=deposits_form,
        deposit_entries=deposits_preview(DepositsScheme(scheme)) if scheme in set(DepositsScheme) else [],
        year_form=year_form,
        extended=preview(SalesExtension(extension)) if extension in set(SalesExtension) else [],
        years=coming_years(dates if year_form.errors else year_form.wanted),
        has_years=bool(fiscal_years()),
    )
