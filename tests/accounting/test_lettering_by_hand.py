"""Lettering by hand: which sets may be, what it leaves behind, and its end with a reason."""

from __future__ import annotations

import pytest

from accounting.drafts import EntryDraft, LineDraft
from accounting.errors import AccountingError
from accounting.facts import ThirdParty
from accounting.ledger_checks import check_ledger
from accounting.lettering.letter_by_hand import letter_by_hand
from accounting.lettering.unletter import unletter
from accounting.lettering.views import even_sets, letterings_of, open_lines_of, open_parties
from accounting.models import Account, EntryLine, Lettering, LetteringUndo
from accounting.post_entry import post_entry
from accounting.roles import AccountRole, JournalCode
from core.clock import paris_today
from core.database import db, transaction
from core.errors import NotFoundError
from core.models import Role
from core.seal import verify_chain
from core.tenancy import in_company
from tests.conftest import make_company, signed_in_client
from tests.factories.invoicing import issue, make_customer, pay
from tests.invoicing.office import Office

TODAY = paris_today()


def post(cents: int, number: int, code: str = "C00042", key: str = "") -> int:
    """An entry of the accountant's on the customer; gives the id of its line."""
    line = LineDraft(
        AccountRole.CUSTOMERS, cents, "Reprise", match_key=key, third_party=ThirdParty(code, "Reprise")
    )
    other = LineDraft(AccountRole.SUSPENSE, -cents, "Reprise")
    entry = post_entry(
        EntryDraft(
            ("test", number), "test", JournalCode.GENERAL, TODAY, f"OD{number}", "Reprise", (line, other)
        )
    )
    return int(db.session.query(EntryLine.id).filter_by(entry_id=entry, position=1).scalar())


def customers_account() -> int:
    return int(db.session.query(Account.id).filter_by(role="customers").scalar())


def test_lines_that_sum_to_zero_are_lettered_and_unlettered_with_a_reason(each_company):
    with transaction():
        ids = [post(cents, n) for n, cents in enumerate((10000, 5000, -15000, 700))]
    account = customers_account()
    lines = open_lines_of(account, "C00042")
    assert [line.id for line in lines] == ids
    assert even_sets(lines) == [(ids[0], ids[1], ids[2])]
    with transaction():
        lettering = letter_by_hand(ids[:3]).id
    assert [line.id for line in open_lines_of(account, "C00042")] == [ids[3]]
    assert [(view.code, view.line_count, view.cents) for view in letterings_of(account, "C00042")] == [
        ("AA", 3, 15000)
    ]
    parties, count = open_parties("", limit=10)
    assert (count, parties[0].code, parties[0].cents) == (1, "C00042", 700)

    with pytest.raises(AccountingError), transaction():
        unletter(lettering, "   ")
    for held in (True, False):
        with transaction():
            assert unletter(lettering, "Mauvais client") is held
    assert db.session.query(LetteringUndo).count() == 1
    assert len(open_lines_of(account, "C00042")) == 4
    with transaction():
        again = letter_by_hand(ids[:3])
        assert again.code == "AB"
    with pytest.raises(NotFoundError), transaction():
        unletter(999, "Non")
    assert list(verify_chain(each_company.id)) == []
    assert check_ledger() == []


def test_what_does_not_belong_together_is_refused(company):
    with transaction():
        hundred, minus, odd = post(100, 1), post(-100, 2), post(-99, 3)
        foreign = post(-100, 4, code="C00043")
        suspense = int(db.session.query(EntryLine.id).filter_by(auxiliary_code="").limit(1).scalar())
    for ids in ([], [hundred], [hundred, odd], [hundred, foreign], [hundred, 999], [minus, suspense]):
        with pytest.raises(AccountingError), transaction():
            letter_by_hand(ids)
    with transaction():
        letter_by_hand([hundred, minus])
    with pytest.raises(AccountingError), transaction():
        letter_by_hand([hundred, minus])
    assert db.session.query(Lettering).count() == 1


def test_two_people_who_letter_one_line_at_the_same_moment_letter_it_once(each_app):
    office = Office(each_app, make_company(each_app))
    ids = office.alone(lambda: [post(cents, n) for n, cents in enumerate((100, -100, -100))])
    pairs = [ids[:2], [ids[0], ids[2]]] * 2
    got = office.at_once(*(lambda pair=pair: letter_by_hand(pair) for pair in pairs))
    refused = [str(found) for found in got if not isinstance(found, int)]
    assert len(refused) == 3
    assert all("lettered meanwhile" in said for said in refused), refused
    assert office.count(Lettering) == 1
    assert office.is_sound()


def test_an_open_invoice_is_not_lettered_with_a_credit_that_does_not_settle_it(company):
    with transaction():
        customer = make_customer()
        paid = issue(customer=customer)
        pay(paid, "240")
        issue(customer=customer)
        code = customer.number
    lines = open_lines_of(customers_account(), code)
    assert sorted(line.cents for line in lines) == [-12000, 12000]
    assert even_sets(lines) == []
    with pytest.raises(AccountingError, match=r"still open|encore"), transaction():
        letter_by_hand([line.id for line in lines])
    # The lettering of the paid invoice may be ended and made again: its key is even.
    held = letterings_of(customers_account(), code)[0].id
    with transaction():
        unletter(held, "À vérifier")
    assert check_ledger() == []
    sets = even_sets(open_lines_of(customers_account(), code))
    assert len(sets) == 1
    with transaction():
        letter_by_hand(sets[0])


def test_the_page_letters_without_scripts_and_says_what_is_missing(app, company_id):
    client = signed_in_client(app, company_id, Role.ACCOUNTANT)
    with app.app_context(), in_company(company_id), transaction():
        ids = [post(cents, n) for n, cents in enumerate((300, -200, -100))]
        account = customers_account()
    url = f"/books/lettering/accounts/{account}?code=C00042"
    assert "C00042" in client.get("/books/lettering?q=c00042").text
    assert client.get(f"{url}&set=1").text.count(" checked") == 3
    refused = client.post(url, data={"lines": ids[:2]})
    assert refused.status_code == 422
    assert "€1.00 in debit" in refused.text
    assert refused.text.count(" checked") == 2
    assert client.post(url, data={"lines": ids}).status_code == 303
    one = client.get("/books/lettering/1").text
    assert "Lettering AA" in one
    assert client.post("/books/lettering/1/undo", data={"reason": ""}).status_code == 422
    assert client.post("/books/lettering/1/undo", data={"reason": "Erreur"}).status_code == 303
    assert client.get(url).text.count("data-cents") == 3
