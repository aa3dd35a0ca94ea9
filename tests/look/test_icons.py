"""Every icon that a template names is drawn in static/img/icons.svg."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parents[2]
NAMED = [
    re.compile(r"""\b(?:draw_)?icon\(["']([\w-]+)["']"""),
    re.compile(r"""\bicon=["']([\w-]+)["']"""),
    re.compile(r"""["']icon["']: ["']([\w-]+)["']"""),
    re.compile(r"""\bset mark = ["']([\w-]+)["']"""),
    re.compile(r"""^  "\w+": \("([\w-]+)", "\w+"\),$""", re.MULTILINE),
]


def drawn() -> set[str]:
    """Ids of the symbols of the sprite."""
    tree = ET.parse(ROOT / "static" / "img" / "icons.svg")
    return {symbol.attrib["id"] for symbol in tree.getroot()}


def named() -> dict[str, str]:
    """Icon name to one template that uses it."""
    found = {}
    for template in sorted((ROOT / "templates").rglob("*.html")):
        text = template.read_text(encoding="utf-8")
        for pattern in NAMED:
            found.update(dict.fromkeys(pattern.findall(text), template.name))
    return found


def test_every_icon_that_is_named_is_drawn() -> None:
    missing = {name: where for name, where in named().items() if name not in drawn()}
    assert missing == {}


def test_icons_are_found_in_the_templates() -> None:
    assert {"plus", "search", "check-circle", "lock"} <= named().keys()
