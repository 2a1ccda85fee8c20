"""How long a station takes from its start until the answer of its first search, with a large sealed snapshot.

    python -m benchmarks.station_start --fingers 100000

A registry is made in a temporary folder, and a snapshot of so many synthetic fingers is sealed under keys of
its vault. Then a fresh process opens the station, loads the snapshot, follows the journal and searches once.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from musterpoint.comparison.cohort import COHORT
from musterpoint.comparison.normalisation import CENTRE
from musterpoint.gallery import Entry, References
from musterpoint.synthetic import population
from musterpoint.templates import CohortMean, encode
from musterpoint.workflows.snapshots import about_of, snapshot_folder
from musterpoint.workflows.station import open_station

CHILD = """
import sys, time
def both(): return time.perf_counter(), time.process_time()
begun = both()
from pathlib import Path
from musterpoint.workflows.station import open_station
from musterpoint.templates import decode
imported = both()
station = open_station(Path(sys.argv[1]))
opened = both()
probe = decode(Path(sys.argv[2]).read_bytes())
index = station.index(None)
index.follow(station.database)
loaded = both()
found = index.search(station.database, [probe], 0.01)
times = [begun, imported, opened, loaded, both()]
names = ["import", "open", "load", "search"]
parts = [f"{n} {b[0] - a[0]:.2f} ({b[1] - a[1]:.2f})" for n, a, b in zip(names, times, times[1:])]
print(f"{', '.join(parts)}, CPU in all {time.process_time():.2f}; "
      f"{found.references} references, {len(found.candidates)} found")
"""


def main() -> None:
    """Make the registry, and start a station on it three times."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--fingers", type=int, default=100_000)
    fingers: int = options.parse_args().fingers
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["MUSTERPOINT_KEY_FILE"] = str(folder / "registry.key")
        os.environ["MUSTERPOINT_SEATS"] = str(folder / "seats")
        make(folder, fingers)
        for _ in range(3):
            begun = time.perf_counter()
            command = [sys.executable, "-c", CHILD, str(folder / "registry"), str(folder / "probe")]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
            print(f"start to first answer {time.perf_counter() - begun:.2f} s (CPU in brackets): {told}")


def make(folder: Path, fingers: int) -> None:
    """A registry with the sealed snapshot of a gallery, and a finger to search."""
    station = open_station(folder / "registry")
    references = References()
    references.add(_entries(fingers))
    with station.database.read() as snapshot:
        references.position = snapshot.position
        about = about_of(snapshot, snapshot.position, None)
    assert snapshot_folder(station.database, None).save(references, about), "nobody else writes here"
    [probe] = population(1, 1, number=1)
    ordinary = CohortMean(cohort=COHORT, millinats=CENTRE)
    (folder / "probe").write_bytes(encode(replace(probe, cohort_mean=ordinary)))
    station.database.close()


def _entries(fingers: int) -> Iterator[Entry]:
    # All count as ordinary: comparing each with the cohort takes 6 ms.
    ordinary = CohortMean(cohort=COHORT, millinats=CENTRE)
    for k, template in enumerate(population(1, fingers)):
        person = UUID(int=(1 << 64) + k)
        template = replace(template, cohort_mean=ordinary)
        yield Entry(reference=UUID(int=(2 << 64) + k), visit=person, person=person, template=template)


if __name__ == "__main__":
    main()
