"""The seal: one tamper-evident chain of hashes per company, and one for the installation itself.

Verbs say what they made with `seal(kind, subject_id)`; the links are written together as the last step of the
transaction, under the lock of the chain's head. A link's payload is built from the rows by the serializer of its kind
and version, which a later change never edits: it registers a new version. `verify_chain` recomputes every hash and
rebuilds every payload. Basis: the conditions of inalterability and security of CGI art. 286 I 3 bis
(BOI-TVA-DECLA-30-10-30 §90, §140: hash chaining is one of the admitted techniques).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import (
    BigInteger,
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from core import triggers
from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, before_commit, db, transaction_notes
from core.insert_missing import insert_missing
from core.progress import Progress, silent
from core.tenancy import entered_company_id

FIRST_HASH = "0" * 64
INSTALLATION_CHAIN_ID = 0
"""An empty company is not unique to a database; sequences of ids begin at 1."""
_PENDING = "pending_seals"

Payload = Mapping[str, Any]


class SealChain(Base):
    """The head of one chain: what the next link hangs on. `company_id` is empty for the installation's own chain."""

    __tablename__ = "seal_chain"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"), unique=True)
    last_sequence: Mapped[int] = mapped_column(BigInteger, default=0)
    last_hash: Mapped[str] = mapped_column(String(64), default=FIRST_HASH)


