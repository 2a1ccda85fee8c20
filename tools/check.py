"""All checks that need no test run: each is done even if another fails, and says what it found."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Its script is not used: that names the folder where it was installed, and a clone may be moved.
IMPORT_LINTER = (
    "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
)

CHECKS = {
    "format": ["-m", "ruff", "format", "--check", "."],
    "lint": ["-m", "ruff", "check", "."],
    "types": ["-m", "mypy"],
    "layers": ["-c", IMPORT_LINTER],
    "style": ["tools/check_style.py"],
    "locks": ["tools/locks.py"],
}
"""What each check is called, and the arguments of Python that do it."""

FIXES = {
    "lint": ["-m", "ruff", "check", "--fix", "."],
    "format": ["-m", "ruff", "format", "."],
}
"""What can be put right by machine, in this order."""


def run(name: str, arguments: list[str]) -> bool:
    """Do one check and print what it says if it fails. Returns whether it passed."""
    begin = time.monotonic()
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = result.returncode == 0
    if not passed:
        print(result.stdout.rstrip())
    print(f"check: {name:<8}{'passed' if passed else 'FAILED'}  {time.monotonic() - begin:.1f} s", flush=True)
    return passed


def main(arguments: Iterable[str]) -> int:
    """Do all checks, or with `--fix` put right what can be. Returns the exit code."""
    chosen = FIXES if "--fix" in arguments else CHECKS
    failed = [name for name, command in chosen.items() if not run(name, command)]
    print(f"check: {', '.join(failed)} failed." if failed else f"check: all {len(chosen)} are fine.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
