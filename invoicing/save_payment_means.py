"""Name a means of payment, say where its money comes in, offer it or not. Called by its settings; never retroactive."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.database import db, lock
from core.event_log import record_event
from core.insert_missing import insert_missing
from core.tenancy import current_company_id
from core.versions import count_save, is_changed
from invoicing.errors import InvalidInputError
from invoicing.input_checks import FieldErrors
from invoicing.payment_means import DEFAULTS, PaymentMeans, offered_means, possible_accounts
from invoicing.payments import PaymentMethod

LONGEST_LABEL = 60


@dataclass(frozen=True)
class MeansInput:
    """A means as typed. `label` empty: the usual name; `treasury_account_id` None: the usual account."""

    label: str = ""
    treasury_account_id: int | None = None
    is_offered: bool = True


def save_payment_means(
    method: PaymentMethod, given: MeansInput, *, version: int | None = None, actor_id: int | None = None
) -> None:
    """Save what the company wants of a means; payments that were recorded keep what they were.

    Args:
        method: a means that a person may record.
        given: what was typed.
        version: the version the person's page showed; None for what comes from no page.
        actor_id: who does it.

    Raises:
        OutdatedError: it was saved since that version.
        InvalidInputError: naming every field that is wrong; the last one that is offered stays offered.
    """
    insert_missing(
        PaymentMeans, company_id=current_company_id(), method=method, is_offered=DEFAULTS[method], label="",
        version=1,
    )  # fmt: skip
    row = lock(select(PaymentMeans).where(PaymentMeans.method == method))
    assert row is not None, "it was just put there"
    errors = FieldErrors()
    label = errors.text("label", given.label, LONGEST_LABEL)
    wanted = given.treasury_account_id
    if wanted is not None and wanted not in {account.id for account in possible_accounts(method)}:
        errors.add("treasury_account_id", _l("Money of this means does not come in on this account."))
    errors.raise_if_any()
    before = _describe(row)
    with db.session.no_autoflush:
        row.label, row.treasury_account_id, row.is_offered = label, wanted, given.is_offered
        if not is_changed():
            return
        count_save(row, version)
    db.session.flush()
    if not offered_means():
        raise InvalidInputError({"is_offered": _l("Offer at least one means of payment.")})
    record_event(
        "payment_means.changed", actor_id=actor_id, method=method.value, before=before, after=_describe(row)
    )


def _describe(row: PaymentMeans) -> list[object]:
    return [row.label, row.treasury_account_id, row.is_offered]
