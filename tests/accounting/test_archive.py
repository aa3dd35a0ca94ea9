"""The fiscal archive: what is in it, and that the program inside finds what was changed. The program runs by itself."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from accounting.closing.archive_tables import archive_tables, write_table
from accounting.closing.checks import YearDays
from accounting.closing.close_year import close_year
from accounting.fiscal_years import year_ending_in
from core.database import db, transaction
from core.event_log import Event
from core.jobs import run_due_jobs
from core.long_tasks import LongTask, TaskState
from core.models import Role
from core.seal import verify_chain
from core.tenancy import in_company
from core.triggers import registered
from invoicing.render_pdf import render_documents
from tests.conftest import signed_in_client
from tests.factories.invoicing import issue, make_line, pay

KEY = "k" * 64


def year_id(ends_in: int = 2025) -> int:
    found = year_ending_in(ends_in)
    assert found is not None
    return found.id


@pytest.fixture
def archive(app, company_id, tmp_path) -> Path:
    """The archive of a year with two invoices, one paid, asked for, made and fetched as people do."""
    with time_machine.travel("2025-12-05 09:00+01:00", tick=True), app.app_context(), in_company(company_id):
        with transaction():
            pay(issue(make_line("1", "100"), today=date(2025, 12, 5)), "120", paid_on=date(2025, 12, 5))
            issue(make_line("3", "19.99"), today=date(2025, 12, 5))
        render_documents()
    with time_machine.travel("2026-04-01 09:00+02:00", tick=True):
        client = signed_in_client(app, company_id, Role.ACCOUNTANT)
        with app.app_context(), in_company(company_id):
            closing = year_id()
        assert client.post(f"/books/closing/{closing}/archive").status_code == 400
        with app.app_context(), in_company(company_id), transaction():
            close_year(closing)
        clicks = [
            client.post(f"/books/closing/{closing}/archive", data={"request_key": "one"}) for _ in "twice"
        ]
        run_due_jobs(app)
        assert "archive-732829320-20251231.zip" in client.get("/books/closing").text
        answer = client.get(f"{clicks[1].headers['Location']}/file")
        assert answer.status_code == 200
    path = tmp_path / "archive.zip"
    path.write_bytes(answer.data)
    with app.app_context(), in_company(company_id):
        (task,) = db.session.scalars(select(LongTask))
        assert task.state is TaskState.DONE
        kinds = select(Event.kind).where(Event.kind.like("archive.%")).order_by(Event.id)
        assert db.session.scalars(kinds).all() == ["archive.made", "archive.fetched"]
        assert list(verify_chain(company_id)) == []
    return path


def verified(archive: Path, *options: str, folder: Path | None = None) -> tuple[int, str]:
    """Take the program out of the archive and run it by itself, with no package of ours in reach."""
    with zipfile.ZipFile(archive) as opened:
        program = opened.read("verifier.py").decode()
    target = folder or archive.parent / "apart"
    target.mkdir(exist_ok=True)
    (target / "verifier.py").write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", str(target / "verifier.py"), *options],
        check=False, capture_output=True, text=True, cwd=target,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def with_changes(
    archive: Path, change: Callable[[str, bytes], bytes | None], name: str = "changed.zip"
) -> Path:
    """A copy in which files are changed, or left out where the change gives None."""
    path = archive.parent / name
    with zipfile.ZipFile(archive) as original, zipfile.ZipFile(path, "w") as copy:
        for each in original.namelist():
            content = change(each, original.read(each))
            if content is not None:
                copy.writestr(each, content)
    return path


def test_an_archive_holds_the_year_and_proves_itself(archive):
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
        about = json.loads(opened.read("archive.json"))
        notice = opened.read("LISEZMOI.txt").decode()
        documents = list(
            csv.DictReader(io.StringIO(opened.read("donnees/document.csv").decode()), delimiter=";")
        )
    assert [row["number"] for row in documents] == ["F-2025-0001", "F-2025-0002"]
    assert documents[0]["total_cents"] == "12000"
    assert {"fec/732829320FEC20251231.txt", "fec/732829320FEC20251231-notice.txt", "MANIFEST.sha256"} <= set(
        names
    )
    assert {f"documents/F-2025-000{n}.{kind}" for n in (1, 2) for kind in ("pdf", "xml")} <= set(names)
    assert about["rows"]["donnees/payment.csv"] == 1
    with zipfile.ZipFile(archive) as opened:
        assert (
            opened.read("etats/clients-crediteurs.csv")
            .decode("utf-8-sig")
            .splitlines()[-1]
            .startswith(";Total")
        )
    assert about["rows"]["donnees/journal_entry.csv"] == 3
    assert about["chain"]["hash"] in notice
    assert "donnees/settlement.csv" in notice
    assert verified(archive, str(archive)) == (
        0,
        "L'archive est intacte (empreintes ; la clé n'a pas été donnée).\n",
    )
    key = archive.parent / "cle.txt"
    key.write_text(f"{KEY}\n")
    assert verified(archive, str(archive), "--cle-fichier", str(key)) == (
        0,
        "L'archive est intacte, HMAC compris.\n",
    )
    # Unpacked, in its own folder, without a word.
    folder = archive.parent / "unpacked"
    zipfile.ZipFile(archive).extractall(folder)
    assert verified(archive, folder=folder)[0] == 0


def archived(name: str, ends_in: int, path: Path) -> list[dict[str, str]]:
    """The rows of one table in the archive of a year."""
    (table,) = (table for table in archive_tables() if table.model.__tablename__ == name)
    row = year_ending_in(ends_in)
    assert row is not None
    write_table(table, YearDays(row.id, row.starts_on, row.ends_on), path)
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")), delimiter=";"))


def test_money_dated_in_a_closed_year_is_in_one_archive_that_of_the_year_it_was_posted_in(
    each_company, tmp_path
):
    with time_machine.travel("2025-12-05 09:00+01:00", tick=True), transaction():
        invoices = [issue(make_line("1", "100"), today=date(2025, 12, 5)) for _ in range(2)]
        pay(invoices[0], "120", paid_on=date(2025, 12, 5))
    with time_machine.travel("2026-04-01 09:00+02:00", tick=True):
        with transaction():
            close_year(year_id())
        with transaction():
            pay(invoices[1], "120", paid_on=date(2025, 12, 20))
        for table, day in (("payment", "paid_on"), ("settlement", "settled_on")):
            years = {
                ends_in: [row[day] for row in archived(table, ends_in, tmp_path / "table.csv")]
                for ends_in in (2025, 2026)
            }
            assert years == {2025: ["2025-12-05"], 2026: ["2025-12-20"]}, table


NOT_ARCHIVED = {
    # Made from what is archived, or about how something was sent and shown.
    "account_statement_sending", "payment_card", "payment_link", "payment_link_duplicate", "payment_notice",
    "payment_notice_mail", "quote_answer", "quote_link", "sending", "sending_mail", "sms_sending", "stored_file",
    # Told by the event log, which is archived, and by the entries.
    "customer_merge", "export_batch", "export_batch_cancellation", "export_batch_item",
    # What the bank and the processor say, beside the books.
    "bank_line", "bank_match", "bank_statement", "payplug_booking", "payplug_decision", "payplug_endpoint",
    "payplug_link_terms", "payplug_notification", "payplug_operation", "payplug_refund", "payplug_report",
    "payment_attempt", "payplug_wallet_opening",
    # Counters, and the chain of seals, which has a file of its own.
    "entry_counter", "lettering_counter", "number_series", "seal_link",
}  # fmt: skip


def test_every_frozen_table_is_archived_or_named_here(app):
    frozen = {trigger.table for trigger in registered() if trigger.name.startswith("frozen_")}
    with app.app_context():
        tables = {table.model.__tablename__ for table in archive_tables()}
    assert not tables & NOT_ARCHIVED
    assert frozen - tables - NOT_ARCHIVED == set()
    assert frozen >= NOT_ARCHIVED


def test_what_was_changed_is_found_without_and_with_the_key(archive):
    def in_file(name: str, old: bytes, new: bytes) -> Callable[[str, bytes], bytes | None]:
        return lambda each, content: content.replace(old, new) if each == name else content

    links, fec = "scellement/maillons.jsonl", "fec/732829320FEC20251231.txt"
    changes = {
        "donnees/payment.csv : modifié": in_file("donnees/payment.csv", b"12000", b"11000"),
        "documents/F-2025-0001.pdf : manque": lambda n, c: None if n.endswith("0001.pdf") else c,
        "ce PDF n'a pas été scellé": in_file("documents/F-2025-0001.pdf", b"%PDF", b"%pdf"),
        "n'est pas celle qui a été scellée": in_file(fec, b"120,00", b"110,00"),
        "modifié, l'empreinte n'est pas la sienne": in_file(links, b"12000", b"11000"),
        "ce n'est pas la tête": lambda n, c: c.rsplit(b"\n", 2)[0] + b"\n" if n == links else c,
    }
    for said, change in changes.items():
        code, told = verified(archive, str(with_changes(archive, change)))
        assert (code, said in told) == (1, True), (said, told)

    # Whoever counts the manifest anew is found by the key alone.
    def counted_anew(name: str, content: bytes) -> bytes:
        if name == "donnees/payment.csv":
            return content.replace(b"12000", b"11000")
        if name == "MANIFEST.sha256":
            with zipfile.ZipFile(archive) as original:
                payments = original.read("donnees/payment.csv")
            old, new = (
                hashlib.sha256(c).hexdigest().encode()
                for c in (payments, payments.replace(b"12000", b"11000"))
            )
            return content.replace(old, new)
        return content

    forged = with_changes(archive, counted_anew, "forged.zip")
    assert verified(archive, str(forged))[0] == 0
    key = archive.parent / "cle.txt"
    key.write_text(KEY)
    assert (
        "la signature n'est pas faite avec cette clé"
        in verified(archive, str(forged), "--cle-fichier", str(key))[1]
    )
    key.write_text("another")
    assert (
        "le HMAC n'est pas fait avec cette clé"
        in verified(archive, str(archive), "--cle-fichier", str(key))[1]
    )
    forged.write_bytes(b"no zip")
    assert verified(archive, str(forged))[0] == 2
