"""The typography rules accept well set French and name each fault of the rest. Here ~ stands for a no-break space."""

from __future__ import annotations

import pytest

from tools.french_typography import typography_faults


@pytest.mark.parametrize(
    "text",
    [
        "Facture n° %(number)s~: «~réglée~»~!",
        "Vraiment~?! Oui…",
        "Échéance à 12:30, voir https://example.org/a?b=c;d pour l’heure",
        '<a class="button" href="%(url)s">Payer</a>~; merci',
        "Remise de 10~% sur %(amount)s~€",
        "%(rate)s~%% de TVA",
        "Écrivez à claire@example.org.",
    ],
)
def test_well_set_french_has_no_fault(text: str) -> None:
    assert typography_faults(text.replace("~", "\u00a0")) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Attention !", "a no-break space goes before !"),
        ("Attention!", "a no-break space goes before !"),
        ("Total :", "a no-break space goes before :"),
        ("Réf. : %(number)s", "a no-break space goes before :"),
        ("dit « oui~»", "a no-break space goes after «"),
        ("20 % de TVA", "a no-break space goes before %"),
        ("%(amount)s €", "a no-break space goes before €"),
        ("%(rate)s %%", "a no-break space goes before %"),
        ("l'heure", "the apostrophe is ’"),
        ('la facture "F1"', "French quotation marks are « and »"),
        ("la suite...", "the ellipsis is one character: …"),
        ("deux  espaces", "two spaces"),
        ("fin .", "no space before ."),
    ],
)
def test_each_fault_is_named(text: str, fault: str) -> None:
    assert fault in typography_faults(text.replace("~", "\u00a0"))
