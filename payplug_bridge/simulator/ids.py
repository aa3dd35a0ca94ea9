"""Identifiers and keys that look like PayPlug's: a prefix and 22 base62 characters."""

from __future__ import annotations

import secrets
import string

ALPHABET = string.ascii_letters + string.digits
SUFFIX_LENGTH = 22


def new_id(prefix: str) -> str:
    """Return `<prefix>_` and 22 random base62 characters."""
    return prefix + "_" + "".join(secrets.choice(ALPHABET) for _ in range(SUFFIX_LENGTH))
