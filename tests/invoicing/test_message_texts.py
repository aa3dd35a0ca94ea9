"""Subject and text of mails: variables, and nothing but variables."""

from __future__ import annotations

import pytest

from core.database import transaction
from core.models import Company
from invoicing.credit_invoice import credit_invoice
from invoicing.document_view import DocumentView, document_view
from invoicing.draft_input import DraftInput
from invoicing.draft_invoice import draft_invoice
from invoicing.errors import InvalidInputError
from invoicing.invoice_mail import preview_mail
from invoicing.issue_invoice import issue_invoice
from invoicing.issue_quote import issue_quote
from invoicing.lifecycle import DocumentKind
from invoicing.message_texts import (
    LINK_MARKER,
    QUOTE_LINK_MARKER,
    VARIABLES,
    MessageText,
    default_message,
    expand_message,
    variables_for,
)
from tests.factories.invoicing import make_customer, make_draft, make_line


def _issued(language: str = "en") -> DocumentView:
    with transaction():
        customer = make_customer(language=language)
        return document_view(issue_invoice(make_draft(customer=customer).id).id)


def _refusal(text: str, view: DocumentView, subject: str = "Invoice") -> dict[str, str]:
    with pytest.raises(InvalidInputError) as refused:
        expand_message(MessageText(subject, text), view)
    return {field: str(message) for field, message in refused.value.errors.items()}


@pytest.mark.parametrize(("language", "greeting"), [("en", "Hello,"), ("fr", "Bonjour,")])
def test_the_proposed_words_are_in_the_language_of_the_document(
    company: Company, language: str, greeting: str
) -> None:
    view = _issued(language)
    message = expand_message(default_message(view), view)
    assert message.text.startswith(greeting)
    assert str(view.number) in message.subject
    assert "Atelier Lumen" in message.subject
    assert "120" in message.text
    assert message.text.count(LINK_MARKER) == 1


def test_every_variable_has_a_value(company: Company) -> None:
    view = _issued()
    assert set(VARIABLES) == {*variables_for(DocumentKind.INVOICE), "quote_link"}
    text = "\n".join(f"{name}={{{{ {name} }}}}" for name in variables_for(DocumentKind.INVOICE))
    expanded = dict(
        line.split("=", 1) for line in expand_message(MessageText("S", text), view).text.splitlines()
    )
    assert expanded["document"] == "Invoice"
    assert expanded["number"] == view.number
    assert expanded["customer"] == "Boulangerie Imaginaire"
    assert expanded["total"] == "€120.00"
    assert expanded["seller"] == "Atelier Lumen"
    assert expanded["payment_link"] == LINK_MARKER
    assert str(view.issue_date.year) in expanded["issue_date"]
    assert expanded["due_date"]


def test_a_text_without_the_payment_link_gets_it_at_the_end(company: Company) -> None:
    view = _issued()
    assert expand_message(MessageText("S", "Please pay."), view).text == f"Please pay.\n\n{LINK_MARKER}"
    assert expand_message(MessageText("S", "Pay {{payment_link}} now"), view).text == f"Pay {LINK_MARKER} now"


def test_an_unknown_variable_is_named(company: Company) -> None:
    assert "amount_due" in _refusal("You owe {{ amount_due }}.", _issued())["text"]


@pytest.mark.parametrize(
    "text",
    [
        "{{ number.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ number|upper }}",
        "{{ 7 * 7 }}",
        "{{ range(1000000000) }}",
        "{% for n in [1, 2] %}x{% endfor %}",
        "{% set number = 'F1' %}{{ number }}",
        "{% include '/etc/passwd' %}",
        "{% if number %}x{% endif %}",
        "{{ number",
        "{{ }}",
        "{{ " + "(" * 3_000,
    ],
)
def test_nothing_but_a_variable_is_taken(company: Company, text: str) -> None:
    assert set(_refusal(text, _issued())) == {"text"}


def test_single_braces_and_percent_signs_are_just_text(company: Company) -> None:
    view = _issued()
    assert expand_message(MessageText("100 % {ok}", "{a} 20 % #1"), view).subject == "100 % {ok}"


def test_empty_and_endless_words_are_refused_field_by_field(company: Company) -> None:
    assert set(_refusal("x" * 10_001, _issued(), subject=" \n ")) == {"subject", "text"}


def test_the_payment_link_is_no_subject(company: Company) -> None:
    assert set(_refusal("Hello", _issued(), subject="Pay {{ payment_link }}")) == {"subject"}


def test_a_credit_note_has_words_of_its_own_and_no_link(company: Company) -> None:
    invoice = _issued()
    with transaction():
        view = document_view(credit_invoice(invoice.document_id, reason="Returned").id)
    message = expand_message(default_message(view), view)
    assert "credit note" in message.text
    assert "payment_link" not in message.text
    assert set(_refusal("Pay {{ payment_link }}", view)) == {"text"}
    assert "quote_link" in _refusal("Answer {{ quote_link }}", view)["text"]


def test_a_quote_has_the_link_by_which_it_is_answered(company: Company) -> None:
    with transaction():
        given = DraftInput(make_customer(language="en").id, (make_line(),))
        quote = issue_quote(draft_invoice(given, kind=DocumentKind.QUOTE).id).id
    view = document_view(quote)
    assert view.answer_url
    assert default_message(view).text.count(QUOTE_LINK_MARKER) == 1
    mail = preview_mail(view, default_message(view))
    assert view.answer_url in mail.text
    assert f'href="{view.answer_url}"' in mail.html
    assert "Read and answer" in mail.html
    assert "pay" not in mail.text.lower()
    assert expand_message(MessageText("S", "See you."), view).text == f"See you.\n\n{QUOTE_LINK_MARKER}"
    assert "{{ quote_link }}" in _refusal("Pay {{ payment_link }}", view)["text"]
    assert set(_refusal("Hello", view, subject="Answer {{ quote_link }}")) == {"subject"}
    assert "payment_link" not in variables_for(view.kind)
