"""What an account, a journal or a treasury account may be called: numbers, codes and names as typed, checked."""

from __future__ import annotations

import re

from flask_babel import lazy_gettext as _l

from accounting.errors import AccountingError

LONGEST_LABEL = 100
_NUMBER = re.compile(r"[0-9]{3}[0-9A-Z]{0,14}")
_CODE = re.compile(r"[A-Z0-9]{2,3}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f|]")


def checked_number(number: str, *, field: str = "number") -> str:
    """The number of an account in capitals without blanks (LPF art. A47 A-1: three digits of the PCG first).

    Raises:
        AccountingError: no account can have it.
    """
    clean = "".join(number.upper().split())
    if not _NUMBER.fullmatch(clean):
        raise AccountingError(
            _l("An account number begins with three digits and has at most 17 digits and capital letters."),
            field=field,
        )
    return clean


def checked_label(label: str, *, longest: int = LONGEST_LABEL, field: str = "label") -> str:
    """A name in the books without blanks around it; it goes into a FEC, so it has neither tabs nor bars.

    Raises:
        AccountingError: it is empty, too long or cannot be printed.
    """
    clean = label.strip()
    if not clean or len(clean) > longest or _UNPRINTABLE.search(clean):
        raise AccountingError(
            _l("Give it a name of at most %(count)d characters, without tabs and bars.", count=longest),
            field=field,
        )
    return clean


def checked_code(code: str, *, field: str = "code") -> str:
    """The code of a journal: two or three capitals and digits, which every export format takes.

    Raises:
        AccountingError: it is something else.
    """
    clean = code.strip().upper()
    if not _CODE.fullmatch(clean):
        raise AccountingError(_l("A journal’s code has two or three letters or digits."), field=field)
    return clean
