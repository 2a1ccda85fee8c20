"""Each rule of the house finds what it is there to find, and lets good code pass."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import check_style

SOUND = '"""One idea."""\n'
LONG = "\n".join(["def long():", *["    x = 1"] * 60])

BROKEN = {
    "src/musterpoint/short.py": (SOUND + "x = 1\n" * 500, "501 lines"),
    "src/musterpoint/long.py": (SOUND + LONG, "long has 61 lines"),
    "src/musterpoint/many.py": (SOUND + "def f(a, b, c, *, d, e, g, h): ...", "takes 7 parameters"),
    "src/musterpoint/utils.py": (SOUND, "'utils' names no concept"),
    "src/musterpoint/common/x.py": (SOUND, "'common' names no concept"),
    "src/musterpoint/talk.py": (SOUND + "print(1)", "print belongs"),
    "src/musterpoint/mute.py": ("x = 1\n", "does not say"),
    "src/musterpoint/kernels_a.py": (
        SOUND + "from musterpoint import errors",
        "must not import musterpoint.errors",
    ),
    "tests/test_note.py": (SOUND + "x = 1  # TO" + "DO later", "unfinished matter"),
    "tests/test_silence.py": (SOUND + "x = 1  # type: " + "ignore", "does not name the check"),
    "tools/reason.py": (SOUND + "x = 1  # type: " + "ignore[name]", "gives no reason"),
    "tools/lint.py": (SOUND + "x = 1  # no" + "qa", "does not name the check"),
    "src/musterpoint/offer/__init__.py": (
        SOUND + "def f(): ...\n__all__ = ['f']",
        "f (src/musterpoint/offer/",
    ),
    "src/musterpoint/lost/__init__.py": (SOUND + "__all__ = ['f']", "f is in __all__ but was not found"),
    "src/musterpoint/errors.py": (
        SOUND + "class A(Exception):\n    code = 'a'\nclass B(A):\n    code = 'a'",
        "B has the code of A",
    ),
}

GOOD = {
    "src/musterpoint/kernels.py": (
        SOUND + "from musterpoint.x import kernels_y\ndef f(a, b, c, d, e, g, h): ..."
    ),
    "src/musterpoint/cli/__init__.py": (
        SOUND + "from musterpoint.cli import app\nfrom musterpoint.cli.app import LIMIT, Shop\n"
        "__all__ = ['LIMIT', 'Shop', 'app']\nprint(1)"
    ),
    "src/musterpoint/cli/app.py": (
        SOUND
        + "LIMIT = 1\n'''Bound.'''\nclass Shop:\n    '''Sells.'''\n    def sell(self):\n        '''Sell.'''\n"
    ),
    "src/musterpoint/reasons.py": (SOUND + "x = 1  # type: " + "ignore[name]  # the library has no types"),
    "tests/test_many.py": SOUND + "def test_f(a, b, c, d, e, f, g): ...",
}


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("path", BROKEN)
def test_a_broken_rule_is_found_at_its_place(path: str, tmp_path: Path) -> None:
    text, complaint = BROKEN[path]
    write(tmp_path, path, text)

    found = [str(finding) for finding in check_style.findings(tmp_path)]

    assert len(found) == 1, found
    assert found[0].startswith(f"{path}:")
    assert complaint in found[0]


def test_good_code_passes(tmp_path: Path) -> None:
    for path, text in GOOD.items():
        write(tmp_path, path, text)

    assert check_style.findings(tmp_path) == []


def test_every_rule_is_shown_to_work() -> None:
    assert len(BROKEN) >= len(check_style.RULES)
