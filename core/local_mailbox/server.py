"""The whole mailbox: its store, its SMTP side and its pages, started and stopped together."""

import logging
import threading
from pathlib import Path
from typing import Final

from waitress.server import TcpWSGIServer, create_server

from core.local_mailbox.faults import Faults
from core.local_mailbox.pages import create_app
from core.local_mailbox.sink import SmtpSink
from core.local_mailbox.store import MailStore

THREADS: Final = 8
STOP_SECONDS: Final = 5


class MailboxServer:
    """A mailbox that listens as soon as it exists and answers from `start` to `stop`. Port 0 takes a free one.

    Raises `OSError` when a port is taken or the folder cannot be written.
    """

    def __init__(
        self, state: Path, *, host: str = "127.0.0.1", smtp_port: int = 0, http_port: int = 0
    ) -> None:
        self.faults = Faults()
        self.store = MailStore(state)
        self._sink = SmtpSink(self.store, self.faults, host, smtp_port)
        self._http: TcpWSGIServer = create_server(
            create_app(self.store, self.faults),
            host=host,
            port=http_port,
            threads=THREADS,
            ident=None,
            clear_untrusted_proxy_headers=True,
        )
        named = f"[{host}]" if ":" in host else host
        self.smtp_url = f"smtp://{named}:{self._sink.port}"
        self.http_url = f"http://{named}:{self._http.effective_port}"
        self.sms_url = f"json://{named}:{self._http.effective_port}/sms/{{to}}"
        self._thread = threading.Thread(target=self._http.run, name="local-mailbox-http", daemon=True)

    def start(self) -> None:
        """Begin to answer, in threads of its own."""
        # A browser that asks for many small files at once is no reason for warnings.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._sink.start()
        self._thread.start()

    def stop(self) -> None:
        """End both sides; what was accepted stays in the folder."""
        self._sink.stop()
        # The working threads first: they write to the trigger that closing the server closes.
        self._http.task_dispatcher.shutdown(timeout=STOP_SECONDS)
        self._http.trigger.pull_trigger(self._close_sockets)
        self._thread.join(STOP_SECONDS)

    def _close_sockets(self) -> None:
        """Runs in the server's thread: with no socket left its loop ends."""
        for channel in list(self._http.active_channels.values()):
            channel.handle_close()
        self._http.close()
