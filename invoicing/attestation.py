"""The publisher's individual attestation (CGI art. 286, I, 3° bis; model letter BOI-LETTRE-000242), in words of ours,
and what stands behind each of its four conditions. French: it is shown to the French tax office.

The text is a proposal that nobody has signed: a false attestation is a criminal offence, so the page says "to be
signed" and leaves the names of the signatories open. Assumed: whoever publishes the installed version signs part one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from accounting.closing.log import ChainHead, chain_head
from core.clock import paris_today
from core.product import NAME, major_version, version
from invoicing.payment_register import register_totals

BLANK: Final = "……………………………………"


@dataclass(frozen=True)
class Condition:
    """One of the four conditions: its name, what holds it."""

    name: str
    text: str


CONDITIONS: Final = (
    Condition(
        "Inaltérabilité",
        "Une facture émise, un règlement, un remboursement, une écriture ne sont jamais modifiés ni effacés\u00a0: la "
        "base de données elle-même le refuse, sur chaque table concernée. Une correction est un enregistrement de plus "
        "(avoir, annulation, écriture inverse), daté et lié à ce qu’il corrige. Chaque règlement passe son écriture "
        "comptable dans la même transaction, sans action de personne et sans réglage qui l’empêche.",
    ),
    Condition(
        "Sécurisation",
        "Chaque enregistrement est scellé dans une chaîne d’empreintes SHA-256 propre à l’entreprise\u00a0: un maillon "
        "contient l’empreinte du précédent, et un HMAC fait avec une clé gardée hors de la base. La commande "
        "«\u00a0solde verify\u00a0» recalcule toute la chaîne et la compare aux données. Les paiements d’essai ne "
        "touchent jamais les comptes.",
    ),
    Condition(
        "Conservation",
        "Toutes les données sont gardées, ligne à ligne, sans purge. Le total des règlements de n’importe quelle "
        "période s’obtient à la demande, et un total perpétuel depuis l’origine n’est jamais remis à zéro. Les mois et "
        "les exercices se clôturent\u00a0; la clôture d’un exercice est définitive.",
    ),
    Condition(
        "Archivage",
        "Chaque exercice clôturé s’archive en un fichier ZIP daté et signé\u00a0: données, documents, fichier des "
        "écritures comptables, chaîne de scellement, notice, et un programme qui vérifie le tout sans le logiciel. La "
        "production et le téléchargement d’une archive sont eux-mêmes inscrits dans la chaîne.",
    ),
)


@dataclass(frozen=True)
class Attestation:
    """What the page shows: the two texts, what the company's records say today. Cents."""

    publisher_text: str
    user_text: str
    software: str
    head: ChainHead | None
    received_cents: int
    back_cents: int
    until: date


def attestation(company_name: str, siren: str) -> Attestation:
    """The attestation for that company, on the version that is installed."""
    today = paris_today()
    totals = register_totals(today.replace(month=1, day=1), today)
    software = f"{NAME}, version {version()}"
    return Attestation(
        publisher_text=_publisher_text(),
        user_text=_user_text(company_name, siren),
        software=software,
        head=chain_head(),
        received_cents=totals.grand_received_cents,
        back_cents=totals.grand_back_cents,
        until=today,
    )


def _publisher_text() -> str:
    return (
        f"Je soussigné(e) {BLANK}, représentant légal de {BLANK}, éditeur du logiciel de facturation et "
        f"d’encaissement {NAME}, atteste que la version majeure {major_version()} de ce logiciel (version "
        f"installée\u00a0: {version()}) remplit les conditions d’inaltérabilité, de sécurisation, de conservation et "
        "d’archivage des données que demande le 3° bis du I de l’article 286 du code général des impôts, pour le "
        "contrôle de l’administration fiscale. Cette attestation vaut pour toutes les versions mineures qui suivent, "
        "tant que l’éditeur n’a pas changé ce qui touche à l’une de ces quatre conditions."
    )


def _user_text(company_name: str, siren: str) -> str:
    return (
        f"Je soussigné(e) {BLANK}, représentant légal de {company_name} (SIREN {siren}), certifie que cette entreprise "
        f"enregistre les règlements de ses clients avec le logiciel {NAME} désigné ci-dessus, depuis le {BLANK}."
    )
