"""A folder of fingerprint images with a description: what accuracy is measured on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final, NoReturn

from musterpoint.errors import ListingError
from musterpoint.limits import (
    DATA_SET_BYTES_MAX,
    DATA_SET_IMAGES_MAX,
    PPI_MAX,
    PPI_MIN,
    TEXT_CHARACTERS_MAX,
)
from musterpoint.templates import FingerPosition

DESCRIPTION: Final = "dataset.json"

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One image of a data set.

    file           relative to the folder of the set, with forward slashes
    finger         names the finger within the set; equal names are the same finger
    impression     tells apart the images of one finger
    subject        whose finger it is, where the set says so
    position       which finger of the hand it is, where the set says so
    pixel_sha256   digest of the 8-bit pixels as stored, row by row, where the set says so
    """

    file: str
    finger: str
    impression: int
    subject: str | None = None
    position: FingerPosition = FingerPosition.UNKNOWN
    pixel_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """The images of one sensor.

    ppi      resolution of every image of the set; what the files themselves say is not asked
    samples  in the order of (finger, impression), whatever the order of the description
    """

    name: str
    ppi: float
    folder: Path
    samples: tuple[Sample, ...]
    title: str = ""
    sensor: str = ""
    width_px: int | None = None
    height_px: int | None = None

    @classmethod
    def read(cls, folder: Path) -> DataSet:
        """Read `dataset.json` in `folder` and check that it is whole and that its files exist.

        Required are `name`, `ppi` and `images`, each image with `file`, `finger` and `impression`;
        `title`, `sensor`, `width`, `height`, and of an image `subject`, `position` and
        `pixel_sha256`, may be there; any other key is passed over. A key that is given twice, and a
        file that a link leads out of the folder to, are refused.

        Raises ListingError, which names the image (counted from 1) that it is about.
        """
        description = _Table.root(folder / DESCRIPTION)
        rows = description.rows("images")
        samples = tuple(_sample(row) for row in rows)
        _refuse_duplicates(samples, rows)
        _refuse_shared_fingers(samples, rows)
        whole = folder.resolve()
        for sample, row in zip(samples, rows, strict=True):
            if not (folder / sample.file).is_file():
                row.refuse("a file that exists", f"no file {sample.file!r}")
            if not (folder / sample.file).resolve().is_relative_to(whole):
                row.refuse(
                    "a file inside of the folder of the set", f"a link {sample.file!r} that leads out of it"
                )
        return cls(
            name=description.text("name"),
            ppi=description.ppi("ppi"),
            folder=folder,
            samples=tuple(sorted(samples, key=lambda sample: (sample.finger, sample.impression))),
            title=description.optional_text("title") or "",
            sensor=description.optional_text("sensor") or "",
            width_px=description.optional_count("width"),
            height_px=description.optional_count("height"),
        )

    def path(self, sample: Sample) -> Path:
        """Where the image of `sample` lies."""
        return self.folder / sample.file


def _sample(row: _Table) -> Sample:
    return Sample(
        file=row.file("file"),
        finger=row.text("finger"),
        impression=row.whole_number("impression"),
        subject=row.optional_text("subject"),
        position=row.position("position"),
        pixel_sha256=row.optional_sha256("pixel_sha256"),
    )


def _refuse_duplicates(samples: tuple[Sample, ...], rows: list[_Table]) -> None:
    files: set[PurePosixPath] = set()
    impressions: set[tuple[str, int]] = set()
    for sample, row in zip(samples, rows, strict=True):
        file, impression = PurePosixPath(sample.file), (sample.finger, sample.impression)
        if file in files:
            row.refuse("every file once", f"file {sample.file!r} a second time")
        if impression in impressions:
            row.refuse(
                "every impression of a finger once",
                f"impression {sample.impression} of finger {sample.finger!r} a second time",
            )
        files.add(file)
        impressions.add(impression)


def _refuse_shared_fingers(samples: tuple[Sample, ...], rows: list[_Table]) -> None:
    # A set that numbers the fingers of each subject anew would otherwise count strangers as mated.
    subjects: dict[str, str | None] = {}
    positions: dict[str, FingerPosition] = {}
    fingers: dict[tuple[str, FingerPosition], str] = {}
    for sample, row in zip(samples, rows, strict=True):
        name, position = sample.finger, sample.position
        if subjects.setdefault(name, sample.subject) != sample.subject:
            row.refuse("a finger name that belongs to one subject", f"finger {name!r} of a second subject")
        if positions.setdefault(name, position) != position:
            row.refuse("one position for a finger", f"finger {name!r} at a second position")
        if sample.subject is None or position == FingerPosition.UNKNOWN:
            continue
        if fingers.setdefault((sample.subject, position), name) != name:
            row.refuse(
                "one finger of a subject at a position",
                f"finger {name!r} beside another at {position.label!r} of the same subject",
            )


