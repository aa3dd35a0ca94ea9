"""What the accountant's software wants of exports: read for each preview, written by the settings page of exports."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.chart import account_for
from accounting.errors import AccountingError
from accounting.exports.models import ExportSettings
from accounting.exports.pieces import ExportOptions
from accounting.roles import AccountRole
from core.database import db, lock
from core.event_log import record_event
from core.insert_missing import insert_missing
from core.tenancy import current_company_id
from core.versions import count_save, is_changed

SHORTEST_ACCOUNT, LONGEST_ACCOUNT = 6, 17


@dataclass(frozen=True)
class ExportSettingsInput:
    """What the page gives. `account_length` 0: as in the ledger. `version`: of what the page showed."""

    account_length: int
    ximport_dot: bool
    version: int | None = None


def export_settings() -> ExportSettings | None:
    """The company's settings; None while the defaults hold."""
    return db.session.scalars(select(ExportSettings)).one_or_none()


def export_options() -> ExportOptions:
    """The options a file made now would have."""
    customers = account_for(AccountRole.CUSTOMERS).number
    found = export_settings()
    if found is None:
        return ExportOptions(customers_account=customers)
    return ExportOptions(found.account_length, found.ximport_dot, customers)


def set_export_settings(given: ExportSettingsInput, *, actor_id: int | None = None) -> ExportSettings:
    """Save what the page gives, for later files; files that were made stay as they are.

    Raises:
        AccountingError: no software has accounts of that length.
        OutdatedError: somebody else has saved them meanwhile.
    """
    length = given.account_length
    if length and not SHORTEST_ACCOUNT <= length <= LONGEST_ACCOUNT:
        raise AccountingError(
            _l(
                "Between %(least)d and %(most)d characters, or 0 for accounts as they are.",
                least=SHORTEST_ACCOUNT,
                most=LONGEST_ACCOUNT,
            ),
            field="account_length",
        )
    insert_missing(
        ExportSettings, company_id=current_company_id(), version=1, account_length=0, ximport_dot=False
    )
    found = lock(select(ExportSettings))
    assert found is not None
    found.account_length, found.ximport_dot = length, given.ximport_dot
    if not is_changed():
        return found
    count_save(found, given.version)
    db.session.flush()
    record_event(
        "exports.set", actor_id=actor_id, subject=("export_settings", found.id),
        account_length=length, ximport_dot=given.ximport_dot,
    )  # fmt: skip
    return found
