"""The accountant gets the month in one file: asked for on a page, made by the worker, fetched after signing in."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
from datetime import date, timedelta
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from accounting.fec.check import check_fec
from accounting.fec.findings import Verdict
from accounting.fec.notice import notice_file_name
from accounting.packages.month_package import TASK, order_package
from core.clock import paris_today
from core.database import db, transaction
from core.errors import SoldeError
from core.files import read_bytes
from core.jobs import run_due_jobs
from core.long_tasks import TaskState, tasks_of
from core.mail import OutboxMail
from core.models import Role, User
from core.tenancy import in_company
from invoicing.credit_invoice import credit_invoice
from invoicing.models import Document
from invoicing.render_pdf import ensure_pdf
from payplug_bridge.operations.import_report import import_report
from payplug_bridge.operations.upload_report import upload_report
from tests.conftest import make_company, make_user, signed_in_client
from tests.factories.invoicing import issue, make_individual, make_line, pay
from tests.payplug_bridge.operations.report_files import csv_file

SIREN, YEAR_END = "732829320", date(paris_today().year, 12, 31)


@pytest.fixture
def accountant(app: Flask, company_id: int) -> FlaskClient:
    """An accountant signed in; before her the shop had a month: two invoices, one credited, one paid, a payout."""
    today = paris_today()
    with app.app_context(), in_company(company_id):
        with transaction():
            first = issue(make_line("1", "100"))
            second = issue(
                make_line("2", "45.90", "5.5", goods=True), customer=make_individual(name="L’Œuf à 5 €")
            )
            credit_invoice(first.id, reason="Commande annulée")
            pay(second, "96.85")
        report = csv_file((f"{today:%d/%m/%Y} 10:00", "Virement", "-250,00", "", "Vers votre banque", ""))
        import_report(upload_report(report, "releve.csv", actor_id=None))
    return signed_in_client(app, company_id, Role.ACCOUNTANT)


def ordered(client: FlaskClient, month: date | None = None, **fields: str) -> str:
    """Ask on the page; the address of the task's page."""
    name = f"{month or paris_today():%Y-%m}"
    answer = client.post("/books/packages", data={"month": name, "request_key": "k" * 32, **fields})
    assert answer.status_code == 303, answer.text
    return answer.location


def test_the_month_in_one_file(app: Flask, company_id: int, accountant: FlaskClient, tmp_path: Path) -> None:
    page = accountant.get("/books/packages").text
    assert "the PDFs of the invoices and credit notes issued" in page
    assert "checked" in page, "the accountant is told unless she unticks herself"
    url = ordered(accountant)
    assert ordered(accountant) == url, "a double click is one package"
    assert "<progress" in accountant.get(url).text
    run_due_jobs(app)
    answer = accountant.get(f"{url}/file")
    month = f"{paris_today():%Y-%m}"
    assert answer.headers["Content-Disposition"] == f"attachment; filename=732829320-{month}.zip"
    with ZipFile(io.BytesIO(answer.data)) as zipped:
        names = set(zipped.namelist())
        zipped.extractall(tmp_path)
    year = f"{YEAR_END:%Y%m%d}"
    with app.app_context(), in_company(company_id):
        issued = db.session.scalars(select(Document).order_by(Document.id)).all()
        folders = {"invoice": "factures", "credit_note": "avoirs"}
        pdfs = {f"{folders[one.kind.value]}/{one.number}.pdf": one.id for one in issued}
        assert len(pdfs) == 3
        for name, document_id in pdfs.items():
            assert (tmp_path / name).read_bytes() == read_bytes(ensure_pdf(document_id).stored_file.sha256)
    assert names == {
        *pdfs, "MANIFEST.sha256", "LISEZMOI.txt", f"fec/732829320FEC{year}.txt",
        f"fec/{notice_file_name(SIREN, YEAR_END)}",
        f"controles/fec-{year}.txt", f"controles/fec-{year}.json", "controles/verify.txt",
        f"journaux/VE-{month}.csv", f"journaux/BQ-{month}.csv", f"journaux/PP-{month}.csv",
        f"journaux/journaux-{month}.xlsx", f"balances/balance-{month}.xlsx", f"balances/tva-{month}.xlsx",
        f"balances/balance-agee-{last_day():%Y-%m-%d}.xlsx", f"reglements/reglements-{month}.csv",
        f"reglements/reglements-{month}.xlsx", f"payplug/rapprochement-{month}.xlsx",
    }  # fmt: skip
    assert subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "MANIFEST.sha256"], cwd=tmp_path, check=False
    ).returncode == 0  # fmt: skip
    check_what_the_files_say(tmp_path, month, year)


