"""What passes between a search and the parts of a gallery in other processes: frames, and values in them.

A frame is its length (4 bytes, little-endian) and that many bytes in the form of `parts`; none of it is code.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import numpy as np
import numpy.typing as npt

from musterpoint.gallery.parts import packed, unpacked
from musterpoint.gallery.protocol import ComparedFinger, FoundPerson, Probe
from musterpoint.gallery.references import Entry, identifier_of, words_of
from musterpoint.gallery.rounds import Compared, Shortlist
from musterpoint.templates import Template, decode, encode

FRAME_BYTES_MAX: Final = 64 * 1024 * 1024
"""A list of 30,000 people takes 1 MB, and 4,096 references that are added together 2 MB."""

_LENGTH: Final = struct.Struct("<I")

Facts = dict[str, Any]
Arrays = dict[str, npt.NDArray[Any]]


def send(
    connection: socket.socket, facts: Mapping[str, object], arrays: Mapping[str, npt.NDArray[Any]]
) -> None:
    """Send one message. Raises OSError."""
    data = packed(facts, arrays)
    connection.sendall(_LENGTH.pack(len(data)) + data)


def receive(connection: socket.socket) -> tuple[Facts, Arrays] | None:
    """The next message; None where the other side has ended. Raises OSError; ValueError for no message."""
    length = _exactly(connection, _LENGTH.size)
    if not length:
        return None
    (count,) = _LENGTH.unpack(length)
    if count > FRAME_BYTES_MAX:
        raise ValueError("a frame that is too long")
    data = _exactly(connection, count)
    if len(data) != count:
        raise ConnectionResetError("the other side ended within a message")
    return unpacked(data)


def _exactly(connection: socket.socket, count: int) -> bytes:
    pieces: list[bytes] = []
    while count:
        piece = connection.recv(min(count, 1 << 20))
        if not piece:
            if pieces:
                raise ConnectionResetError("the other side ended within a message")
            return b""
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def templates_out(templates: Iterable[Template]) -> Arrays:
    """Templates as arrays."""
    encoded = [encode(template) for template in templates]
    return {
        "lengths": np.array([len(one) for one in encoded], np.int64),
        "templates": np.frombuffer(b"".join(encoded), np.uint8),
    }


def templates_in(arrays: Arrays) -> list[Template]:
    """Templates of the arrays. Raises RecordError."""
    data = arrays["templates"].tobytes()
    ends = np.cumsum(arrays["lengths"]).tolist()
    return [decode(data[begin:end]) for begin, end in zip([0, *ends], ends, strict=False)]


def probes_out(probes: Sequence[Probe]) -> tuple[Facts, Arrays]:
    """Probes as facts and arrays."""
    fingers = [len(probe.templates) for probe in probes]
    return {"fingers": fingers}, templates_out(one for probe in probes for one in probe.templates)


def probes_in(facts: Facts, arrays: Arrays) -> list[Probe]:
    """Probes of the facts and arrays."""
    templates = iter(templates_in(arrays))
    return [Probe(templates=tuple(next(templates) for _ in range(count))) for count in facts["fingers"]]


def entries_out(entries: Sequence[Entry]) -> Arrays:
    """References to be added, as arrays."""
    words = [
        np.concatenate([words_of(one.reference), words_of(one.visit), words_of(one.person)])
        for one in entries
    ]
    return {"words": np.array(words, np.uint64).reshape(-1, 6)} | templates_out(
        one.template for one in entries
    )


def entries_in(arrays: Arrays) -> list[Entry]:
    """References of the arrays."""
    return [
        Entry(
            reference=identifier_of(words[:2]),
            visit=identifier_of(words[2:4]),
            person=identifier_of(words[4:]),
            template=template,
        )
        for words, template in zip(arrays["words"], templates_in(arrays), strict=True)
    ]


def shortlist_out(listed: Shortlist, name: str = "") -> Arrays:
    """A list as arrays; `name` goes before their names."""
    return {
        f"{name}people": listed.people,
        f"{name}totals": listed.totals,
        f"{name}numbers": listed.numbers,
    }


def shortlist_in(arrays: Arrays, position: int, name: str = "") -> Shortlist:
    """The list of the arrays."""
    return Shortlist(
        position=position,
        people=arrays[f"{name}people"],
        totals=arrays[f"{name}totals"],
        numbers=arrays[f"{name}numbers"],
    )


def compared_out(compared: Compared) -> tuple[Facts, Arrays]:
    """What was compared, as facts and arrays."""
    found = [
        [
            one.person.hex,
            one.strength,
            [[f.probe, f.reference.hex, f.visit.hex, f.score] for f in one.fingers],
        ]
        for one in compared.found
    ]
    arrays: Arrays = {
        "people": compared.people,
        "values": compared.values,
        "references": compared.references,
    }
    return {"position": compared.position, "found": found}, arrays


def compared_in(facts: Facts, arrays: Arrays) -> Compared:
    """What was compared, of the facts and arrays."""
    return Compared(
        position=facts["position"],
        people=arrays["people"],
        values=arrays["values"],
        references=arrays["references"],
        found=tuple(
            FoundPerson(
                person=UUID(hex=person),
                strength=strength,
                expected_false_positives=0.0,
                fingers=tuple(
                    ComparedFinger(
                        probe=probe, reference=UUID(hex=reference), visit=UUID(hex=visit), score=score
                    )
                    for probe, reference, visit, score in fingers
                ),
            )
            for person, strength, fingers in facts["found"]
        ),
    )
