"""How customers are found although accents are left out or a letter is wrong. Called by `customers`.

`search_text` is kept on each customer in the form that `plain_text` gives; what is typed is brought into the same form.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from rapidfuzz import fuzz, process

from invoicing.models import Customer

MOST_NEAR = 50
SHORTEST_FORGIVEN = 5
"""Shorter words must be right: with one letter of four wrong, everything resembles everything."""
LEAST_LIKENESS = 80
"""Of 100: one wrong, missing or exchanged letter in a word of five, two in ten."""
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "’": "'", "-": " "})


def plain_text(text: str) -> str:
    """Small letters without accents, ligatures written out, blanks and hyphens as one space."""
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    bare = "".join(c for c in folded if not unicodedata.combining(c))
    return " ".join(bare.split())


def search_text_of(customer: Customer) -> str:
    """What the search reads of a customer: names, numbers, reference, town, and its contacts."""
    said = [
        customer.name, customer.first_name, customer.number, customer.siren, customer.siret,
        customer.external_reference or "", customer.postcode, customer.city,
        *(part for contact in customer.contacts for part in (contact.name, contact.email)),
    ]  # fmt: skip
    return plain_text(" ".join(filter(None, said)))


def nearest(text: str, texts: Mapping[int, str]) -> list[int]:
    """The ids of which each word of the text resembles a part, the likest first, at most `MOST_NEAR`.

    Args:
        text: as typed.
        texts: id → search text.
    """
    left, likeness = dict(texts), dict.fromkeys(texts, 100.0)
    for word in plain_text(text).split():
        scores = _likeness(word, left)
        left = {key: left[key] for key in scores}
        likeness = {key: min(likeness[key], score) for key, score in scores.items()}
    return sorted(left, key=lambda key: (-likeness[key], left[key], key))[:MOST_NEAR]


def _likeness(word: str, texts: dict[int, str]) -> dict[int, float]:
    if len(word) < SHORTEST_FORGIVEN:
        return {key: 100.0 for key, text in texts.items() if word in text}
    found = process.extract(word, texts, scorer=fuzz.partial_ratio, score_cutoff=LEAST_LIKENESS, limit=None)
    return {key: score for _text, score, key in found}
