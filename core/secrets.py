"""Secrets at rest: encrypted with the newest key, readable with every key of the list."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app


def encrypt_secret(plain: str) -> str:
    """Encrypt a secret for storing; the text is safe in a database column."""
    return _fernet().encrypt(plain.encode()).decode()


def decrypt_secret(stored: str) -> str:
    """Give a stored secret back.

    Raises:
        cryptography.fernet.InvalidToken: none of the keys in `SOLDE_ENCRYPTION_KEYS` made it.
    """
    return _fernet().decrypt(stored.encode()).decode()


def readable_secret(stored: str) -> str | None:
    """Give a stored secret back; None when its key is no longer there."""
    try:
        return decrypt_secret(stored)
    except InvalidToken:
        return None


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in current_app.config["SOLDE"].encryption_keys])
