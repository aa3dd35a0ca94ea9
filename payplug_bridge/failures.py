"""Why a card payment was not made, in words for the seller: PayPlug's failure codes and our own.

An unknown code is shown as a general failure: the list may grow.
"""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

_GENERAL = _l("The payment was not made.")
_WORDS: dict[str, LazyString] = {
    "processing_error": _l("The card could not be processed."),
    "card_declined": _l("The bank refused the card."),
    "insufficient_funds": _l("Not enough money on the account."),
    "3ds_declined": _l("The 3-D Secure authentication failed."),
    "incorrect_number": _l("Wrong card number."),
    "card_scheme_mismatch": _l("The card number does not fit the brand that was chosen."),
    "fraud_suspected": _l("Suspected fraud."),
    "method_unsupported": _l("This kind of card is not accepted."),
    "card_expiration_date_prior_to_last_installment_date": _l("The card expires too early."),
    "aborted": _l("The payment page was closed by Solde."),
    "timeout": _l("The customer left the payment page without trying."),
    "not_created": _l("PayPlug did not answer; it has made no payment."),
    "not_found": _l("PayPlug does not know this payment under the present key."),
    "unreachable": _l("PayPlug could not be reached."),
    "timeout_of_call": _l("PayPlug did not answer in time."),
    "connection": _l("The connection to PayPlug broke."),
    "unreadable": _l("PayPlug answered something unreadable."),
    "http_403": _l("PayPlug does not allow this to the account of the key."),
    "http_429": _l("PayPlug was asked too often. It is asked again later."),
    "http_500": _l("PayPlug is out of order at the moment."),
    "http_502": _l("PayPlug is out of order at the moment."),
    "http_503": _l("PayPlug is out of order at the moment."),
    "http_401": _l("PayPlug does not accept the secret key. Check it in the PayPlug settings."),
}


def words_for_call(code: str) -> LazyString | str:
    """Why PayPlug could not be asked, for a code of `errors.cause_of`; nothing for none."""
    if not code:
        return ""
    return _WORDS.get(code) or _l("PayPlug gave no usable answer (%(code)s).", code=code)


def words_for_failure(code: str) -> LazyString | str:
    """The sentence for a failure code; nothing for none."""
    return _WORDS.get(code, _GENERAL) if code else ""


_BALANCE = _l(
    "PayPlug refused it. The balance at PayPlug may be too low for it: look in the PayPlug portal, and try again when "
    "card payments have come in."
)
_REFUSALS: dict[str, LazyString] = {
    "too_old": _l(
        "The payment is too old: PayPlug gives money back for 12 months. Give it back by transfer."
    ),
    "not_left": _l(
        "Less is left of the payment at PayPlug than asked for: money was given back there meanwhile."
    ),
    "not_created": _l("PayPlug did not answer, and has given nothing back. You can try again."),
    "unreachable": _l("PayPlug could not be reached. You can try again."),
    "http_401": _l("PayPlug does not accept the secret key. Check it in the PayPlug settings."),
    "http_404": _l("PayPlug does not know this payment under the present key."),
}


def words_for_refusal(code: str) -> LazyString:
    """Why a refund was not made, and what to do; PayPlug's own words are not documented."""
    return _REFUSALS.get(code, _BALANCE)
