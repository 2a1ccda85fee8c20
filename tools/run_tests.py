"""Runs all tests: with registries in files, then those of storage once more on a PostgreSQL server.

    ./run test [--all-on-both | ARGUMENTS OF PYTEST]

With --all-on-both every test of a registry is run on a server as well, which takes twice as long. With other
arguments it runs pytest with them, once. Without a server from a package the second part is left out and
said to be so; where `CI` is set to `true`, that is a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# In their order: those that take minutes are single tests, which would else come last, on one core.
PYTEST = ("-m", "pytest", "-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder")
OF_REGISTRIES = Path("tests/registries.py")
EACH_TIME = (
    *("tests/storage", "tests/workflows/test_two_machines.py", "tests/workflows/test_interleavings.py"),
    *("tests/workflows/test_screening.py", "tests/workflows/test_concurrency.py"),
)
"""What is run on a server each time: what differs between engines, and whoever works at once."""

ALL_ON_BOTH = "--all-on-both"
SERVERS = Path("/usr/lib/postgresql")
EXIT_FAILED = 1


def main(arguments: Sequence[str]) -> int:
    """Run them; returns what to exit with, the first failure's if there is one."""
    is_all_on_both = list(arguments) == [ALL_ON_BOTH]
    if arguments and not is_all_on_both:
        return pytest(*arguments)
    first = pytest()
    if not OF_REGISTRIES.exists():
        return first
    if not any(SERVERS.glob("*/bin/initdb")):
        is_failure = os.environ.get("CI") == "true"
        print("run: PostgreSQL is not installed, so nothing was tested on it (apt install postgresql)")
        return first or (EXIT_FAILED if is_failure else 0)
    print("run: the same on PostgreSQL", flush=True)
    second = pytest("--postgresql", *(() if is_all_on_both else EACH_TIME))
    return first or second


def pytest(*arguments: str) -> int:
    """Run pytest on all cores."""
    return subprocess.run([sys.executable, *PYTEST, *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
