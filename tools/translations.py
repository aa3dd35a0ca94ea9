"""The French catalogue: collect texts, merge them, compile. Called by `make translations` and by check_translations.

English message ids are the texts themselves, so English needs no catalogue.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FRENCH = ROOT / "translations" / "fr" / "LC_MESSAGES" / "messages.po"
# No dates and names: git knows them, and they would make every merge a conflict.
HEADER = r"""# The French texts of Solde. `make translations` adds and removes entries; people write the French.
msgid ""
msgstr ""
"Language: fr\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"

"""
KEYWORDS = ("_l", "lazy_gettext", "lazy_ngettext:1,2", "lazy_pgettext:1c,2", "lazy_npgettext:1c,2,3")


def extract() -> Catalog:
    """Return the texts that code and templates ask for now."""
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "messages.pot"
        keywords = [part for keyword in KEYWORDS for part in ("-k", keyword)]
        command = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", *keywords]
        subprocess.run([*command, "-F", "babel.cfg", "-o", str(template), "."], cwd=ROOT, check=True)
        return _read(template)


def load_french() -> Catalog:
    """Return the French catalogue of the work tree; an empty one when there is none yet."""
    return _read(FRENCH) if FRENCH.exists() else Catalog(locale="fr", project="solde", fuzzy=False)


def save_french(catalog: Catalog) -> None:
    """Write the catalogue in an order that keeps differences small, and compile it."""
    FRENCH.parent.mkdir(parents=True, exist_ok=True)
    with FRENCH.open("wb") as file:
        file.write(HEADER.encode())
        write_po(file, catalog, width=0, no_location=True, omit_header=True, sort_output=True)
    with FRENCH.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)


def update() -> Catalog:
    """Bring the French catalogue to the texts of now: new ones empty, unused ones gone, nothing guessed."""
    catalog = load_french()
    catalog.update(extract(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    save_french(catalog)
    return catalog


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="fr", ignore_obsolete=False)


def main(arguments: list[str]) -> int:
    """Run `update`; print how many texts still want French."""
    if arguments != ["update"]:
        print("usage: python -m tools.translations update", file=sys.stderr)
        return 2
    catalog = update()
    missing = [message for message in catalog if message.id and not _is_filled(message.string)]
    print(f"{FRENCH.relative_to(ROOT)}: {len(catalog)} texts, {len(missing)} without French")
    return 0


def _is_filled(string: str | list[str] | tuple[str, ...] | None) -> bool:
    return all(string) if isinstance(string, list | tuple) else bool(string)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