class SealLink(Base):
    """One link: the canonical text of what was sealed, the hash of the link before and its own. Never changes."""

    __tablename__ = "seal_link"
    __table_args__ = (
        UniqueConstraint("chain_id", "sequence"),
        UniqueConstraint("chain_id", "kind", "subject_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    chain_id: Mapped[int] = mapped_column(ForeignKey("seal_chain.id"))
    sequence: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    subject_id: Mapped[int] = mapped_column(BigInteger)
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    payload: Mapped[str] = mapped_column(Text)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    hmac: Mapped[str] = mapped_column(String(64))


triggers.freeze("seal_link")


@dataclass(frozen=True)
class Serializer:
    """How one kind of row is written into the chain.

    Attributes:
        payload: builds the payload of one subject from its rows; returns None when the rows are gone.
        subjects: ids of every subject of the company that must have a link (to find rows slipped in unsealed).
    """

    kind: str
    version: int
    payload: Callable[[int], Payload | None]
    subjects: Callable[[int | None], Iterable[int]]


_SERIALIZERS: dict[tuple[str, int], Serializer] = {}
_CURRENT: dict[str, Serializer] = {}


def register_serializer(serializer: Serializer) -> None:
    """Register one version of one kind; the highest version is the one new links use."""
    _SERIALIZERS[serializer.kind, serializer.version] = serializer
    current = _CURRENT.get(serializer.kind)
    if current is None or current.version < serializer.version:
        _CURRENT[serializer.kind] = serializer


def seal(kind: str, subject_id: int, payload: Payload | None = None) -> None:
    """Ask for a link over this subject at the end of the open transaction.

    Args:
        kind: a registered kind, such as `invoice` or `entry`.
        subject_id: primary key of the row that heads the subject.
        payload: what the current serializer will read, from a verb that has just written the rows, in full and for
            good, and has them at hand. `verify_chain` reads the rows all the same. None: read them at the end.
    """
    notes = transaction_notes()
    if _PENDING not in notes:
        before_commit(_write_pending)
        notes[_PENDING] = []
    notes[_PENDING].append(_Pending(kind, subject_id, payload))


def canonical(payload: Payload | list[Any]) -> str:
    """The one text of a payload: sorted keys, no spaces, UTF-8 kept; floats are refused."""
    return _ENCODER.encode(payload)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        # As the database gives it back, whatever zone it was given in.
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical text")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def link_hash(previous: str, head: tuple[int, str, int, int, str], text: str) -> str:
    """SHA-256 over everything a link says, so that a link can be checked offline from an archive alone.

    Args:
        previous: hash of the link before.
        head: sequence, kind, version, subject id, sealed-at in ISO 8601.
        text: the canonical payload.
    """
    return hashlib.sha256(f"{canonical([previous, *head])}\n{text}".encode()).hexdigest()


def link_hmac(key: str, hash_: str) -> str:
    """HMAC-SHA256 of a link's hash; the key is kept outside the database."""
    return hmac.digest(key.encode(), hash_.encode(), "sha256").hex()


def seal_key() -> str:
    """The installation's sealing key."""
    return str(current_app.config["SOLDE"].seal_key)


def _write_pending() -> None:
    pending: list[_Pending] = transaction_notes().pop(_PENDING)
    head = _locked_head(entered_company_id())
    rows = _links_after(head, pending)
    # Tables and not models: there is nothing to track, and every transaction that moves money passes here.
    connection = db.session.connection()
    connection.execute(_INSERT_LINK, rows)
    last = {"head_id": head.id, "last_sequence": rows[-1]["sequence"], "last_hash": rows[-1]["hash"]}
    connection.execute(_UPDATE_HEAD, last)


class _Pending(NamedTuple):
    """A link asked for."""

    kind: str
    subject_id: int
    payload: Payload | None


class _Head(NamedTuple):
    """What the next link hangs on."""

    id: int
    last_sequence: int
    last_hash: str


def _links_after(head: _Head, pending: Iterable[_Pending]) -> list[dict[str, Any]]:
    key, now = seal_key(), utc_now()
    rows: list[dict[str, Any]] = []
    sequence, previous = head.last_sequence, head.last_hash
    for kind, subject_id, given in pending:
        serializer = _CURRENT[kind]
        payload = serializer.payload(subject_id) if given is None else given
        assert payload is not None, f"{kind} {subject_id} does not exist"
        text = canonical(payload)
        sequence += 1
        digest = link_hash(previous, (sequence, kind, serializer.version, subject_id, now.isoformat()), text)
        rows.append(
            {
                "chain_id": head.id,
                "sequence": sequence,
                "kind": kind,
                "version": serializer.version,
                "subject_id": subject_id,
                "sealed_at": now,
                "payload": text,
                "previous_hash": previous,
                "hash": digest,
                "hmac": link_hmac(key, digest),
            }
        )
        previous = digest
    return rows


_CHAINS, _LINKS = SealChain.metadata.tables["seal_chain"], SealLink.metadata.tables["seal_link"]
_HEAD = (
    select(_CHAINS.c.id, _CHAINS.c.last_sequence, _CHAINS.c.last_hash)
    .where(_CHAINS.c.company_id.is_not_distinct_from(bindparam("company_id", type_=BigInteger)))
    .with_for_update()
)
_INSERT_LINK = insert(_LINKS)
_UPDATE_HEAD = (
    update(_CHAINS)
    .where(_CHAINS.c.id == bindparam("head_id"))
    .values(last_sequence=bindparam("last_sequence"), last_hash=bindparam("last_hash"))
)


def _locked_head(company_id: int | None) -> _Head:
    connection = db.session.connection()
    head = connection.execute(_HEAD, {"company_id": company_id}).one_or_none()
    if head is None:
        # Two first links at once make one chain: the company is unique, and so is the installation's own id.
        own_id = {"id": INSTALLATION_CHAIN_ID} if company_id is None else {}
        insert_missing(SealChain, company_id=company_id, last_sequence=0, last_hash=FIRST_HASH, **own_id)
        head = connection.execute(_HEAD, {"company_id": company_id}).one()
    return _Head(*head)


@dataclass(frozen=True)
class Fault:
    """One thing `verify` found: where in the chain (sequence 0 when outside it) and what is wrong."""

    sequence: int
    kind: str
    subject_id: int
    reason: str


def verify_chain(company_id: int | None, progress: Progress = silent) -> Iterator[Fault]:
    """Recompute the chain of a company (None: the installation's) and rebuild every payload from the rows.

    Args:
        company_id: whose chain.
        progress: told after each link, of all links.

    Yields:
        Fault: a broken hash, a wrong HMAC, rows that no longer say what was sealed, a missing or cut-off link, a row
        without a link. Nothing when all holds.
    """
    chain = db.session.scalars(
        select(SealChain).where(SealChain.company_id.is_not_distinct_from(company_id))
    ).one_or_none()
    previous, sequence = FIRST_HASH, 0
    last = chain.last_sequence if chain is not None else 0
    sealed: dict[str, set[int]] = {}
    for link in _links(chain):
        sequence += 1
        sealed.setdefault(link.kind, set()).add(link.subject_id)
        yield from _faults_of(link, sequence, previous)
        previous = link.hash
        sequence = link.sequence
        progress(sequence, last)
    if chain is not None and (chain.last_sequence, chain.last_hash) != (sequence, previous):
        yield Fault(sequence, "chain", chain.id, "the last links were cut off or the head was changed")
    yield from _unsealed(company_id, sealed)


def _links(chain: SealChain | None) -> Iterator[SealLink]:
    if chain is None:
        return
    statement = select(SealLink).where(SealLink.chain_id == chain.id).order_by(SealLink.sequence)
    for link in db.session.scalars(statement.execution_options(yield_per=500)):
        yield link
        db.session.expunge(link)


def _faults_of(link: SealLink, expected_sequence: int, previous: str) -> Iterator[Fault]:
    def fault(reason: str) -> Fault:
        return Fault(link.sequence, link.kind, link.subject_id, reason)

    if link.sequence != expected_sequence:
        yield fault(f"link {expected_sequence} is missing")
    if link.previous_hash != previous:
        yield fault("does not hang on the link before it")
    head = (link.sequence, link.kind, link.version, link.subject_id, link.sealed_at.isoformat())
    digest = link_hash(link.previous_hash, head, link.payload)
    if digest != link.hash:
        yield fault("the hash is not that of the link")
    if not hmac.compare_digest(link_hmac(seal_key(), link.hash), link.hmac):
        yield fault("the HMAC is not made with this installation's key")
    serializer = _SERIALIZERS.get((link.kind, link.version))
    if serializer is None:
        yield fault("of a kind or version that this program does not know")
        return
    payload = serializer.payload(link.subject_id)
    if payload is None:
        yield fault("the sealed rows are gone")
    elif canonical(payload) != link.payload:
        yield fault("the rows no longer say what was sealed")


def _unsealed(company_id: int | None, sealed: dict[str, set[int]]) -> Iterator[Fault]:
    for kind, serializer in sorted(_CURRENT.items()):
        for subject_id in serializer.subjects(company_id):
            if subject_id not in sealed.get(kind, set()):
                yield Fault(0, kind, subject_id, "exists without a link in the chain")
