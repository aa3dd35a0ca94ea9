"""Merchants' accounts and their secret keys. The key alone decides the account and the mode (test or live)."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from payplug_bridge.simulator.ids import new_id
from payplug_bridge.simulator.session import Session

DEMO_NAME = "Demo company"
DEMO_EMAIL = "demo@example.org"
DEMO_PASSWORD = "demo-password"  # noqa: S105 - documented: it protects nothing
DEMO_LIVE_KEY = "sk_live_DemoCompanyLiveKey0001"
DEMO_TEST_KEY = "sk_test_DemoCompanyTestKey0001"
# Documented by several sources, adjustable per account: 0.30 to 20,000 EUR.
DEFAULT_MINIMUM_CENTS = 30
DEFAULT_MAXIMUM_CENTS = 2_000_000


@dataclass(frozen=True)
class Account:
    """A merchant; amounts in cents."""

    id: str
    name: str
    email: str
    password: str
    country: str
    minimum_cents: int
    maximum_cents: int
    use_live_mode: bool


@dataclass(frozen=True)
class SecretKey:
    """A key of an account; a revoked one is answered like an unknown one."""

    key: str
    account_id: str
    is_live: bool
    is_revoked: bool


def ensure_demo_account(session: Session) -> None:
    """Create the default account, with its fixed documented keys, when the state file is new."""
    if find_account_by_email(session, DEMO_EMAIL) is None:
        create_account(
            session,
            name=DEMO_NAME,
            email=DEMO_EMAIL,
            password=DEMO_PASSWORD,
            keys=(DEMO_LIVE_KEY, DEMO_TEST_KEY),
        )


def create_account(
    session: Session,
    *,
    name: str,
    email: str,
    password: str = DEMO_PASSWORD,
    minimum_cents: int = DEFAULT_MINIMUM_CENTS,
    maximum_cents: int = DEFAULT_MAXIMUM_CENTS,
    use_live_mode: bool = True,
    keys: tuple[str, str] | None = None,
) -> Account:
    """Create an account with a live and a test key; ValueError when the e-mail is taken."""
    if find_account_by_email(session, email) is not None:
        raise ValueError(f"an account already has the e-mail {email}")
    account = Account(new_id("acc"), name, email, password, "FR", minimum_cents, maximum_cents, use_live_mode)
    session.connection.execute(
        "INSERT INTO accounts (id, name, email, password, country, minimum_cents, maximum_cents, use_live_mode)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (account.id, name, email, password, account.country, minimum_cents, maximum_cents, use_live_mode),
    )
    live_key, test_key = keys or (new_id("sk_live"), new_id("sk_test"))
    for key, is_live in ((live_key, True), (test_key, False)):
        session.connection.execute(
            "INSERT INTO secret_keys (key, account_id, is_live) VALUES (?, ?, ?)", (key, account.id, is_live)
        )
    return account


def rename(session: Session, account_id: str, name: str) -> None:
    """Change the name buyers see on the payment page."""
    session.connection.execute("UPDATE accounts SET name = ? WHERE id = ?", (name, account_id))


def set_limits(session: Session, account_id: str, minimum_cents: int, maximum_cents: int) -> None:
    """Change the amounts an account accepts, in cents."""
    session.connection.execute(
        "UPDATE accounts SET minimum_cents = ?, maximum_cents = ? WHERE id = ?",
        (minimum_cents, maximum_cents, account_id),
    )


def set_live_mode(session: Session, account_id: str, *, allowed: bool) -> None:
    """Allow or forbid the live mode."""
    session.connection.execute("UPDATE accounts SET use_live_mode = ? WHERE id = ?", (allowed, account_id))


def revoke_key(session: Session, key: str) -> bool:
    """Make a key worthless from now on; False when it does not exist."""
    cursor = session.connection.execute("UPDATE secret_keys SET is_revoked = 1 WHERE key = ?", (key,))
    return cursor.rowcount > 0


def add_key(session: Session, account_id: str, *, is_live: bool) -> SecretKey:
    """Give an account a new key of one mode (what regenerating does in PayPlug's portal)."""
    key = new_id("sk_live" if is_live else "sk_test")
    session.connection.execute(
        "INSERT INTO secret_keys (key, account_id, is_live) VALUES (?, ?, ?)", (key, account_id, is_live)
    )
    return SecretKey(key, account_id, is_live, is_revoked=False)


def find_key(session: Session, key: str) -> SecretKey | None:
    """Return a key that exists, revoked or not."""
    row = session.connection.execute("SELECT * FROM secret_keys WHERE key = ?", (key,)).fetchone()
    return None if row is None else _key(row)


def keys_of(session: Session, account_id: str) -> list[SecretKey]:
    """An account's keys in the order they were made."""
    rows = session.connection.execute(
        "SELECT * FROM secret_keys WHERE account_id = ? ORDER BY rowid", (account_id,)
    )
    return [_key(row) for row in rows]


def valid_key(session: Session, account_id: str, *, is_live: bool) -> str | None:
    """The account's latest key of a mode that is not revoked."""
    usable = [
        key.key for key in keys_of(session, account_id) if key.is_live == is_live and not key.is_revoked
    ]
    return usable[-1] if usable else None


def all_accounts(session: Session) -> list[Account]:
    """Every account, oldest first."""
    return [_account(row) for row in session.connection.execute("SELECT * FROM accounts ORDER BY sequence")]


def find_account(session: Session, account_id: str) -> Account | None:
    """Return an account by its id."""
    row = session.connection.execute("SELECT * FROM accounts WHERE id = ?", (account_id,)).fetchone()
    return None if row is None else _account(row)


def find_account_by_email(session: Session, email: str) -> Account | None:
    """Return an account by its sign-in e-mail."""
    row = session.connection.execute("SELECT * FROM accounts WHERE email = ?", (email,)).fetchone()
    return None if row is None else _account(row)


def _account(row: sqlite3.Row) -> Account:
    return Account(
        row["id"],
        row["name"],
        row["email"],
        row["password"],
        row["country"],
        row["minimum_cents"],
        row["maximum_cents"],
        bool(row["use_live_mode"]),
    )


def _key(row: sqlite3.Row) -> SecretKey:
    return SecretKey(row["key"], row["account_id"], bool(row["is_live"]), bool(row["is_revoked"]))
