"""How late customers are, on any day: the balances by age, the documents of one customer, a chart, files."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from accounting.reading.ageing import AgeBand, ageing, first_entries, open_items
from accounting.reading.ageing_sheets import BANDS, customers_sheet, items_sheet
from accounting.reading.customers_in_credit import credit_sheet, customers_in_credit
from accounting.reading.key_documents import documents_of_keys
from accounting.reading.unbooked import unbooked_until
from accounting.source_links import source_url
from core.charts import Series, bar_chart
from core.clock import paris_today
from core.web.pages import Page, asked_day, searched
from core.web.rights import Right, requires
from core.web.spreadsheets import asked_format, spreadsheet

blueprint = Blueprint("ageing", __name__, url_prefix="/books/ageing")
LARGEST_CENTS = 10**15


@blueprint.get("")
@requires(Right.READ)
def index() -> ResponseReturnValue:
    """Customers by how late they are at the end of a day, by default today; narrowed by a part of name or number."""
    day = asked_day("day") or paris_today()
    found = ageing(day)
    file_format = asked_format()
    if file_format:
        sheets = (customers_sheet(found), items_sheet(found, open_items(day)))
        return spreadsheet(file_format, f"balance-agee-{day}", *sheets)
    text = searched()
    customers = [c for c in found.customers if text.casefold() in f"{c.code} {c.customer}".casefold()]
    page = Page.of_request(len(customers))
    filters: dict[str, Any] = {"day": day, "q": text}
    return render_template(
        "accounting/ageing.html",
        found=found,
        day=day,
        text=text,
        unbooked=unbooked_until(day),
        customers=customers[page.offset : page.offset + page.size],
        heads=[(str(BANDS[band]), "number") for band in AgeBand],
        chart=",".join(str(found.cents[band]) for band in AgeBand if band is not AgeBand.CREDIT),
        page=page,
        page_url=f"{url_for('ageing.index', **filters)}&page={{page}}",
    )


@blueprint.get("/customers/<code>")
@requires(Right.READ)
def customer(code: str) -> str:
    """What one customer has open at the end of a day, document by document."""
    day = asked_day("day") or paris_today()
    items = sorted(open_items(day, code), key=lambda item: (item.due_date or day, item.first_entry_id))
    entries = first_entries(items)
    return render_template(
        "accounting/ageing_customer.html",
        code=code,
        name=max((item.customer for item in items), default=code),
        day=day,
        items=items,
        unbooked=unbooked_until(day, code),
        bands=BANDS,
        entries=entries,
        documents=documents_of_keys(item.match_key for item in items),
        urls={id_: source_url((entry.source_kind, entry.source_id)) for id_, entry in entries.items()},
    )


@blueprint.get("/in-credit")
@requires(Right.READ)
def in_credit() -> ResponseReturnValue:
    """The customers to whom something was owed at the end of a day, to be presented among the debts."""
    day = asked_day("day") or paris_today()
    found = customers_in_credit(day)
    file_format = asked_format()
    if file_format:
        return spreadsheet(file_format, f"clients-crediteurs-{day}", credit_sheet(found))
    page = Page.of_request(len(found.customers))
    return render_template(
        "accounting/customers_in_credit.html",
        found=found,
        customers=found.customers[page.offset : page.offset + page.size],
        page=page,
        page_url=f"{url_for('ageing.in_credit', day=day)}&page={{page}}",
    )


@blueprint.get("/chart-<theme>.svg")
@requires(Right.READ)
def chart(theme: str) -> Response:
    """The bands as an image; the page that shows it gives the amounts, so that nothing is added up twice."""
    typed = [part for part in request.args.get("cents", "").split(",") if part.lstrip("-").isdecimal()]
    cents = [max(-LARGEST_CENTS, min(int(part[:20]), LARGEST_CENTS)) for part in typed]
    bands = [band for band in AgeBand if band is not AgeBand.CREDIT]
    shown = [*cents, *(0 for _ in bands)][: len(bands)]
    is_narrow = request.args.get("narrow") == "1"
    labels = [_short(band) if is_narrow else str(BANDS[band]) for band in bands]
    image = bar_chart(labels, (Series(gettext("Open"), shown),), theme, is_narrow=is_narrow)
    answer = Response(image, mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def _short(band: AgeBand) -> str:
    return {AgeBand.NOT_DUE: "≤ 0", AgeBand.TO_30: "30", AgeBand.TO_60: "60", AgeBand.TO_90: "90"}.get(
        band, "> 90"
    )
