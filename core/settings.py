"""Settings: read once from the environment, frozen, refused in one clear line when wrong.

A file `var/solde.env` (written by `solde demo`) is read too; the real environment wins over it.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

PAYPLUG_API_URL = "https://api.payplug.com"
SETTINGS_FILE = Path("var/solde.env")
SHORTEST_SECRET = 32
SMTP_SCHEMES = ("smtp", "smtps", "smtp+starttls")


def is_smtp_url(value: str) -> bool:
    """True for the address of a mail server as this program takes it."""
    try:
        parts = urlsplit(value)
        return parts.scheme in SMTP_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, brackets that do not close
        return False


class SettingsError(Exception):
    """The environment cannot be used; the text is one line that says which variable and why."""


class Settings(BaseSettings):
    """Every switch of an installation. Field names are the variables without `SOLDE_`."""

    model_config = SettingsConfigDict(
        env_prefix="SOLDE_", env_file=SETTINGS_FILE, env_file_encoding="utf-8", frozen=True, extra="ignore"
    )

    database_url: str = "sqlite:///var/solde.db"
    secret_key: str = Field(min_length=SHORTEST_SECRET)
    seal_key: str = Field(min_length=SHORTEST_SECRET)
    encryption_keys: Annotated[tuple[str, ...], NoDecode]
    public_url: str = "http://127.0.0.1:5000"
    files_url: str = "file://var/files"
    smtp_url: str = "smtp://127.0.0.1:2525"
    mail_from: str = "solde@example.org"
    allow_private_smtp: bool = False
    sms_url: str | None = None
    payplug_api_url: str = PAYPLUG_API_URL
    payplug_portal_url: str = "https://portal.payplug.com"
    log_format: Literal["console", "json"] = "console"
    largest_file_mb: int = Field(default=10, ge=1, le=25)
    # Above 25 a mail would take longer than the lease of its row, and few servers take it.
    largest_mail_mb: int = Field(default=15, ge=1, le=25)

    @field_validator("encryption_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _keys_are_fernet(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        if not keys:
            raise ValueError("needs at least one key")
        for key in keys:
            try:
                Fernet(key)
            except (ValueError, binascii.Error) as error:
                raise ValueError(
                    "each key must be 32 bytes in url-safe base64 (`openssl rand -base64 32 | tr +/ -_` makes one)"
                ) from error
        return keys

    @field_validator("public_url", "payplug_api_url", "payplug_portal_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an address such as https://invoices.example.org")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        try:
            url = make_url(value)
        except ArgumentError as error:
            raise ValueError("is not a database address") from error
        if url.get_backend_name() == "postgresql":
            return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
            return value
        raise ValueError("must begin with sqlite:/// and name a file, or with postgresql://")

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: str) -> str:
        if not is_smtp_url(value):
            raise ValueError("must be smtp://, smtp+starttls:// or smtps://, user:password@host:port")
        return value

    @field_validator("sms_url")
    @classmethod
    def _sms_provider(cls, value: str | None) -> str | None:
        """The form alone: whether Apprise understands it takes an import as long as half of the start."""
        if not value:
            return None
        if "://" not in value or "{to}" not in value:
            raise ValueError(
                "must be an Apprise address with {to} where the number goes, such as "
                "twilio://SID:TOKEN@+33600000000/{to}"
            )
        return value

    @property
    def largest_file_bytes(self) -> int:
        """The most that one file attached by a member may have."""
        return self.largest_file_mb * 1_000_000

    @property
    def largest_mail_bytes(self) -> int:
        """The most that the files of one mail may have together, before their encoding adds a third."""
        return self.largest_mail_mb * 1_000_000

    @property
    def secure(self) -> bool:
        """True when the public address is HTTPS: redirects and secure cookies follow from it."""
        return self.public_url.startswith("https://")

    @property
    def payplug_is_real(self) -> bool:
        """True when the API address is PayPlug's own, false for a simulator."""
        return self.payplug_api_url == PAYPLUG_API_URL


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        SettingsError: one line naming each variable that is missing or wrong.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(
            "; ".join(_sentence(item["loc"], item["msg"]) for item in error.errors())
        ) from None


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    return f"SOLDE_{'_'.join(map(str, location)).upper()}: {message.removeprefix('Value error, ')}"


def new_encryption_key() -> str:
    """A fresh key for `SOLDE_ENCRYPTION_KEYS`."""
    return Fernet.generate_key().decode()


def new_secret() -> str:
    """A fresh value for `SOLDE_SECRET_KEY` or `SOLDE_SEAL_KEY`: 256 random bits."""
    return base64.urlsafe_b64encode(Fernet.generate_key()).decode()
