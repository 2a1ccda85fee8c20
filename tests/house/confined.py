"""Runs a program of ours where there is no network and nobody is at home.

A child process gets an empty home folder, an audit hook that forbids every socket but local ones,
and none of the caller's variables. What it tried, wrote and left behind comes back as a value.
"""

from __future__ import annotations

import json
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
    arguments: Sequence[str], folder: Path, *, cache: Path | None = None, timeout_s: float = 600
) -> Outcome:
    """Run Python with `arguments` in `folder`, which it may write to.

    cache  where musterpoint's cache lies; None takes this process's, which is warm
    """
    place = _Place.made_in(folder, cache)
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=place.work,
        env=place.variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    return place.outcome(result.returncode, result.stdout, result.stderr)


class ConfinedCommands:
    """Commands of musterpoint in `folder`, one after another in one process."""

    def __init__(self, folder: Path) -> None:
        self._place = _Place.made_in(folder)
        self._process = subprocess.Popen(
            [sys.executable, str(CONFINEMENT / "commands.py")],
            cwd=self._place.work,
            env=self._place.variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, *arguments: str) -> Outcome:
        """What became of one command. Raises RuntimeError where the process did not outlive it."""
        asked, answers = self._process.stdin, self._process.stdout
        assert asked
        assert answers
        asked.write(f"{json.dumps(arguments)}\n")
        asked.flush()
        answer = answers.readline()
        if not answer:
            raise RuntimeError(f"{arguments[0]} ended the process")
        return self._place.outcome(**json.loads(answer))

    def end(self) -> Outcome:
        """What was done since the last command, at the end of the process."""
        said, _ = self._process.communicate()
        return self._place.outcome(self._process.returncode, said, "")


@dataclass(slots=True, kw_only=True)
class _Place:
    """A home, and where a confined program may write.

    told  characters of the report that were looked at
    """

    folder: Path
    cache: Path
    told: int = 0

    @classmethod
    def made_in(cls, folder: Path, cache: Path | None = None) -> _Place:
        place = cls(folder=folder, cache=cache or cache_folder("kernels").parent)
        for made in ("home", "scratch", "work", "secrets"):
            (folder / made).mkdir(exist_ok=True)
        return place

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def variables(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "scratch"),
            "LC_ALL": "C.UTF-8",
            "MUSTERPOINT_CACHE": str(self.cache),
            # Secrets belong in the user's configuration; here they lie where nobody lives.
            "MUSTERPOINT_KEY_FILE": str(self.folder / "secrets" / "registry.key"),
            "MUSTERPOINT_SEATS": str(self.folder / "secrets" / "seats"),
            "PYTHONPATH": str(CONFINEMENT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "CONFINED_REPORT": str(self.folder / "report"),
        }

    def outcome(self, exit_code: int, stdout: str, stderr: str) -> Outcome:
        report = (self.folder / "report").read_text(encoding="utf-8")
        told = [line.split("\t", 1) for line in report[self.told :].splitlines()]
        self.told = len(report)
        home = self.folder / "home"
        own = (self.work, self.folder / "scratch", self.cache, home, self.folder / "secrets")
        allowed = (*HARMLESS, *(f"{path.resolve()}/" for path in own))
        return Outcome(
            exit_code=exit_code,
            stdout=stdout,
            stderr=stderr,
            network=tuple(what for kind, what in told if kind == "network"),
            strayed=tuple(
                path
                for kind, path in told
                if kind == "written" and not f"{os.path.realpath(path)}/".startswith(allowed)
            ),
            home=tuple(str(path.relative_to(home)) for path in sorted(home.rglob("*"))),
        )
