#!/usr/bin/env python3
"""Vérifie une archive fiscale de Solde sans Solde : Python 3.9 ou plus récent, rien d'autre à installer.

    python3 verifier.py                    dans le dossier de l'archive décompressée
    python3 verifier.py archive.zip        ou directement sur le fichier ZIP
    python3 verifier.py archive.zip --cle-fichier cle.txt

Sans clé : chaque fichier a l'empreinte SHA-256 que dit le manifeste, chaque maillon de la chaîne a son empreinte et
suit le précédent, la tête est celle de l'archive, le FEC dit les mêmes montants que les écritures scellées, chaque PDF
est celui qui a été scellé. Avec la clé de scellement (gardée hors de la base) : aussi les HMAC des maillons et du
manifeste. Code de sortie : 0 si tout est juste, 1 si quelque chose ne l'est pas, 2 si l'archive est illisible.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Dict, List, Tuple

Said = Dict[str, Any]
Entries = Dict[str, List[Tuple[str, int, int]]]
MANIFEST, SIGNATURE, LINKS, ABOUT = (
    "MANIFEST.sha256",
    "SIGNATURE.hmac",
    "scellement/maillons.jsonl",
    "archive.json",
)
FIRST = "0" * 64


class Archive:
    """Les fichiers d'un ZIP ou d'un dossier."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path) if path.is_file() else None
        self._root = path

    def names(self) -> list[str]:
        """Les chemins de tous les fichiers."""
        if self._zip is not None:
            return [name for name in self._zip.namelist() if not name.endswith("/")]
        return [str(p.relative_to(self._root).as_posix()) for p in self._root.rglob("*") if p.is_file()]

    def open(self, name: str) -> IO[bytes]:
        """Le contenu d'un fichier."""
        return self._zip.open(name) if self._zip is not None else (self._root / name).open("rb")

    def sha256(self, name: str) -> str:
        """Son empreinte."""
        seen = hashlib.sha256()
        with self.open(name) as stream:
            for piece in iter(lambda: stream.read(1 << 20), b""):
                seen.update(piece)
        return seen.hexdigest()


def check_manifest(archive: Archive, key: str) -> Iterator[str]:
    """Chaque fichier est celui du manifeste, aucun ne manque, aucun n'est en trop ; le manifeste est signé."""
    with archive.open(MANIFEST) as stream:
        lines = [line.split("  ", 1) for line in stream.read().decode("ascii").splitlines()]
    told = {name: digest for digest, name in lines}
    present = set(archive.names()) - {MANIFEST}
    for name in sorted(told.keys() - present):
        yield f"{name} : manque"
    for name in sorted(present - told.keys()):
        yield f"{name} : n'est pas dans le manifeste"
    for name in sorted(told.keys() & present):
        if archive.sha256(name) != told[name]:
            yield f"{name} : modifié, l'empreinte n'est pas celle du manifeste"
    if key:
        signed = "".join(f"{told[name]}  {name}\n" for name in sorted(told) if name != SIGNATURE)
        with archive.open(SIGNATURE) as stream:
            if not hmac.compare_digest(stream.read().decode("ascii").strip(), sign(key, signed)):
                yield "MANIFEST.sha256 : la signature n'est pas faite avec cette clé"


