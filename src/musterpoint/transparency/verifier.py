"""Verifies an exported log by itself: this one file, Python, and the package `cryptography`.

    python3 verifier.py LOG [--policy FILE] [--earlier FILE …] [--proof FILE …] [--signatures] [--json]

It shares no code with the program that wrote the log, and can be read in one sitting. It says what holds,
what does not, and what it could not check. It ends with 0 where everything that was looked at holds, 1
where something does not, 2 where it cannot tell.

Layouts: C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-tiles, tlog-proof, tlog-policy; events
and openings as in docs/reference/transparency-log.md of musterpoint.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import is_normalized

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH = 256  # hashes of a tile, entries of a bundle
SIZE_MAX = 2**63 - 1
FINDINGS_MAX = 100  # of one kind; a damaged log has one for every entry
PARALLEL_FROM = 50 * WIDTH  # entries; below this, starting processes takes longer than the work
CLASSES = frozenset(b"setup person pair count statement erasure audit report closed".split())
FIRST_PREV = b"0" * 64
EVENT = b"musterpoint/event/v1\x00"
PAYLOAD = b"musterpoint/commitment/v1\x00"
FIELD = b"musterpoint/field/v1\x00"
ENTRY = re.compile(
    rb'\{"author":"(?P<author>(?:[^"\\\x00-\x1f\x7f]|\\["\\]){1,800})",'
    rb'(?:"fields":\[(?P<fields>"[0-9a-f]{64}"(?:,"[0-9a-f]{64}")*)\],)?'
    rb'"hlc":"(?P<hlc>[0-9a-f]{16})","key":"(?P<key>[0-9a-f]{64})","kind":"(?P<kind>[a-z]+)",'
    rb'"movement":"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}","ops":"(?P<ops>[0-9a-f]{64})",'
    rb'(?:"person":"(?P<person>[0-9a-f]{64})",)?"prev":"(?P<prev>[0-9a-f]{64})",'
    rb'"seq":(?P<seq>[1-9][0-9]{0,15}),(?P<signed>"sig":"(?P<sig>[0-9a-f]{128})",)'
    rb'"station":"(?P<station>[0-9a-f]{32})","v":1\}'
)


class Bad(Exception):
    """Something does not hold."""


class Unknown(Exception):
    """Something could not be judged."""


@dataclass
class Report:
    """What was found."""

    log: dict[str, Any] = field(default_factory=dict)
    holds: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    cannot_tell: bool = False

    @property
    def exit_code(self) -> int:
        """0 where what was looked at holds, 1 where something does not, 2 where it cannot be told."""
        return 1 if self.bad else 2 if self.cannot_tell else 0

    @property
    def result(self) -> str:
        """The exit code in words."""
        return ("holds", "bad", "cannot tell")[self.exit_code]


# --- hashes ---------------------------------------------------------------------------------------------


def root_of(row: list[bytes]) -> bytes:
    """Root over hashes of full subtrees of one size; the last may be smaller."""
    while len(row) > 1:
        odd = row[len(row) & ~1 :]
        row = [sha256(b"\x01" + row[at] + row[at + 1]).digest() for at in range(0, len(row) - 1, 2)] + odd
    return row[0] if row else sha256(b"").digest()


def cut(hashes: bytes) -> list[bytes]:
    """Hashes that stand one after another."""
    return [hashes[at : at + 32] for at in range(0, len(hashes), 32)]


def insist_on_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """RFC 9162, 2.1.3.2. Raises Bad."""
    if not 0 <= index < size or any(len(one) != 32 for one in (*proof, root)):
        raise Bad("its index is outside of the tree, or a hash has not 32 bytes")
    place, last, found = index, size - 1, leaf
    for one in proof:
        if last == 0:
            raise Bad("its proof is too long")
        if place & 1 or place == last:
            found = sha256(b"\x01" + one + found).digest()
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = sha256(b"\x01" + found + one).digest()
        place, last = place >> 1, last >> 1
    if last or found != root:
        raise Bad("its proof does not lead to the root")


def unbase64(text: str) -> bytes:
    """Standard base64 in its only right spelling. Raises Bad."""
    try:
        value = b64decode(text, validate=True)
    except ValueError:
        raise Bad("a text is no base64") from None
    if b64encode(value).decode() != text:
        raise Bad("a text is base64 in another spelling")
    return value


# --- signed checkpoints ---------------------------------------------------------------------------------


class Key(NamedTuple):
    """A key of a policy."""

    name: str
    kind: int
    public: bytes

    def has_signed(self, text: str, signature: bytes) -> bool:
        """Whether a signature of this key holds. Raises Unknown for an algorithm that is not at hand."""
        time = int.from_bytes(signature[:8], "big")
        try:
            if self.kind == 1:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
            elif time > SIZE_MAX:
                return False
            elif self.kind == 4:
                message = f"cosignature/v1\ntime {time}\n{text}".encode()
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature[8:], message)
            else:
                self._verify_mldsa44(text, time, signature[8:])
        except (InvalidSignature, ValueError):
            return False
        return True

    def _verify_mldsa44(self, text: str, time: int, signature: bytes) -> None:
        try:
            from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
        except ImportError:
            raise Unknown(f"signature of {self.name}: ML-DSA-44 is not at hand") from None
        origin, size, root = parse_checkpoint(text)
        name, log = self.name.encode(), origin.encode()
        head = b"subtree/v1\n\x00" + bytes([len(name)]) + name + time.to_bytes(8, "big")
        tree = bytes([len(log)]) + log + bytes(8) + size.to_bytes(8, "big") + root
        MLDSA44PublicKey.from_public_bytes(self.public).verify(signature, head + tree)


def parse_key(vkey: str) -> tuple[tuple[str, bytes], Key]:
    """A key by its name and identifier. Raises Bad."""
    name, _, rest = vkey.partition("+")
    value = unbase64(rest.partition("+")[2])
    key_id = sha256(name.encode("utf-8", "surrogateescape") + b"\n" + value).digest()[:4]
    if not name or rest.partition("+")[0] != key_id.hex() or value[:1] not in {b"\1", b"\4", b"\6"}:
        raise Bad("a key of the policy is damaged, or of an unknown kind")
    return (name, key_id), Key(name, value[0], value[1:])


def parse_checkpoint(text: str) -> tuple[str, int, bytes]:
    """Origin, size and root. Raises Bad."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or not re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]):
        raise Bad("a checkpoint has not its three lines")
    root = unbase64(lines[2])
    if int(lines[1]) > SIZE_MAX or len(root) != 32:
        raise Bad("a checkpoint has no size or root")
    return lines[0], int(lines[1]), root


