"""SMTP conversations: hand a message over and bring back the server's own words for each recipient.

Called by `core.mail`, and by the page on which an owner tries her own server. smtplib's `sendmail` throws the answer to
DATA away, but that answer (often with the id the server gave the message) is what proves a delivery later, so the steps
of RFC 5321 are driven here.
"""

from __future__ import annotations

import errno
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from core.smtp_connection import NotPublicError, SmtpLine

LONGEST_ANSWER = 500
NO_ANSWER = 0
NOT_OFFERED = -1
"""Instead of a code: no server was asked, because we could not make the message."""

# The server wants a password or TLS: our settings are wrong, not the mail, so it waits until they are right.
_SETTINGS_CODES = frozenset({530, 534, 535, 538})


class Fault(StrEnum):
    """Why no server gave an answer, for pages to say it in the reader's language."""

    HOST_NOT_FOUND = "host_not_found"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    TLS = "tls"
    SIGN_IN = "sign_in"
    NOT_PUBLIC = "not_public"
    BROKEN_OFF = "broken_off"
    NO_KEY = "no_key"
    FILE_LOST = "file_lost"


@dataclass(frozen=True)
class Answer:
    """What the server said about one recipient: an SMTP code (0: the connection failed) and its words.

    `fault` is a `Fault` where no server answered; rows of earlier versions have none.
    """

    code: int
    text: str
    fault: str = field(default="", compare=False)

    @property
    def accepted(self) -> bool:
        """True when the server has taken responsibility for the mail to this recipient."""
        return 200 <= self.code < 300

    @property
    def permanent(self) -> bool:
        """True when asking again cannot help (RFC 5321 §4.2.1: 5yz is a permanent negative completion), or when a file
        of the mail is lost: a person must act first."""
        return (self.code >= 500 and self.code not in _SETTINGS_CODES) or self.fault == Fault.FILE_LOST

    @property
    def broken_off(self) -> bool:
        """True when no server gave this answer: nobody there, the sign-in refused, or the line broke."""
        return self.code == NO_ANSWER

    def __str__(self) -> str:
        return f"{self.code} {self.text}" if self.code > 0 else self.text


@dataclass(frozen=True)
class _Call:
    """Which server, and how: as in `hand_over`."""

    url: str
    public_only: bool


class KeptConnection:
    """The connection of a run that hands many messages to one server; opened when first needed.

    It is kept only after a message that every recipient was accepted for: whatever else happened, the next message
    begins on a new one.
    """

    def __init__(self) -> None:
        self._server: SmtpLine | None = None
        self._call: _Call | None = None

    def __enter__(self) -> KeptConnection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self, call: _Call, sender: str, size_bytes: int) -> tuple[SmtpLine, Answer]:
        """Say from whom the next message is.

        Where a kept connection is of no use any more (servers end idle ones, and count messages), again on a new one:
        nothing was handed over yet.

        Raises:
            OSError, smtplib.SMTPException: as `_connect`.
        """
        if self._server is not None and self._call == call:
            try:
                self._server.go_on(size_bytes)
                answer = _mail_from(self._server, sender, size_bytes)
            except (OSError, smtplib.SMTPException):
                answer = Answer(NO_ANSWER, "")
            if answer.accepted:
                return self._server, answer
        self.close()
        self._server, self._call = _connect(call.url, size_bytes, public_only=call.public_only), call
        return self._server, _mail_from(self._server, sender, size_bytes)

    def close(self) -> None:
        """End it, politely where the server still listens."""
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()


