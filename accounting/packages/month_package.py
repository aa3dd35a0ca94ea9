"""The package of a month for the accountant: one ZIP with all that was added by `add_package_part`, made by a task.

What it is made of is read while it is made; the notice says from which link of the chain of seals to which one, so that
a package made while somebody worked is known as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from flask_babel import format_date, gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.errors import AccountingError
from accounting.packages.month_parts import period_name, seal_head
from accounting.packages.package_parts import PackagePeriod, package_parts
from accounting.packages.write_package import MANIFEST, PackageWriter, PackedFile, add_parts
from accounting.reading.periods import Period, period_named
from core.clock import paris_today
from core.database import db
from core.long_tasks import LongTask, MadeFile, TaskKind, TaskRun, ask_for
from core.models import Company, Membership, Role, User
from core.tenancy import current_company_id
from core.web.rights import RIGHTS, Right

TASK: Final = "month_package"
NOTICE: Final = "LISEZMOI.txt"
MEDIA_TYPE: Final = "application/zip"


def order_package(
    name: str, *, request_key: str, actor_id: int | None = None, recipients: Sequence[int] = ()
) -> LongTask:
    """Ask for the package of a month (`2026-03`), in the open transaction.

    Args:
        name: the month; it has begun.
        request_key: made with the form; the same one twice is one package.
        actor_id: who asks.
        recipients: ids of members who are mailed where to fetch it; others are passed over.

    Raises:
        AccountingError: this is no month, or one to come.
    """
    period = period_named(name)
    if period is None or period.months != 1:
        raise AccountingError(_l("Choose a month."), field="month")
    if period.starts_on > paris_today():
        raise AccountingError(_l("This month has not begun yet."), field="month")
    readers = {user.id for user in package_readers()}
    wanted = [user_id for user_id in recipients if user_id in readers]
    return ask_for(TASK, {"month": name}, request_key=request_key, actor_id=actor_id, recipients=wanted)


def package_readers() -> list[User]:
    """The members who may fetch a package, accountants first."""
    roles = [role for role, rights in RIGHTS.items() if Right.BOOKS in rights]
    statement = (
        select(Membership)
        .join(User)
        .where(Membership.company_id == current_company_id(), Membership.role.in_(roles))
        .order_by(User.email)
    )
    found = sorted(db.session.scalars(statement), key=lambda one: one.role is not Role.ACCOUNTANT)
    return [membership.user for membership in found]


def accountant_ids() -> set[int]:
    """The ids of the company's accountants: who is ticked at first."""
    statement = select(Membership.user_id).where(
        Membership.company_id == current_company_id(), Membership.role == Role.ACCOUNTANT
    )
    return set(db.session.scalars(statement))


def _work(run: TaskRun) -> MadeFile:
    asked = _period_of(run.asked)
    company = db.session.get_one(Company, current_company_id())
    siren, company_name = company.siren, company.name
    parts_folder = run.folder / "parts"
    parts_folder.mkdir()
    period = PackagePeriod(asked.starts_on, asked.ends_on, parts_folder)
    began = seal_head()
    db.session.rollback()
    path = run.folder / "package.zip"
    writer = PackageWriter(path, period.ends_on)
    parts = package_parts()
    add_parts(writer, period, parts, run.progress)
    ended = seal_head()
    heading = [
        f"{company_name} – SIREN {siren}",
        gettext(
            "Accounting package from %(first)s to %(last)s",
            first=format_date(period.starts_on, "dd/MM/yyyy"),
            last=format_date(period.ends_on, "dd/MM/yyyy"),
        ),
        "",
        *_seal_lines(began, ended),
        "",
        gettext(
            "The FEC is that of the whole financial year, as it stands: the law knows no FEC of a month."
        ),
        gettext("%(manifest)s has the SHA-256 of every file.", manifest=MANIFEST),
        "",
        *(f"- {part.label}" for part in parts),
        "",
        *_list_lines(writer.files),
    ]
    writer.add(NOTICE, "".join(f"{line}\r\n" for line in heading).encode("utf-8-sig"))
    writer.close()
    return MadeFile(path, f"{siren}-{period_name(period)}.zip", MEDIA_TYPE)


def _seal_lines(began: tuple[int, str], ended: tuple[int, str]) -> list[str]:
    if began == ended:
        return [
            gettext(
                "State of the records: link %(number)s of the chain, hash %(hash)s.",
                number=began[0],
                hash=began[1],
            )
        ]
    return [
        gettext(
            "State of the records: from link %(first)s to link %(last)s of the chain; something was recorded while the"
            " package was made, so its parts may differ by it.",
            first=began[0],
            last=ended[0],
        )
    ]


def _list_lines(files: Sequence[PackedFile]) -> list[str]:
    return [f"{file.path} ({file.size_bytes})" for file in files]


def _period_of(asked: Mapping[str, Any]) -> Period:
    period = period_named(asked["month"])
    assert period is not None, asked
    return period


def _title(asked: Mapping[str, Any]) -> str:
    title: str = gettext("Package of %(month)s", month=month_words(_period_of(asked).starts_on))
    return title


def month_words(day: date) -> str:
    """`mars 2026`."""
    words: str = format_date(day, "LLLL y")
    return words


KIND: Final = TaskKind(TASK, _title, _work, Right.BOOKS, ("packages.index", _l("Packages of months")))
