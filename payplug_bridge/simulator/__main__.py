"""`python -m payplug_bridge.simulator`: the simulator as a process of its own."""

from __future__ import annotations

import argparse
import signal
import sys
import textwrap
from dataclasses import fields
from pathlib import Path
from types import FrameType

from payplug_bridge.simulator.accounts import DEMO_LIVE_KEY, DEMO_TEST_KEY
from payplug_bridge.simulator.assumptions import Assumptions
from payplug_bridge.simulator.faults import CALLS, FaultKind
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
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="A local PayPlug: API v1, payment page, portal, notifications and faults. No real money.",
        epilog=_epilog(),
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=5005, help="port, 0 for a free one (default %(default)s)")
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE, help="state file (default %(default)s)")
    parser.add_argument("--public-url", help="how browsers reach it, if not by host and port")
    return parser


def _epilog() -> str:
    """What it offers and how it is steered, so that the tool can be used without another page."""
    faults = textwrap.fill(", ".join(FaultKind), 100, initial_indent="    ", subsequent_indent="    ")
    calls = textwrap.fill(", ".join(CALLS), 100, initial_indent="    ", subsequent_indent="    ")
    assumed = "\n".join(f"    {f.name} = {f.default}" for f in fields(Assumptions))
    return f"""\
keys of the default account:
    {DEMO_LIVE_KEY}  (live)
    {DEMO_TEST_KEY}  (test)
    without the header PayPlug-Version the older format answers (customer instead of billing and shipping)

addresses:
    /v1/...          the API: payments, refunds, account, keys; point PayPlug's library or any client here
    /pay/...         the buyer's page: cards, 3-D Secure, the other ways to pay of the account
    /portal          the merchant's portal: payments, refunds, notifications, accounts, faults, assumptions, clock
    /simulator/...   the control API, JSON (payplug_bridge/simulator/control_client.py is its client)

control API, by POST unless said otherwise:
    status (GET), reset, clock {{"advance_seconds"}} or {{"offset_seconds"}}, assumptions (GET, POST)
    accounts (GET, POST), accounts/ID/name, /limits, /features (GET, POST), /live-mode, /keys; keys/revoke
    payments (GET), payments/ID (GET), payments/ID/pay, /decline, /timeout, /abort, /refund
    notifications (GET), notifications/ID/redeliver, deliveries/pause, /resume, /flush, /wait
    faults (GET, POST {{"kind", "target", "times", "parameters"}}, DELETE)

faults, kinds:
{faults}
  calls they can aim at:
{calls}

assumptions (what PayPlug does not document) and their values:
{assumed}
"""


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
