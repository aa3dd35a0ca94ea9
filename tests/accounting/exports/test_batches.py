"""Batches: each piece once, what was seen is what is made, the file for ever the same, cancelled with a trace."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from accounting.chart import read_chart
from accounting.errors import AccountingError
from accounting.exports.batch_checks import check_batches
from accounting.exports.batches import BatchNotFound, entry_ids_of, find_batch, list_batches
from accounting.exports.cancel_batch import cancel_batch
from accounting.exports.formats import FORMATS
from accounting.exports.make_batch import PiecesHeld, StoredExport, make_batch
from accounting.exports.models import ExportBatch, ExportBatchItem, ExportSettings
from accounting.exports.selection import ExportChoice, ExportPreview, preview_export, usual_journals
from accounting.exports.settings import ExportSettingsInput, export_options, set_export_settings
from accounting.exports.write_file import WrittenExport, write_export
from accounting.facts import CollectionFact, Share, ThirdParty, Treasury
from accounting.fiscal_years import open_year_for
from accounting.lettering.letter_lines import letter_matching
from accounting.models import JournalEntry
from accounting.record import record
from accounting.roles import AccountRole
from core.checks import company_faults
from core.database import commit_once, db, transaction
from core.event_log import Event
from core.files import open_stored, put_path
from core.seal import verify_chain
from core.tenancy import current_company_id, in_company
from tests._profiles import LONG
from tests.accounting.shop import DUPONT, GOODS_110, SERVICES_120, Shop
from tests.accounting.test_fec_export import fill_with_entries
from tests.conftest import make_company

MARCH = (date(2026, 3, 1), date(2026, 3, 31))
INTO_ITEMS = "INSERT INTO export_batch_item (company_id, batch_id, entry_id, turn) VALUES"
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def choice(
    period: tuple[date, date] = YEAR, journals: Sequence[str] | None = None, key: str = "coala"
) -> ExportChoice:
    return ExportChoice(key, *period, tuple(journals or usual_journals()))


def written(preview: ExportPreview, folder: Path) -> StoredExport:
    found = write_export(preview, folder / "export")
    db.session.rollback()
    return StoredExport(found, *put_path(folder / "export"))


def exported(wanted: ExportChoice, folder: Path, key: str = "k" * 8) -> ExportBatch:
    made = written(preview_export(wanted), folder)
    batch_id = commit_once(lambda: make_batch(made, request_key=key).id)
    return find_batch(batch_id)


def content(batch: ExportBatch) -> bytes:
    with open_stored(batch.stored_file.sha256) as stream:
        return stream.read()


def story() -> Shop:
    """Six entries: VE 3, PP/BQ 3; four of them in March."""
    shop = Shop(DUPONT)
    shop.invoice(SERVICES_120, GOODS_110, on=date(2026, 3, 2))
    shop.pay(1, 230_00, on=date(2026, 3, 20))
    shop.invoice(SERVICES_120, on=date(2026, 3, 21))
    shop.invoice(SERVICES_120, on=date(2026, 4, 1))
    shop.pay(3, 100_00, on=date(2026, 3, 25))
    shop.pay(4, 120_00, on=date(2026, 4, 9))
    return shop


def test_a_batch_holds_what_was_seen_and_the_next_one_what_is_left(each_company, tmp_path):
    story()
    seen = preview_export(choice(MARCH))
    assert [(share.code, share.entry_count, share.line_count) for share in seen.journals] == [
        ("BQ", 2, 8), ("VE", 2, 8),
    ]  # fmt: skip
    assert (seen.entry_count, seen.held_count, seen.misfits) == (4, 0, ())
    assert seen.debit_cents == seen.credit_cents
    batch = exported(choice(MARCH), tmp_path)
    assert (batch.sequence, batch.entry_count, batch.line_count) == (1, 4, seen.line_count)
    assert batch.file_name == "732829320-coala-lot0001.txt"
    rows = content(batch).decode("ascii").splitlines()
    assert len(rows) == batch.line_count
    assert rows[0] == "02/03/2026;VE;411000;VE000001;F-0001;230,00;0,00;E;C00001"
    rest = preview_export(choice())
    assert (rest.entry_count, rest.held_count) == (2, 4)
    second = exported(choice(), tmp_path, "second")
    assert (second.sequence, second.entry_count) == (2, 2)
    assert not set(entry_ids_of(batch.id)) & set(entry_ids_of(second.id))
    assert preview_export(choice()).entry_count == 0
    assert list(company_faults()) == []
    assert list(verify_chain(current_company_id())) == []


def test_the_same_request_twice_is_one_batch(company, tmp_path):
    story()
    made = written(preview_export(choice()), tmp_path)
    with transaction():
        first = make_batch(made, request_key="double").id
    with transaction():
        assert make_batch(made, request_key="double").id == first
    assert len(list_batches(limit=10)) == 1


def test_the_file_stays_as_it_was_whatever_is_lettered_or_set_later(company, tmp_path):
    shop = story()
    batch = exported(choice(MARCH, key="isacompta"), tmp_path)
    before = content(batch)
    assert b";AA;VE" in before
    shop.pay(3, 20_00, on=date(2026, 4, 2))
    with transaction():
        letter_matching(["invoice:3"])
        set_export_settings(ExportSettingsInput(8, True))
    assert content(find_batch(batch.id)) == before
    assert list(verify_chain(current_company_id())) == []


def test_cancelling_frees_the_pieces_and_stays_in_the_history(company, tmp_path):
    story()
    first = exported(choice(MARCH), tmp_path)
    with pytest.raises(AccountingError, match="pourquoi"), transaction():
        cancel_batch(first.id, " \n ")
    with pytest.raises(AccountingError, match="255"), transaction():
        cancel_batch(first.id, "x" * 256)
    with pytest.raises(BatchNotFound), transaction():
        cancel_batch(first.id + 9, "x")
    for reason in ("The accountant’s software refused it", "again"):
        with transaction():
            cancel_batch(first.id, reason)
    db.session.expire_all()
    cancelled = find_batch(first.id).cancellation
    assert cancelled is not None
    assert cancelled.reason == "The accountant’s software refused it"
    again = exported(choice(MARCH, key="quadra"), tmp_path, "again")
    assert entry_ids_of(again.id) == entry_ids_of(first.id)
    assert set(
        db.session.scalars(select(ExportBatchItem.turn).where(ExportBatchItem.batch_id == again.id))
    ) == {1}
    assert content(find_batch(first.id)), "what was handed over can still be seen"
    kinds = db.session.scalars(
        select(Event.kind).where(Event.subject_kind == "export_batch").order_by(Event.id)
    )
    assert list(kinds) == ["export.made", "export.cancelled", "export.made"]
    assert list(company_faults()) == []
    assert list(verify_chain(current_company_id())) == []


def test_two_windows_at_once_never_give_a_piece_twice(each_app, tmp_path):
    company_id = make_company(each_app)
    with each_app.app_context(), in_company(company_id):
        story()
    barrier = threading.Barrier(2)
    results: list[int | None] = []

    def window(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        with each_app.app_context(), in_company(company_id):
            made = written(preview_export(choice(MARCH if number else YEAR)), folder)
            barrier.wait()
            try:
                results.append(commit_once(lambda: make_batch(made, request_key=f"window-{number}").id))
            except PiecesHeld:
                results.append(None)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=window, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result is None for result in results) == [False, True]
    with each_app.app_context(), in_company(company_id):
        assert list(check_batches()) == []


def test_the_database_refuses_by_itself_a_piece_twice_and_any_change(each_company, tmp_path):
    story()
    batch = exported(choice(MARCH), tmp_path)
    entry_id, company_id = entry_ids_of(batch.id)[0], current_company_id()
    attempts = (
        f"{INTO_ITEMS} ({company_id}, {batch.id}, {entry_id}, 1)",
        f"{INTO_ITEMS} ({company_id}, {batch.id}, {entry_id}, 0)",
        f"UPDATE export_batch SET debit_cents = 1 WHERE id = {batch.id}",
        f"DELETE FROM export_batch_item WHERE batch_id = {batch.id}",
        f"DELETE FROM export_batch WHERE id = {batch.id}",
    )
    for statement in attempts:
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(text(statement))
    with transaction():
        cancel_batch(batch.id, "wrong")
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(text("UPDATE export_batch_cancellation SET reason = 'right'"))


def test_an_entry_that_came_in_behind_the_last_one_seen_stops_the_batch(company, tmp_path):
    story()
    seen = preview_export(choice())
    made = written(seen, tmp_path)
    made.written.preview = replace(seen, journals=seen.journals[:1])
    with pytest.raises(PiecesHeld), transaction():
        make_batch(made, request_key="late")
    assert db.session.scalar(select(func.count(ExportBatch.id))) == 0


def test_later_entries_are_left_to_the_next_batch(company, tmp_path):
    shop = story()
    seen = preview_export(choice())
    shop.invoice(SERVICES_120, on=date(2026, 3, 3))
    found: WrittenExport = written(seen, tmp_path).written
    assert len(found.entry_ids) == seen.entry_count
    assert preview_export(choice()).entry_count == seen.entry_count + 1
    assert preview_export(choice()).seen != seen.seen


def test_what_a_format_has_no_room_for_is_told_before_anything_is_made(company, tmp_path):
    Shop(ThirdParty("CUSTOMER-000012", "Durand")).invoice(SERVICES_120)
    seen = preview_export(choice(key="quadra"))
    assert (seen.misfits, seen.can_be_made) == (("CUSTOMER-000012",), False)
    with pytest.raises(AccountingError, match="CUSTOMER-000012"):
        write_export(seen, tmp_path / "export")
    assert preview_export(choice(key="ebp")).can_be_made


def test_customers_with_an_account_of_their_own_are_not_given_a_second_one(company, tmp_path):
    Shop(ThirdParty("C00007", "Martin", "411MARTI")).invoice(SERVICES_120)
    quadra = content(exported(choice(key="quadra"), tmp_path)).decode("ascii").splitlines()
    assert [line[1:9] for line in quadra if line[0] == "C"] == ["411MARTI"]
    assert [line[98:106].strip() for line in quadra if line[0] == "C"] == ["411000"]
    assert quadra[1][1:9] == "411MARTI"


def test_what_was_received_in_advance_does_not_reach_the_customers_own_account(company, tmp_path):
    """A format that writes a customer's code instead of the account would put 4191 there."""
    share = Share("advance:1", 120_00, is_advance=True)
    with transaction():
        record(CollectionFact(("payment", 1), Treasury.BANK, MARCH[0], "VIR", DUPONT, (share,)))
    quadra = content(exported(choice(key="quadra"), tmp_path)).decode("ascii").splitlines()
    assert [(line[0], line[1:9].strip()) for line in quadra] == [("M", "512000"), ("M", "419100")]


