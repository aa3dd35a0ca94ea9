"""Invoices and credit notes: the list, the page of one, issuing, preview and PDF."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import structlog
from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext
from flask_babel import lazy_gettext as _l
from flask_security import current_user
from markupsafe import Markup

from core.database import transaction
from core.errors import OutdatedError
from core.files import DamagedFileError, read_bytes
from core.web.pages import Page, searched
from core.web.panels import panels_of
from core.web.rights import Right, may, requires
from invoicing.attachments import find_attachment
from invoicing.balances import balances_of
from invoicing.bulk import offered_actions, open_runs
from invoicing.document_page import (
    document_page,
    fingerprint,
    is_settled_down,
    problems_of_draft,
    shown_versions,
)
from invoicing.document_view import document_view
from invoicing.document_words import unit_text, words_of
from invoicing.documents import (
    MOST_COUNTED,
    DocumentFilter,
    ListState,
    count_documents,
    find_document,
    find_issued,
    list_documents,
    sums_of,
    years_of_documents,
)
from invoicing.einvoice_words import RULES
from invoicing.einvoice_xml import MEDIA_TYPE as XML_TYPE
from invoicing.einvoice_xml import xml_of
from invoicing.errors import NotFoundError, NotIssuableError, Place, Problem
from invoicing.forms.documents import OneClickForm
from invoicing.history_words import history_entries
from invoicing.issue_invoice import issue_invoice
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.models import Document
from invoicing.payment_means import method_names
from invoicing.recurring import may_be_repeated, origin_of
from invoicing.render_pdf import MEDIA_TYPE, draft_pdf, ensure_pdf, file_name
from invoicing.sending_status import sending_status
from invoicing.sms_status import sms_status
from invoicing.subtotals import subtotals
from invoicing.takeover.taken_over import takeover_of

log = structlog.get_logger(__name__)

blueprint = Blueprint("invoices", __name__, url_prefix="/invoices")
OWN_PAGES = {DocumentKind.QUOTE: "quotes.show", DocumentKind.RECURRING: "recurring.show"}


@blueprint.get("")
@requires(Right.READ)
def index() -> str:
    """The list, narrowed by state, year and a search."""
    wanted = wanted_documents()
    page = Page.of_request(count_documents(wanted), most=MOST_COUNTED)
    documents = list_documents(wanted, limit=page.size, offset=page.offset)
    return render_template(
        "invoicing/invoices.html",
        documents=documents,
        balances=balances_of([document.id for document in documents]),
        wanted=wanted,
        page=page,
        sums=None if page.is_capped or wanted.state is ListState.DRAFT else sums_of(wanted),
        years=years_of_documents(),
        states=ListState,
        open_runs=open_runs(),
        bulk_actions=offered_actions(wanted.state),
    )


def wanted_documents() -> DocumentFilter:
    """What the address narrows the list to."""
    asked = request.args.get("state", "")
    state = ListState(asked) if asked in set(ListState) else ListState.ALL
    year = request.args.get("year", type=int)
    return DocumentFilter(state, searched(), year if year is not None and 2000 <= year <= 2099 else None)


@blueprint.get("/<int:document_id>")
@requires(Right.READ)
def show(document_id: int) -> ResponseReturnValue:
    """One document with everything that happened to it; quotes and recurring invoices have pages of their own."""
    document = find_document(document_id)
    own_page = OWN_PAGES.get(document.kind)
    if own_page is not None:
        return redirect(url_for(own_page, document_id=document_id))
    problems = problems_of_draft(document) if document.state is DocumentState.DRAFT else []
    return _page(document, problems)


def _page(document: Document, problems: Sequence[Problem]) -> str:
    page = document_page(document)
    return render_template(
        "invoicing/invoice.html",
        page=page,
        fingerprint=fingerprint(document.id, page.balance, page.sendings, page.texts),
        shown_versions=shown_versions(document),
        document=document,
        view=page.view,
        balance=page.balance,
        problems=[(problem, mend_url(problem, document)) for problem in problems],
        history=history_entries(page.history),
        panels=panels_of("document", document.id),
        methods=method_names(),
        einvoice_rules=RULES,
        unit_text=unit_text,
        subtotals=subtotals((line.role, line.amount_cents) for line in page.view.lines),
        one_click=OneClickForm(),
        origin=origin_of(document),
        may_repeat=may_be_repeated(document),
        takeover_id=takeover_of(document) if document.is_taken_over and may("books") else None,
    )


def mend_url(problem: Problem, document: Document) -> str | None:
    """Where the reader can mend a problem; None when her role does not reach there."""
    anchor = problem.field
    if problem.place is Place.CUSTOMER:
        return (
            url_for("customers.edit", customer_id=document.customer_id, _anchor=anchor)
            if may("invoice")
            else None
        )
    if problem.place is Place.DOCUMENT:
        return url_for("editor.edit", document_id=document.id, _anchor=anchor) if may("invoice") else None
    endpoint = "settings.company" if problem.place is Place.COMPANY else "settings.invoicing"
    return url_for(endpoint, _anchor=anchor) if may("settings") else None


@blueprint.get("/<int:document_id>/state.json")
@requires(Right.READ)
def state(document_id: int) -> Response:
    """Whether the page is still up to date; asked by the page while somebody looks at it."""
    document = find_document(document_id)
    balance = balances_of([document.id]).get(document.id)
    sendings, texts = sending_status(document.id), sms_status(document.id)
    answer = jsonify(
        state=fingerprint(document.id, balance, sendings, texts),
        final=is_settled_down(balance, sendings, texts),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/<int:document_id>/issue")
@requires(Right.INVOICE)
def issue(document_id: int) -> ResponseReturnValue:
    """Issue a draft for good; what keeps it from that is listed on its page."""
    actor, seen = current_user.id, request.form.get("seen")
    try:
        with transaction():
            number = issue_invoice(document_id, seen=seen, actor_id=actor).number
    except OutdatedError as error:
        flash(str(error), "warning")
        document = find_document(document_id)
        return _page(document, problems_of_draft(document)), error.status
    except NotIssuableError as error:
        return _page(find_document(document_id), error.problems), 400
    flash(gettext("Invoice %(number)s is issued.", number=number), "success")
    return redirect(url_for("invoices.show", document_id=document_id), code=303)


@blueprint.get("/<int:document_id>/preview")
@requires(Right.READ)
def preview(document_id: int) -> str:
    """The document as it will be printed, or was."""
    view = document_view(document_id)
    with force_locale(view.language):
        words = words_of(view)
        sheet = render_template("invoicing/_sheet.html", view=view, words=words, unit_text=unit_text)
    return render_template("invoicing/preview.html", view=view, sheet=Markup(sheet))  # noqa: S704  # our own template made it


@blueprint.get("/<int:document_id>/preview.pdf")
@requires(Right.READ)
def preview_pdf(document_id: int) -> ResponseReturnValue:
    """The PDF of a draft, with its watermark; nothing is stored."""
    document = find_document(document_id)
    if document.state is DocumentState.ISSUED:
        return redirect(url_for("invoices.pdf", document_id=document_id))
    name = file_name(document_view(document_id))
    return send_file(BytesIO(draft_pdf(document_id)), mimetype=MEDIA_TYPE, download_name=name)


@blueprint.get("/<int:document_id>/attachments/<digest>")
@requires(Right.READ)
def attachment(document_id: int, digest: str) -> Response:
    """A file that goes along with a document; always saved, never shown by the browser."""
    found = find_attachment(find_document(document_id), digest)
    try:
        content = read_bytes(found.sha256)
    except (FileNotFoundError, DamagedFileError) as error:
        log.exception("attachment_not_readable", sha256=found.sha256)
        raise NotFoundError(_l("This file can no longer be read. Restore it from a backup.")) from error
    return send_file(
        BytesIO(content), mimetype=found.media_type, download_name=found.name, as_attachment=True
    )


@blueprint.get("/<int:document_id>/file.pdf")
@requires(Right.READ)
def pdf(document_id: int) -> ResponseReturnValue:
    """The PDF for ever of an issued document; drawn now when the worker has not done it yet."""
    find_issued(document_id)
    content = read_bytes(ensure_pdf(document_id).stored_file.sha256)
    name = file_name(document_view(document_id))
    return send_file(BytesIO(content), mimetype=MEDIA_TYPE, download_name=name, as_attachment=True)


@blueprint.get("/<int:document_id>/file.xml")
@requires(Right.READ)
def xml(document_id: int) -> ResponseReturnValue:
    """The e-invoice alone, as it stands in the PDF, for software that wants no PDF."""
    find_issued(document_id)
    stored = xml_of(document_id)
    if stored is None:
        raise NotFoundError(gettext("This document was issued without an e-invoice."))
    name = file_name(document_view(document_id)).removesuffix(".pdf")
    content = BytesIO(stored.content.encode())
    return send_file(content, mimetype=XML_TYPE, download_name=f"{name}.xml", as_attachment=True)
