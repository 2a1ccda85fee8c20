"""Runs a program of ours where there is no network and nobody is at home.

A child process gets an empty home folder, an audit hook that forbids every socket but local ones,
and none of the caller's variables. What it tried, wrote and left behind comes back as a value.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from musterpoint.caches import cache_folder

CONFINEMENT = Path(__file__).parent / "confinement"
HARMLESS = ("/dev/", "/proc/self/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a confined run.

    network  forbidden attempts, as the audit event and its arguments
    strayed  files written or made outside of the folders that were allowed
    home     what lies in the home folder afterwards, relative to it
    """

    exit_code: int
    stdout: str
    stderr: str
    network: tuple[str, ...]
    strayed: tuple[str, ...]
    home: tuple[str, ...]

    def assert_private(self) -> None:
        """Nothing was sought in the network, and nothing was left outside of the cache."""
        assert not self.network, f"sought the network: {self.network}"
        assert not self.strayed, f"wrote elsewhere: {self.strayed}"
        assert not self.home, f"left in the home folder: {self.home}"


def run_confined(
    arguments: Sequence[str], folder: Path, *, cache: Path | None = None, timeout_s: float = 120
) -> Outcome:
    """Run Python with `arguments` in `folder`, which it may write to.

    cache  where musterpoint's cache lies; None takes this process's, which is warm
    """
    home, scratch, work = folder / "home", folder / "scratch", folder / "work"
    secrets = folder / "secrets"
    for made in (home, scratch, work, secrets):
        made.mkdir(exist_ok=True)
    report = folder / "report"
    cache = cache or cache_folder("kernels").parent
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(scratch),
        "LC_ALL": "C.UTF-8",
        "MUSTERPOINT_CACHE": str(cache),
        # Secrets belong in the user's configuration; here they lie where nobody lives.
        "MUSTERPOINT_KEY_FILE": str(folder / "secrets" / "registry.key"),
        "MUSTERPOINT_SEATS": str(folder / "secrets" / "seats"),
        "PYTHONPATH": str(CONFINEMENT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CONFINED_REPORT": str(report),
    }
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=work,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    told = [line.split("\t", 1) for line in report.read_text(encoding="utf-8").splitlines()]
    allowed = (*HARMLESS, *(f"{path.resolve()}/" for path in (work, scratch, cache, home, secrets)))
    return Outcome(
        exit_code=result.returncode,
        stdout=result.stdout,
        stderr=result.stderr,
        network=tuple(what for kind, what in told if kind == "network"),
        strayed=tuple(
            path
            for kind, path in told
            if kind == "written" and not f"{os.path.realpath(path)}/".startswith(allowed)
        ),
        home=tuple(str(path.relative_to(home)) for path in sorted(home.rglob("*"))),
    )
