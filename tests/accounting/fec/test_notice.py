"""accounting/fec/notice.py: the notice explains every field of the file it comes with."""

from datetime import date

from accounting.fec.format import COLUMNS
from accounting.fec.notice import NoticeFacts, fec_notice, notice_file_name

FACTS = NoticeFacts(
    company_name="Atelier Démo SARL",
    siren="732829320",
    year_start=date(2026, 1, 1),
    closing_date=date(2026, 12, 31),
    journals=[("VE", "Ventes"), ("PP", "PayPlug")],
)


def test_the_notice_explains_each_of_the_18_fields_in_order() -> None:
    fields = fec_notice(FACTS).split("4. Champs")[1].split()
    positions = [fields.index(name) for name in COLUMNS]
    assert positions == sorted(positions)


def test_the_notice_says_whose_file_it_is_and_how_it_is_built() -> None:
    text = fec_notice(FACTS)
    for said in (
        "Atelier Démo SARL", "732829320", "du 01/01/2026 au 31/12/2026", "732829320FEC20261231.txt", "UTF-8",
        "tabulation", "CR LF", "longueur fixe", "virgule décimale", "AAAAMMJJ", "VE     Ventes", "PP     PayPlug",
        "VE000001", "Article A47 A-1",
    ):  # fmt: skip
        assert said in text


def test_the_notice_has_one_kind_of_line_end() -> None:
    text = fec_notice(FACTS)
    assert text.count("\n") == text.count("\r\n") > 40


def test_the_notice_is_named_after_its_file() -> None:
    assert notice_file_name("732829320", date(2026, 12, 31)) == "732829320FEC20261231-notice.txt"
