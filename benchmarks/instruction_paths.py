"""The comparator as processors with fewer instructions run it: are its scores the same, what does it take?

    python -m benchmarks.instruction_paths DIR…

Each path is a process of its own, whose kernels are compiled for an older processor; they stay in the cache.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import llvmlite.binding as llvm
from benchmarks import comparison
from benchmarks.comparison_templates import PreparedSet, read_sets

from musterpoint.caches import cache_folder

PATHS: Final = {
    "AVX2": ("haswell", "avx2", "+avx2,+avx,+fma,+bmi,+bmi2,+lzcnt,+popcnt,+sse4.2"),
    "SSE4.2": ("nehalem", "sse4.2", "+sse4.2,+popcnt"),
}
"""Path: processor and features to compile for, and the feature that this processor must have to run it."""

ROOT: Final = Path(__file__).parent.parent


def available() -> list[str]:
    """The paths that this processor can run, beside its own."""
    features = llvm.get_host_cpu_features()
    return [path for path, (_, needed, _) in PATHS.items() if features.get(needed)]


def environment(path: str) -> dict[str, str]:
    """The environment of a process that takes a path."""
    processor, _, features = PATHS[path]
    ours = {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": features}
    python_path = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    return os.environ | ours | {"PYTHONPATH": python_path}


def measured(path: str, folders: Sequence[Path]) -> tuple[float, float, bool]:
    """Microseconds of a mated and of a non-mated comparison, and whether all scores are ours."""
    command = [sys.executable, "-m", "benchmarks.instruction_paths", "--answer", *map(str, folders)]
    answer = subprocess.run(command, env=environment(path), check=True, capture_output=True, text=True)
    mated, nonmated, digest = json.loads(answer.stdout)
    return mated, nonmated, digest == digest_of(read_sets(folders, templates()))


def templates() -> Path:
    """Where templates are kept from one run to the next."""
    return cache_folder("benchmarks") / "templates.npz"


def digest_of(sets: list[PreparedSet]) -> str:
    """The scores of every print against every other, as one word."""
    return hashlib.sha256(comparison.all_scores(sets).tobytes()).hexdigest()


def main() -> None:
    """Print the figures of each path, or, as a path's own process, answer with them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sets = read_sets(arguments.folders, templates())
    mated, nonmated = comparison.mean_times(sets)
    if arguments.answer:
        print(json.dumps([mated, nonmated, digest_of(sets)]))
        return
    print(f"{'all instructions':<18}mated {mated:.0f} us, non-mated {nonmated:.0f} us")
    for path in available():
        mated, nonmated, is_same = measured(path, arguments.folders)
        told = "the same scores" if is_same else "OTHER SCORES"
        print(f"{path:<18}mated {mated:.0f} us, non-mated {nonmated:.0f} us, {told}")


if __name__ == "__main__":
    main()