def insist_on_new(key: Key, known: Iterable[Key]) -> None:
    """Nobody counts twice. Raises Bad."""
    if any(one.public == key.public for one in known):
        raise Bad("the policy has a key twice")


class Policy:
    """Trusted logs, known witnesses, and how many of these are asked for. Raises Bad for a broken file."""

    def __init__(self, data: bytes) -> None:
        self.logs: dict[tuple[str, bytes], Key] = {}
        self.witnesses: dict[tuple[str, bytes], tuple[str, Key]] = {}
        self.groups: dict[str, tuple[int, list[str]]] = {}
        self.quorum = ""
        names: set[str] = set()
        free: set[str] = set()
        for line in data.decode("utf-8", "surrogateescape").split("\n"):
            match line.replace("\t", " ").split():
                case ["log", vkey] | ["log", vkey, _]:
                    place, key = parse_key(vkey)
                    insist_on_new(key, self.logs.values())
                    self.logs[place] = key
                case ["witness", name, vkey] | ["witness", name, vkey, _] if name not in names:
                    place, key = parse_key(vkey)
                    insist_on_new(key, [one for _, one in self.witnesses.values()])
                    if key.kind == 1 or name == "none":
                        raise Bad("the policy has a witness with the key or the name of none")
                    self.witnesses[place] = (name, key)
                    names.add(name)
                    free.add(name)
                case ["group", name, needed, *members] if name not in names and set(members) <= free:
                    needed = {"any": "1", "all": str(len(members))}.get(needed, needed)
                    count = int(needed) if re.fullmatch("[0-9]{1,4}", needed) else 0
                    if not 1 <= count <= len(members) or len(set(members)) < len(members) or name == "none":
                        raise Bad("the policy has a group that its members cannot fill")
                    self.groups[name] = (count, members)
                    names.add(name)
                    # Each witness counts once, in one way.
                    free = free - set(members) | {name}
                case ["quorum", name] if not self.quorum and (name == "none" or name in names):
                    self.quorum = name
                case [first, *_] if not first.startswith("#"):
                    raise Bad("the policy has a line of another form")
        if not self.quorum:
            raise Bad("the policy has no quorum")

    def accept(self, note: bytes, *, needs_quorum: bool = True) -> tuple[str, int, bytes, list[str]]:
        """Origin, size, root and witnesses of a signed checkpoint. Raises Bad, Unknown."""
        text, parting, lines = note.decode("utf-8", "replace").rpartition("\n\n")
        text += "\n"
        origin, size, root = parse_checkpoint(text)
        logs, seen = 0, set[str]()
        for line in lines.split("\n")[:-1]:
            dash, _, rest = line.partition(" ")
            name, _, encoded = rest.partition(" ")
            if dash != "\u2014" or not name:
                raise Bad("a checkpoint has a line that is no signature")
            value = unbase64(encoded)
            place = (name, value[:4])
            witness, key = self.witnesses.get(place, ("", self.logs.get(place)))
            if key is None:
                continue
            if not key.has_signed(text, value[4:]):
                raise Bad(f"the signature of {name} does not hold")
            logs += name == origin and place in self.logs
            seen |= {witness} - {""}
        if not (parting and lines.endswith("\n")) or not logs:
            raise Unknown(f"who signed the checkpoint of {size} entries: no log that the policy names")
        if needs_quorum and not self._reaches(self.quorum, seen):
            raise Bad("fewer witnesses have cosigned than the policy asks for")
        return origin, size, root, sorted(seen)

    def _reaches(self, name: str, seen: set[str]) -> bool:
        needed, members = self.groups.get(name, (1, []))
        return name == "none" or name in seen or sum(self._reaches(one, seen) for one in members) >= needed