def sign(key: str, text: str) -> str:
    """HMAC-SHA256 avec la clé de scellement."""
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def check_chain(archive: Archive, about: Said, key: str, entries: Entries, sealed: set[str]) -> Iterator[str]:
    """Recalcule la chaîne, retient les écritures scellées de l'exercice et les empreintes de fichiers."""
    previous, sequence = FIRST, 0
    with archive.open(LINKS) as stream:
        for line in stream:
            link = json.loads(line)
            sequence += 1
            where = f"maillon {link['sequence']} ({link['kind']} {link['subject_id']})"
            if link["sequence"] != sequence or link["previous_hash"] != previous:
                yield f"{where} : ne suit pas le précédent"
            head = [link["previous_hash"]] + [
                link[name] for name in ("sequence", "kind", "version", "subject_id", "sealed_at")
            ]
            text = json.dumps(head, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            if hashlib.sha256(f"{text}\n{link['payload']}".encode()).hexdigest() != link["hash"]:
                yield f"{where} : modifié, l'empreinte n'est pas la sienne"
            if key and not hmac.compare_digest(sign(key, link["hash"]), link["hmac"]):
                yield f"{where} : le HMAC n'est pas fait avec cette clé"
            previous, sequence = link["hash"], link["sequence"]
            keep(link, about, entries, sealed)
    if (sequence, previous) != (about["chain"]["sequence"], about["chain"]["hash"]):
        yield f"la chaîne finit au maillon {sequence} : ce n'est pas la tête que dit l'archive"


def keep(link: Said, about: Said, entries: Entries, sealed: set[str]) -> None:
    """Une écriture de l'exercice, les empreintes de fichiers."""
    payload = json.loads(link["payload"])
    if link["kind"] == "entry" and about["starts_on"] <= payload["date"] <= about["ends_on"]:
        entries[payload["number"]] = sorted((line[0], line[4], line[5]) for line in payload["lines"])
    if "sha256" in link["payload"]:
        sealed.update(values_of(payload))


def values_of(value: Any) -> Iterator[str]:
    """Tous les textes d'un contenu scellé."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from values_of(part)


def check_fec(archive: Archive, about: Said, entries: Entries) -> Iterator[str]:
    """Le FEC dit les mêmes numéros, comptes et montants que les écritures scellées."""
    told: Entries = {}
    with archive.open(about["fec"]) as stream:
        rows = stream.read().decode("utf-8").splitlines()[1:]
    for row in rows:
        cells = row.split("\t")
        told.setdefault(cells[2], []).append((cells[4], cents(cells[11]), cents(cells[12])))
    for number in sorted(told.keys() | entries.keys()):
        if sorted(told.get(number, [])) != entries.get(number, []):
            yield f"{about['fec']} : l'écriture {number} n'est pas celle qui a été scellée"


def cents(amount: str) -> int:
    """1234 pour 12,34."""
    return int(amount.replace(",", ""))


def check_documents(archive: Archive, sealed: set[str]) -> Iterator[str]:
    """Chaque PDF de document est l'un de ceux dont l'empreinte a été scellée."""
    for name in archive.names():
        if name.endswith(".pdf") and archive.sha256(name) not in sealed:
            yield f"{name} : ce PDF n'a pas été scellé"


def faults_of(path: Path, key: str) -> list[str]:
    """Tout ce qui n'est pas juste."""
    archive = Archive(path)
    with archive.open(ABOUT) as stream:
        about = json.loads(stream.read())
    entries: Entries = {}
    sealed: set[str] = set()
    return [
        *check_manifest(archive, key),
        *check_chain(archive, about, key, entries, sealed),
        *check_fec(archive, about, entries),
        *check_documents(archive, sealed),
    ]


def main() -> int:
    """Lit la ligne de commande, écrit ce qui n'est pas juste."""
    parser = argparse.ArgumentParser(description="Vérifie une archive fiscale de Solde.")
    parser.add_argument("archive", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--cle-fichier", type=Path, help="fichier qui contient la clé de scellement")
    options = parser.parse_args()
    try:
        key = options.cle_fichier.read_text(encoding="utf-8").strip() if options.cle_fichier else ""
        faults = faults_of(options.archive, key)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        print(f"L'archive est illisible : {error}", file=sys.stderr)
        return 2
    for fault in faults:
        print(fault)
    if faults:
        print(f"{len(faults)} anomalie(s) : l'archive n'est pas intacte.")
        return 1
    print(
        "L'archive est intacte" + (", HMAC compris." if key else " (empreintes ; la clé n'a pas été donnée).")
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
