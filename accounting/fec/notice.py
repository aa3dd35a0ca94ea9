"""The notice that must come with a FEC: what each field and code means and how the file is built (A47 A-1, XI).

The export writes it beside the file. It is a document for the French tax office, so its text is French whatever the
reader's language, like the field names it explains.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from accounting.fec.format import BLANK_LABEL, BLANK_PIECE_REF, COLUMNS, fec_file_name

_NATURES: Final = {
    "EcritureDate": "date",
    "PieceDate": "date",
    "DateLet": "date",
    "ValidDate": "date",
    "Debit": "numérique",
    "Credit": "numérique",
    "Montantdevise": "numérique",
}

_MEANINGS: Final = {
    "JournalCode": "Code du journal (liste ci-dessous).",
    "JournalLib": "Libellé du journal.",
    "EcritureNum": "Numéro de l’écriture, le même sur toutes ses lignes\u00a0: code du journal puis rang dans le "
    "journal pour l’exercice, sans rupture.",
    "EcritureDate": "Date de comptabilisation de l’écriture.",
    "CompteNum": "Numéro de compte\u00a0; les trois premiers caractères suivent le plan comptable général.",
    "CompteLib": "Libellé du compte.",
    "CompAuxNum": "Numéro du compte auxiliaire (code du client)\u00a0; vide si non utilisé.",
    "CompAuxLib": "Libellé du compte auxiliaire (nom du client)\u00a0; vide si non utilisé.",
    "PieceRef": "Référence de la pièce justificative (numéro de facture, d’avoir ou de paiement)\u00a0; "
    f"«\u00a0{BLANK_PIECE_REF}\u00a0» si la pièce n’a pas de référence.",
    "PieceDate": "Date de la pièce justificative.",
    "EcritureLib": f"Libellé de la ligne\u00a0; «\u00a0{BLANK_LABEL}\u00a0» si elle n’en a pas.",
    "Debit": "Montant au débit, en euros\u00a0; 0,00 si la ligne est au crédit.",
    "Credit": "Montant au crédit, en euros\u00a0; 0,00 si la ligne est au débit.",
    "EcritureLet": "Code de lettrage, propre à un compte et à un client\u00a0; vide si la ligne n’est pas lettrée.",
    "DateLet": "Date du lettrage\u00a0; vide si la ligne n’est pas lettrée.",
    "ValidDate": "Date de validation, à partir de laquelle l’écriture ne peut plus être modifiée.",
    "Montantdevise": "Montant en devise\u00a0; vide, la comptabilité étant tenue en euros.",
    "Idevise": "Code ISO 4217 de la devise\u00a0; vide, la comptabilité étant tenue en euros.",
}

_STRUCTURE: Final = """\
Un seul fichier à plat par exercice. Première ligne\u00a0: les noms des 18 champs, dans l’ordre ci-dessous.
Une ligne par ligne d’écriture, terminée par CR LF (0x0D 0x0A). Champs de longueur variable, séparés par une
tabulation (0x09), sans guillemets. Les enregistrements n’ont donc pas de longueur fixe.
Jeu de caractères\u00a0: UTF-8, sans marque d’ordre des octets (BOM). Les tabulations, retours à la ligne, barres
verticales et caractères de commande présents dans un texte sont remplacés par une espace.
Dates\u00a0: AAAAMMJJ, sans séparateur. Montants\u00a0: en euros et centimes, virgule décimale, sans séparateur de
milliers et sans signe\u00a0; un montant négatif est porté, positif, de l’autre côté."""

_ORDER: Final = """\
Les écritures d’à-nouveaux (journal AN) figurent en premier\u00a0; les autres suivent dans l’ordre chronologique de
leur validation. Dans chaque journal et pour chaque exercice, la numérotation commence à 1 et se suit sans rupture ni
doublon, préfixée par le code du journal (par exemple VE000001). Une écriture validée n’est jamais modifiée ni
supprimée\u00a0: une correction est une écriture inverse. Le fichier ne contient ni écriture de centralisation ni
écriture de solde des comptes de charges et de produits."""


@dataclass(frozen=True)
class NoticeFacts:
    """What the notice says of one file: whose it is, of which financial year, and the journals it may contain."""

    company_name: str
    siren: str
    year_start: date
    closing_date: date
    journals: Iterable[tuple[str, str]]
    """Code and label of each journal."""
    software: str = "Solde"


def notice_file_name(siren: str, closing_date: date) -> str:
    """The notice's own name, beside the FEC's: `732829320FEC20261231-notice.txt`."""
    return fec_file_name(siren, closing_date).replace(".txt", "-notice.txt")


def fec_notice(facts: NoticeFacts) -> str:
    """The whole notice as text with CR LF line ends, to be stored as UTF-8."""
    sections = [
        _heading(facts),
        "1. Structure du fichier\n\n" + _STRUCTURE,
        "2. Ordre et numérotation des écritures\n\n" + _ORDER,
        "3. Journaux\n\n" + "\n".join(f"{code:<6} {label}" for code, label in facts.journals),
        "4. Champs\n\n" + "\n".join(_field_lines()),
    ]
    return ("\n\n\n".join(sections) + "\n").replace("\n", "\r\n")


def _heading(facts: NoticeFacts) -> str:
    return (
        "Notice descriptive du fichier des écritures comptables (FEC)\n"
        "Article A47 A-1 du livre des procédures fiscales\n\n"
        f"Entreprise\u00a0: {facts.company_name}\n"
        f"SIREN\u00a0: {facts.siren}\n"
        f"Exercice\u00a0: du {facts.year_start:%d/%m/%Y} au {facts.closing_date:%d/%m/%Y}\n"
        f"Fichier\u00a0: {fec_file_name(facts.siren, facts.closing_date)}\n"
        f"Logiciel\u00a0: {facts.software}"
    )


def _field_lines() -> Iterable[str]:
    for rank, name in enumerate(COLUMNS, start=1):
        nature = _NATURES.get(name, "alphanumérique")
        yield f"{rank:>2}  {name:<14} {nature:<15} {_MEANINGS[name]}"