def test_settings_hold_for_later_files_and_say_what_is_wrong(company, tmp_path):
    story()
    for wrong in (3, 18, -1):
        with pytest.raises(AccountingError) as refusal, transaction():
            set_export_settings(ExportSettingsInput(wrong, False))
        assert refusal.value.field == "account_length"
    for _twice in range(2):
        with transaction():
            set_export_settings(ExportSettingsInput(8, True))
    assert (export_options().account_length, export_options().ximport_dot) == (8, True)
    assert db.session.scalar(select(ExportSettings.version)) == 2, "the second save changed nothing"
    text_ = content(exported(choice(key="ximport"), tmp_path)).decode("ascii")
    assert text_.splitlines()[0][71:84] == "0000000230.00"
    assert text_.splitlines()[1][35:46] == "70600000   "


MONTHS = [(date(2026, month, 1), date(2026, month, 28)) for month in range(1, 7)]


@pytest.mark.parametrize("seed", range(12 if LONG else 2))
def test_batches_partition_the_pieces_after_any_history(company, tmp_path, seed):
    chance, shop = Random(seed), Shop(DUPONT)
    for number in range(25):
        month, journals = chance.choice(MONTHS), chance.choice([["VE"], ["BQ"], ["BQ", "VE"]])
        match chance.choice(["post", "post", "export", "export", "cancel"]):
            case "post":
                entry = shop.invoice(SERVICES_120, on=month[0])
                shop.pay(entry.source_id, 120_00, on=month[1])
            case "cancel":
                for batch in list_batches(limit=1):
                    with transaction():
                        cancel_batch(batch.id, "test")
            case _:
                if preview_export(choice(month, journals)).entry_count:
                    exported(choice(month, journals), tmp_path, f"key{number}")
        assert list(check_batches()) == []
    shop.invoice(SERVICES_120, on=MONTHS[0][0])
    exported(choice(), tmp_path, "rest")
    db.session.expire_all()
    standing = [batch for batch in list_batches(limit=100) if batch.cancellation is None]
    held = [entry_id for batch in standing for entry_id in entry_ids_of(batch.id)]
    assert sorted(held) == list(db.session.scalars(select(JournalEntry.id).order_by(JournalEntry.id)))
    assert list(check_batches()) == []