def hand_over(
    url: str,
    sender: str,
    recipients: list[str],
    content: bytes,
    *,
    public_only: bool = False,
    kept: KeptConnection | None = None,
) -> dict[str, Answer]:
    """Offer one message to the server of `url` (smtp://, smtp+starttls:// or smtps://).

    Args:
        sender: the envelope's sender, a bare address; where bounces go.
        recipients: bare addresses of the envelope.
        content: the whole message with CRLF line ends.
        public_only: for a server that somebody else than the installation named: only on the public Internet.
        kept: the connection of the run that this message is part of; its owner closes it.

    Returns:
        An answer for each recipient; never raises for what a server or network does.
    """
    answers: dict[str, Answer] = {}
    connection = kept or KeptConnection()
    try:
        server, hello = connection.begin(_Call(url, public_only), sender, len(content))
        _converse(server, hello, recipients, content, answers)
    except smtplib.SMTPResponseException as error:
        # Only the greeting, TLS and the sign-in raise these: whatever the code, it is not about this mail.
        said = f"{error.smtp_code} {_words(error.smtp_error)}"
        answers.update(_for_open(recipients, answers, Answer(NO_ANSWER, said, _fault_of(error))))
    except (OSError, smtplib.SMTPException) as error:
        said = _words(str(error) or type(error).__name__)
        answers.update(_for_open(recipients, answers, Answer(NO_ANSWER, said, _fault_of(error))))
    finally:
        if kept is None or not all(who in answers and answers[who].accepted for who in recipients):
            connection.close()
    return answers


_FAULTS: tuple[tuple[type[Exception], Fault], ...] = (
    (NotPublicError, Fault.NOT_PUBLIC),
    (socket.gaierror, Fault.HOST_NOT_FOUND),
    (ssl.SSLError, Fault.TLS),
    (TimeoutError, Fault.TIMEOUT),
    (ConnectionRefusedError, Fault.REFUSED),
    (smtplib.SMTPAuthenticationError, Fault.SIGN_IN),
)
_NO_WAY = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})


def _fault_of(error: Exception) -> Fault:
    """What went wrong; smtplib tells by its words alone that a server offers no TLS, or no sign-in that it knows."""
    for kind, fault in _FAULTS:
        if isinstance(error, kind):
            return fault
    if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(error.__context__, TimeoutError):
        return Fault.TIMEOUT
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Fault.TLS if "STARTTLS" in str(error) else Fault.SIGN_IN
    if isinstance(error, OSError) and error.errno in _NO_WAY:
        return Fault.UNREACHABLE
    return Fault.BROKEN_OFF


def _mail_from(server: smtplib.SMTP, sender: str, size_bytes: int) -> Answer:
    server.ehlo_or_helo_if_needed()
    return _answer(server.mail(sender, [f"size={size_bytes}"] if server.has_extn("size") else []))


def _converse(
    server: smtplib.SMTP, hello: Answer, recipients: list[str], content: bytes, answers: dict[str, Answer]
) -> None:
    if not hello.accepted:
        answers.update(dict.fromkeys(recipients, hello))
        return
    taken = []
    for recipient in recipients:
        answer = _answer(server.rcpt(recipient))
        if answer.accepted:
            taken.append(recipient)
        else:
            answers[recipient] = answer
    if taken:
        answers.update(dict.fromkeys(taken, _send_data(server, content)))


def _send_data(server: smtplib.SMTP, content: bytes) -> Answer:
    try:
        return _answer(server.data(content))
    except smtplib.SMTPDataError as refused:
        answer = _answer((refused.smtp_code, refused.smtp_error))
        # Whoever says "ok" before the message was sent has not taken it.
        return Answer(NO_ANSWER, str(answer), Fault.BROKEN_OFF) if answer.accepted else answer


def _for_open(recipients: list[str], answers: dict[str, Answer], answer: Answer) -> dict[str, Answer]:
    """The same answer for everybody the server has not spoken about."""
    return {recipient: answer for recipient in recipients if recipient not in answers}


def _connect(url: str, size_bytes: int, *, public_only: bool) -> SmtpLine:
    parts = urlsplit(url)
    is_tls = parts.scheme == "smtps"
    port = parts.port or (465 if is_tls else 25)
    server = SmtpLine(parts.hostname or "", port, tls=is_tls, public_only=public_only, size_bytes=size_bytes)
    try:
        if parts.scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _answer(reply: tuple[int, bytes | str]) -> Answer:
    code, said = reply
    return Answer(code if code > 0 else NO_ANSWER, _words(said))


def _words(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:LONGEST_ANSWER]
