"""NFIQ 2 scores from a process of its own, because the library fails, or ends its process, on some images.

    python -m benchmarks.nfiq2_process

reads names of PNG files at 500 ppi, one a line, and answers each with a line: a score, or nothing.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from musterpoint.imaging import FingerImage, to_png


def scores(images: Iterable[FingerImage]) -> list[int | None]:
    """NFIQ 2 of each image, None where it failed."""
    found: list[int | None] = []
    process: subprocess.Popen[str] | None = None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.png"
        for image in images:
            path.write_bytes(to_png(image))
            process = process or _start()
            answer = _ask(process, path)
            if answer is None:
                process = None
            found.append(int(answer) if answer else None)
        if process is not None:
            process.communicate()
    return found


def _start() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.nfiq2_process"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _ask(process: subprocess.Popen[str], path: Path) -> str | None:
    """The answer without its line end, or None if the process ended instead."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(f"{path}\n")
        process.stdin.flush()
        line = process.stdout.readline()
    except BrokenPipeError:
        line = ""
    if line:
        return line.strip()
    process.kill()
    process.communicate()
    return None


def main() -> None:
    import nbis

    settings = nbis.NbisExtractorSettings(
        min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=True, ppi=500.0
    )
    extractor = nbis.new_nbis_extractor(settings)
    for line in sys.stdin:
        try:
            quality = extractor.extract_minutiae(Path(line.strip()).read_bytes()).quality()
            print(quality.score if quality is not None else "", flush=True)
        except nbis.NbisError:
            print("", flush=True)


if __name__ == "__main__":
    main()
