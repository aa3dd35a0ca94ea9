"""The state file: one SQLite database that only this process writes.

A transaction is durable against the end of the process as soon as `write()` has left (WAL, synchronous NORMAL: a
power cut may lose the last ones, a kill may not). Threads have a connection each; writers queue on a lock, so that
nobody ever meets "database is locked".
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS accounts (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL,
    country TEXT NOT NULL,
    minimum_cents INTEGER NOT NULL,
    maximum_cents INTEGER NOT NULL,
    use_live_mode INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS secret_keys (
    key TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    is_live INTEGER NOT NULL,
    is_revoked INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS account_features (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    features TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS payments (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    is_live INTEGER NOT NULL,
    api_version TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    amount_refunded INTEGER NOT NULL DEFAULT 0 CHECK (amount_refunded BETWEEN 0 AND amount),
    request TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    paid_at INTEGER,
    is_3ds INTEGER,
    card TEXT,
    failure_code TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    challenge TEXT,
    notification_code INTEGER
);
CREATE INDEX IF NOT EXISTS payments_by_owner ON payments (account_id, is_live, created_at, sequence);
CREATE INDEX IF NOT EXISTS payments_to_expire ON payments (expires_at)
    WHERE paid_at IS NULL AND failure_code IS NULL AND expires_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS refunds (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    payment_id TEXT NOT NULL REFERENCES payments (id),
    amount INTEGER NOT NULL CHECK (amount > 0),
    metadata TEXT,
    origin TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS refunds_by_payment ON refunds (payment_id, sequence);
CREATE TABLE IF NOT EXISTS movements (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    is_live INTEGER NOT NULL,
    kind TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount <> 0),
    payment_id TEXT REFERENCES payments (id),
    description TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS movements_by_owner ON movements (account_id, is_live, created_at);
CREATE TABLE IF NOT EXISTS reports (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    is_live INTEGER NOT NULL,
    start_date TEXT NOT NULL,
    end_date TEXT NOT NULL,
    notification_url TEXT,
    token TEXT NOT NULL UNIQUE,
    variant TEXT NOT NULL,
    content BLOB NOT NULL,
    ready_at INTEGER NOT NULL,
    available_until INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    payment_id TEXT NOT NULL,  -- or the id of a report
    reason TEXT NOT NULL,
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at REAL NOT NULL,
    due_at REAL NOT NULL,
    after_id INTEGER,
    urgent INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    response_code INTEGER,
    error TEXT
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (state, urgent, due_at);
CREATE INDEX IF NOT EXISTS deliveries_by_payment ON deliveries (payment_id, id);
CREATE TABLE IF NOT EXISTS delivery_attempts (
    id INTEGER PRIMARY KEY,
    delivery_id INTEGER NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    at REAL NOT NULL,
    milliseconds INTEGER NOT NULL,
    response_code INTEGER,
    error TEXT
);
CREATE INDEX IF NOT EXISTS delivery_attempts_by_delivery ON delivery_attempts (delivery_id);
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    remaining INTEGER,
    parameters TEXT NOT NULL
);
"""
EMPTY = """
DELETE FROM delivery_attempts;
DELETE FROM deliveries;
DELETE FROM reports;
DELETE FROM movements;
DELETE FROM refunds;
DELETE FROM payments;
DELETE FROM secret_keys;
DELETE FROM account_features;
DELETE FROM accounts;
DELETE FROM faults;
DELETE FROM settings;
"""


class State:
    """Connections to the state file; opens (and creates) it at once."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._local = threading.local()
        self._write_lock = threading.Lock()
        self._connections: list[sqlite3.Connection] = []
        self._connections_lock = threading.Lock()
        self.connection().executescript(SCHEMA)
        _free_deliveries(self.connection())

    def connection(self) -> sqlite3.Connection:
        """Return the calling thread's connection, for reads outside a transaction."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._open()
            self._local.connection = connection
        return connection

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        with self._connections_lock:
            self._connections.append(connection)
        return connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Hold the only write transaction; committed on leaving, rolled back on any exception."""
        connection = self.connection()
        with self._write_lock:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close every thread's connection; call it when the threads have ended."""
        with self._connections_lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()


def _free_deliveries(connection: sqlite3.Connection) -> None:
    """Notifications were once of payments only: a state file of that time gets a table without the reference."""
    if not connection.execute("PRAGMA foreign_key_list(deliveries)").fetchall():
        return
    old = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'deliveries'").fetchone()["sql"]
    new = old.replace(" REFERENCES payments (id)", "").replace("deliveries", "deliveries_new", 1)
    connection.executescript(
        f"PRAGMA foreign_keys=OFF; BEGIN; {new};"  # noqa: S608  # the schema's own text
        " INSERT INTO deliveries_new SELECT * FROM deliveries; DROP TABLE deliveries;"
        " ALTER TABLE deliveries_new RENAME TO deliveries; COMMIT; PRAGMA foreign_keys=ON;"
    )
    connection.executescript(SCHEMA)  # its indexes


def read_setting(connection: sqlite3.Connection, name: str, default: object) -> object:
    """Return a value of the settings table, or the default when it was never written."""
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return default if row is None else json.loads(row["value"])


def write_setting(connection: sqlite3.Connection, name: str, value: object) -> None:
    """Store a JSON value under a name, replacing the former one."""
    connection.execute(
        "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, json.dumps(value)),
    )


def empty(connection: sqlite3.Connection) -> None:
    """Delete everything (the control API's reset)."""
    for statement in EMPTY.strip().splitlines():
        connection.execute(statement)
