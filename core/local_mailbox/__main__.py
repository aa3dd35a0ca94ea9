"""`python -m core.local_mailbox --smtp-port 2525 --http-port 8025 --state DIR`: the mailbox until it is told to end."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from core.local_mailbox.server import MailboxServer


def main(arguments: list[str] | None = None) -> int:
    """Run the mailbox until SIGTERM or SIGINT. Returns the exit status."""
    options = _parser().parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        server = MailboxServer(
            options.state, host=options.host, smtp_port=options.smtp_port, http_port=options.http_port
        )
    except OSError as error:
        sys.stderr.write(f"local mailbox: {error}\n")
        return 1
    server.start()
    sys.stderr.write(f"local mailbox: {server.smtp_url} {server.http_url}\n")
    ended.wait()
    server.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core.local_mailbox", description="Receives every e-mail and shows it; delivers none."
    )
    parser.add_argument(
        "--smtp-port", type=int, default=2525, help="port for incoming mail; 0 takes a free one"
    )
    parser.add_argument("--http-port", type=int, default=8025, help="port of the pages; 0 takes a free one")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
    )
    parser.add_argument(
        "--state", type=Path, required=True, metavar="DIR", help="folder that keeps the messages"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
