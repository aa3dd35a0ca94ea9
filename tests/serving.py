"""An application behind a real server on a loopback port, for the length of a test."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from waitress.server import create_server


@contextmanager
def listening_socket() -> Iterator[socket.socket]:
    """A socket on a free loopback port, whose number is known before the application is made."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener


@contextmanager
def served(app: Flask, listener: socket.socket, **options: Any) -> Iterator[None]:
    """The application behind a real server with the options given, ended when the block is left."""
    server = create_server(app, sockets=[listener], **{"threads": 16, "ident": None, **options})
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.task_dispatcher.shutdown(timeout=5)
        server.trigger.pull_trigger(lambda: _close(server))
        thread.join(5)


def _close(server: Any) -> None:
    for channel in list(server.active_channels.values()):
        channel.handle_close()
    server.close()
