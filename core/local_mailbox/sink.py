"""The SMTP side: accepts every message for everybody, or misbehaves as `faults` says."""

import asyncio
import logging
import socket
import threading
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from core.local_mailbox.faults import Faults
from core.local_mailbox.store import MailStore

LARGEST_MESSAGE_BYTES: Final = 40 * 1024 * 1024
STOP_SECONDS: Final = 5

_REASONS = {4: "4.3.0 Try again later", 5: "5.7.1 Refused"}


class _Handler:
    """The hooks that the SMTP server calls."""

    def __init__(self, store: MailStore, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    async def handle_RCPT(  # noqa: N802 - named by aiosmtpd
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept a recipient, or refuse it by plan."""
        refusal = self._faults.take_refusal("recipient")
        if refusal is not None:
            return _refused(refusal)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - named by aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the message and only then say so, or misbehave by plan."""
        await asyncio.sleep(self._faults.plan.delay_seconds)
        refusal = self._faults.take_refusal("data")
        if refusal is not None:
            return _refused(refusal)
        is_dropped = self._faults.take_drop()
        if not is_dropped or self._faults.plan.drop_keeps_message:
            await asyncio.to_thread(self._keep, session, envelope)
        if is_dropped and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 2.0.0 Kept"

    def _keep(self, session: Session, envelope: Envelope) -> None:
        content = envelope.original_content or b""
        client = session.peer[0] if session.peer else "unknown"
        self._store.add(content, envelope.mail_from or "", envelope.rcpt_tos, client)


def _refused(code: int) -> str:
    return f"{code} {_REASONS[code // 100]}"


class SmtpSink:
    """The SMTP server in a thread of its own. Port 0 takes a free one; the socket is bound at once."""

    def __init__(self, store: MailStore, faults: Faults, host: str, port: int) -> None:
        self._handler = _Handler(store, faults)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family)
        # asyncio does so for sockets of its own only: else each line of an answer waits 40 ms for the one before.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._listens = threading.Event()
        self._thread = threading.Thread(target=self._run, name="local-mailbox-smtp", daemon=True)

    def start(self) -> None:
        """Begin to answer; connections made before wait in the socket's queue."""
        # Every refused or broken conversation would be logged with a traceback.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        self._thread.start()

    def stop(self) -> None:
        """End the server and its conversations."""
        # A loop stopped while it makes the server would leave that half made.
        self._listens.wait(STOP_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(self._loop.create_server(self._protocol, sock=self._socket))
        self._listens.set()
        try:
            self._loop.run_forever()
        finally:
            server.close()
            tasks = asyncio.all_tasks(self._loop)
            for task in tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    def _protocol(self) -> SMTP:
        return SMTP(
            self._handler,
            data_size_limit=LARGEST_MESSAGE_BYTES,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="local mailbox",
            loop=self._loop,
        )
