"""Which rules the e-invoice of a document keeps and why, in words: for the document's page."""

from __future__ import annotations

from typing import Final

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from invoicing.einvoice import WhyRules, why_rules
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.models import Document
from invoicing.parties import buyer_of, read_buyer
from invoicing.vat import counts

RULES: Final[dict[WhyRules, LazyString]] = {
    WhyRules.FRENCH: _l("Factur-X, checked against EN 16931 and the French rules."),
    WhyRules.INDIVIDUAL: _l(
        "Factur-X, checked against EN 16931. The French rules bind businesses and public bodies, not individuals."
    ),
    WhyRules.ABROAD: _l(
        "Factur-X, checked against EN 16931. The French rules bind customers in France, not those abroad."
    ),
    WhyRules.OWN_RATE: _l(
        "Factur-X, checked against EN 16931. The French rules do not take a VAT rate of your own: this document cannot"
        " go through a French platform."
    ),
}


def rules_of(document: Document) -> WhyRules | None:
    """What decides the rules of a document's e-invoice, issued or as it would be issued; None when it has none."""
    if document.kind not in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE):
        return None
    if document.state is DocumentState.ISSUED:
        return why_rules(read_buyer(document.buyer), (row.rate for row in document.vat_lines))
    return why_rules(buyer_of(document.customer), (line.vat_rate for line in document.lines if counts(line)))
