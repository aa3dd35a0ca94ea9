"""The product's own name and version, as archives and the attestation state them."""

from __future__ import annotations

from importlib.metadata import version as installed_version
from typing import Final

NAME: Final = "Solde"


def version() -> str:
    """The version that is installed, such as `0.1.0`."""
    return installed_version("solde")


def major_version() -> str:
    """Its first number. It changes with anything that touches the four conditions of CGI art. 286 I 3 bis, and the
    attestation with it (BOI-LETTRE-000242) (web)."""
    return version().partition(".")[0]
