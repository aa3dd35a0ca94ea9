"""Variables in texts that people write: `{{ number }}` and the like, and nothing else.

Only the names given are known: no attribute, call, loop or filter, so that a text can reach nothing of the program.
Used for mails (`message_texts`) and for the library of texts.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import lru_cache
from typing import Final

from flask_babel import lazy_gettext as _l
from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from invoicing.errors import Message

_NO_VARIABLE: Final = _l("Between {{ and }} only a variable of the list can stand, such as {{ number }}.")
_environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
_KEPT = 64
"""Texts whose parsing is kept: a thousand invoices are sent in the same few."""
_ALLOWED = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name)


def fault_of(text: str, known: Container[str]) -> Message | None:
    """The first thing in a text that is no known variable, as a sentence; None when all is right."""
    try:
        tree = _parsed(text)
    except TemplateSyntaxError as error:
        return _l("Line %(line)d: a {{ is not closed by }}, or the reverse.", line=error.lineno)
    except RecursionError:  # brackets in brackets, thousands deep
        return _NO_VARIABLE
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            return _NO_VARIABLE
        if isinstance(node, nodes.Name) and node.name not in known:
            return _l("The variable %(name)s is not known. Take one of the list.", name=node.name)
    return None


def variables_in(text: str) -> set[str]:
    """The variables of a text that has no fault."""
    return {node.name for node in _parsed(text).find_all(nodes.Name)}


def expand(text: str, values: Mapping[str, str]) -> str:
    """The text with the values in it; `fault_of` found nothing wrong with it."""
    return _compiled(text).render(values)


@lru_cache(maxsize=_KEPT)
def _parsed(text: str) -> nodes.Template:
    return _environment.parse(text)


@lru_cache(maxsize=_KEPT)
def _compiled(text: str) -> Template:
    return _environment.from_string(text)
