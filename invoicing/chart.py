"""The chart of the dashboard: invoiced and paid by month, as an SVG that the page shows as an image."""

from __future__ import annotations

from collections.abc import Sequence

from babel.dates import format_date
from flask_babel import get_locale, gettext

from core.charts import Series, bar_chart
from invoicing.dashboard import Month


def months_chart(months: Sequence[Month], theme: str, *, is_narrow: bool = False) -> bytes:
    """Draw the months.

    Args:
        months: in order.
        theme: `light` or `dark`.
        is_narrow: for a phone: smaller, months by their first letter.
    """
    letters = "MMMMM" if is_narrow else "MMM"
    labels = [format_date(month.first_day, format=letters, locale=get_locale()) for month in months]
    series = (
        Series(gettext("Invoiced"), [month.invoiced_cents for month in months]),
        Series(gettext("Money received"), [month.paid_cents for month in months]),
    )
    return bar_chart(labels, series, theme, is_narrow=is_narrow)
