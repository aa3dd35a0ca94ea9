"""Every route is guarded: a right is asked for, a lesser role is refused, another company's rows do not exist.

The tests read the application's own list of addresses, so that a new route cannot be forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from accounting.exports.models import ExportBatch
from core.clock import paris_today
from core.database import db, transaction
from core.files import register_file
from core.long_tasks import LongTask
from core.mail import queue_mail
from core.models import Membership, Role
from core.tenancy import in_company
from core.web.rights import RIGHTS, Right
from invoicing.bank.banks import banks
from invoicing.bank.deposit_cheques import deposit_cheques
from invoicing.bank.import_statement import import_statement
from invoicing.bank.models import BankLine
from invoicing.bank.statement_files import keep_file
from invoicing.bulk_plan import plan_bulk
from invoicing.company_input import add_vat_rate
from invoicing.issue_invoice import issue_invoice
from invoicing.keep_surplus import KeepInput, keep_surplus
from invoicing.models import BulkAction, TextKind
from invoicing.order_bulk import BulkInput, order_bulk
from invoicing.payments import PaymentMethod
from invoicing.receivables import KeptKind, WriteOffKind
from invoicing.record_payment import PaymentInput, record_payment
from invoicing.send_invoice import SendInput, send_invoice
from invoicing.text_library import TextInput, save_text
from invoicing.write_off import write_off
from invoicing.write_off_plan import WriteOffInput
from payplug_bridge.operations.import_report import import_report
from payplug_bridge.operations.models import PayplugOperation
from payplug_bridge.operations.upload_report import upload_report
from tests.conftest import make_company, make_user, signed_in_client
from tests.factories.invoicing import make_draft
from tests.invoicing.bank.bank_files import csv
from tests.payplug_bridge.operations.report_files import csv_file

# What needs no account, and why. A new entry here is a decision.
PUBLIC = {
    "health.health",  # monitoring
    "health.ready",
    "preferences.language",  # the customer's page has the switches too
    "preferences.theme",
}
# The customer's page and PayPlug's notifications: the token in the address is the key.
BY_TOKEN = "<token>"
# Static files, and the sign-in pages of Flask-Security, which guard themselves.
OF_LIBRARIES = ("static", "bootstrap.static", "security")


def rules(app: Flask) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in OF_LIBRARIES and rule.endpoint.partition(".")[0] not in OF_LIBRARIES:
            yield rule


def right_of(app: Flask, rule: Rule) -> str | None:
    return getattr(app.view_functions[rule.endpoint], "required_right", None)


def methods_of(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"})


def address(rule: Rule, ids: dict[str, int]) -> str:
    """The rule's address with an id of the other company in it, or any value where it takes a word."""
    values = {
        name: ids.get(name, 1) if type(converter).__name__ == "IdConverter" else "2026-01-01"
        for name, converter in rule._converters.items()
    }
    found = rule.build(values)
    assert found is not None, rule
    return found[1]


def test_every_route_asks_for_a_right_or_is_known_to_be_public(app: Flask) -> None:
    open_routes = [rule for rule in rules(app) if right_of(app, rule) is None]
    unknown = [str(rule) for rule in open_routes if rule.endpoint not in PUBLIC and BY_TOKEN not in rule.rule]
    assert unknown == []
    assert all(getattr(app.view_functions[r.endpoint], "is_public", False) for r in open_routes)


def test_there_are_routes_of_every_right(app: Flask) -> None:
    found = {right_of(app, rule) for rule in rules(app)}
    assert {right.value for right in Right} <= found


def test_somebody_who_is_not_signed_in_is_sent_to_the_sign_in_page(app: Flask, company_id: int) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    for rule in rules(app):
        if right_of(app, rule) is None:
            continue
        for method in methods_of(rule):
            answer = client.open(address(rule, {}), method=method)
            assert answer.status_code in (302, 303, 401), (method, rule.rule, answer.status_code)
            assert "/login" in answer.headers.get("Location", "/login")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.STAFF, Role.ACCOUNTANT])
def test_a_role_without_the_right_is_refused(app: Flask, company_id: int, role: Role) -> None:
    client = signed_in_client(app, company_id, role)
    refused = 0
    for rule in rules(app):
        right = right_of(app, rule)
        if right not in set(Right) or Right(right) in RIGHTS[role]:
            continue
        for method in methods_of(rule):
            assert client.open(address(rule, {}), method=method).status_code == 403, (method, rule.rule)
            refused += 1
    assert refused > 3


