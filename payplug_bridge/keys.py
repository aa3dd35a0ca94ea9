"""The company's PayPlug keys: saving one after a check at PayPlug, choosing the mode, the addresses notified.

Called by the settings page and by the demo. Keys are encrypted at rest and never shown again; `client_for` is the
one place that decrypts them.
"""

from __future__ import annotations

import re
import secrets

from flask import current_app
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.database import commit_once, db, lock
from core.errors import SoldeError
from core.event_log import record_event
from core.models import Company
from core.secrets import decrypt_secret, encrypt_secret
from core.settings import Settings
from core.tenancy import current_company_id
from core.versions import refuse_unseen
from payplug_bridge.client import PayplugClient
from payplug_bridge.errors import CardNotPossible, SimulatorNotAllowed
from payplug_bridge.facts import store_facts
from payplug_bridge.models import PayplugAccount, PayplugEndpoint, PayplugMode
from payplug_bridge.snapshots import AccountSnapshot

_KEY = re.compile(r"sk_(live|test)_[A-Za-z0-9]{8,200}")


class KeyNotUsable(SoldeError):
    """What was pasted is no key, or not a key of the mode it claims."""

    default = _l("This is not a PayPlug secret key. It begins with sk_live_ or sk_test_.")

    def __init__(self, message: LazyString | None = None) -> None:
        super().__init__(message, field="secret_key")


def save_key(secret_key: str, *, actor_id: int | None = None) -> PayplugMode:
    """Check a key at PayPlug, then store it for the company entered. Opens its own transaction, after the check.

    The first key saved becomes the active mode; a second one waits until it is chosen.

    Raises:
        KeyNotUsable: its form is wrong, or PayPlug says it is of the other mode.
        SimulatorNotAllowed, PayplugRefused, PayplugUnconfirmed: see `errors`.
    """
    key = secret_key.strip()
    match = _KEY.fullmatch(key)
    if match is None:
        raise KeyNotUsable
    mode = PayplugMode(match.group(1))
    snapshot = _client(key).account()
    if snapshot.is_live is not (mode is PayplugMode.LIVE):
        raise KeyNotUsable(_l("PayPlug says that this key belongs to the other mode."))
    if snapshot.currencies and "EUR" not in snapshot.currencies:
        raise KeyNotUsable(_l("This account does not take euros, and invoices are in euros only."))
    # The first key of a company sent twice at once: the second finds the account that the first has made.
    commit_once(lambda: _store(key, mode, snapshot, actor_id))
    return mode


def _store(key: str, mode: PayplugMode, snapshot: AccountSnapshot, actor_id: int | None) -> None:
    account = lock(select(PayplugAccount)) or PayplugAccount()
    db.session.add(account)
    encrypted = encrypt_secret(key)
    if mode is PayplugMode.LIVE:
        account.live_key = encrypted
    else:
        account.test_key = encrypted
    account.active_mode = account.active_mode or mode
    # A new address per key: should an old one have leaked with its key, new payments no longer use it.
    db.session.add(PayplugEndpoint(token=secrets.token_urlsafe(32)))
    db.session.flush()
    store_facts(mode, snapshot)
    record_event("payplug.key_saved", actor_id=actor_id, mode=mode.value, account=snapshot.id)


def choose_mode(mode: PayplugMode | None, *, seen: str | None = None, actor_id: int | None = None) -> None:
    """Make one mode the active one, or none (no card payments); in the open transaction.

    Args:
        mode: the mode; None for no card payments.
        seen: the mode that the person's page showed (empty for none); None for what comes from no page.
        actor_id: who does it.

    Raises:
        ConflictError: somebody else has chosen another mode meanwhile.
        KeyNotUsable: no key of that mode is stored.
    """
    account = lock(select(PayplugAccount))
    if account is None or (mode is not None and _stored_key(account, mode) is None):
        raise KeyNotUsable(_l("Save a key of this mode first."))
    refuse_unseen(seen, _word(account.active_mode), _word(mode))
    account.active_mode = mode
    db.session.flush()
    record_event("payplug.mode_chosen", actor_id=actor_id, mode=mode.value if mode else "none")


def _word(mode: PayplugMode | None) -> str:
    return "" if mode is None else mode.value


def find_account() -> PayplugAccount | None:
    """The PayPlug account of the company entered."""
    return db.session.scalars(select(PayplugAccount)).one_or_none()


def active_mode() -> PayplugMode | None:
    """The mode new payments are made in; None when card payments are off."""
    account = find_account()
    return account.active_mode if account else None


def stored_modes() -> list[PayplugMode]:
    """Modes that a key is stored for, live first."""
    account = find_account()
    if account is None:
        return []
    return [m for m in (PayplugMode.LIVE, PayplugMode.TEST) if _stored_key(account, m) is not None]


def client_for(mode: PayplugMode) -> PayplugClient:
    """A client with the company's key of this mode. Reads the database, so make it before the call, not inside.

    Raises:
        CardNotPossible: no such key is stored.
        SimulatorNotAllowed: the API address is a simulator's and the company has real books.
    """
    account = find_account()
    stored = _stored_key(account, mode) if account else None
    if stored is None:
        raise CardNotPossible(_l("No PayPlug key is stored for this mode."))
    return _client(decrypt_secret(stored))


def notification_url() -> str:
    """The address PayPlug notifies about new payments: that of the latest endpoint."""
    endpoint = db.session.scalars(select(PayplugEndpoint).order_by(PayplugEndpoint.id.desc()).limit(1)).one()
    return f"{_settings().public_url}/webhooks/payplug/{endpoint.token}"


def portal_url() -> str:
    """Where the merchant signs in at PayPlug; the simulator's own portal when there is one."""
    settings = _settings()
    return settings.payplug_portal_url if settings.payplug_is_real else f"{settings.payplug_api_url}/portal"


def is_simulated() -> bool:
    """True when this installation speaks to a simulator instead of PayPlug."""
    return not _settings().payplug_is_real


def _client(secret_key: str) -> PayplugClient:
    company = db.session.get_one(Company, current_company_id())
    if is_simulated() and not company.is_demo:
        raise SimulatorNotAllowed
    return PayplugClient(secret_key, _settings().payplug_api_url)


def _stored_key(account: PayplugAccount, mode: PayplugMode) -> str | None:
    return account.live_key if mode is PayplugMode.LIVE else account.test_key


def _settings() -> Settings:
    settings: Settings = current_app.config["SOLDE"]
    return settings
