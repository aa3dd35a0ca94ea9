"""The simulator as a command, and what it may import."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from payplug_bridge.simulator.testing import ROOT

COMMAND = [sys.executable, "-m", "payplug_bridge.simulator"]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_ends_cleanly(tmp_path: Path, ending: signal.Signals) -> None:
    command = [
        *COMMAND,
        "--port",
        "0",
        "--state",
        str(tmp_path / "deep" / "state.db"),
        "--public-url",
        "https://pay.example.org/",
    ]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        ready = process.stderr.readline()
        url = ready.split("ready at ")[1].split()[0]
        assert (
            requests.get(f"{url}/simulator/status", timeout=5).json()["public_url"]
            == "https://pay.example.org"
        )
        process.send_signal(ending)
        assert process.wait(5) == 0
        assert process.stderr.read() == ""


def test_help_names_the_options_and_the_keys() -> None:
    shown = subprocess.run([*COMMAND, "--help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for words in ("--host", "--port", "--state", "--public-url", "sk_live_DemoCompanyLiveKey0001"):
        assert words in shown.replace("\n", " ")


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [*COMMAND, "--port", str(taken.getsockname()[1]), "--state", str(tmp_path / "state.db")]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=10, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("PayPlug simulator cannot start:")
    assert len(result.stderr.splitlines()) == 1


def test_it_imports_nothing_of_the_product() -> None:
    script = (
        "import sys, payplug_bridge.simulator.__main__, payplug_bridge.simulator.testing\n"
        "ours = ('core', 'accounting', 'invoicing', 'wsgi', 'payplug', 'payplug_bridge')\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ours"
        " and not name.startswith('payplug_bridge.simulator') and name != 'payplug_bridge'))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert shown.strip() == "[]"