@dataclass(frozen=True, slots=True)
class _Table:
    """One JSON object of the description, and where it stands."""

    values: Mapping[str, object]
    where: str

    @classmethod
    def root(cls, path: Path) -> _Table:
        where = str(path)
        try:
            size = path.stat().st_size
            if size > DATA_SET_BYTES_MAX:
                _refuse(f"at most {DATA_SET_BYTES_MAX:,} bytes", f"{size:,} bytes", where)
            values = json.loads(path.read_bytes(), object_pairs_hook=partial(_unique, where))
        except FileNotFoundError:
            _refuse(f"a folder with a {DESCRIPTION}", "no such file", where)
        except OSError as error:
            _refuse("a file that can be read", f"the system says {error.strerror!r}", where)
        except (ValueError, RecursionError):
            _refuse("JSON text in UTF-8", "something else", where)
        if not isinstance(values, dict):
            _refuse("a JSON object", f"a JSON {_kind(values)}", where)
        return cls(values, where)

    def refuse(self, expected: str, found: str) -> NoReturn:
        _refuse(expected, found, self.where)

    def rows(self, key: str) -> list[_Table]:
        rows = self._required(key)
        if not isinstance(rows, list):
            self.refuse(f"a list under {key!r}", f"a JSON {_kind(rows)}")
        if not 0 < len(rows) <= DATA_SET_IMAGES_MAX:
            self.refuse(f"1 to {DATA_SET_IMAGES_MAX:,} entries under {key!r}", f"{len(rows):,}")
        tables = [_Table(row, f"{self.where}, image {i + 1}") for i, row in enumerate(rows)]
        for table in tables:
            if not isinstance(table.values, dict):
                table.refuse("a JSON object", f"a JSON {_kind(table.values)}")
        return tables

    def text(self, key: str) -> str:
        text = self._required(key)
        if not isinstance(text, str):
            self.refuse(f"a text under {key!r}", f"a JSON {_kind(text)}")
        if not (text.isprintable() and 0 < len(text) <= TEXT_CHARACTERS_MAX):
            self.refuse(
                f"1 to {TEXT_CHARACTERS_MAX} printable characters under {key!r}",
                f"{len(text)} characters, or some that cannot be printed",
            )
        return text

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if self.values.get(key) not in (None, "") else None

    def whole_number(self, key: str) -> int:
        number = self._required(key)
        if not isinstance(number, int) or isinstance(number, bool):
            self.refuse(f"a whole number under {key!r}", f"a JSON {_kind(number)}")
        if not 0 <= number < 2**31:
            self.refuse(f"a whole number from 0 to {2**31 - 1} under {key!r}", f"{number}")
        return number

    def optional_count(self, key: str) -> int | None:
        return self.whole_number(key) if self.values.get(key) is not None else None

    def ppi(self, key: str) -> float:
        ppi = self._required(key)
        if not isinstance(ppi, int | float) or isinstance(ppi, bool):
            self.refuse(f"a number under {key!r}", f"a JSON {_kind(ppi)}")
        if not PPI_MIN <= ppi <= PPI_MAX:
            self.refuse(f"{PPI_MIN} to {PPI_MAX} pixels per inch under {key!r}", f"{ppi}")
        return float(ppi)

    def optional_sha256(self, key: str) -> str | None:
        digest = self.optional_text(key)
        if digest is not None and not _SHA256.fullmatch(digest):
            self.refuse(f"64 hexadecimal digits in lower case under {key!r}", "another text")
        return digest

    def position(self, key: str) -> FingerPosition:
        label = self.optional_text(key)
        if label is None:
            return FingerPosition.UNKNOWN
        try:
            return FingerPosition.from_label(label)
        except KeyError:
            self.refuse(f"a finger position such as 'right-index' under {key!r}", f"{label!r}")

    def file(self, key: str) -> str:
        name = self.text(key)
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            self.refuse("a file inside of the folder of the set", f"{name!r}")
        return name

    def _required(self, key: str) -> object:
        if key not in self.values:
            self.refuse(f"the key {key!r}", "no such key")
        return self.values[key]


def _unique(where: str, pairs: list[tuple[str, object]]) -> dict[str, object]:
    # The usual reader keeps the last of a key given twice; two readers would see two data sets.
    values: dict[str, object] = {}
    for key, value in pairs:
        if key in values:
            _refuse("every key of an object once", f"the key {key!r} a second time", where)
        values[key] = value
    return values


def _kind(value: object) -> str:
    names = {dict: "object", list: "list", str: "text", bool: "truth value", type(None): "null"}
    return names.get(type(value), "number")


def _refuse(expected: str, found: str, where: str) -> NoReturn:
    hint = "Mend the description; docs/accuracy.md says what belongs into it"
    raise ListingError(expected=expected, found=found, hint=hint, where=where)
