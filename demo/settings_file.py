"""`var/solde.env`: the demo's own keys and addresses, made once; every `solde` command in this folder reads it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from core.settings import SETTINGS_FILE, new_encryption_key, new_secret


@dataclass(frozen=True)
class Ports:
    """Where the demo listens, all on loopback."""

    web: int = 5000
    simulator: int = 5005
    mail_pages: int = 8025
    smtp: int = 2525

    @property
    def web_url(self) -> str:
        """Address of Solde."""
        return f"http://127.0.0.1:{self.web}"

    @property
    def simulator_url(self) -> str:
        """Address of the PayPlug simulator."""
        return f"http://127.0.0.1:{self.simulator}"

    @property
    def mailbox_url(self) -> str:
        """Address of the mailbox's pages."""
        return f"http://127.0.0.1:{self.mail_pages}"


def prepare_settings(ports: Ports, file: Path = SETTINGS_FILE) -> None:
    """Make the file with fresh keys if it is missing; the addresses of this run go into the environment."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        keys = {
            "SOLDE_SECRET_KEY": new_secret(),
            "SOLDE_SEAL_KEY": new_secret(),
            "SOLDE_ENCRYPTION_KEYS": new_encryption_key(),
            **_addresses(ports),
        }
        # Readable by its owner alone: the keys of the demo are keys like any others.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.writelines(f"{name}={value}\n" for name, value in keys.items())
    os.environ.update(_addresses(ports))


def _addresses(ports: Ports) -> dict[str, str]:
    return {
        "SOLDE_PUBLIC_URL": ports.web_url,
        "SOLDE_PAYPLUG_API_URL": ports.simulator_url,
        "SOLDE_SMTP_URL": f"smtp://127.0.0.1:{ports.smtp}",
        # The demo's own mailbox can be tried as a company's server.
        "SOLDE_ALLOW_PRIVATE_SMTP": "true",
        "SOLDE_SMS_URL": f"json://127.0.0.1:{ports.mail_pages}/sms/{{to}}",
        "SOLDE_MAIL_FROM": "factures@atelier-lumen.example.org",
    }
