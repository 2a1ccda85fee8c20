"""A clone with our `run` and a product of one file, which is prepared in seconds and without a network."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.house.clone import ROOT

PRODUCT = "import os, sys; print(sys.argv[1:], os.getcwd(), __file__, 'PYTHONPATH' in os.environ)\n"


@dataclass(frozen=True)
class SmallClone:
    """Where it lies; the packages that its locks name lie beside it."""

    root: Path

    @property
    def packages(self) -> Path:
        """The folder that serves as the package index."""
        return self.root.parent / "packages"

    def start(self, *arguments: str, cwd: Path | None = None, **variables: str) -> subprocess.Popen[str]:
        """Start `./run` with arguments and variables, with no index but the packages beside the clone."""
        return subprocess.Popen(
            [str(variables.pop("run", self.root / "run")), *arguments],
            cwd=cwd or self.root,
            env={**bare_environment(self.packages), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(
        self, *arguments: str, cwd: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `./run` to its end."""
        with self.start(*arguments, cwd=cwd, **variables) as process:
            stdout, stderr = process.communicate(timeout=600)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def require(self, lock: str, *names: str) -> None:
        """Let a lock name packages of one empty module each, and offer them."""
        lines = [f"{name}==1.0 \\\n    --hash=sha256:{make_wheel(self.packages, name)}\n" for name in names]
        (self.root / "requirements" / f"{lock}.lock").write_text("".join(lines))

    def copy(self, target: Path) -> SmallClone:
        """The same clone at another place, its environment moved with it."""
        shutil.copytree(self.root.parent, target, symlinks=True)
        return SmallClone(target / self.root.name)


def bare_environment(packages: Path) -> dict[str, str]:
    """No variables of the caller's; this Python, and no index but a folder."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(packages),
        "MUSTERPOINT_PYTHON": getattr(sys, "_base_executable", sys.executable),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(packages),
        "PIP_NO_CACHE_DIR": "1",
    }


def make_small_clone(root: Path) -> SmallClone:
    """Our own `run` and bootstrap, locks of one package, and a product that says how it was called."""
    clone = SmallClone(root)
    for folder in ("tools", "requirements", "src/musterpoint"):
        (root / folder).mkdir(parents=True)
    clone.packages.mkdir()
    shutil.copy(ROOT / "run", root)
    for script in ("bootstrap.py", "run_tests.py"):
        shutil.copy(ROOT / "tools" / script, root / "tools")
    (root / "src/musterpoint/__init__.py").write_text("")
    (root / "src/musterpoint/__main__.py").write_text(PRODUCT)
    clone.require("runtime", "needed")
    clone.require("development", "needed", "pytest")
    return clone


def make_wheel(folder: Path, name: str) -> str:
    """Write a wheel of one empty module unless it is there. Returns its SHA-256 in hexadecimal."""
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    if not wheel.exists():
        about = f"{name}-1.0.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        form = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"{name}.py", "")
            archive.writestr(f"{about}/METADATA", metadata)
            archive.writestr(f"{about}/WHEEL", form)
            archive.writestr(
                f"{about}/RECORD", f"{name}.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n"
            )
    return hashlib.sha256(wheel.read_bytes()).hexdigest()
