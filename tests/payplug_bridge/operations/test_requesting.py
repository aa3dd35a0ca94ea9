"""Asking PayPlug for reports: late, gone, refused, or asked for by several workers at once, it ends in one booking."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from core.clock import utc_now
from core.database import db, transaction
from payplug_bridge.operations import request_reports
from payplug_bridge.operations.import_report import import_report
from payplug_bridge.operations.models import PayplugBooking, PayplugOperation, PayplugReport, ReportState
from payplug_bridge.operations.request_reports import (
    book_again,
    last_month,
    want_report,
    work_report,
    work_reports,
)
from payplug_bridge.operations.upload_report import upload_report
from tests.payplug_bridge.operations.report_files import csv_file
from tests.payplug_bridge.shop import Shop, at_once
from tests.scenarios.money import books


def ask(shop: Shop) -> int:
    with shop.inside():
        with transaction():
            want_report(utc_now().date() - timedelta(days=30), utc_now().date())
        return db.session.scalars(select(func.max(PayplugReport.id))).one()


def work(shop: Shop, report_id: int) -> PayplugReport:
    with shop.inside():
        work_report(report_id)
        report = db.session.get_one(PayplugReport, report_id, populate_existing=True)
        db.session.expunge(report)
        return report


def paid_out(shop: Shop) -> None:
    payment_id = shop.click(shop.invoice())
    shop.simulator.pay(payment_id)
    shop.notify_about(payment_id)
    shop.work()
    shop.simulator.pay_out(5000)


def test_a_file_that_was_missed_is_asked_for_again(shop: Shop) -> None:
    paid_out(shop)
    shop.simulator.assume(report_delay_seconds=60, report_hours=1, report_variant="B")
    report_id = ask(shop)
    first = work(shop, report_id)
    assert (first.state, first.file_id) == (ReportState.MAKING, None)
    # Nobody comes for two hours: the file is gone, another report is asked for.
    with time_machine.travel(utc_now() + timedelta(hours=2)):
        again = work(shop, report_id)
        assert (again.state, again.payplug_id, again.reason) == (ReportState.WANTED, None, "run_out")
    with time_machine.travel(utc_now() + timedelta(hours=4)):
        shop.simulator.assume(report_delay_seconds=0)
        done = work(shop, report_id)
        assert (done.state, done.new_rows) == (ReportState.READ, 2)
        assert done.payplug_id != first.payplug_id
        assert work(shop, report_id).state is ReportState.READ
    with shop.inside():
        assert books("512500", "580") == {"512500": "70.00", "580": "50.00"}


def test_what_payplug_answers_instead_of_a_report_is_tried_again(shop: Shop) -> None:
    paid_out(shop)
    faults = (
        ("error", "create_report", "http_500", ReportState.WANTED),
        ("null", "create_report", "unreadable", ReportState.WANTED),
        ("lost_answer", "create_report", "connection", ReportState.WANTED),
        ("unauthorized", "create_report", "http_401", ReportState.WANTED),
        ("forbidden", "create_report", "http_403", ReportState.WANTED),
        ("too_many_requests", "create_report", "http_429", ReportState.WANTED),
    )
    report_id, now = ask(shop), utc_now()
    for number, (kind, target, reason, state) in enumerate(faults, start=1):
        shop.simulator.set_fault(kind, target=target, times=1)
        with time_machine.travel(now + timedelta(hours=7 * number)):
            report = work(shop, report_id)
            assert (report.state, report.reason, report.tries) == (state, reason, number), kind
            # Its turn has not come yet: nothing is asked.
            assert work(shop, report_id).tries == number
    with time_machine.travel(now + timedelta(hours=100)):
        assert work(shop, report_id).state is ReportState.READ


def test_a_report_that_trips_the_program_up_holds_no_other_up(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid_out(shop)
    poisoned = ask(shop)
    with shop.inside(), transaction():
        want_report(date(2026, 1, 1), utc_now().date(), key="other")
    whole = import_report

    def trip(report_id: int) -> PayplugReport:
        if report_id == poisoned:
            raise RuntimeError
        return whole(report_id)

    monkeypatch.setattr(request_reports, "import_report", trip)
    with shop.app.app_context():
        work_reports()
        db.session.remove()
    with shop.inside():
        reports = {report.id: report for report in db.session.scalars(select(PayplugReport))}
        good = reports[max(reports)]
        assert (good.state, good.new_rows) == (ReportState.READ, 2)
        assert (reports[poisoned].state, reports[poisoned].reason) == (ReportState.MAKING, "RuntimeError")
    # Its file is kept: once the fault is mended it is read without asking PayPlug again.
    monkeypatch.setattr(request_reports, "import_report", whole)
    with time_machine.travel(utc_now() + timedelta(hours=7)):
        assert work(shop, poisoned).state is ReportState.READ


def test_the_month_before_is_asked_for_once(shop: Shop) -> None:
    assert last_month(date(2027, 1, 2)) == (date(2026, 12, 1), date(2026, 12, 31))
    begin = utc_now()
    with time_machine.travel(begin + timedelta(days=62)), shop.app.app_context():
        for _ in range(3):
            work_reports()
        db.session.remove()
    with shop.inside():
        keys = list(db.session.scalars(select(PayplugReport.request_key)))
        assert len(keys) == 1
        assert keys[0].startswith("month/")


def test_workers_at_once_book_each_operation_once(each_shop: Shop) -> None:
    shop = each_shop
    rows = [(f"{day:02d}/09/2026", "Virement", "-10,00", "", "", "") for day in range(1, 21)]
    first, second = csv_file(*rows[:15]), csv_file(*rows[5:])
    with shop.inside():
        ids = [upload_report(content, "report.csv", actor_id=None) for content in (first, second)]

    def read(report_id: int) -> None:
        with shop.inside():
            import_report(report_id)
            book_again()

    assert at_once(*(lambda id_=id_: read(id_) for id_ in (*ids, *ids))) == []
    with shop.inside():
        assert db.session.scalar(select(func.count()).select_from(PayplugOperation)) == 20
        assert db.session.scalar(select(func.count()).select_from(PayplugBooking)) == 20
        assert books("512500", "580") == {"512500": "-200.00", "580": "200.00"}
    shop.assert_sound()
