"""How hard the random tests try: a little on each run, a lot in `make test-long`. Loaded by tests/conftest.py."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Matrices, too, look here to run in full instead of a sample.
LONG = os.environ.get("SOLDE_TESTS") == "long"

# Two workers share a machine of two cores with databases and a browser: no example has a deadline, and slow data
# generation is no fault. Repeatable in the short run, so that a failure on the build server is one everywhere.
_ALWAYS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "short", _ALWAYS, max_examples=50, stateful_step_count=25, derandomize=True, database=None
)
settings.register_profile("long", _ALWAYS, max_examples=1500, stateful_step_count=60, print_blob=True)


def load_profile() -> None:
    """Make Hypothesis use the profile of this run."""
    settings.load_profile("long" if LONG else "short")
