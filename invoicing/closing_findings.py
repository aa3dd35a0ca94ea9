"""What invoicing looks at before a year is closed: drafts that belong to it, documents without their file, the bank."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import get_locale, gettext, ngettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, func, or_, select

from accounting.closing.archive_rows import since_until
from accounting.closing.checks import ClosingCheck, Finding, Weight, YearDays
from core.database import db
from core.money import format_cents
from core.web.addresses import path_to
from core.web.formats import day as day_text
from invoicing.bank.banks import banks
from invoicing.bank.reconciliation import Reconciliation, reconciliation
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.models import Document, DocumentFile


def _drafts(year: YearDays) -> Iterator[Finding]:
    """Drafts dated in the year, or written in it without a date: what was sold in it should be invoiced in it."""
    written_in_year = since_until(Document.created_at, year)
    in_year = or_(
        Document.issue_date.between(year.starts_on, year.ends_on),
        and_(Document.issue_date.is_(None), written_in_year),
    )
    count = _count(Document.state == DocumentState.DRAFT, Document.kind == DocumentKind.INVOICE, in_year)
    if count:
        text = ngettext(
            "%(num)d draft invoice of this year: after the closing it is issued with a date of the next one.",
            "%(num)d draft invoices of this year: after the closing they are issued with a date of the next one.",
            count,
        )
        yield Finding(Weight.WARNING, text, path_to("invoices.index", state="draft"))


def _files(year: YearDays) -> Iterator[Finding]:
    count = _count(
        Document.state == DocumentState.ISSUED,
        Document.kind.in_((DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)),
        Document.issue_date.between(year.starts_on, year.ends_on),
        ~select(DocumentFile.id).where(DocumentFile.document_id == Document.id).exists(),
    )
    if count:
        text = ngettext(
            "%(num)d document of this year has no PDF yet: it is drawn in the background.",
            "%(num)d documents of this year have no PDF yet: they are drawn in the background.",
            count,
        )
        yield Finding(Weight.WARNING, text, path_to("invoices.index"))


def _bank(year: YearDays) -> Iterator[Finding]:
    """Each bank account whose statements were imported, beside the books on the year's last day."""
    for bank in banks(closed=True):
        standing = reconciliation(bank.account_id, year.ends_on)
        if standing is None or standing.day > year.ends_on:
            # Without statements, or with later ones only, the bank says nothing of this year.
            continue
        url = path_to("bank.index", bank=bank.account_id, day=year.ends_on.isoformat())
        for text in _bank_sentences(bank.label, standing, year):
            yield Finding(Weight.WARNING, text, url)


def _bank_sentences(name: str, standing: Reconciliation, year: YearDays) -> Iterator[str]:
    locale = get_locale()
    if standing.day < year.ends_on:
        yield gettext(
            "%(bank)s: the last statement ends on %(day)s, before the year does. Import the rest.",
            bank=name, day=day_text(standing.day),
        )  # fmt: skip
    if standing.open_count:
        yield ngettext(
            "%(bank)s: %(num)d line of the bank until the end of the year has no decision, %(amount)s.",
            "%(bank)s: %(num)d lines of the bank until the end of the year have no decision, %(amount)s in all.",
            standing.open_count, bank=name, amount=format_cents(standing.open_cents, locale),
        )  # fmt: skip
    if standing.bank_cents is None or standing.bank_cents == standing.books_cents:
        return
    amounts = {
        "bank": name,
        "day": day_text(standing.day),
        "there": format_cents(standing.bank_cents, locale),
        "here": format_cents(standing.books_cents, locale),
        "amount": format_cents(standing.bank_cents - standing.books_cents, locale),
    }
    if standing.unexplained_cents:
        rest = format_cents(standing.unexplained_cents, locale)
        yield gettext(
            "%(bank)s: on %(day)s the bank has %(there)s and the books %(here)s, a difference of %(amount)s."
            " Nothing explains %(rest)s of it.",
            rest=rest, **amounts,
        )  # fmt: skip
    else:
        yield gettext(
            "%(bank)s: on %(day)s the bank has %(there)s and the books %(here)s, a difference of %(amount)s that lines"
            " and movements of the reconciliation explain.",
            **amounts,
        )


def _count(*conditions: object) -> int:
    return db.session.scalar(select(func.count(Document.id)).where(*conditions)) or 0  # type: ignore[arg-type]


CHECKS = (
    ClosingCheck("drafts", _l("Drafts of the year"), _drafts, 20),
    ClosingCheck("files", _l("Every document has its PDF"), _files, 25),
    ClosingCheck("bank", _l("The bank and the books agree"), _bank, 35),
)
