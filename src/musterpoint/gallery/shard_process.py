"""A part of a gallery in a process of its own, asked over a socket that only its owner can open."""

from __future__ import annotations

import multiprocessing
import socket
import tempfile
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
import numpy.typing as npt

from musterpoint.comparison import Cohort
from musterpoint.errors import GalleryIncomplete, MusterpointError
from musterpoint.gallery import messages
from musterpoint.gallery.local_shard import LocalShard, LocalShardSearch
from musterpoint.gallery.messages import Arrays, Facts
from musterpoint.gallery.protocol import GalleryStatus, Probe
from musterpoint.gallery.references import Entry, References
from musterpoint.gallery.rounds import Compared, Counted, Shortlist
from musterpoint.templates import FingerPosition

ANSWER_WAIT_MAX_S: Final = 60.0
"""Seconds that a part may take for an answer: the largest takes one or two."""

START_WAIT_MAX_S: Final = 120.0
"""Seconds that a process may take to start: the first one on a machine compiles its kernels."""

_ADDED_AT_ONCE: Final = 4096


class ProcessShard:
    """A part of a gallery in a child process: what it holds, and searches of it.

    cohort  under which its scores are, for as long as it lives; None for the one that comes with the program.
            Where a calibration with another cohort comes into force, another part takes its place
    """

    def __init__(self, *, threads: int = 1, cohort: Cohort | None = None) -> None:
        # A path below the folder for temporary files is short enough for a socket's name.
        self._folder = tempfile.TemporaryDirectory(prefix="musterpoint-shard-")
        self._path = Path(self._folder.name) / "socket"
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(str(self._path), threads, cohort, theirs), daemon=True
        )
        self._process.start()
        theirs.close()
        try:
            if not ours.poll(START_WAIT_MAX_S) or not ours.recv_bytes():
                raise _silent()
        except EOFError as error:
            raise _silent() from error
        self._connection = _Connection(self._path)

    @property
    def pid(self) -> int:
        """Number of the process."""
        assert self._process.pid is not None, "it was started"
        return self._process.pid

    def add(self, entries: Sequence[Entry]) -> None:
        """Add references."""
        for k in range(0, len(entries), _ADDED_AT_ONCE):
            self._connection.ask({"do": "add"}, messages.entries_out(entries[k : k + _ADDED_AT_ONCE]))

    def remove(self, visits: Collection[UUID]) -> int:
        """Remove all references of these encounters; returns how many."""
        facts, _ = self._connection.ask({"do": "remove", "visits": [visit.hex for visit in visits]}, {})
        return int(facts["count"])

    def follow(self, position: int) -> None:
        """Say up to which position the part reflects what it holds."""
        self._connection.ask({"do": "follow", "position": position}, {})

    def begin(self) -> ProcessShardSearch:
        """See `Shard.begin`."""
        return ProcessShardSearch.begun(_Connection(self._path))

    def status(self) -> GalleryStatus:
        """See `Shard.status`."""
        facts, _ = self._connection.ask({"do": "status"}, {})
        return GalleryStatus(**facts)

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.terminate()
        self._process.join()
        self._folder.cleanup()


class ProcessShardSearch:
    """One search in a part in another process; the part keeps a view for it until it ends."""

    def __init__(self, connection: _Connection, cohort: str) -> None:
        self._connection = connection
        self.cohort = cohort

    @classmethod
    def begun(cls, connection: _Connection) -> ProcessShardSearch:
        """Have the part hold still for a search, and say under which cohort it is."""
        facts, _ = connection.ask({"do": "begin"}, {})
        return cls(connection, facts["cohort"])

    def close(self) -> None:
        """End the search."""
        self._connection.close()

    def count(self, positions: Sequence[FingerPosition]) -> Counted:
        """See `ShardSearch.count`."""
        facts, _ = self._connection.ask({"do": "count", "positions": [int(one) for one in positions]}, {})
        return Counted(**facts)

    def shortlist(self, probes: Sequence[Probe], counts: Sequence[int]) -> list[Shortlist]:
        """See `ShardSearch.shortlist`."""
        facts, arrays = messages.probes_out(probes)
        found, lists = self._connection.ask(facts | {"do": "shortlist", "counts": list(counts)}, arrays)
        return [messages.shortlist_in(lists, found["position"], f"{k} ") for k in range(len(probes))]

    def compare(self, probe: Probe, listed: Shortlist | None, refined: int, needed: int) -> Compared:
        """See `ShardSearch.compare`."""
        facts, arrays = messages.probes_out((probe,))
        facts |= {"do": "compare", "refined": refined, "needed": needed, "is_listed": listed is not None}
        if listed is not None:
            facts["position"] = listed.position
            arrays |= messages.shortlist_out(listed)
        return messages.compared_in(*self._connection.ask(facts, arrays))


