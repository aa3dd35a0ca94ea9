"""The check of the French catalogue finds what a translator or a programmer forgot."""

from __future__ import annotations

from babel.messages.catalog import Catalog

from tools.check_translations import catalogue_faults

ENGLISH = "%(count)d line"
ENGLISH_PLURAL = "%(count)d lines"


def catalogs() -> tuple[Catalog, Catalog]:
    """The texts of a small program, and a right French catalogue for them."""
    wanted, french = Catalog(), Catalog(locale="fr", fuzzy=False)
    for catalog in (wanted, french):
        catalog.add("Pay %(amount)s", "Payer %(amount)s", flags=["python-format"])
        catalog.add(
            (ENGLISH, ENGLISH_PLURAL), ("%(count)d ligne", "%(count)d lignes"), flags=["python-format"]
        )
        catalog.add("<b>Open</b>", "<b>Ouverte</b>")
    return wanted, french


def test_a_complete_catalogue_has_no_fault() -> None:
    assert list(catalogue_faults(*catalogs())) == []


def test_a_new_text_is_missing() -> None:
    wanted, french = catalogs()
    wanted.add("Send")
    assert list(catalogue_faults(wanted, french)) == ["missing: “Send”"]


def test_a_text_that_the_program_dropped_is_reported() -> None:
    wanted, french = catalogs()
    wanted.delete("<b>Open</b>")
    assert list(catalogue_faults(wanted, french)) == ["no longer used: “<b>Open</b>”"]


def test_an_empty_or_half_translated_text_is_reported() -> None:
    wanted, french = catalogs()
    french["<b>Open</b>"].string = ""
    french[ENGLISH].string = ("%(count)d ligne", "")
    assert sorted(catalogue_faults(wanted, french)) == [
        "without French: “%(count)d line”",
        "without French: “<b>Open</b>”",
    ]


def test_a_guessed_text_is_reported() -> None:
    wanted, french = catalogs()
    french["<b>Open</b>"].flags.add("fuzzy")
    assert list(catalogue_faults(wanted, french)) == ["fuzzy: “<b>Open</b>”"]


def test_an_entry_kept_as_obsolete_is_reported() -> None:
    wanted, french = catalogs()
    french.obsolete["Old"] = french["<b>Open</b>"].clone()
    assert list(catalogue_faults(wanted, french)) == ["obsolete: “<b>Open</b>”"]


def test_a_lost_value_and_a_lost_tag_are_reported() -> None:
    wanted, french = catalogs()
    french["Pay %(amount)s"].string = "Payer %(montant)s"
    french["<b>Open</b>"].string = "Ouverte"
    faults = list(catalogue_faults(wanted, french))
    assert "other values than in English: “Pay %(amount)s”" in faults
    assert "other tags than in English: “<b>Open</b>”" in faults


def test_a_french_singular_keeps_its_number_because_it_also_serves_for_none() -> None:
    wanted, french = catalogs()
    french[ENGLISH].string = ("une ligne", "%(count)d lignes")
    assert list(catalogue_faults(wanted, french)) == ["other values than in English: “%(count)d line”"]


def test_bad_typography_is_reported_with_its_text() -> None:
    wanted, french = catalogs()
    french["<b>Open</b>"].string = "<b>Ouverte !</b>"
    assert list(catalogue_faults(wanted, french)) == ["a no-break space goes before !: “<b>Open</b>”"]