def test_the_checks_find_what_was_tampered_with(company, tmp_path):
    story()
    batch = exported(choice(MARCH), tmp_path)
    held = entry_ids_of(batch.id)[0]
    free = db.session.scalars(
        select(JournalEntry.id).where(JournalEntry.entry_date > MARCH[1]).order_by(JournalEntry.id)
    ).first()
    with transaction():
        for name in ("checked_export_batch_item", "frozen_export_batch_update"):
            db.session.execute(text(f"DROP TRIGGER {name}"))
        for entry_id, turn in ((held, 3), (free, 0)):
            values = f"({current_company_id()}, {batch.id}, {entry_id}, {turn})"
            db.session.execute(text(f"{INTO_ITEMS} {values}"))
    faults = " / ".join(check_batches())
    for words in ("2 export batches that stand", "exported 2 times", "says [4,", "which was not asked for"):
        assert words in faults, faults
    assert any("no longer say" in fault.reason for fault in verify_chain(current_company_id()))


def test_every_format_can_be_made_from_the_ledger(company, tmp_path):
    story()
    for key in FORMATS:
        batch = exported(choice(key=key), tmp_path, f"key-{key}")
        assert batch.entry_count == 6, key
        assert len(content(batch)) > 200
        with transaction():
            cancel_batch(batch.id, "next format")
    assert list(company_faults()) == []


