"""The locks install the same packages everywhere, and none that reports its use."""

from __future__ import annotations

import pytest
from tools import locks

DIGEST = "a" * 64
SOUND = f"numpy==2.4.6 ; python_full_version < '3.12' \\\n    --hash=sha256:{DIGEST}\n"


def test_locks_of_this_clone_are_sound() -> None:
    assert locks.all_faults() == []


def test_a_sound_lock_has_no_fault() -> None:
    assert list(locks.faults("some.lock", SOUND, ["numpy>=2.3,<2.6"])) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"# made with an index at https{'://'}somewhere\n{SOUND}", "names an address"),
        (SOUND.replace("numpy==2.4.6", f"numpy @ file{'://'}/numpy.whl"), "names an address"),
        (f"{SOUND}openvino-telemetry==2025.1 \\\n    --hash=sha256:{DIGEST}\n", "reports its use"),
        (SOUND.replace("==", ">="), "not pinned"),
        ("numpy==2.4.6\n", "no SHA-256"),
        (SOUND.replace("sha256", "md5"), "no SHA-256"),
        (SOUND.replace("2.4.6", "2.2.0"), "does not meet numpy"),
        ("", "does not meet numpy"),
    ],
)
def test_a_fault_is_named(text: str, complaint: str) -> None:
    assert any(complaint in fault for fault in locks.faults("some.lock", text, ["numpy>=2.3,<2.6"]))


def test_two_locks_that_disagree_are_named() -> None:
    texts = {"runtime.lock": SOUND, "development.lock": SOUND.replace("2.4.6", "2.4.7")}

    assert any("numpy differs" in fault for fault in locks.contradictions(texts))
