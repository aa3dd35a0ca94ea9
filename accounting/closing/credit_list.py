"""The list of customers in credit in the archive of a year: what the balance sheet presents in 419, customer by
customer. The reader is the French tax office, so it is French.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l

from accounting.packages.package_parts import PackagedFile, PackagePart, PackagePeriod
from accounting.reading.customers_in_credit import credit_sheet, customers_in_credit
from core.database import db
from core.spreadsheets import write_csv

PATH = "etats/clients-crediteurs.csv"


def _files(period: PackagePeriod) -> Iterator[PackagedFile]:
    found = customers_in_credit(period.ends_on)
    content = io.BytesIO()
    with force_locale("fr"):
        write_csv(credit_sheet(found), content)
    db.session.rollback()
    yield PATH, content.getvalue()


CREDIT_LIST = PackagePart(
    "customers_in_credit",
    _l("etats/clients-crediteurs.csv: the customers in credit on the last day, presented in 419"),
    _files,
    order=20,
)
