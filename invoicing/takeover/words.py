"""The words of what was taken over, as its documents print them."""

from __future__ import annotations

from datetime import date

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from invoicing.legal_mentions import Mention, MentionCode
from invoicing.takeover.known_customers import FoundBy


def line_label(number: str, day: date, language: str) -> str:
    """What the one line of an open invoice says."""
    if language == "fr":
        return f"Facture {number} du {day:%d/%m/%Y}\u00a0: reste à payer"
    return f"Invoice {number} of {day:%d/%m/%Y}: what remains to be paid"


def counter_label(number: str, language: str) -> str:
    """What the line of a counter-document says."""
    if language == "fr":
        return f"Annulation de la reprise de la facture {number}"
    return f"Take-over of invoice {number} undone"


def what_it_is(number: str, day: date, language: str) -> Mention:
    """The sentence by which nobody takes the paper for an invoice: VAT is shown and deducted once, on the original."""
    french = (
        f"Ce relevé n’est pas une facture\u00a0: il rappelle ce qui reste dû sur la facture {number} du"
        f" {day:%d/%m/%Y}, émise avec un logiciel précédent. La TVA figure sur la facture d’origine."
    )
    if language == "fr":
        return Mention(MentionCode.TAKEN_OVER, french)
    english = (
        f"This statement is not an invoice: it says what remains due on invoice {number} of {day:%d/%m/%Y}, issued"
        " with software used before. VAT is shown on the original invoice."
    )
    return Mention(MentionCode.TAKEN_OVER, english, french)


FOUND_BY: dict[FoundBy, LazyString] = {
    FoundBy.CODE: _l("by its code"),
    FoundBy.ACCOUNT: _l("by its account"),
    FoundBy.NAME: _l("by its name"),
    FoundBy.NEW: _l("new"),
}
"""How a customer of the old books was found here."""
