"""Choose how sales accounts are told apart by VAT rate. Called by the settings; logged, never retroactive."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.errors import AccountingError
from accounting.models import Account, SalesExtension
from accounting.roles import ROLES, split_role_key
from accounting.sales_extension import preview
from accounting.settings.change_choice import change_choice
from core.database import db


def choose_sales_extension(
    extension: SalesExtension, *, seen: str | None = None, actor_id: int | None = None
) -> None:
    """Have the sales accounts of documents issued from now on extended so.

    Args:
        extension: the way.
        seen: the way that the person's page showed; None for what comes from no page.
        actor_id: who does it.

    Raises:
        ConflictError: somebody else has chosen another one meanwhile.
        AccountingError: an extended account would be one that is used for something else.
    """
    change_choice("sales_extension", extension, seen=seen, actor_id=actor_id, check=_refuse_taken)


def _refuse_taken(extension: SalesExtension) -> None:
    by_role = db.session.execute(select(Account.number, Account.role).where(Account.role.is_not(None)))
    taken = {row.number: row.role for row in by_role}
    for row in preview(extension):
        role = taken.get(row.extended)
        if row.extended != row.number and role is not None:
            title = ROLES[split_role_key(role)[0]].title
            raise AccountingError(
                _l(
                    "%(base)s would become %(number)s, which is used for: %(title)s. Choose another way, or give"
                    " one of them another account first.",
                    base=row.number,
                    number=row.extended,
                    title=title,
                ),
                field="sales_extension",
            )
