"""Where texts are collected from."""

from __future__ import annotations

from tools.translations import extract


def test_texts_of_code_and_of_templates_are_collected() -> None:
    catalogue = extract()
    places = {place[0] for message in catalogue for place in message.locations}
    assert "templates/security/login_user.html" in places
    assert "core/errors.py" in places
    assert not any(place.startswith("tests/") for place in places)
