"""What searches read and compare: texts without accents, in small letters. Rows keep it in `search_text`."""

from __future__ import annotations

import unicodedata

from sqlalchemy import ColumnElement, and_, true
from sqlalchemy.orm import InstrumentedAttribute

# Letters that Unicode does not take apart, as French writes them.
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "’": "'", "ø": "o", "ł": "l"})


def folded(*parts: str) -> str:
    """The parts as one text without accents and capitals, words one blank apart: `Été  Œuvre` → `ete oeuvre`."""
    text = " ".join(parts).casefold().translate(_LIGATURES)
    bare = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join("".join(bare).split())


def has_words(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """SQL: the column, which holds folded text, contains every word of what was typed; true for nothing typed."""
    return and_(true(), *(column.contains(word, autoescape=True) for word in folded(text).split()))


def has_word_beginning(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """SQL: a word of the column begins with what was typed; what people mean comes first in a list of proposals."""
    wanted = folded(text)
    return column.startswith(wanted, autoescape=True) | column.contains(f" {wanted}", autoescape=True)