@pytest.fixture
def foreign_ids(app: Flask, company_id: int) -> dict[str, int]:
    """Ids of rows of a company that the person signed in is no member of."""
    make_user(app, company_id, Role.OWNER, email="other-owner@example.org")
    with app.app_context(), in_company(company_id):
        with transaction():
            draft = make_draft().id
            invoice = make_draft(issue_date=paris_today()).id
        with transaction():
            issue_invoice(invoice)
            rate = add_vat_rate(850, date(2020, 1, 1)).id
            text = save_text(TextInput(TextKind.NOTE, "merci", "Merci !")).id
            mail = queue_mail(to=["a@example.org"], subject="Bonjour", text="Bonjour").id
        with transaction():
            payment = record_payment(
                PaymentInput(invoice, PaymentMethod.CHEQUE, 1000, paris_today(), request_key="k" * 8)
            ).id
            given_up = write_off(WriteOffInput(invoice, WriteOffKind.DISCOUNT, 100, paris_today())).id
            extra = record_payment(
                PaymentInput(invoice, PaymentMethod.CASH, 2000_00, paris_today(), request_key="x" * 8)
            ).id
            kept = keep_surplus(KeepInput(extra, KeptKind.PENALTY, 100, paris_today())).id
            sending = send_invoice(SendInput(invoice, ("a@example.org",), "s" * 8)).id
            seen = plan_bulk(BulkAction.ISSUE, [draft]).seen
            slip = deposit_cheques(
                [payment],
                bank_account_id=banks()[0].account_id,
                deposited_on=paris_today(),
                request_key="d" * 8,
            ).id
            run = order_bulk(BulkInput(BulkAction.ISSUE, [draft], "r" * 8, seen)).id
        report = upload_report(
            csv_file(("01/09/2026", "Ajustement", "-1,00", "", "", "")), "a.csv", actor_id=None
        )
        import_report(report)
        operation = db.session.query(PayplugOperation.id).scalar()
        with transaction():
            task = LongTask(kind="month_package", request_key="t" * 8)
            db.session.add(task)
            db.session.flush()
            task_id = task.id
            file = register_file("0" * 64, 1, "text/plain")
            batch = ExportBatch(
                sequence=1, format="coala", starts_on=paris_today(), ends_on=paris_today(), journals="VE",
                options="{}", entry_count=1, line_count=2, debit_cents=1, file_id=file.id, file_name="a.txt",
                request_key="b" * 8,
            )  # fmt: skip
            db.session.add(batch)
            db.session.flush()
            batch_id = batch.id
        content = csv("Date;Libellé;Montant", f"{paris_today()};FRAIS;-1,00")
        file_id = keep_file(content)
        with transaction():
            import_statement(file_id, banks()[0].account_id)
        line = db.session.query(BankLine.id).scalar()
        membership = db.session.query(Membership.id).filter_by(company_id=company_id).scalar()
    assert draft
    return {
        "document_id": invoice, "draft_id": draft, "customer_id": 1, "payment_id": payment, "sending_id": sending,
        "rate_id": rate, "text_id": text, "mail_id": mail, "membership_id": membership, "company_id": company_id,
        "run_id": run, "report_id": report, "operation_id": operation, "task_id": task_id, "deposit_id": slip,
        "batch_id": batch_id, "file_id": file_id, "line_id": line, "write_off_id": given_up, "kept_id": kept,
    }  # fmt: skip


@pytest.fixture
def stranger(app: Flask, foreign_ids: dict[str, int]) -> FlaskClient:
    """The owner of another company of the same installation."""
    other = make_company(app, siren="404833048", siret="", vat_number="", name="Une Autre SARL")
    return signed_in_client(app, other)


def test_rows_of_another_company_do_not_exist(
    app: Flask, stranger: FlaskClient, foreign_ids: dict[str, int]
) -> None:
    tried = 0
    for rule in rules(app):
        takes_id = any(type(c).__name__ == "IdConverter" for c in rule._converters.values())
        if not takes_id or right_of(app, rule) not in set(Right):
            continue
        for method in methods_of(rule):
            for document_id in (foreign_ids["document_id"], foreign_ids["draft_id"]):
                url = address(rule, {**foreign_ids, "document_id": document_id})
                status = stranger.open(url, method=method, data={"role": "viewer", "reason": "x"}).status_code
                assert status == 404, (method, url, status)
                tried += 1
    assert tried > 20


def test_another_company_cannot_be_switched_to(stranger: FlaskClient, foreign_ids: dict[str, int]) -> None:
    assert stranger.post(f"/companies/{foreign_ids['company_id']}/switch").status_code == 403


def test_an_id_no_row_can_have_is_not_found(app: Flask, stranger: FlaskClient) -> None:
    for rule in rules(app):
        if any(type(c).__name__ == "IdConverter" for c in rule._converters.values()):
            huge = dict.fromkeys(rule._converters, 2**63)
            url = rule.build(dict.fromkeys(huge, 1))
            assert url is not None
            path = url[1].replace("/1", f"/{2**63}")
            assert stranger.get(path).status_code in (404, 405), path


def test_the_state_of_an_invoice_is_not_kept_by_browsers(app: Flask, foreign_ids: dict[str, int]) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/login", data={"email": "other-owner@example.org", "password": "correct horse battery"})
    answer = client.get(f"/invoices/{foreign_ids['document_id']}/state.json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert json.loads(answer.data)["final"] is False
