"""The form that asks for a FEC to check."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, StringField
from wtforms.validators import InputRequired, Length, Optional

from accounting.fec.check import OPENING_JOURNAL


class CheckForm(FlaskForm):
    """A file of any software, and what is not written in it."""

    file = FileField(_l("FEC (text file)"), [InputRequired(_l("Choose a file."))])
    year_start = DateField(
        _l("First day of the financial year"),
        [Optional()],
        description=_l("The name says when the year ends. Without this day, up to 24 months are accepted."),
    )
    opening_journal = StringField(
        _l("Journal of the opening entries"),
        [Optional(), Length(max=20)],
        default=OPENING_JOURNAL,
        description=_l("A journal called “À-nouveaux” is recognised by itself."),
    )