# --- entries --------------------------------------------------------------------------------------------


def path_of(level: int | str, number: int, width: int) -> str:
    """The path of a tile or bundle."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03d}")
    return f"tile/{level}/{'/'.join(groups)}" + ("" if width == WIDTH else f".p/{width}")


def paths_of(size: int) -> Iterator[str]:
    """The files of all bundles and tiles of a log."""
    for number in range(-(-size // WIDTH)):
        yield path_of("entries", number, min(WIDTH, size - number * WIDTH))
    level = 0
    while size:
        for number in range(-(-size // WIDTH)):
            yield path_of(level, number, min(WIDTH, size - number * WIDTH))
        size, level = size // WIDTH, level + 1


def event_in(entry: bytes) -> re.Match[bytes] | None:
    """The members of an event, or None where these bytes are none."""
    event = ENTRY.fullmatch(entry)
    if event is None or event["kind"] not in CLASSES:
        return None
    author, fields, seq = event["author"], event["fields"], int(event["seq"])
    if not author.isascii() or len(author) > 100:
        try:
            name = json.loads(f'"{author.decode()}"')
        except UnicodeDecodeError:
            return None
        if len(name) > 100 or not is_normalized("NFC", name):
            return None
    if fields is not None:
        digests = fields.split(b",")
        if digests != sorted(set(digests)) or len(digests) > 256:
            return None
    return event if (seq == 1) == (event["prev"] == FIRST_PREV) and seq < 2**53 else None


def read_bundle(folder: Path, number: int, size: int) -> list[bytes]:
    """The entries of a bundle. Raises Bad."""
    count = min(WIDTH, size - number * WIDTH)
    data = read(folder / path_of("entries", number, count))
    entries, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data) or len(entries) != count:
        raise Bad(f"bundle {number} is cut, or has another number of entries")
    return entries


def read(path: Path) -> bytes:
    """A file of the log. Raises Bad."""
    try:
        return path.read_bytes()
    except OSError:
        raise Bad(f"{path.name} in {path.parent} cannot be read") from None


def given(path: Path) -> bytes:
    """A file that whoever verifies has named: not to have it says nothing of the log. Raises Unknown."""
    try:
        return path.read_bytes()
    except OSError:
        raise Unknown(f"what {path.name} says: it cannot be read") from None


class Run(NamedTuple):
    """Events of one station without a gap: the first, and what the one after the last must say."""

    seq: int
    prev: bytes
    first_hlc: bytes
    next_seq: int
    last_id: bytes
    last_hlc: bytes


class Part(NamedTuple):
    """What is found in some bundles."""

    roots: list[bytes]
    runs: dict[bytes, list[Run]]
    keys: set[tuple[bytes, bytes]]
    bad: list[str]


class Scan:
    """Goes through bundles: hashes, form, chains and, where keys are given, signatures.

    keys  public keys by station; those of others are passed over
    """

    def __init__(self, folder: Path, size: int, keys: dict[bytes, bytes]) -> None:
        self.folder, self.size = folder, size
        self.keys = {
            (station, sha256(public).hexdigest().encode()): Ed25519PublicKey.from_public_bytes(public)
            for station, public in keys.items()
        }
        self.part = Part([], {}, set(), [])

    def through(self, numbers: range) -> Part:
        """Everything that is found in the bundles of these numbers."""
        for number in numbers:
            try:
                entries = read_bundle(self.folder, number, self.size)
                hashes = [sha256(b"\x00" + entry).digest() for entry in entries]
                self.part.roots.append(root_of(hashes))
                for index, entry in enumerate(entries, start=number * WIDTH):
                    self._take(index, entry)
                if read(self.folder / path_of(0, number, len(entries))) != b"".join(hashes):
                    raise Bad(f"tile {number} of level 0 is not that of the entries")
            except Bad as found:
                self._note(str(found))
        return self.part

    def _note(self, found: str) -> None:
        if len(self.part.bad) < FINDINGS_MAX:
            self.part.bad.append(found)

    def _take(self, index: int, entry: bytes) -> None:
        event = event_in(entry)
        if event is None:
            self._note(f"entry {index} is no event")
            return
        content = entry[: event.start("signed")] + entry[event.end("signed") :]
        runs = self.part.runs.setdefault(event["station"], [])
        seq, prev, hlc = int(event["seq"]), event["prev"], event["hlc"]
        last = runs[-1] if runs else None
        name = sha256(content).hexdigest().encode()
        if last and last.next_seq == seq and last.last_id == prev and last.last_hlc < hlc:
            runs[-1] = Run(last.seq, last.prev, last.first_hlc, seq + 1, name, hlc)
        else:
            runs.append(Run(seq, prev, hlc, seq + 1, name, hlc))
        self.part.keys.add((event["station"], event["key"]))
        key = self.keys.get((event["station"], event["key"]))
        try:
            if key is not None:
                key.verify(bytes.fromhex(event["sig"].decode()), EVENT + content)
        except InvalidSignature:
            self._note(f"entry {index} is not signed by its station")


def scan_part(folder: str, size: int, keys: dict[bytes, bytes], numbers: range) -> Part:
    """One part, for a process of its own."""
    return Scan(Path(folder), size, keys).through(numbers)


def scan(folder: Path, size: int, keys: dict[bytes, bytes]) -> list[Part]:
    """All bundles, on all cores where it is worth it."""
    count = -(-size // WIDTH)
    workers = min(os.cpu_count() or 1, 16) if size >= PARALLEL_FROM else 1
    if workers == 1:
        return [scan_part(str(folder), size, keys, range(count))]
    step = max(1, -(-count // (workers * 8)))
    ranges = [range(at, min(at + step, count)) for at in range(0, count, step)]
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        return list(
            pool.map(scan_part, *zip(*[(str(folder), size, keys, one) for one in ranges], strict=True))
        )


def chain_faults(runs: Iterable[Run]) -> Iterator[str]:
    """What is wrong with the events of one station, wherever they stand in the log."""
    ordered = sorted(runs)
    if ordered[0].seq != 1:
        yield f"lacks its events before {ordered[0].seq}"
    elif ordered[0].prev != FIRST_PREV:
        yield "does not begin at its beginning"
    for before, after in pairwise(ordered):
        if after.seq > before.next_seq:
            yield f"lacks its events {before.next_seq} to {after.seq - 1}"
        elif after.seq < before.next_seq:
            yield f"has two histories from event {after.seq}"
        elif after.prev != before.last_id:
            yield f"has a broken chain at event {after.seq}"
        elif after.first_hlc <= before.last_hlc:
            yield f"has a clock that goes back at event {after.seq}"


# --- what is opened -------------------------------------------------------------------------------------


def canonical(value: object) -> bytes:
    """RFC 8785 of texts, whole numbers, lists and objects with ASCII names."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Openings:
    """Payloads and fields that came with the log, each tested against its commitment."""

    def __init__(self, folder: Path, size: int, report: Report) -> None:
        self.folder, self.size, self.report = folder, size, report
        self.count = 0
        self.provisioned: dict[bytes, bytes] = {}
        self._bundle: tuple[int, list[bytes]] = (-1, [])

    def read(self) -> None:
        """Take in all of them."""
        path = self.folder / "openings"
        lines = read(path).split(b"\n") if path.exists() else [b""]
        if lines == [b""]:
            self.report.not_checked.append("any payload: nothing was opened")
            return
        if lines.pop():
            self.report.bad.append("the file of openings is cut")
        for number, line in enumerate(lines, start=1):
            try:
                self._take(json.loads(line))
                self.count += 1
            except (Bad, KeyError, TypeError, ValueError, AttributeError, RecursionError):
                if len(self.report.bad) < FINDINGS_MAX:
                    self.report.bad.append(f"opening {number} is not what its entry committed to")
        self.report.holds.append(f"{self.count} openings are what was committed to")

    def _take(self, opening: dict[str, Any]) -> None:
        index, salt = opening["index"], bytes.fromhex(opening["salt"])
        event = event_in(self._entry(index))
        if event is None or len(salt) != 32:
            raise Bad("no event, or no salt")
        if "field" in opening:
            digest = sha256(FIELD + salt + canonical(opening["field"])).hexdigest()
            if f'"{digest}"'.encode() not in (event["fields"] or b"").split(b","):
                raise Bad("another field")
            return
        part = "ops" if "ops" in opening else "person"
        payload = opening[part]
        if sha256(PAYLOAD + salt + canonical(payload)).hexdigest().encode() != event[part]:
            raise Bad("another payload")
        if payload.get("kind") == "station.provisioned":
            said = payload["facts"]
            self.provisioned[said["station"].encode()] = bytes.fromhex(said["public_key"])

    def _entry(self, index: int) -> bytes:
        if not 0 <= index < self.size:
            raise Bad("no such entry")
        number = index // WIDTH
        if self._bundle[0] != number:
            self._bundle = number, read_bundle(self.folder, number, self.size)
        return self._bundle[1][index % WIDTH]


