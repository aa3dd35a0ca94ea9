"""The mailbox inside a test: `with running_mailbox() as mailbox:` and send to `mailbox.smtp_url`."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

from core.local_mailbox.faults import Faults
from core.local_mailbox.server import MailboxServer


class RunningMailbox:
    """A mailbox that answers on free ports of this machine."""

    def __init__(self, server: MailboxServer) -> None:
        self._server = server
        self.smtp_url = server.smtp_url
        self.http_url = server.http_url
        self.sms_url = server.sms_url

    @property
    def faults(self) -> Faults:
        """Switches for misbehaviour."""
        return self._server.faults

    def messages(self) -> list[EmailMessage]:
        """Every delivery as a parsed message, oldest first; the same message twice if it was received twice.

        The envelope is in the headers `Return-Path` and `Delivered-To`.
        """
        store = self._server.store
        parsed = (store.message(delivery.id) for delivery in store.deliveries())
        return [message for message in parsed if message is not None]

    def wait_for(self, count: int, seconds: float = 10) -> list[EmailMessage]:
        """All deliveries, once there are at least `count` of them. Raises `AssertionError` when the time is over."""
        if not self._server.store.wait_for(count, seconds):
            received = len(self._server.store.deliveries())
            raise AssertionError(f"{received} of {count} messages were received within {seconds} s")
        return self.messages()

    def clear(self) -> None:
        """Delete every message and behave again."""
        self._server.store.clear()
        self.faults.clear()


@contextmanager
def running_mailbox(folder: Path | None = None) -> Iterator[RunningMailbox]:
    """A mailbox for the time of the block; its messages live in `folder`, or go with it."""
    with tempfile.TemporaryDirectory(prefix="mailbox-") as temporary:
        server = MailboxServer(folder or Path(temporary))
        server.start()
        try:
            yield RunningMailbox(server)
        finally:
            server.stop()
