"""French typography that a reader notices: spaces before double marks, apostrophes, quotation marks, the ellipsis.

Called by check_translations for each French text. The rules are those of the Imprimerie nationale's
"Lexique des règles typographiques", narrowed to what a program can decide without reading.
"""

from __future__ import annotations

import re

NO_BREAK = "\u00a0\u202f"

# What is not prose: %(name)s, {{ name }}, markup, addresses.
_NOT_PROSE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\{.*?\}\}|\{\w*\}|<[^>]*>|https?://\S+|[\w.+-]+@[\w.-]+")
_PLACEHOLDER = "\ufffc"

_RULES = (
    (re.compile(rf"(?<![{NO_BREAK}?!…])[;!?»]"), "a no-break space goes before {found}"),
    # 12:30 and a:b are no colons of a sentence.
    (re.compile(rf"(?<![{NO_BREAK}]):(?=\s|$)"), "a no-break space goes before :"),
    (re.compile(rf"«(?![{NO_BREAK}])"), "a no-break space goes after «"),
    (re.compile(rf"(?<=[\d{_PLACEHOLDER}]) ?[%€]"), "a no-break space goes before {found}"),
    (re.compile(r"(?<=\w)'(?=\w)"), "the apostrophe is ’"),
    (re.compile(r'["“”]'), "French quotation marks are « and »"),
    (re.compile(r"\.\.\."), "the ellipsis is one character: …"),
    (re.compile(rf"[ {NO_BREAK}]{{2,}}"), "two spaces"),
    (re.compile(rf"[ {NO_BREAK}](?=[,.](?:\s|$))"), "no space before {after}"),
)


def typography_faults(text: str) -> list[str]:
    """Return one sentence for each fault of a French text, none when it is well set."""
    prose = _NOT_PROSE.sub(_stand_in, text).replace("%%", "%")
    return [
        sentence.format(found=match[0].strip(), after=prose[match.end() : match.end() + 1])
        for pattern, sentence in _RULES
        for match in pattern.finditer(prose)
    ]


def _stand_in(match: re.Match[str]) -> str:
    # Markup takes no room in a line, a value does.
    return "" if match[0].startswith("<") else _PLACEHOLDER
