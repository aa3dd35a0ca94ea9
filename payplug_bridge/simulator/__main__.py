"""`python -m payplug_bridge.simulator`: the simulator as a process of its own."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from payplug_bridge.simulator.accounts import DEMO_LIVE_KEY, DEMO_TEST_KEY
from payplug_bridge.simulator.server import SimulatorServer

DEFAULT_STATE = Path("var/payplug-simulator.db")
READY = "PayPlug simulator ready at"


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; 1 when the port or the state file cannot be opened."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    try:
        server = SimulatorServer(
            options.state, host=options.host, port=options.port, public_url=options.public_url
        )
    except OSError as problem:
        sys.stderr.write(f"PayPlug simulator cannot start: {problem}\n")
        return 1
    sys.stderr.write(f"{READY} {server.url} (portal {server.url}/portal, state {options.state})\n")
    sys.stderr.flush()
    server.run()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m payplug_bridge.simulator",
        description="A local PayPlug: API v1, payment page, portal, notifications and faults. No real money.",
        epilog=f"The default account has the keys {DEMO_LIVE_KEY} and {DEMO_TEST_KEY}.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=5005, help="port, 0 for a free one (default %(default)s)")
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE, help="state file (default %(default)s)")
    parser.add_argument("--public-url", help="how browsers reach it, if not by host and port")
    return parser


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
