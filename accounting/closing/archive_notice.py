"""The notice of an archive: what is in it, how to read and verify it. For the French tax office, so it is French."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True)
class NoticeFacts:
    """What the notice says of one archive: whose, of which year, made when and by which program, the head of the chain
    (sequence and hash), the path of the FEC, the tables (path, what it holds, rows) and the other parts."""

    company_name: str
    siren: str
    starts_on: date
    ends_on: date
    made_on: date
    head_sequence: int
    head_hash: str
    fec: str
    tables: Iterable[tuple[str, str, int]]
    parts: Iterable[str]
    software: str


_READING: Final = """\
Les fichiers CSV sont en UTF-8, séparés par des points-virgules, avec une ligne de noms de colonnes. Ce sont les
lignes de la base telles quelles\u00a0: les montants (…_cents) sont en centimes d’euro, les quantités en
dix-millièmes, les prix unitaires en millionièmes, les taux de TVA en centièmes de pour cent (2000 = 20\u00a0%),
les dates en AAAA-MM-JJ, les instants en temps universel. Une facture ou un avoir est une ligne de document.csv,
ses lignes sont dans document_line.csv, sa TVA par taux dans document_vat.csv. Un règlement est dans
payment.csv, ce qu’il solde dans settlement.csv, son annulation dans payment_reversal.csv\u00a0: rien n’est
effacé, une correction est une ligne de plus. Les colonnes …_id renvoient à la colonne id de la table du même
nom."""

_CHAIN: Final = """\
Chaque document émis, règlement, écriture, clôture et événement est scellé dans une chaîne propre à
l’entreprise, du premier au dernier\u00a0: scellement/maillons.jsonl, un maillon par ligne. L’empreinte d’un
maillon est le SHA-256 du texte JSON de [empreinte du précédent, rang, nature, version, identifiant, instant],
d’un saut de ligne, puis du contenu scellé\u00a0; son HMAC-SHA256 est fait de cette empreinte avec une clé
gardée hors de la base. Le contenu scellé dit en clair ce qui a été enregistré\u00a0: il suffit à retrouver une
ligne modifiée."""

_CHECKING: Final = """\
Avec Python (3.9 ou plus récent, sans rien installer)\u00a0:

    python3 verifier.py

Le programme est court et lisible. Il recalcule l’empreinte de chaque fichier (MANIFEST.sha256), la chaîne
entière et sa tête, compare les écritures du FEC à celles qui ont été scellées, et chaque PDF à l’empreinte
scellée. Avec la clé de scellement dans un fichier (python3 verifier.py --cle-fichier cle.txt), il vérifie aussi
les HMAC de la chaîne et du manifeste. Sans Python, la commande «\u00a0sha256sum --check MANIFEST.sha256\u00a0»
vérifie les fichiers."""


def archive_notice(facts: NoticeFacts) -> str:
    """The whole notice, with CR LF line ends, to be stored as UTF-8."""
    sections = [
        _heading(facts),
        "1. Contenu\n\n" + "\n".join(_contents(facts)),
        "2. Lire les tables\n\n" + _READING,
        "3. La chaîne de scellement\n\n" + _CHAIN,
        "4. Vérifier l’archive\n\n" + _CHECKING,
    ]
    return ("\n\n\n".join(sections) + "\n").replace("\n", "\r\n")


def _heading(facts: NoticeFacts) -> str:
    return (
        "Archive fiscale\n"
        "Article 286, I, 3° bis du code général des impôts\n\n"
        f"Entreprise\u00a0: {facts.company_name}\n"
        f"SIREN\u00a0: {facts.siren}\n"
        f"Exercice clôturé\u00a0: du {facts.starts_on:%d/%m/%Y} au {facts.ends_on:%d/%m/%Y}\n"
        f"Archive produite le\u00a0: {facts.made_on:%d/%m/%Y}\n"
        f"Logiciel\u00a0: {facts.software}\n"
        f"Tête de la chaîne\u00a0: maillon {facts.head_sequence}, {facts.head_hash}"
    )


def _contents(facts: NoticeFacts) -> Iterable[str]:
    yield f"{facts.fec}\u00a0: fichier des écritures comptables, avec sa notice"
    for path, label, rows in facts.tables:
        yield f"{path}\u00a0: {label} ({rows})"
    yield from facts.parts
    yield "scellement/maillons.jsonl\u00a0: la chaîne de scellement"
    yield "archive.json\u00a0: ce que dit cette page, pour un programme"
    yield "MANIFEST.sha256\u00a0: l’empreinte de chaque fichier"
    yield "SIGNATURE.hmac\u00a0: HMAC-SHA256 du manifeste (sans sa propre ligne)"
    yield "verifier.py\u00a0: le programme qui vérifie l’archive"
