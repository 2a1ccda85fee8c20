"""The lock files: how they are made, and what must hold of them.

A lock names each package with its version, its hashes and, where needed, a marker. It names no
address, so that it installs from any mirror, and no package that reports its use to anybody.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
LOCKED_EXTRAS = ("postgresql", "weights")
FORMS = ("--universal", "--generate-hashes", "--no-emit-index-url", "--no-annotate", "--no-header", "--quiet")
RESOLUTIONS = {
    "runtime.lock": ("pyproject.toml", *(f"--extra={extra}" for extra in LOCKED_EXTRAS)),
    "development.lock": (
        "requirements/development.in",
        "--constraint=requirements/runtime.lock",
        "--python-version=3.11",
    ),
}


@dataclass(frozen=True)
class Entry:
    """One package of a lock."""

    requirement: Requirement
    hashes: tuple[str, ...]
    line: int

    @property
    def name(self) -> str:
        """The name as registries compare it."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        """The one version that is allowed; empty if there are several."""
        specifiers = list(self.requirement.specifier)
        return specifiers[0].version if len(specifiers) == 1 and specifiers[0].operator == "==" else ""


def entries(text: str) -> Iterator[Entry]:
    """The packages of a lock. Raises ValueError for a line that is neither a package nor a hash."""
    lines = [line.strip() for line in text.splitlines()]
    for number, line in enumerate(lines, start=1):
        if not line or line.startswith(("#", "--hash=")):
            continue
        hashes: list[str] = []
        for following in lines[number:]:
            if not following.startswith("--hash="):
                break
            hashes.append(following.removeprefix("--hash=").removesuffix("\\").strip())
        yield Entry(Requirement(line.removesuffix("\\").strip()), tuple(hashes), number)


def faults(name: str, text: str, wanted: Iterable[str]) -> Iterator[str]:
    """What is wrong with a lock, as `file:line: words`.

    wanted  requirements of which each must be met by a package of the lock
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if "://" in line or "@ " in line or "--index" in line or "--find-links" in line:
            yield f"requirements/{name}:{number}: names an address; a lock must install from any mirror"
    found: dict[str, list[Entry]] = {}
    for entry in entries(text):
        found.setdefault(entry.name, []).append(entry)
        place = f"requirements/{name}:{entry.line}: {entry.name}"
        if "telemetry" in entry.name:
            yield f"{place} reports its use; leave it out by [[tool.uv.dependency-metadata]]"
        if not entry.version:
            yield f"{place} is not pinned to one version"
        if not entry.hashes or not all(
            re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in entry.hashes
        ):
            yield f"{place} has no SHA-256, or something else beside it"
    for requirement in map(Requirement, wanted):
        locked = found.get(canonicalize_name(requirement.name), [])
        if not locked or not all(requirement.specifier.contains(entry.version) for entry in locked):
            yield f"requirements/{name}: does not meet {requirement}; run `./run lock`"


def contradictions(texts: dict[str, str]) -> Iterator[str]:
    """Packages that two locks pin differently, although both go into one environment."""
    versions = {
        name: {(entry.name, str(entry.requirement.marker)): entry.version for entry in entries(text)}
        for name, text in texts.items()
    }
    runtime, development = versions["runtime.lock"], versions["development.lock"]
    for package in sorted(runtime.keys() & development.keys()):
        if runtime[package] != development[package]:
            yield f"requirements/development.lock: {package[0]} differs from runtime.lock; run `./run lock`"


def direct() -> dict[str, list[str]]:
    """What each lock must meet: the requirements written by hand."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for extra in LOCKED_EXTRAS for line in project["optional-dependencies"][extra]]
    tools = (REQUIREMENTS / "development.in").read_text(encoding="utf-8").splitlines()
    written = [line.split("#")[0].strip() for line in tools]
    return {
        "runtime.lock": [*project["dependencies"], *extras],
        "development.lock": [line for line in written if line],
    }


def all_faults() -> list[str]:
    """Everything that is wrong with the locks of this clone."""
    texts = {name: (REQUIREMENTS / name).read_text(encoding="utf-8") for name in RESOLUTIONS}
    wanted = direct()
    found = [fault for name, text in texts.items() for fault in faults(name, text, wanted[name])]
    return [*found, *contradictions(texts)]


def write(options: list[str]) -> None:
    """Resolve both locks anew with uv, which is no part of the environment.

    options  uv's own, such as `--upgrade`; without them, versions change only where they must
    """
    uv = shutil.which("uv")
    if uv is None:
        sys.exit(
            "lock: uv was not found; install it (`pip install uv`, in another environment) and try again"
        )
    for name, arguments in RESOLUTIONS.items():
        command = [uv, "pip", "compile", *arguments, *FORMS, *options, f"--output-file=requirements/{name}"]
        print(f"lock: resolving requirements/{name}", flush=True)
        subprocess.run(command, cwd=ROOT, check=True)


def main(arguments: list[str]) -> int:
    """Check the locks, after writing them if `--write` comes first. Returns the exit code."""
    if arguments[:1] == ["--write"]:
        write(arguments[1:])
    found = all_faults()
    print("\n".join(found) or "The locks are sound.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
