"""What a mail server's answer means, for people who do not read SMTP codes."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from core.smtp import NO_ANSWER, NOT_OFFERED, Answer, Fault
from core.smtp_connection import NOT_PUBLIC

_BY_CODE = {
    421: _l("The server is busy or closes the line. Try again later."),
    450: _l("The mailbox cannot take mail at the moment. It is tried again by itself."),
    451: _l("The server had a fault of its own. It is tried again by itself."),
    452: _l("The server or the mailbox is full. It is tried again by itself."),
    530: _l("The server wants a user and a password, or an encrypted line."),
    534: _l("The server wants another way of signing in. Often a password for applications helps."),
    535: _l("The server refuses this user and password."),
    538: _l("The server wants an encrypted line: choose STARTTLS or TLS."),
    550: _l("The server refuses this recipient, or does not send for this address."),
    551: _l("The recipient is not at this server."),
    552: _l("The mailbox is full, or the mail is too large."),
    553: _l("The server does not send for this address."),
    554: _l("The server refuses this mail."),
}
"""RFC 5321 §4.2.3 and, for 53x, RFC 4954 §6; what a server means by a code is its own affair (practice)."""


_BY_FAULT = {
    Fault.HOST_NOT_FOUND: _l("No server has this name. Check how the name of the mail server is written."),
    Fault.REFUSED: _l("Nobody takes mail at this port of the server. Check the port."),
    Fault.UNREACHABLE: _l("The mail server cannot be reached from here. Check the network."),
    Fault.TIMEOUT: _l("The mail server did not answer in time. It is tried again by itself."),
    Fault.TLS: _l(
        "No encrypted line could be made. Check encryption and port, and the server’s certificate."
    ),
    Fault.SIGN_IN: _l("The server takes none of the ways of signing in. Check user and password."),
    Fault.NOT_PUBLIC: _l(
        "This server has no address on the public Internet, and this installation calls no other."
    ),
    Fault.BROKEN_OFF: _l("The line broke off. It is tried again by itself."),
    Fault.NO_KEY: _l("The password of the mail server can no longer be read. Type it again in the settings."),
    Fault.FILE_LOST: _l(
        "A file that goes along can no longer be read. Attach it again, and send a new mail."
    ),
}


def meaning_of(answer: Answer) -> LazyString:
    """What the answer means and what to do; the server's own words are shown beside it."""
    if answer.accepted:
        return _l("The server has taken the mail.")
    if NOT_PUBLIC in answer.text:  # also of rows that an earlier version wrote
        return _BY_FAULT[Fault.NOT_PUBLIC]
    code = _code_in(answer)
    # The code of a refused greeting or sign-in says more than that it was refused.
    if code not in _BY_CODE and answer.fault in _BY_FAULT:
        return _BY_FAULT[Fault(answer.fault)]
    if answer.code == NOT_OFFERED:
        return _l("The mail could not be put together.")
    return _meaning_of_code(code)


def _meaning_of_code(code: int) -> LazyString:
    if code in _BY_CODE:
        return _BY_CODE[code]
    if code == NO_ANSWER:
        return _l("No mail server answers there, or the line broke off. Check name, port and encryption.")
    if code >= 500:
        return _l("The server refuses this mail for good.")
    return _l("The server cannot take the mail now. It is tried again by itself.")


def _code_in(answer: Answer) -> int:
    """The code; for an answer to the greeting or the sign-in it stands at the beginning of the words."""
    first = answer.text.partition(" ")[0]
    if answer.code == NO_ANSWER and len(first) == 3 and first.isascii() and first.isdecimal():
        return int(first)
    return answer.code
