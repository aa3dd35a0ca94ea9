"""A customer's statement: balance before, movements, balance after, what is open; in the customer's language."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from flask_babel import force_locale

from accounting.reading import customer_movements
from core.clock import paris_today
from core.database import db, transaction
from core.errors import ConflictError
from core.files import put_bytes
from core.mail import OutboxMail
from core.models import Role
from core.tenancy import in_company
from invoicing.account_statement import account_statement, days_late, movement_text
from invoicing.account_statement_pdf import statement_html, statement_mail, statement_name, statement_pdf
from invoicing.account_statement_sendings import AccountStatementSending
from invoicing.apply_credit import apply_credit
from invoicing.cancel_payment import cancel_payment
from invoicing.credit_invoice import credit_invoice
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.give_back import MoneyBack, give_back
from invoicing.merge_customers import merge_customers
from invoicing.refunds import RefundKind
from invoicing.send_account_statement import send_account_statement
from tests.conftest import signed_in_client
from tests.factories.invoicing import issue, make_customer, make_line, pay

TODAY = paris_today()
THEN = TODAY - timedelta(days=60)


def test_everything_that_happened_to_a_customer_is_told_once(each_company):
    with transaction():
        customer = make_customer(language="en")
        old = issue(make_line("1", "50"), customer=customer, today=THEN)
        first = issue(customer=customer)
        credited = issue(customer=customer)
        pay(first, "150", reference="VIR 1")
        bounced = pay(credited, "20", reference="CHQ 2")
        cancel_payment(bounced.id, reason="Impayé")
        credit_invoice(credited.id, reason="Erreur")
        # The surplus of 30 goes to the oldest: an entry that moves nothing for the customer.
        assert apply_credit(old.id) == 3000
        back = pay(issue(make_line("1", "10"), customer=customer), "12")
        give_back(MoneyBack(back.id, 1200, TODAY, RefundKind.DISPUTE, external_id="d"))
        issue(customer=make_customer(name="Autre"))
        customer_id, old_id = customer.id, old.id
    view = account_statement(customer_id, TODAY - timedelta(days=1), TODAY)
    assert view.opening_cents == 6000
    with force_locale("en"):
        told = [(movement_text(m).split()[0], m.cents) for m in view.movements]
    assert told == [
        ("Invoice", 12000),
        ("Invoice", 12000),
        ("Payment", -15000),
        ("Payment", -2000),
        ("Payment", 2000),
        ("Credit", -12000),
        ("Invoice", 1200),
        ("Payment", -1200),
        ("Payment", 1200),
    ]
    assert view.closing_cents == 6000 - 15000 + 12000 + 1200 == view.due_cents + 1200
    assert [invoice.id for invoice in view.open] == [old_id]
    assert (view.due_cents, view.late_cents) == (3000, 3000)
    assert days_late(view.open[0], TODAY) == (TODAY - view.open[0].due_date).days > 0
    before = account_statement(customer_id, THEN - timedelta(days=9), THEN - timedelta(days=1))
    assert (before.opening_cents, before.movements, before.closing_cents) == (0, (), 0)
    with pytest.raises(NotFoundError):
        account_statement(999, TODAY, TODAY)


def test_customers_that_were_merged_have_one_statement(company):
    with transaction():
        source, target = make_customer(name="Ancien"), make_customer(name="Nouveau")
        issue(customer=source)
        issue(customer=target)
        ids = source.id, target.id
        merge_customers(source.id, target.id)
    views = [account_statement(id_, TODAY, TODAY) for id_ in ids]
    assert [view.closing_cents for view in views] == [24000, 24000]
    assert [len(view.movements) for view in views] == [2, 2]


def test_the_paper_and_the_mail_speak_the_customers_language(company):
    with transaction():
        customer = make_customer(language="en", name="<b>Fish & Co</b>")
        issue(customer=customer)
        customer_id = customer.id
    view = account_statement(customer_id, TODAY, TODAY)
    html = statement_html(view)
    assert "Statement of account" in html
    assert "&lt;b&gt;Fish &amp; Co" in html
    assert "€120.00" in html
    assert statement_pdf(view).startswith(b"%PDF")
    assert statement_name(view).startswith("Statement of account C0")
    mail = statement_mail(view)
    assert "€120.00 are due." in mail.text
    assert "<b>Fish" not in mail.html


def test_it_is_sent_once_to_who_receives_invoices(company):
    with transaction():
        customer, alone = make_customer(), make_customer(contacts=())
        issue(customer=customer)
        ids = customer.id, alone.id
    view = account_statement(ids[0], TODAY, TODAY)
    digest = put_bytes(b"%PDF-1.7")
    for _ in range(2):
        with transaction():
            send_account_statement(view, digest=digest, size_bytes=8, request_key="k")
    sending = db.session.query(AccountStatementSending).one()
    mail = db.session.get_one(OutboxMail, sending.mail_id)
    assert json.loads(mail.recipients) == json.loads(sending.recipients) == ["compta@boulangerie.example.org"]
    assert digest in mail.attachments
    nobody = account_statement(ids[1], TODAY, TODAY)
    with pytest.raises(InvalidInputError), transaction():
        send_account_statement(nobody, digest=digest, size_bytes=8, request_key="n")


def test_the_page_shows_and_sends_it(app, company_id):
    owner = signed_in_client(app, company_id, Role.OWNER)
    with app.app_context(), in_company(company_id), transaction():
        customer = make_customer()
        issue(customer=customer)
        url = f"/customers/{customer.id}/statement"
    shown = owner.get(f"{url}?from={TODAY}&to={TODAY}").text
    assert "€120.00" in shown
    key = shown.split('name="request_key" value="')[1].split('"')[0]
    for _ in range(2):
        assert owner.post(f"{url}/send?from={TODAY}&to={TODAY}", data={"request_key": key}).status_code == 303
    with app.app_context(), in_company(company_id):
        assert db.session.query(AccountStatementSending).count() == 1
    assert "compta@boulangerie.example.org" in owner.get(url).text
    assert owner.get(f"{url}/statement.pdf").data.startswith(b"%PDF")
    assert signed_in_client(app, company_id, Role.VIEWER).post(f"{url}/send").status_code == 403


def test_a_period_with_too_many_movements_is_refused_and_never_cut(company, monkeypatch):
    monkeypatch.setattr(customer_movements, "MOST_MOVEMENTS", 2)
    today = paris_today()
    with transaction():
        customer = make_customer()
        for _ in range(2):
            issue(make_line("1", "100"), customer=customer)
    assert len(account_statement(customer.id, today, today).movements) == 2
    with transaction():
        issue(make_line("1", "100"), customer=customer)
    with pytest.raises(ConflictError, match=" 2 "):
        account_statement(customer.id, today, today)
