"""Keeps the converted network in a file, so that the weights are read and folded once a machine.

Guarantees: a file is used only if its digest is right; it is written beside and renamed, so that two
processes at once and a process that is killed leave either a whole file or none; whatever fails, the
network is converted in memory. The file holds no personal data and may be deleted at any time.

Layout, little-endian: magic (8), SHA-256 of all that follows the digest (32), length n of the index
(4), index (n bytes of JSON: name and shape of each array, in order), the arrays as float32.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import struct
import tempfile
from pathlib import Path

import numpy as np

from musterpoint.caches import cache_folder
from musterpoint.extraction.folding import Folded, fold
from musterpoint.extraction.weights import SHA256, read_weights

_MAGIC = b"MPNET\x00\x00\x01"
_DIGEST = slice(8, 40)
_BODY = 40

FORM = 2
"""Raised whenever `folding` changes what it makes; part of the file's name."""


def converted_network(folder: Path | None = None) -> Folded:
    """The arrays of the rewritten network, from the cache or made anew.

    folder  where the cache lies; the user's cache folder if not given
    Raises NetworkMissing where nothing is cached and the weights are not installed.
    """
    path = (folder or cache_folder("model")) / f"leader-{SHA256[:12]}-{FORM}.network"
    try:
        return unpack(path.read_bytes())
    except (OSError, ValueError):
        folded = fold(read_weights())
    with contextlib.suppress(OSError):
        _write(path, pack(folded))
    return folded


def pack(folded: Folded) -> bytes:
    """The arrays as the bytes of a cache file."""
    index = json.dumps([[name, list(array.shape)] for name, array in folded.items()]).encode()
    arrays = b"".join(array.astype("<f4").tobytes() for array in folded.values())
    body = struct.pack("<I", len(index)) + index + arrays
    return _MAGIC + hashlib.sha256(body).digest() + body


def unpack(data: bytes) -> Folded:
    """The arrays of a cache file; raises ValueError where a single bit is not as written."""
    if data[: len(_MAGIC)] != _MAGIC or hashlib.sha256(data[_BODY:]).digest() != data[_DIGEST]:
        raise ValueError("not a whole cache file of the network")
    (length,) = struct.unpack_from("<I", data, _BODY)
    begin = _BODY + 4 + length
    values = np.frombuffer(data[begin:], dtype="<f4").astype(np.float32, copy=False)
    folded: Folded = {}
    position = 0
    for name, shape in json.loads(data[_BODY + 4 : begin]):
        end = position + math.prod(shape)
        folded[name] = values[position:end].reshape(shape)
        position = end
    return folded


def _write(path: Path, data: bytes) -> None:
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(beside).replace(path)
    except OSError:
        Path(beside).unlink(missing_ok=True)
        raise