# --- the whole ------------------------------------------------------------------------------------------


class Verification:
    """One run over a log, proof files, or both."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.folder: Path | None = options.log
        self.report = Report()
        self.policy = Policy(b"quorum none")
        self.roots: list[bytes] = []
        self.size = 0
        self.origin = ""

    def run(self) -> Report:
        """Everything that was asked for."""
        try:
            self._read_policy()
            if self.folder is not None:
                self._verify_log(self.folder)
            for path in self.options.proof:
                self._attempt(path.name, self._verify_proof, path)
        except Bad as found:
            self.report.bad.append(str(found))
        except Unknown as found:
            self._cannot_tell(str(found))
        return self.report

    def _cannot_tell(self, what: str) -> None:
        self.report.cannot_tell = True
        self.report.not_checked.append(what)

    def _attempt(self, name: str, what: Any, path: Path) -> None:
        try:
            what(path)
        except Bad as found:
            self.report.bad.append(f"{name}: {found}")
        except Unknown as found:
            self._cannot_tell(f"{name}: {found}")

    def _read_policy(self) -> None:
        path: Path | None = self.options.policy
        if path is None and self.folder is not None and (self.folder / "policy").exists():
            path = self.folder / "policy"
            self.report.not_checked.append(
                "whether the log and the witnesses are the right ones: the policy came with the log"
            )
        if path is None:
            raise Unknown("who signed: there is no policy; give one with --policy")
        self.policy = Policy(given(path))

    def _verify_log(self, folder: Path) -> None:
        if not (folder / "checkpoint").exists():
            raise Unknown("anything: there is no checkpoint in the folder")
        self.origin, self.size, root, witnesses = self.policy.accept(read(folder / "checkpoint"))
        self.report.log = {
            "origin": self.origin,
            "size": self.size,
            "root": root.hex(),
            "witnesses": witnesses,
        }
        self.report.holds.append(f"the checkpoint over {self.size} entries is signed by {self.origin}")
        if witnesses:
            self.report.holds.append(f"it is cosigned by {', '.join(witnesses)}")
        else:
            self.report.not_checked.append(
                "whether others see the same log: no independent witness has cosigned"
            )
        openings = Openings(folder, self.size, self.report)
        openings.read()
        self._verify_entries(folder, root, openings.provisioned)
        earlier = sorted((folder / "checkpoints").glob("*")) if (folder / "checkpoints").is_dir() else []
        for path in earlier:
            self._attempt(f"earlier checkpoint {path.name}", self._verify_kept, path)
        for path in self.options.earlier:
            self._attempt(f"earlier checkpoint {path.name}", self._verify_earlier, path)
        if not self.options.earlier:
            self.report.not_checked.append(
                "that it continues what you saw before: no earlier checkpoint was given"
            )

    def _verify_entries(self, folder: Path, root: bytes, said: dict[bytes, bytes]) -> None:
        listed = self._station_keys(folder)
        self._compare_keys(listed, said)
        keys = dict(listed) | said if self.options.signatures else {}
        parts = scan(folder, self.size, keys)
        self.report.bad += [found for part in parts for found in part.bad][:FINDINGS_MAX]
        self.roots = [one for part in parts for one in part.roots]
        if root_of(self.roots) != root:
            self.report.bad.append("the entries do not make the root that was signed")
        elif not self.report.bad:
            self.report.holds.append("the entries make the root that was signed; nothing is missing or moved")
        self._verify_tiles(folder)
        self._verify_chains(parts)
        used = {one for part in parts for one in part.keys}
        for station, name in sorted(used):
            if station in said and sha256(said[station]).hexdigest().encode() != name:
                self.report.bad.append(f"station {station.decode()} signs by another key than was said")
        self._verify_keys(used, keys)
        if unsaid := len({station for station, _ in used} - set(said)):
            self.report.not_checked.append(f"that the log itself says the keys of {unsaid} stations")

    def _station_keys(self, folder: Path) -> list[tuple[bytes, bytes]]:
        """Stations with their public keys, from lines of two hexadecimal texts. Raises Bad."""
        if not (folder / "stations").exists():
            return []
        found = re.fullmatch(rb"(?:[0-9a-f]{32} [0-9a-f]{64}\n)*", read(folder / "stations"))
        if found is None:
            raise Bad("the file of stations has a line of another form")
        lines = [line.split(b" ") for line in found[0].splitlines()]
        return [(station, bytes.fromhex(public.decode())) for station, public in lines]

    def _compare_keys(self, listed: list[tuple[bytes, bytes]], said: dict[bytes, bytes]) -> None:
        """Whoever compares the file of stations with a note from the gate must see the keys of the log."""
        faults = [
            f"the file of stations names the key {public.hex()} for station {station.decode()}, "
            f"but the log itself names {said[station].hex()}"
            for station, public in listed
            if station in said and said[station] != public
        ]
        self.report.bad += faults[:FINDINGS_MAX]

    def _verify_keys(self, used: set[tuple[bytes, bytes]], keys: dict[bytes, bytes]) -> None:
        stations = {station for station, _ in used}
        if len(stations) < len(used):
            self.report.bad.append("a station has signed with two keys")
        if not self.options.signatures:
            self.report.not_checked.append("the signatures of events: ask for them with --signatures")
            return
        known = {(station, sha256(public).hexdigest().encode()) for station, public in keys.items()}
        strangers = sorted(station.decode() for station, _ in used - known)
        if strangers:
            self._cannot_tell(f"signatures of stations whose key is not here: {', '.join(strangers[:5])}")
        elif not self.report.bad:
            self.report.holds.append(f"every event is signed by its station, of {len(stations)}")
            self.report.not_checked.append("whose hands the keys of the stations are in")

    def _verify_tiles(self, folder: Path) -> None:
        row, level = self.roots, 1
        while len(row) > 1 or level == 1:
            # A partial tile is not hashed upward.
            row = row[: self.size // WIDTH**level]
            for number in range(-(-len(row) // WIDTH)):
                expected = row[number * WIDTH : (number + 1) * WIDTH]
                try:
                    if read(folder / path_of(level, number, len(expected))) != b"".join(expected):
                        self.report.bad.append(f"tile {number} of level {level} is not that of the entries")
                except Bad as found:
                    self.report.bad.append(str(found))
            row = [root_of(row[at : at + WIDTH]) for at in range(0, len(row), WIDTH)]
            level += 1
        # Partial tiles of earlier sizes stay where a log is exported again.
        files = [
            path for path in (folder / "tile").rglob("*") if path.is_file() and path.parent.suffix != ".p"
        ]
        there = {path.relative_to(folder).as_posix() for path in files}
        if others := sorted(there.difference(paths_of(self.size))):
            self.report.not_checked.append(
                f"{len(others)} files among the tiles that this log does not have, such as {others[0]}"
            )

    def _verify_chains(self, parts: list[Part]) -> None:
        stations: dict[bytes, list[Run]] = {}
        for part in parts:
            for station, runs in part.runs.items():
                stations.setdefault(station, []).extend(runs)
        faults = [
            f"station {station.decode()} {fault}"
            for station, runs in sorted(stations.items())
            for fault in chain_faults(runs)
        ]
        self.report.bad += faults[:FINDINGS_MAX]
        if not faults:
            self.report.holds.append(
                f"the chains of {len(stations)} stations have no gap and no second history"
            )

    def _root_at(self, size: int) -> bytes:
        """Root over the first entries, from those that were read. Raises Bad."""
        assert self.folder is not None
        full, rest = divmod(size, WIDTH)
        if len(self.roots) != -(-self.size // WIDTH):
            raise Bad("the entries could not all be read")
        row = self.roots[:full]
        if rest:
            entries = read_bundle(self.folder, full, self.size)[:rest]
            row = [*row, root_of([sha256(b"\x00" + entry).digest() for entry in entries])]
        return root_of(row)

    def _insist_on_one_history(self, origin: str, size: int, root: bytes) -> None:
        if origin != self.origin:
            raise Unknown("it is of another log")
        if size > self.size:
            raise Unknown(f"it speaks of {size} entries, and there are only {self.size} here")
        if self._root_at(size) != root:
            raise Bad(f"it shows another history of the first {size} entries: two histories were signed")

    def _verify_kept(self, path: Path) -> None:
        """One that came with the log, in a file whose name is its size."""
        _, size, _, _ = self.policy.accept(read(path), needs_quorum=False)
        if path.name != str(size):
            raise Bad(f"it is over {size} entries")
        self._verify_earlier(path)

    def _verify_earlier(self, path: Path) -> None:
        origin, size, root, witnesses = self.policy.accept(given(path), needs_quorum=False)
        self._insist_on_one_history(origin, size, root)
        cosigned = f", which {', '.join(witnesses)} cosigned" if witnesses else ""
        self.report.holds.append(f"the log continues the one of {size} entries in {path.name}{cosigned}")

    def _verify_proof(self, path: Path) -> None:
        head, _, note = given(path).partition(b"\n\n")
        lines = head.decode("utf-8", "replace").split("\n")
        if lines[0] != "c2sp.org/tlog-proof@v1":
            raise Bad("it is no proof file")
        extra = unbase64(lines.pop(1)[6:]) if lines[1:] and lines[1].startswith("extra ") else None
        if not lines[1:] or not re.fullmatch("index (0|[1-9][0-9]{0,18})", lines[1]):
            raise Bad("it names no entry")
        index, hashes = int(lines[1][6:]), [unbase64(line) for line in lines[2:]]
        origin, size, root, _ = self.policy.accept(note)
        if extra is None and (self.folder is None or index >= self.size):
            raise Unknown("the entry is neither in it nor in the log here")
        if extra is None:
            assert self.folder is not None
            extra = read_bundle(self.folder, index // WIDTH, self.size)[index % WIDTH]
        insist_on_inclusion(sha256(b"\x00" + extra).digest(), index, size, hashes, root)
        if self.folder is not None:
            self._insist_on_one_history(origin, size, root)
        line = f"line {index + 1} (index {index})"
        self.report.holds.append(f"{path.name}: {line} is in the log of {size} entries of {origin}")


def arguments() -> argparse.ArgumentParser:
    """What can be asked for."""
    parser = argparse.ArgumentParser(
        prog="verifier.py",
        description="Verifies an exported transparency log, or proofs from it.",
        epilog="It ends with 0 where everything that was looked at holds, 1 where something does not, "
        "2 where it cannot tell.",
    )
    parser.add_argument("log", type=Path, nargs="?", help="folder of the exported log")
    parser.add_argument("--policy", type=Path, help="logs and witnesses that you trust (C2SP tlog-policy)")
    for name, words in (("earlier", "a checkpoint that you saw before"), ("proof", "a proof file to verify")):
        parser.add_argument(f"--{name}", type=Path, action="append", default=[], help=words)
    parser.add_argument("--signatures", action="store_true", help="verify the signature of every event")
    parser.add_argument("--json", action="store_true", help="write the findings as JSON")
    return parser


def written(report: Report, *, as_json: bool) -> str:
    """The findings for a person, or for a program."""
    if as_json:
        found = {"result": report.result, "log": report.log, "holds": report.holds, "bad": report.bad}
        return json.dumps(found | {"not_checked": report.not_checked}, indent=2, ensure_ascii=False) + "\n"
    lines = [f"holds        {one}" for one in report.holds]
    lines += [f"NOT CHECKED  {one}" for one in report.not_checked]
    lines += [f"BAD          {one}" for one in report.bad]
    words = {"holds": "Everything that was looked at holds.", "bad": "Something does not hold."}
    return "\n".join([*lines, words.get(report.result, "It cannot be told.")]) + "\n"


def main(given: Sequence[str] | None = None) -> int:
    """Verify what the arguments name and write what was found. Returns the exit code."""
    parser = arguments()
    options = parser.parse_args(given)
    if options.log is None and not options.proof:
        parser.error("name the folder of a log, or a proof with --proof")
    report = Verification(options).run()
    text = written(report, as_json=options.json)
    # Names come from files of others, and need not be characters of this terminal.
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
