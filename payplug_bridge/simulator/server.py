"""Runs the simulator under waitress, in the calling thread (command line) or in one of its own (tests)."""

from __future__ import annotations

import threading
from pathlib import Path

from waitress.server import TcpWSGIServer, create_server

from payplug_bridge.simulator.accounts import ensure_demo_account
from payplug_bridge.simulator.app import create_app
from payplug_bridge.simulator.deliveries import Dispatcher
from payplug_bridge.simulator.session import Simulator
from payplug_bridge.simulator.state import State

THREADS = 12
STOP_SECONDS = 5
IDLE_SECONDS = 10 * 365 * 24 * 3600
"""How long a connection may be idle. Whoever runs the simulator inside a program moves that program's clock: a leap of
days must not make every connection look idle and cut off the call that is just being sent on it."""


class SimulatorServer:
    """A listening simulator. Port 0 takes a free one; `url` is where it answers."""

    def __init__(
        self, state: Path, *, host: str = "127.0.0.1", port: int = 0, public_url: str | None = None
    ) -> None:
        self.simulator = Simulator(State(state), public_url="")
        self._dispatcher = Dispatcher(self.simulator)
        app = create_app(self.simulator, self._dispatcher)
        # log_socket_errors off: connections are dropped on purpose (see api_faults).
        self._server: TcpWSGIServer = create_server(
            app,
            host=host,
            port=port,
            threads=THREADS,
            ident=None,
            channel_timeout=IDLE_SECONDS,
            log_socket_errors=False,
            clear_untrusted_proxy_headers=True,
        )
        self.url = f"http://{host}:{self._server.effective_port}"
        self.simulator.public_url = (public_url or self.url).rstrip("/")
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Serve until SystemExit or KeyboardInterrupt, then stop in order."""
        self._begin()
        try:
            self._server.run()
        finally:
            self.simulator.stop()
            self._finish()

    def start(self) -> None:
        """Serve in a thread of its own until `stop`."""
        self._begin()
        self._thread = threading.Thread(target=self._server.run, name="payplug-simulator", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the server and its threads; what is committed stays in the state file."""
        self.simulator.stop()
        # The working threads first: they write to the trigger that closing the server closes.
        self._server.task_dispatcher.shutdown(timeout=STOP_SECONDS)
        self._server.trigger.pull_trigger(self._close_sockets)
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
        self._finish()

    def _begin(self) -> None:
        with self.simulator.write() as session:
            ensure_demo_account(session)
        self._dispatcher.start()

    def _close_sockets(self) -> None:
        """Runs in the server's thread: with no socket left its loop ends."""
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()
        self._server.close()

    def _finish(self) -> None:
        self._dispatcher.join(STOP_SECONDS)
        self.simulator.state.close()
