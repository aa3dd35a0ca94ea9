"""What the bridge puts into a package of a period: how PayPlug's balance and the books stand to each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from flask_babel import format_datetime, gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, select

from accounting.packages.month_parts import period_name
from accounting.packages.package_parts import PackagedFile, PackagePart, PackagePeriod
from core.clock import paris_date, paris_midnight
from core.database import db
from core.spreadsheets import ColumnKind, Sheet, SheetColumn, Value, write_xlsx
from payplug_bridge.operations.models import PayplugOperation
from payplug_bridge.operations.wallet import WalletStanding, wallet_standing
from payplug_bridge.operations.words import KINDS

_CENTS, _DATE = ColumnKind.CENTS, ColumnKind.DATE


def wallet_files(period: PackagePeriod) -> Iterator[PackagedFile]:
    """One workbook: the reconciliation as it stands now, and the operations of the period. Nothing without reports."""
    if not db.session.scalar(select(exists().where(PayplugOperation.id.is_not(None)))):
        db.session.rollback()
        return
    path = period.folder / "wallet.xlsx"
    with path.open("wb") as out:
        write_xlsx([_standing_sheet(wallet_standing()), _operations_sheet(period)], out)
    db.session.rollback()
    yield f"payplug/rapprochement-{period_name(period)}.xlsx", path


def _standing_sheet(standing: WalletStanding) -> Sheet:
    columns = (
        SheetColumn(gettext("Reconciliation of the wallet"), width=70),
        SheetColumn(gettext("Amount"), _CENTS),
    )
    until = format_datetime(standing.told_until, "dd/MM/yyyy HH:mm") if standing.told_until else "–"
    account = f"{standing.account.number} {standing.account.label}"
    rows: list[Sequence[Value]] = [
        (gettext("At PayPlug, as the reports tell until %(moment)s", moment=until), standing.payplug_cents),
        (gettext("In the books, account %(account)s", account=account), standing.ledger_cents),
        (gettext("Difference"), standing.difference_cents),
        (gettext("of which operations that are not booked"), standing.unbooked_cents),
        (gettext("of which entries that no report tells yet"), -standing.untold_cents),
        (gettext("of which not explained"), standing.unexplained_cents),
        *((f"{entry.number} {entry.day:%d/%m/%Y} {entry.label}", -entry.cents) for entry in standing.untold),
    ]
    return Sheet(gettext("Reconciliation"), columns, rows)


def _operations_sheet(period: PackagePeriod) -> Sheet:
    columns = (
        SheetColumn(gettext("Date"), _DATE),
        SheetColumn(gettext("Operation"), width=24),
        SheetColumn(gettext("As PayPlug calls it"), width=32),
        SheetColumn(gettext("Reference"), width=34),
        SheetColumn(gettext("Amount"), _CENTS),
    )
    start, end = paris_midnight(period.starts_on), paris_midnight(period.ends_on + timedelta(days=1))
    statement = (
        select(PayplugOperation)
        .where(PayplugOperation.happened_at >= start, PayplugOperation.happened_at < end)
        .order_by(PayplugOperation.happened_at, PayplugOperation.id)
    )

    def rows() -> Iterator[Sequence[Value]]:
        for one in db.session.scalars(statement.execution_options(yield_per=500)):
            day = paris_date(one.happened_at)
            yield day, str(KINDS[one.kind]), one.type_text, one.payplug_id or "", one.amount_cents

    return Sheet(gettext("Operations"), columns, rows())


PARTS: Final = (
    PackagePart("wallet", _l("the reconciliation of the PayPlug wallet"), wallet_files, order=60),
)
