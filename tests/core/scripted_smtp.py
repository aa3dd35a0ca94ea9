"""A real SMTP server on a free local port whose answers a test writes beforehand."""

from __future__ import annotations

from asyncio import Server
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

DROP = "drop"


@dataclass
class Script:
    """What the server says next. An empty list means: accept.

    `to_data` answers messages in turn; DROP takes the message and closes the line without a word. `to_recipient`
    answers RCPT by address, each answer once. `takes_on_a_line` messages are accepted on one connection, as
    `at_the_end` says: DROP closes it before a word is said, anything else is said to the next MAIL. `lines` counts
    connections on which a message began.
    """

    port: int = 0
    to_sender: list[str] = field(default_factory=list)
    to_data: list[str] = field(default_factory=list)
    to_recipient: dict[str, list[str]] = field(default_factory=dict)
    received: list[tuple[list[str], bytes]] = field(default_factory=list)
    takes_on_a_line: int = 1000
    at_the_end: str = DROP
    lines: list[int] = field(default_factory=list)
    _sessions: dict[int, Session] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(content, policy=policy.default) for _, content in self.received]

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if id(session) not in self._sessions:
            self._sessions[id(session)] = session
            self.lines.append(0)
        if self.lines[-1] >= self.takes_on_a_line:
            if self.at_the_end == DROP:
                assert server.transport is not None
                server.transport.close()
            return self.at_the_end
        self.lines[-1] += 1
        if self.to_sender:
            return self.to_sender.pop(0)
        envelope.mail_from = address
        return "250 sender ok"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.to_recipient.get(address):
            return self.to_recipient[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 recipient ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.to_data.pop(0) if self.to_data else f"250 2.0.0 queued as {len(self.received) + 1:04}"
        if answer == DROP or answer.startswith("250"):
            content: Any = envelope.original_content
            self.received.append((list(envelope.rcpt_tos), content))
        if answer == DROP:
            assert server.transport is not None
            server.transport.close()
        return answer


class _FreePort(Controller):
    """aiosmtpd's controller calls its own port to see that it listens; with port 0 the number is known only now."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def scripted_smtp() -> Iterator[Script]:
    """Serve a script until the block ends."""
    script = Script()
    controller = _FreePort(script, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        script.port = controller.port
        yield script
    finally:
        controller.stop()
