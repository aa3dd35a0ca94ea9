"""The library of texts: what it takes, and how a text is found again."""

from __future__ import annotations

from typing import Any

import pytest

from core.database import db, transaction
from core.errors import OutdatedError
from core.models import Company
from invoicing.document_view import document_view
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.models import TextKind, TextTemplate
from invoicing.send_invoice import proposed_message
from invoicing.text_library import (
    TextInput,
    default_text,
    delete_text,
    save_text,
    text_by_letters,
)
from tests.factories.invoicing import issue, make_customer


def _save(identifier: str = "Relance", **changes: Any) -> int:
    values: dict[str, Any] = {
        "kind": TextKind.MAIL,
        "text": "Bonjour {{ customer }}",
        "subject": "Facture",
        **changes,
    }
    known = {name: values.pop(name) for name in ("text_id", "version") if name in values}
    with transaction():
        return save_text(TextInput(identifier=identifier, **values), **known).id


def _refused(**changes: Any) -> set[str]:
    with pytest.raises(InvalidInputError) as refused:
        _save(**changes)
    return set(refused.value.errors)


def _found(letters: str, language: str = "fr") -> tuple[str, str]:
    row = text_by_letters(TextKind.MAIL, letters, language)
    return row.identifier, row.language


@pytest.mark.parametrize(
    "wrong",
    [
        "{{ amount_due }}",
        "{{ number.__class__ }}",
        "{{ 7 * 7 }}",
        "{% if number %}x{% endif %}",
        "{{ number",
        "{{ number|upper }}",
    ],
)
def test_nothing_but_a_known_variable_is_kept(company: Company, wrong: str) -> None:
    assert _refused(text=wrong) == {"text"}
    assert _refused(subject=wrong) == {"subject"}


def test_what_is_missing_or_too_long_is_told_field_by_field(company: Company) -> None:
    assert _refused(identifier=" ", text="", subject="") == {"identifier", "text", "subject"}
    assert _refused(identifier="x" * 41) == {"identifier"}
    assert _refused(text="x" * 10_001) == {"text"}
    assert _refused(kind=TextKind.NOTE, text="x" * 2_001) == {"text"}
    assert _refused(kind=TextKind.NOTE, text="Merci, {{ customer }}") == {"text"}
    assert _refused(language="de") == {"language"}
    assert _refused(subject="{{ payment_link }}") == {"subject"}


def test_an_identifier_is_taken_once_in_a_language(each_company: Company) -> None:
    text_id = _save()
    assert _refused() == {"identifier"}
    assert _save(language="en") != text_id
    assert _save(kind=TextKind.NOTE, text="Merci") != text_id
    assert _save(text_id=text_id, text="Autre") == text_id


def test_a_double_click_is_one_text(each_company: Company) -> None:
    assert _save(request_key="k") == _save(request_key="k")
    assert db.session.query(TextTemplate).count() == 1


def test_a_save_from_an_older_page_is_refused(each_company: Company) -> None:
    text_id = _save()
    _save(text_id=text_id, version=1, text="Un")
    with pytest.raises(OutdatedError):
        _save(text_id=text_id, version=1, text="Deux")
    assert db.session.get_one(TextTemplate, text_id).text == "Un"


def test_one_text_of_a_language_is_the_default(each_company: Company) -> None:
    _save("un", is_default=True)
    english, french = _save("one", is_default=True, language="en"), _save("deux", is_default=True)
    for language, text_id in (("fr", french), ("en", english)):
        found = default_text(TextKind.MAIL, language)
        assert found is not None
        assert found.id == text_id
    assert db.session.query(TextTemplate).filter_by(is_default=True).count() == 2


def test_the_default_is_proposed_for_an_invoice_in_the_customers_language(company: Company) -> None:
    _save(is_default=True)
    with transaction():
        french = document_view(issue(customer=make_customer(language="fr")).id)
        english = document_view(issue(customer=make_customer(language="en")).id)
    assert proposed_message(french).text == "Bonjour {{ customer }}"
    assert proposed_message(english).text.startswith("Hello,")


def test_a_few_letters_find_a_text_the_customers_language_first(company: Company) -> None:
    for language in ("fr", "en"):
        _save("Première relance", language=language)
        _save("Merci", language=language)
    assert _found("Merci", "en") == ("Merci", "en")
    assert _found("premiere") == ("Première relance", "fr")
    _save("Seconde relance")
    assert _found("relance", "en") == ("Première relance", "en")
    for letters, names in (("relance", "Première relance, Seconde relance"), ("zzz", ""), ("", "")):
        with pytest.raises(InvalidInputError) as refused:
            _found(letters)
        assert names in str(refused.value.errors["template"])


def test_a_deleted_text_is_gone(each_company: Company) -> None:
    text_id = _save()
    with transaction():
        delete_text(text_id)
    with pytest.raises(NotFoundError), transaction():
        delete_text(text_id)
