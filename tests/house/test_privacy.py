"""No entry point talks to the network or leaves anything behind but the cache."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.house.confined import run_confined

EVERY_PUBLIC_NAME = """
import musterpoint
for name in musterpoint.__all__:
    getattr(musterpoint, name)
"""

EVERY_HELP = """
import click
from musterpoint.cli.app import COMMANDS, musterpoint
for name in COMMANDS:
    try:
        musterpoint.main([name, "--help"], standalone_mode=False)
    except click.exceptions.Exit as end:
        assert end.exit_code == 0
"""

EXTRACT_AND_COMPARE = """
import musterpoint, numpy
from musterpoint import imaging
y, x = numpy.mgrid[:400, :300]
ridges = 128 + 100 * numpy.sin(numpy.hypot(x - 150, y - 130) * 0.7 + 2 * numpy.arctan2(y - 250, x - 100))
try:
    template = musterpoint.extract(imaging.from_pixels(ridges.astype(numpy.uint8), 500)).template
except musterpoint.MusterpointError as error:
    print("refused:", error.code)
else:
    print("score", musterpoint.compare(template, template).score)
"""

ENTRY_POINTS = {
    "help": ["-m", "musterpoint", "--help"],
    "version": ["-m", "musterpoint", "--version"],
    "public names": ["-c", EVERY_PUBLIC_NAME],
    "help of every command": ["-c", EVERY_HELP],
    "extract and compare": ["-c", EXTRACT_AND_COMPARE],
}


@pytest.mark.parametrize("arguments", ENTRY_POINTS.values(), ids=ENTRY_POINTS.keys())
def test_entry_point_works_without_network_and_leaves_nothing(arguments: list[str], tmp_path: Path) -> None:
    outcome = run_confined(arguments, tmp_path)

    assert outcome.exit_code == 0, outcome.stderr
    outcome.assert_private()


def test_the_cache_is_all_that_is_left_at_home(tmp_path: Path) -> None:
    cache = tmp_path / "home" / ".cache" / "musterpoint"

    outcome = run_confined(
        ["-c", "from musterpoint.caches import cache_folder; cache_folder('kernels')"], tmp_path, cache=cache
    )

    assert outcome.exit_code == 0, outcome.stderr
    assert set(outcome.home) == {".cache", ".cache/musterpoint", ".cache/musterpoint/kernels"}


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.getaddrinfo('localhost', 80)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
        "subprocess.run([sys.executable, '-c', 'import socket; socket.socket()'], stderr=subprocess.DEVNULL)",
    ],
)
def test_a_swallowed_attempt_to_reach_the_network_is_seen(attempt: str, tmp_path: Path) -> None:
    program = f"import contextlib, socket, subprocess, sys\nwith contextlib.suppress(OSError):\n    {attempt}"

    outcome = run_confined(["-c", program], tmp_path)

    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.network
    with pytest.raises(AssertionError, match="sought the network"):
        outcome.assert_private()


def test_files_left_at_home_or_elsewhere_are_seen(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    program = (
        "from pathlib import Path; (Path.home() / '.trace').touch();"
        f"Path({str(elsewhere)!r}, 'trace').touch()"
    )

    outcome = run_confined(["-c", program], tmp_path)

    assert outcome.home == (".trace",)
    assert outcome.strayed == (str(elsewhere / "trace"),)


def test_local_sockets_between_our_own_processes_are_allowed(tmp_path: Path) -> None:
    program = "import socket; a, b = socket.socketpair(); a.sendall(b'x'); assert b.recv(1) == b'x'"

    outcome = run_confined(["-c", program], tmp_path)

    assert outcome.exit_code == 0, outcome.stderr
    outcome.assert_private()