def last_day() -> date:
    return (paris_today().replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def check_what_the_files_say(folder: Path, month: str, year: str) -> None:
    fec = folder / f"fec/732829320FEC{year}.txt"
    with fec.open("rb") as stream:
        assert check_fec(stream, fec.name).verdict is Verdict.RIGHT
    assert json.loads((folder / f"controles/fec-{year}.json").read_text("utf-8"))["verdict"] == "right"
    assert (folder / "controles/verify.txt").read_text().splitlines()[1:] == ["holds"]
    notice = (folder / "LISEZMOI.txt").read_text("utf-8-sig")
    assert "732829320" in notice
    assert "the reconciliation of the PayPlug wallet" in notice
    assert f"journaux/VE-{month}.csv" in notice
    sheets = openpyxl.load_workbook(folder / f"journaux/journaux-{month}.xlsx").worksheets
    assert [page.title for page in sheets] == ["BQ Banque", "PP PayPlug", "VE Ventes"]
    sales = (folder / f"journaux/VE-{month}.csv").read_text("utf-8-sig").splitlines()
    assert len(sales) == sheets[2].max_row
    assert any("L’Œuf à 5 €" in line for line in sales)
    wallet = openpyxl.load_workbook(folder / f"payplug/rapprochement-{month}.xlsx").worksheets
    assert wallet[1].max_row == 2


def test_it_is_told_to_those_who_were_ticked_and_may_fetch_it(
    app: Flask, company_id: int, accountant: FlaskClient
) -> None:
    owner, viewer = (make_user(app, company_id, role) for role in (Role.OWNER, Role.VIEWER))
    with app.app_context(), in_company(company_id), transaction():
        ids = {user: id_of(user) for user in (owner, viewer)}
        order_package(
            f"{paris_today():%Y-%m}",
            request_key="told",
            actor_id=None,
            recipients=[ids[owner], ids[viewer], 999],
        )
    run_due_jobs(app)
    with app.app_context(), in_company(company_id):
        mails = db.session.scalars(select(OutboxMail).where(OutboxMail.subject.like("Ready%"))).all()
        assert [json.loads(mail.recipients) for mail in mails] == [[owner]]
        assert "/tasks/" in mails[0].text
        (task,) = tasks_of(TASK, limit=9)
        assert task.state is TaskState.DONE
        task_id = task.id
    client = app.test_client()
    client.post("/login", data={"email": viewer, "password": "correct horse battery"})
    for url in (f"/tasks/{task_id}", f"/tasks/{task_id}/file", "/books/packages"):
        assert client.get(url).status_code == 403
    assert "/login" in app.test_client().get(f"/tasks/{task_id}/file").headers["Location"]


def id_of(email: str) -> int:
    return db.session.scalars(select(User.id).where(User.email == email)).one()


def test_the_same_month_twice_differs_only_where_it_must(
    app: Flask, company_id: int, accountant: FlaskClient
) -> None:
    found = []
    for key in ("first", "second"):
        url = ordered(accountant, request_key=key)
        run_due_jobs(app)
        with ZipFile(io.BytesIO(accountant.get(f"{url}/file").data)) as zipped:
            found.append({name: hashlib.sha256(zipped.read(name)).hexdigest() for name in zipped.namelist()})
    differing = {name for name in found[0] if found[0][name] != found[1][name]}
    # Workbooks carry the time they were written at, the other two the position in the chain of seals.
    assert {name for name in differing if not name.endswith(".xlsx")} <= {
        "LISEZMOI.txt", "controles/verify.txt", "MANIFEST.sha256",
    }  # fmt: skip


def test_a_month_without_anything_and_a_month_that_is_none(each_app: Flask) -> None:
    company_id = make_company(each_app)
    client = signed_in_client(each_app, company_id, Role.ACCOUNTANT)
    for wrong in ("2026-13", "2026", "", "2099-01"):
        answer = client.post("/books/packages", data={"month": wrong})
        assert answer.status_code == 400
    for wrong in ("2099-01", "2026-T1", "x"):
        with each_app.app_context(), in_company(company_id), pytest.raises(SoldeError), transaction():
            order_package(wrong, request_key="wrong")
    url = ordered(client)
    run_due_jobs(each_app)
    with ZipFile(io.BytesIO(client.get(f"{url}/file").data)) as zipped:
        names = set(zipped.namelist())
    assert {"LISEZMOI.txt", "MANIFEST.sha256", "controles/verify.txt"} <= names
    assert not any(name.startswith(("fec/", "factures/", "journaux/")) for name in names)
