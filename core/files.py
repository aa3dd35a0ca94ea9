"""Stored documents: files kept under their SHA-256 on any storage fsspec reaches; never changed, never deleted.

A hash is sealed only for bytes that a power cut cannot take back: on a folder of this machine the file and the folders
that name it are flushed before `put_bytes` returns. Other storages are relied on to have kept what they say is written,
as object stores promise.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from uuid import uuid4

import fsspec
from flask import current_app
from fsspec.implementations.local import LocalFileSystem
from sqlalchemy import BigInteger, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from core import triggers
from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, db
from core.tenancy import CompanyScoped

READERS = 8
"""Files that `check_files` reads at once."""
PIECE_BYTES = 1 << 20
"""What of a long file is held at a time."""


class StoredFile(CompanyScoped, Base):
    """A file of a company: its hash says where it lies and that it is still the same."""

    __tablename__ = "stored_file"
    __table_args__ = (UniqueConstraint("company_id", "sha256"), UniqueConstraint("company_id", "id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


triggers.freeze("stored_file")


class DamagedFileError(RuntimeError):
    """The bytes in the storage are not those that were stored."""


def put_bytes(content: bytes) -> str:
    """Write content to the storage, outside any transaction, and return its SHA-256. Writing it twice is harmless, and
    mends a file that was damaged."""
    digest = hashlib.sha256(content).hexdigest()
    url = current_app.config["SOLDE"].files_url
    storage, target = _storage(url), f"{_root(url)}/{_path(digest)}"
    if not (storage.exists(target) and storage.cat_file(target) == content):
        storage.makedirs(str(PurePosixPath(target).parent), exist_ok=True)
        # A reader must never meet half a file: write beside it, then move.
        partial = f"{target}.{uuid4().hex}"
        storage.pipe_file(partial, content)
        _flush(storage, partial)
        storage.mv(partial, target)
    else:
        # Perhaps another process has just written it, and the machine not yet.
        _flush(storage, target)
    for folder in list(PurePosixPath(target).parents)[:3]:
        _flush(storage, str(folder))
    return digest


def put_path(path: Path) -> tuple[str, int]:
    """Write a file of this machine to the storage, outside any transaction, a piece at a time however long it is;
    returns its SHA-256 and its size in bytes. Like `put_bytes` it may be done twice."""
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    url = current_app.config["SOLDE"].files_url
    storage, target = _storage(url), f"{_root(url)}/{_path(digest)}"
    if not (storage.exists(target) and _digest(url, digest)[0] == digest):
        storage.makedirs(str(PurePosixPath(target).parent), exist_ok=True)
        # A reader must never meet half a file: write beside it, then move.
        partial = f"{target}.{uuid4().hex}"
        storage.put_file(str(path), partial)
        _flush(storage, partial)
        storage.mv(partial, target)
    else:
        # Perhaps another process has just written it, and the machine not yet.
        _flush(storage, target)
    for folder in list(PurePosixPath(target).parents)[:3]:
        _flush(storage, str(folder))
    return digest, path.stat().st_size


def _flush(storage: Any, path: str) -> None:
    """Have the machine write a file, or the names in a folder, to its disk; other storages have done so themselves."""
    if not isinstance(storage, LocalFileSystem):
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def register_file(digest: str, size_bytes: int, media_type: str) -> StoredFile:
    """Record a file that `put_bytes` has written for the company entered; the same content is one row."""
    found = db.session.scalars(select(StoredFile).where(StoredFile.sha256 == digest)).one_or_none()
    if found is not None:
        return found
    stored = StoredFile(sha256=digest, size_bytes=size_bytes, media_type=media_type)
    db.session.add(stored)
    db.session.flush()
    return stored


def read_bytes(digest: str) -> bytes:
    """The content of a stored file.

    Raises:
        DamagedFileError: the content no longer has its hash.
        FileNotFoundError: the storage has lost it.
    """
    return _read(current_app.config["SOLDE"].files_url, digest)


def _read(url: str, digest: str) -> bytes:
    content: bytes = _storage(url).cat_file(f"{_root(url)}/{_path(digest)}")
    if hashlib.sha256(content).hexdigest() != digest:
        raise DamagedFileError(digest)
    return content


@contextmanager
def open_stored(digest: str) -> Iterator[BinaryIO]:
    """A stored file to read a piece at a time. It is read once before, so that nothing damaged is begun.

    Raises:
        DamagedFileError: the content no longer has its hash.
        FileNotFoundError: the storage has lost it.
    """
    url = current_app.config["SOLDE"].files_url
    if _digest(url, digest)[0] != digest:
        raise DamagedFileError(digest)
    with _storage(url).open(f"{_root(url)}/{_path(digest)}", "rb") as stream:
        yield stream


def _digest(url: str, digest: str) -> tuple[str, int]:
    """The SHA-256 that the stored content has now, and its size in bytes."""
    seen, size = hashlib.sha256(), 0
    with _storage(url).open(f"{_root(url)}/{_path(digest)}", "rb") as stream:
        while piece := stream.read(PIECE_BYTES):
            seen.update(piece)
            size += len(piece)
    return seen.hexdigest(), size


def check_files() -> Iterator[str]:
    """What is wrong with the stored files of the company entered, one English sentence each: for `solde verify`."""
    names = select(StoredFile.sha256, StoredFile.media_type, StoredFile.size_bytes).order_by(StoredFile.id)
    stored = db.session.execute(names).all()
    url: str = current_app.config["SOLDE"].files_url
    # A storage that is far away answers many questions in the time of one.
    with ThreadPoolExecutor(READERS) as pool:
        faults = pool.map(lambda file: _fault_of(url, file.sha256, file.size_bytes), stored)
        for file, fault in zip(stored, faults, strict=True):
            if fault:
                yield f"{file.sha256} ({file.media_type}) {fault}"


def _fault_of(url: str, digest: str, size_bytes: int) -> str:
    try:
        found, size = _digest(url, digest)
    except FileNotFoundError:
        return "is missing from the storage"
    if found != digest:
        return "is not what was stored"
    return "" if size == size_bytes else f"has {size} bytes, not {size_bytes}"


def _path(digest: str) -> str:
    return f"{digest[:2]}/{digest}"


@lru_cache(maxsize=8)
def _storage(url: str) -> Any:
    return fsspec.core.url_to_fs(url)[0]


@lru_cache(maxsize=8)
def _root(url: str) -> str:
    return str(fsspec.core.url_to_fs(url)[1]).rstrip("/")
