"""What can go wrong with the processor, and what may be told about it. Raised by `client` and the verbs above it.

No text here carries what PayPlug answered: its errors may echo the customer's address.
"""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from core.errors import ConflictError, SoldeError


class PayplugError(SoldeError):
    """Base of every failed conversation with PayPlug."""

    default = _l("PayPlug could not be asked. Please try again in a moment.")


class PayplugRefused(PayplugError):
    """PayPlug understood and said no (400, 401, 403, 404, 405, 422): nothing was done there.

    Attributes:
        status: the HTTP status.
        reason: PayPlug's own message, to compare with; never logged nor shown.
        fields: dotted names of the fields it complained about, such as `billing.postcode`.
    """

    default = _l("PayPlug refused this request.")

    def __init__(self, status: int, reason: str = "", fields: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.status, self.reason, self.fields = status, reason, fields


class PayplugKeyRefused(PayplugRefused):
    """The secret key is unknown or revoked (401)."""

    default = _l("PayPlug does not accept this secret key.")


class PayplugNotFound(PayplugRefused):
    """PayPlug does not know this object under this key (404)."""

    default = _l("PayPlug does not know this payment.")


class PayplugUnconfirmed(PayplugError):
    """No usable answer (network, 429, 5xx, unreadable 2xx): what was asked may have been done.

    Attributes:
        cause: a word for logs and for the attempt: `timeout`, `connection`, `http_502`, `unreadable`…
    """

    def __init__(self, cause: str) -> None:
        super().__init__()
        self.cause = cause


class PayplugUnreachable(PayplugUnconfirmed):
    """The connection was never made, so certainly nothing was done there."""


class PayplugUnreadable(PayplugUnconfirmed):
    """A 2xx answer that is not what the protocol says: HTML, null, a missing field, a wrong type."""

    def __init__(self, what: str) -> None:
        super().__init__("unreadable")
        self.what = what


class PayplugBusy(PayplugError):
    """Enough people are waiting for a slow PayPlug already; nothing was asked and nothing written."""

    default = _l("PayPlug is slow just now. Please try again in a minute.")


class NotPayplugId(SoldeError):
    """A text that is not an identifier of PayPlug; it must never become part of an address."""

    default = _l("This is not a PayPlug identifier.")


class SimulatorNotAllowed(SoldeError):
    """A company with real books was about to be paid through an address that is not PayPlug's."""

    default = _l(
        "This installation uses a PayPlug simulator. Only a demonstration company may use it, so that false money "
        "never reaches real books."
    )


class CardNotPossible(SoldeError):
    """This invoice cannot be paid by card now; the message says why, the page how to pay otherwise."""

    default = _l("Card payment is not possible for this invoice at the moment.")


class AmountNotPossible(SoldeError):
    """The amount that the payer wishes to pay cannot be paid at once; the message says which can."""

    default = _l("This amount cannot be paid.")

    def __init__(self, message: LazyString | None = None) -> None:
        super().__init__(message, field="amount")


class NothingToPay(ConflictError):
    """Nothing is due any more: paid or credited in the meantime."""

    default = _l("Nothing is left to pay on this invoice.")


class PaymentBeingPrepared(ConflictError):
    """Another tab is just asking PayPlug for the same payment."""

    default = _l("The payment page is being prepared. Please try again in a few seconds.")


class RefundInProgress(ConflictError):
    """It is not known yet whether an earlier refund of the payment was made: a second one might be one too many."""

    default = _l(
        "PayPlug has not confirmed an earlier refund of this payment yet. Solde asks again by itself; please wait "
        "until it is known."
    )


class BillingIncomplete(SoldeError):
    """PayPlug needs a name, an e-mail and an address of the payer; `fields` names what is missing."""

    default = _l("Please complete your details before paying.")

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(field=fields[0])
        self.fields = fields


def cause_of(error: PayplugError) -> str:
    """A failed call as a short word that is stored and shown through `failures`."""
    if isinstance(error, PayplugRefused):
        return f"http_{error.status}"
    if not isinstance(error, PayplugUnconfirmed):
        return type(error).__name__
    # `timeout` alone is PayPlug's own word for a payer who left.
    return "timeout_of_call" if error.cause == "timeout" else error.cause
