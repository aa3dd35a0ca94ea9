"""A wheel holds all that the program needs: what git has of code, pages and migrations, and the compiled French."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("core", "accounting", "invoicing", "payplug_bridge", "demo")
BESIDE = ("templates", "static", "migrations")
BUILD = "import setuptools.build_meta as b, sys; b.build_wheel(sys.argv[1])"


def _files_of_git(*folders: str) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", *folders], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return set(filter(None, listed.stdout.split("\0")))


def test_the_wheel_holds_what_git_has(tmp_path: Path) -> None:
    source = tmp_path / "source"
    needed = _files_of_git(*PACKAGES, *BESIDE, "translations", "wsgi.py", "pyproject.toml", "README.md")
    for name in needed:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((ROOT / name).read_bytes())
    compiled = "translations/fr/LC_MESSAGES/messages.mo"
    (source / compiled).write_bytes(b"compiled")
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", BUILD, str(tmp_path)],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(ZipFile(wheel).namelist())
    data = f"{'-'.join(wheel.name.split('-')[:2])}.data/data/share/solde/"
    expected = {name if name.split("/")[0] in {*PACKAGES, "wsgi.py"} else f"{data}{name}" for name in needed}
    expected -= {
        f"{data}{name}" for name in ("pyproject.toml", "README.md", "translations/fr/LC_MESSAGES/messages.po")
    }
    assert expected | {f"{data}{compiled}"} <= inside, sorted(expected - inside)
