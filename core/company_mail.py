"""From which address, and by which server, the mails of a company go, when it has chosen its own.

The mail settings are a page of a package above; it says here what it knows (the imports go one way).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import Flask, current_app

from core.tenancy import entered_company_id


@dataclass(frozen=True)
class CompanySender:
    """What stands in the From field; empty where the installation's own, or the name of the company, is taken."""

    address: str = ""
    name: str = ""


@dataclass(frozen=True)
class OwnServer:
    """A company's own mail server, for mails from `address`. `url` holds a password; None: it cannot be decrypted."""

    address: str
    url: str | None = field(repr=False)


FindSender = Callable[[], CompanySender]
FindServers = Callable[[], Mapping[int, OwnServer]]


def set_company_mail(app: Flask, find_sender: FindSender, find_servers: FindServers) -> None:
    """Say who knows; called by the `wiring.py` of a package.

    Args:
        app: the application.
        find_sender: the sender of the company entered.
        find_servers: of all companies, those that have a server, by the company's id.
    """
    app.extensions["solde_company_mail"] = (find_sender, find_servers)


def company_sender() -> CompanySender:
    """The sender of the company entered; empty without one."""
    known = current_app.extensions.get("solde_company_mail")
    if known is None or entered_company_id() is None:
        return CompanySender()
    sender: CompanySender = known[0]()
    return sender


def own_servers() -> Mapping[int, OwnServer]:
    """Every company that has a server of its own."""
    known = current_app.extensions.get("solde_company_mail")
    servers: Mapping[int, OwnServer] = {} if known is None else known[1]()
    return servers
