"""The list of invoices and the page of one: what it says, who may do what, issuing, PDF, what changes live."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from core.clock import paris_today, utc_now
from core.database import transaction
from core.models import Role
from core.tenancy import in_company
from invoicing.balances import balances_of
from invoicing.credit_invoice import credit_invoice
from invoicing.dispute_payment import dispute_payment
from invoicing.documents import DocumentFilter, ListState, count_documents, list_documents, sums_of
from invoicing.doubt_invoice import DoubtInput, doubt_invoice
from invoicing.payments import PaymentMethod
from invoicing.receivables import WriteOffKind
from invoicing.record_payment import PaymentInput, record_payment
from invoicing.write_off import write_off
from invoicing.write_off_plan import WriteOffInput
from tests.conftest import signed_in_client
from tests.invoicing.routes.conftest import page


def pay(app, company_id, invoice_id, cents):
    with app.app_context(), in_company(company_id), transaction():
        record_payment(PaymentInput(invoice_id, PaymentMethod.TRANSFER, cents, paris_today()))


def test_a_draft_is_issued_with_one_click_and_keeps_its_number(owner, draft):
    draft_id = draft()
    assert "Issue this invoice?" in page(owner, f"/invoices/{draft_id}")
    assert owner.post(f"/invoices/{draft_id}/issue").status_code == 303
    number = f"F-{paris_today().year}-0001"
    assert number in page(owner, f"/invoices/{draft_id}")
    assert owner.post(f"/invoices/{draft_id}/issue").status_code == 303
    assert number in page(owner, f"/invoices/{draft_id}")


def test_what_keeps_a_draft_from_being_issued_is_listed_with_a_way_to_mend_it(owner, draft):
    draft_id = draft("1", "100", "0")
    shown = page(owner, f"/invoices/{draft_id}")
    assert "This draft cannot be issued yet." in shown
    assert f"/invoices/{draft_id}/edit#lines-0-vat_rate" in shown
    answer = owner.post(f"/invoices/{draft_id}/issue")
    assert answer.status_code == 400
    assert "legal ground" in answer.get_data(as_text=True)


def test_an_issued_invoice_shows_amounts_entries_link_and_history(owner, invoice):
    shown = page(owner, f"/invoices/{invoice()}")
    for text in ("€120.00", "Still due", "411000", "706000", "/p/", "Issued", "Draft written"):
        assert text in shown


def test_a_viewer_reads_and_has_no_buttons(app, company_id, invoice, draft):
    issued, open_draft = invoice(), draft()
    viewer = signed_in_client(app, company_id, Role.VIEWER)
    for path in ("/payments/new", "/send", "/credit"):
        assert f"/invoices/{issued}{path}" not in page(viewer, f"/invoices/{issued}")
    shown = page(viewer, f"/invoices/{open_draft}")
    assert f"/invoices/{open_draft}/issue" not in shown
    assert "New invoice" not in page(viewer, "/")


def test_the_state_changes_when_money_comes_and_is_final_when_nothing_is_due(app, company_id, owner, invoice):
    invoice_id = invoice()
    url = f"/invoices/{invoice_id}/state.json"
    first = owner.get(url).get_json()
    assert f'data-poll-state="{first["state"]}"' in owner.get(f"/invoices/{invoice_id}").get_data(
        as_text=True
    )
    pay(app, company_id, invoice_id, 5000)
    second = owner.get(url).get_json()
    assert (second["state"] != first["state"], second["final"]) == (True, False)
    pay(app, company_id, invoice_id, 7000)
    assert owner.get(url).get_json()["final"] is True


def test_the_pdf_is_made_at_once_and_is_the_same_for_ever(owner, invoice):
    invoice_id = invoice()
    first = owner.get(f"/invoices/{invoice_id}/file.pdf")
    assert first.data.startswith(b"%PDF")
    assert "attachment" in first.headers["Content-Disposition"]
    assert owner.get(f"/invoices/{invoice_id}/file.pdf").data == first.data


def test_a_draft_has_a_preview_and_no_pdf_for_ever(owner, draft):
    draft_id = draft()
    assert owner.get(f"/invoices/{draft_id}/file.pdf").status_code == 404
    assert owner.get(f"/invoices/{draft_id}/preview.pdf").data.startswith(b"%PDF")
    shown = page(owner, f"/invoices/{draft_id}/preview")
    assert "Facture provisoire" in shown
    assert "120,00 €" in shown


@pytest.fixture
def of_every_state(app, company_id, draft, invoice):
    """One document of each state; gives their ids by state."""
    with time_machine.travel(utc_now() - timedelta(days=60)):
        late = invoice()
    ids = {"draft": draft(), "open": invoice(), "partly": invoice(), "paid": invoice(), "credited": invoice()}
    ids |= {"back": invoice(), "doubtful": invoice(), "lost": invoice()}
    ids["late"] = late
    pay(app, company_id, ids["partly"], 4000)
    pay(app, company_id, ids["paid"], 12000)
    with app.app_context(), in_company(company_id), transaction():
        ids["note"] = credit_invoice(ids["credited"], reason="Erreur").id
        doubt_invoice(DoubtInput(ids["doubtful"], paris_today()))
        write_off(WriteOffInput(ids["lost"], WriteOffKind.LOSS, 12000, paris_today()))
        given = PaymentInput(ids["back"], PaymentMethod.CARD, 12000, paris_today())
        dispute_payment(
            record_payment(given).id, amount_cents=12000, disputed_on=paris_today(), external_id="du_1"
        )
    return ids


EXPECTED = {
    ListState.DRAFT: {"draft"},
    ListState.OPEN: {"open", "partly", "late", "back", "doubtful"},
    ListState.LATE: {"late"},
    ListState.PARTLY_PAID: {"partly"},
    ListState.PAID: {"paid"},
    ListState.CREDITED: {"credited"},
    ListState.MONEY_BACK: {"back"},
    ListState.DOUBTFUL: {"doubtful", "lost"},
    ListState.CREDIT_NOTES: {"note"},
    ListState.ALL: {"draft", "open", "partly", "paid", "credited", "late", "back", "doubtful", "lost"},
}


def test_the_list_narrowed_to_a_state_shows_exactly_its_documents(app, company_id, of_every_state):
    with app.app_context(), in_company(company_id):
        for state, expected in EXPECTED.items():
            wanted = DocumentFilter(state)
            found = list_documents(wanted, limit=50)
            assert {d.id for d in found} == {of_every_state[name] for name in expected}, state
            assert count_documents(wanted) == len(expected), state
            if state is ListState.DRAFT:
                continue
            balances = balances_of([d.id for d in found]).values()
            assert sums_of(wanted).open_cents == sum(balance.open_cents for balance in balances), state
    assert set(EXPECTED) == set(ListState)


def test_drafts_stand_on_top_and_pages_follow_each_other(app, company_id, draft, invoice):
    made = [invoice() for _ in range(4)] + [draft(), draft()]
    with app.app_context(), in_company(company_id):
        whole = [d.id for d in list_documents(DocumentFilter(), limit=10)]
        assert whole == [made[5], made[4], made[3], made[2], made[1], made[0]]
        paged = [d.id for offset in (0, 3) for d in list_documents(DocumentFilter(), limit=3, offset=offset)]
        assert paged == whole


def test_the_list_is_searched_by_number_customer_and_amount(owner, invoice):
    invoice()
    invoice("1", "50")
    year = paris_today().year
    assert "€120.00" in page(owner, f"/invoices?q={year}-0001")
    assert "€60.00" not in page(owner, f"/invoices?q={year}-0001")
    assert "€60.00" in page(owner, "/invoices?q=60,00")
    assert "€120.00" not in page(owner, "/invoices?q=60,00")
    assert "€60.00" in page(owner, "/invoices?q=imaginaire")
    assert "Nothing found" in page(owner, "/invoices?q=nobody")
    assert "Nothing found" in page(owner, "/invoices?year=2001")


ODD = ("?state=nonsense", "?page=999999999", "?page=-1", "?year=abc", "?q=%00%FF%27", "?q=%25_")


def test_an_odd_address_shows_a_list_all_the_same(owner, invoice):
    invoice()
    for query in ODD:
        for path in (
            f"/invoices{query}",
            f"/payments{query}&from=2026-13-45&method=gold",
            f"/customers{query}",
        ):
            assert owner.get(path).status_code == 200, path


def test_an_invoice_whose_money_went_back_waits_for_a_decision(app, owner, company_id, of_every_state):
    address = f"/invoices/{of_every_state['back']}"
    shown = page(owner, address)
    for words in ("Taken back by the bank", "Disputed", "claim the invoice again, or make a credit note"):
        assert words in shown
    assert "Impayé" in shown  # the entry, as the books say it
    assert owner.post(f"{address}/claim").status_code == 303
    assert "it can be paid as any other" in page(owner, address)
    again = page(owner, address)
    assert "Claim this invoice again?" not in again
    assert "Claimed again" in again
    assert owner.post(f"{address}/claim").status_code == 303
    assert "it can be paid as any other" not in page(owner, address)
