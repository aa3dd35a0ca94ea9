"""Quotes in the browser: the owner's pages, and the customer's page where she answers."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.clock import paris_today
from core.database import db, transaction
from core.tenancy import in_company
from invoicing.draft_invoice import DraftInput, draft_invoice
from invoicing.issue_quote import issue_quote
from invoicing.lifecycle import DocumentKind, LineRole
from invoicing.models import Document, QuoteAnswer, QuoteLink
from tests.factories.invoicing import make_line
from tests.invoicing.routes.conftest import page, plain


@pytest.fixture
def quote(app, company_id, customer_id):
    """An issued quote of 120 € with an option of 60 €; gives its id and the path of its public page."""

    def make(today: date | None = None, **changes):
        with app.app_context(), in_company(company_id), transaction():
            lines = (make_line(), make_line("1", "50", role=LineRole.OPTION, label="Pose"))
            given = DraftInput(customer_id=customer_id, lines=lines, **changes)
            made = issue_quote(draft_invoice(given, kind=DocumentKind.QUOTE).id, today=today)
            token = db.session.query(QuoteLink.token).filter_by(document_id=made.id).scalar()
            return made.id, f"/q/{token}"

    return make


@pytest.fixture
def reader(app):
    """Somebody without an account."""
    return app.test_client()


def answers(app, company_id) -> list[tuple[str, str, str, str]]:
    """Who answered, the options, from where, to which sentence."""
    columns = (QuoteAnswer.name, QuoteAnswer.options, QuoteAnswer.address, QuoteAnswer.consent)
    with app.app_context(), in_company(company_id):
        return [tuple(row) for row in db.session.execute(db.select(*columns))]


YES = {"yes-name": "Paule Exemple", "yes-consent": "y"}


def test_a_customer_accepts_once_with_the_option_she_ticks(app, company_id, quote, reader, owner):
    quote_id, url = quote()
    shown = reader.get(url)
    assert shown.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    refused = reader.post(f"{url}/accept", data={"yes-name": "Paule Exemple"})
    assert refused.status_code == 422
    text = refused.get_data(as_text=True)
    assert 'id="yes-consent-error"' in text
    assert 'value="Paule Exemple"' in text
    summary = text.partition('<a href="#yes-consent">')[2].partition("</a>")[0]
    assert summary.startswith("J’accepte le devis D-")
    for _ in range(2):  # a double click
        assert reader.post(f"{url}/accept", data={**YES, "yes-options": "2"}).status_code == 303
    ((name, options, address, consent),) = answers(app, company_id)
    assert (name, options, address) == ("Paule Exemple", "[2]", "127.0.0.1")
    assert "D-" in consent
    assert reader.post(f"{url}/decline", data={"no-name": "Paule"}).status_code == 409
    assert "Accept the quote" not in page(reader, f"{url}?")
    text = page(owner, f"/quotes/{quote_id}")
    assert "Paule Exemple" in text
    assert consent in text
    # What was agreed to, not what was offered, on both sides.
    assert "€180.00" in text
    assert "Chosen options are counted" in text
    assert "css/documents.css" in text  # which sets the columns of pages with a state
    assert "Options are not counted" not in text
    seen = plain(page(reader, url))
    assert "180,00 €" in seen
    assert "Les options choisies sont comptées" in seen
    drafted = owner.post(f"/quotes/{quote_id}/invoice")
    assert "€180.00" in page(owner, drafted.headers["Location"])


def test_a_customer_declines_and_may_say_why(app, company_id, quote, reader, owner):
    quote_id, url = quote()
    assert reader.post(f"{url}/decline", data={"no-name": ""}).status_code == 422
    assert (
        reader.post(f"{url}/decline", data={"no-name": "Paule", "no-reason": "Trop cher"}).status_code == 303
    )
    assert "Trop cher" in page(owner, f"/quotes/{quote_id}")
    assert owner.post(f"/quotes/{quote_id}/invoice").status_code == 409


def test_a_quote_that_is_over_or_replaced_says_so(quote, reader, owner):
    day = paris_today() - timedelta(days=10)
    _, url = quote(today=day, valid_until=paris_today() - timedelta(days=1))
    assert "plus valable" in page(reader, url)
    assert reader.post(f"{url}/accept", data=YES).status_code == 409
    quote_id, url = quote()
    draft = owner.post(f"/quotes/{quote_id}/revise").headers["Location"]
    assert owner.post(f"{draft}/issue").status_code == 303
    assert "remplacé" in page(reader, url)
    assert reader.post(f"{url}/accept", data=YES).status_code == 409


def test_an_answer_on_paper_is_recorded_and_a_deposit_is_drafted(quote, owner):
    quote_id, _ = quote()
    assert 'id="name-error"' in owner.post(
        f"/quotes/{quote_id}/answer", data={"answer": "accepted"}
    ).get_data(as_text=True)
    assert (
        owner.post(f"/quotes/{quote_id}/answer", data={"answer": "accepted", "name": "Paule"}).status_code
        == 303
    )
    url = f"/quotes/{quote_id}/deposit"
    assert 'id="rate-error"' in owner.post(url, data={"rate": "120"}).get_data(as_text=True)
    drafted = owner.post(url, data={"rate": "30"})
    deposit_url = drafted.headers["Location"]
    shown = page(owner, deposit_url)
    assert "€36.00" in shown
    assert f'href="/quotes/{quote_id}"' in shown
    assert f"{deposit_url}/repeat" not in shown  # a deposit belongs to one sale
    assert owner.get(f"{deposit_url}/repeat").status_code == 302
    assert "€36.00" in page(owner, f"/quotes/{quote_id}")


def test_a_quote_that_is_invoiced_offers_no_second_invoice(quote, owner):
    quote_id, _ = quote()
    owner.post(f"/quotes/{quote_id}/answer", data={"answer": "accepted", "name": "Paule"})
    once_more = f'action="/quotes/{quote_id}/invoice"'
    assert once_more in page(owner, f"/quotes/{quote_id}")
    draft = owner.post(f"/quotes/{quote_id}/invoice").headers["Location"]
    assert owner.post(f"{draft}/issue").status_code == 303
    assert once_more not in page(owner, f"/quotes/{quote_id}")


def test_the_list_shows_how_quotes_stand_and_invoices_do_not_count_them(quote, reader, owner, draft):
    quote()
    _, accepted = quote()
    reader.post(f"{accepted}/accept", data=YES)
    _, declined = quote()
    reader.post(f"{declined}/decline", data={"no-name": "Paule"})
    for state, number in (("open", 1), ("accepted", 2), ("declined", 3)):
        text = page(owner, f"/quotes?state={state}")
        assert [n for n in (1, 2, 3) if f"-{n:04d}" in text] == [number]
    assert "No quote is in this state" in page(owner, "/quotes?state=invoiced")
    assert "No invoices yet" in page(owner, "/invoices")
    assert "D-" not in page(owner, "/")


def test_a_quote_is_written_in_the_editor_and_issued(owner, app, company_id, customer_id):
    sent = {
        "customer_id": str(customer_id), "language": "fr", "prices": "net", "lines-0-label": "Étude",
        "lines-0-quantity": "1", "lines-0-unit": "C62", "lines-0-unit_price": "100", "lines-0-vat_rate": "2000",
        "lines-0-kind": "service", "lines-0-discount": "",
    }  # fmt: skip
    saved = owner.post("/invoices/new?kind=quote", data=sent)
    assert saved.status_code == 303
    found = owner.get(saved.headers["Location"])
    assert found.headers["Location"].startswith("/quotes/")
    assert owner.post(f"{found.headers['Location']}/issue").status_code == 303
    with app.app_context(), in_company(company_id):
        made = db.session.query(Document).one()
        made_id = made.id
        assert made.number == f"D-{paris_today().year}-0001"
        assert made.valid_until == paris_today() + timedelta(days=30)
    assert "{{ quote_link }}\n" in plain(owner.get(f"/invoices/{made_id}/send").get_data(as_text=True))


def test_an_unknown_address_is_no_quote(reader):
    assert reader.get("/q/nobody-was-given-this").status_code == 404