def test_the_command_makes_a_batch_and_says_what_stops_it(company, app, tmp_path):
    story()
    db.session.rollback()

    def run(*more: str, key: str = "coala", siren: str = "732829320", days: str = "2026-03"):
        period = ["--from", f"{days}-01", "--to", f"{days}-28"]
        call = ["export", "--company", siren, "--format", key, *period, "--output", str(tmp_path / "out")]
        return app.test_cli_runner().invoke(args=[*call, *more])

    assert run(siren="552100554").exit_code == 2
    assert run("--journal", "ZZ").exit_code == 2
    assert not (tmp_path / "out").exists()
    done = run("--journal", "VE")
    assert (done.exit_code, done.stdout.strip()) == (0, str(tmp_path / "out/732829320-coala-lot0001.txt"))
    assert "2 entries, 8 lines" in done.stderr
    assert len((tmp_path / "out/732829320-coala-lot0001.txt").read_bytes().splitlines()) == 8
    again = run("--journal", "VE")
    assert (again.exit_code, "2 entries are in batches" in again.stderr) == (1, True)
    Shop(ThirdParty("CUSTOMER-000012", "Durand"), first_id=50).invoice(SERVICES_120, on=date(2026, 5, 2))
    misfit = run(key="quadra", days="2026-05")
    assert (misfit.exit_code, "CUSTOMER-000012" in misfit.stderr) == (1, True)
    assert [batch.sequence for batch in list_batches(limit=9)] == [1]


def test_a_large_export_is_written_in_little_memory(company, tmp_path):
    entries, per_entry = 3_000, 4
    with transaction():
        chart, (year, _) = read_chart(), open_year_for(date(2026, 1, 1))
        fill_with_entries(year, chart.journals["OD"], chart.account_id(AccountRole.BANK), entries, per_entry)
    seen = preview_export(choice(key="quadra"))
    tracemalloc.start()
    found = write_export(seen, tmp_path / "export")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(found.entry_ids), found.line_count) == (entries, entries * per_entry)
    assert (tmp_path / "export").stat().st_size == entries * per_entry * 233
    assert peak < 8_000_000, "far below what the whole export would take"
