"""A wrong environment stops the start with one clear line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import Settings, SettingsError, load_settings, new_encryption_key, new_secret

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "SOLDE_SECRET_KEY": "s" * 40,
    "SOLDE_SEAL_KEY": "k" * 40,
    "SOLDE_ENCRYPTION_KEYS": new_encryption_key(),
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


def test_a_right_environment_is_read_once_and_frozen() -> None:
    settings = load_settings()
    assert settings.database_url == "sqlite:///var/solde.db"
    with pytest.raises(ValueError, match="frozen"):
        settings.secret_key = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SOLDE_SECRET_KEY", "short", "SOLDE_SECRET_KEY"),
        ("SOLDE_ENCRYPTION_KEYS", "nonsense", "32 bytes"),
        ("SOLDE_ENCRYPTION_KEYS", "", "at least one key"),
        ("SOLDE_DATABASE_URL", "mysql://x/y", "must begin with sqlite"),
        ("SOLDE_DATABASE_URL", "sqlite://", "name a file"),
        ("SOLDE_PUBLIC_URL", "invoices.example.org", "must be an address"),
        ("SOLDE_SMTP_URL", "http://mail", "must be smtp"),
        ("SOLDE_LOG_FORMAT", "xml", "SOLDE_LOG_FORMAT"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_newest_encryption_key_comes_first_and_old_ones_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [new_encryption_key(), new_encryption_key()]
    monkeypatch.setenv("SOLDE_ENCRYPTION_KEYS", ", ".join(keys))
    assert list(load_settings().encryption_keys) == keys


def test_postgresql_addresses_use_psycopg_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLDE_DATABASE_URL", "postgresql://solde:pw@db.example.org/solde")
    assert load_settings().database_url == "postgresql+psycopg://solde:pw@db.example.org/solde"


def test_fresh_secrets_are_long_and_different() -> None:
    assert new_secret() != new_secret()
    settings = Settings(
        secret_key=new_secret(), seal_key=new_secret(), encryption_keys=(new_encryption_key(),)
    )
    assert len(settings.secret_key) > 32


def test_a_command_stops_with_one_line_and_exit_code_78() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SOLDE_")}
    run = subprocess.run(
        [sys.executable, str(ROOT / "wsgi.py"), "verify"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 78
    assert run.stderr.strip().count("\n") == 0
    assert "SOLDE_SECRET_KEY" in run.stderr