class _Connection:
    """One connection to a part; questions on it are answered one after another."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(ANSWER_WAIT_MAX_S)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise _silent() from error

    def ask(
        self, facts: Mapping[str, object], arrays: Mapping[str, npt.NDArray[Any]]
    ) -> tuple[Facts, Arrays]:
        try:
            with self._lock:
                messages.send(self._socket, facts, arrays)
                answer = messages.receive(self._socket)
        except (OSError, ValueError) as error:
            raise _silent() from error
        if answer is None or "failed" in answer[0]:
            raise _silent()
        return answer

    def close(self) -> None:
        self._socket.close()


def _serve(path: str, threads: int, cohort: Cohort | None, ready: Connection) -> None:
    """The child: answer whoever connects until the process is ended."""
    references = References(is_part=True, cohort=cohort)
    shard = LocalShard(references, threads=threads)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    ready.send_bytes(b"ready")
    ready.close()
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_Answering(references, shard, connection).run, daemon=True).start()


class _Answering:
    """The answers on one connection."""

    def __init__(self, references: References, shard: LocalShard, connection: socket.socket) -> None:
        self._references = references
        self._shard = shard
        self._connection = connection
        self._search: LocalShardSearch | None = None
        self._answers: dict[str, Callable[[Facts, Arrays], tuple[Mapping[str, object], Arrays]]] = {
            "add": self._add,
            "remove": self._remove,
            "follow": self._follow,
            "status": lambda facts, arrays: (asdict(self._shard.status()), {}),
            "begin": self._begin,
            "count": self._count,
            "shortlist": self._shortlist,
            "compare": self._compare,
        }

    def run(self) -> None:
        """Answer until the other side ends."""
        with self._connection:
            try:
                while (message := messages.receive(self._connection)) is not None:
                    messages.send(self._connection, *self._answer(*message))
            except (OSError, ValueError):
                return

    def _answer(self, facts: Facts, arrays: Arrays) -> tuple[Mapping[str, object], Arrays]:
        try:
            return self._answers[facts["do"]](facts, arrays)
        except (KeyError, ValueError, TypeError, MusterpointError) as error:
            return {"failed": type(error).__name__}, {}

    def _add(self, _: Facts, arrays: Arrays) -> tuple[Facts, Arrays]:
        return {"count": self._references.add(messages.entries_in(arrays))}, {}

    def _remove(self, facts: Facts, _: Arrays) -> tuple[Facts, Arrays]:
        return {"count": self._references.remove([UUID(hex=visit) for visit in facts["visits"]])}, {}

    def _follow(self, facts: Facts, _: Arrays) -> tuple[Facts, Arrays]:
        self._references.position = facts["position"]
        return {}, {}

    def _begin(self, _facts: Facts, _arrays: Arrays) -> tuple[Facts, Arrays]:
        self._search = self._shard.begin()
        return {"cohort": self._search.cohort}, {}

    def _held(self) -> LocalShardSearch:
        if self._search is None:
            raise ValueError("no search was begun")
        return self._search

    def _count(self, facts: Facts, _: Arrays) -> tuple[Facts, Arrays]:
        return asdict(self._held().count([FingerPosition(one) for one in facts["positions"]])), {}

    def _shortlist(self, facts: Facts, arrays: Arrays) -> tuple[Facts, Arrays]:
        lists = self._held().shortlist(messages.probes_in(facts, arrays), facts["counts"])
        found: Arrays = {}
        for k, listed in enumerate(lists):
            found |= messages.shortlist_out(listed, f"{k} ")
        return {"position": self._held().view.position}, found

    def _compare(self, facts: Facts, arrays: Arrays) -> tuple[Facts, Arrays]:
        [probe] = messages.probes_in(facts, arrays)
        listed = messages.shortlist_in(arrays, facts["position"]) if facts["is_listed"] else None
        return messages.compared_out(self._held().compare(probe, listed, facts["refined"], facts["needed"]))


def _silent() -> GalleryIncomplete:
    return GalleryIncomplete(
        expected="an answer of every part of the gallery",
        found="a part that does not answer",
        hint="Restart the process that holds it; until then nothing can be said of who is in the gallery",
    )


def part_of(person: UUID, parts: int) -> int:
    """Which of so many parts holds a person: the one that the person's identifier rates highest.

    Where a part is added, only those move who go to it (rendezvous hashing, Thaler and Ravishankar 1998).
    """
    words = np.frombuffer(person.bytes, "<u8")
    rates = [
        _mixed(int(words[0]) ^ _mixed(int(words[1]) + 0x9E3779B97F4A7C15 * (k + 1))) for k in range(parts)
    ]
    return rates.index(max(rates))


def _mixed(word: int) -> int:
    word &= 0xFFFFFFFFFFFFFFFF
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    word = (word ^ word >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return word ^ word >> 31
