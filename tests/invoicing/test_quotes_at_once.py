"""Two people, two tabs, a double click: quotes, deposits and credit notes decided at the same moment, on connections
of their own. Each happens once.
"""

from __future__ import annotations

import pytest
from flask import Flask

from core.errors import ConflictError
from invoicing.answer_quote import AnswerInput, answer_quote
from invoicing.credit_invoice import credit_invoice
from invoicing.draft_deposit import DepositInput, draft_deposit
from invoicing.draft_final import draft_final
from invoicing.draft_invoice import DraftInput, draft_invoice
from invoicing.errors import NotIssuableError
from invoicing.issue_invoice import issue_invoice
from invoicing.issue_quote import issue_quote
from invoicing.lifecycle import AnswerKind, DocumentKind, DocumentState
from invoicing.models import DepositUse, Document, QuoteAnswer
from invoicing.revise_quote import revise_quote
from tests.conftest import make_company
from tests.factories.invoicing import issue, make_customer, make_line
from tests.invoicing.office import Office

REFUSED = (ConflictError, NotIssuableError)


@pytest.fixture
def office(each_app: Flask) -> Office:
    return Office(each_app, make_company(each_app), REFUSED)


def issued_quote() -> Document:
    given = DraftInput(customer_id=make_customer().id, lines=(make_line("1", "1000"),))
    return issue_quote(draft_invoice(given, kind=DocumentKind.QUOTE).id)


def answered(quote_id: int, answer: AnswerKind = AnswerKind.ACCEPTED) -> QuoteAnswer:
    return answer_quote(quote_id, AnswerInput(answer, "Paule Exemple", consent="Bon pour accord"))


def test_a_quote_accepted_and_declined_at_once_has_one_answer(office: Office) -> None:
    quote_id = office.alone(issued_quote)
    yes, no = (lambda: answered(quote_id)), (lambda: answered(quote_id, AnswerKind.DECLINED))
    got = office.at_once(yes, no, yes, no)
    ids = {found for found in got if isinstance(found, int)}
    assert len(ids) == 1
    assert sum(isinstance(found, ConflictError) for found in got) == 2
    assert office.count(QuoteAnswer) == 1


def test_a_quote_replaced_in_two_windows_has_one_successor(office: Office) -> None:
    quote_id = office.alone(issued_quote)
    got = office.at_once(*[lambda: revise_quote(quote_id)] * 3)
    assert len(set(got)) == 1


def test_two_deposits_issued_at_once_stay_within_the_quote(office: Office) -> None:
    quote_id = office.alone(issued_quote)
    office.alone(lambda: answered(quote_id))
    drafts = [office.alone(lambda: draft_deposit(quote_id, DepositInput(rate=6000))) for _ in range(2)]
    got = office.at_once(*(lambda draft=draft: issue_invoice(draft) for draft in drafts))
    assert sum(isinstance(found, NotIssuableError) for found in got) == 1
    assert office.is_sound()


def test_two_final_invoices_issued_at_once_deduct_a_deposit_once(office: Office) -> None:
    quote_id = office.alone(issued_quote)
    office.alone(lambda: answered(quote_id))
    deposit = office.alone(lambda: draft_deposit(quote_id, DepositInput(rate=3000)))
    office.alone(lambda: issue_invoice(deposit))
    drafts = [office.alone(lambda: draft_final(quote_id)) for _ in range(2)]
    got = office.at_once(*(lambda draft=draft: issue_invoice(draft) for draft in drafts))
    assert sum(isinstance(found, NotIssuableError) for found in got) == 1
    assert office.count(DepositUse) == 1
    assert office.is_sound()


def test_a_deposit_credited_while_it_is_deducted_is_not_given_back_twice(office: Office) -> None:
    quote_id = office.alone(issued_quote)
    office.alone(lambda: answered(quote_id))
    deposit = office.alone(lambda: draft_deposit(quote_id, DepositInput(rate=3000)))
    office.alone(lambda: issue_invoice(deposit))
    final = office.alone(lambda: draft_final(quote_id))
    got = office.at_once(lambda: issue_invoice(final), lambda: credit_invoice(deposit, reason="Erreur"))
    assert sum(isinstance(found, NotIssuableError) for found in got) == 1
    assert office.is_sound()


@pytest.mark.parametrize("key", [None, "one-form-sent-twice"])
def test_a_credit_note_asked_for_many_times_at_once_is_one(office: Office, key: str | None) -> None:
    invoice_id = office.alone(issue)
    notes = office.at_once(
        *[lambda: credit_invoice(invoice_id, reason="Erreur de saisie", request_key=key)] * 4
    )
    assert len(set(notes)) == 1
    is_note = (Document.kind == DocumentKind.CREDIT_NOTE, Document.state == DocumentState.ISSUED)
    assert office.count(Document, *is_note) == 1
    assert office.is_sound()
