"""Which files belong to which person: by the names of files and folders, or by a CSV manifest.

By name: `PERSON/FINGER.png` or `PERSON_FINGER.png`, where FINGER is `right-index`, `left-thumb` and
so on, followed by `-2` for a second impression. Any other file is a person of its own with an
unknown finger. By manifest: the columns record, file, finger, ppi, not_captured, and at a gate age, carer
and exception; all but the first two may be empty or missing. Rows with the same record are one person.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from musterpoint.errors import ListingError, UnusableInput
from musterpoint.imaging import read_file
from musterpoint.limits import (
    FINGERS_MAX,
    IMAGE_BYTES_MAX,
    LISTING_ROWS_MAX,
    RECORD_BYTES_MAX,
    TEXT_CHARACTERS_MAX,
)
from musterpoint.registry import NotCaptured, NotCapturedReason
from musterpoint.templates import FingerPosition
from musterpoint.workflows.capturing import Submission

IMAGE_SUFFIXES = frozenset({".png", ".bmp", ".tif", ".tiff", ".jpg", ".jpeg", ".jp2", ".j2k", ".wsq"})
RECORD_SUFFIXES = frozenset({".fmr", ".iso", ".ansi", ".iso-fmr", ".ansi-fmr", ".ist"})
FILE_BYTES_MAX = max(IMAGE_BYTES_MAX, RECORD_BYTES_MAX)
COLUMNS = ("record", "file", "finger", "ppi", "not_captured")
GATE_COLUMNS = ("age", "carer", "exception")
"""What a manifest may say of a person besides, where people are screened."""
AGE_MAX = 130

_FINGER = re.compile(
    r"(?:(?P<name>.*)[_. ])?"
    r"(?P<side>right|left)[-_ ](?P<finger>thumb|index|middle|ring|little)"
    r"(?:[-_ ]\d{1,2})?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """A file of a person; `ppi` is None where the file itself states it."""

    path: Path
    position: FingerPosition = FingerPosition.UNKNOWN
    ppi: float | None = None

    def read(self, raw_size: tuple[int, int] | None = None) -> Submission:
        """The file as a submission. Raises UnusableInput where it cannot be read."""
        return Submission(
            name=str(self.path),
            data=read_file(self.path, bytes_max=FILE_BYTES_MAX),
            position=self.position,
            ppi=self.ppi,
            raw_size=raw_size,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPerson:
    """A person of a batch: what the listing calls the record, and the files.

    age        years, where the manifest says it
    carer      of a child: the record of somebody who stands before, or the identifier of an encounter
    exception  why somebody without a finger is cleared
    """

    record: str
    files: tuple[ListedFile, ...] = ()
    not_captured: tuple[NotCaptured, ...] = ()
    age: int | None = None
    carer: str = ""
    exception: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Everybody in a batch, in order, and how many files of other kinds were passed over."""

    people: tuple[ListedPerson, ...]
    files_skipped: int = 0


@dataclass(slots=True)
class _Gathered:
    files: list[ListedFile] = field(default_factory=list)
    not_captured: list[NotCaptured] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)


def finger_of(path: Path) -> FingerPosition:
    """The finger that a file's name says, or UNKNOWN."""
    match = _FINGER.fullmatch(path.stem)
    return (
        FingerPosition.from_label(f"{match['side']}-{match['finger']}") if match else FingerPosition.UNKNOWN
    )


def person_of(path: Path) -> str:
    """The person that a file's name says, as `4711` in 4711_right-index.png; empty where it says none."""
    match = _FINGER.fullmatch(path.stem)
    return (match["name"] or "") if match else ""


def parse_finger(text: str, where: str = "") -> FingerPosition:
    """The finger position of a label such as `right-index`. Raises UnusableInput."""
    try:
        return FingerPosition.from_label(text)
    except KeyError:
        labels = ", ".join(position.label for position in FingerPosition)
        raise UnusableInput(
            expected=f"one of {labels}", found=repr(text), hint="Correct the name of the finger", where=where
        ) from None


def parse_not_captured(text: str, where: str = "") -> NotCaptured:
    """What `FINGER=REASON` or `REASON` (for all fingers) says. Raises UnusableInput."""
    finger, separator, reason = text.rpartition("=")
    position = parse_finger(finger, where) if separator else FingerPosition.UNKNOWN
    try:
        return NotCaptured(position=position, reason=NotCapturedReason(reason.strip().lower()))
    except ValueError:
        raise UnusableInput(
            expected="one of the reasons " + ", ".join(reason.value for reason in NotCapturedReason),
            found=repr(reason),
            hint="Give the reason alone for all fingers, or as right-index=bandaged for one",
            where=where,
        ) from None


def list_people(paths: Sequence[Path], *, ppi: float | None = None, at_gate: bool = False) -> Listing:
    """Everybody in these folders, files and CSV manifests. Raises ListingError.

    at_gate  manifests may have the `GATE_COLUMNS` too
    """
    columns = (*COLUMNS, *GATE_COLUMNS) if at_gate else COLUMNS
    gathered: dict[str, _Gathered] = {}
    skipped = 0
    for path in paths:
        if path.suffix.lower() == ".csv":
            _gather_manifest(path, gathered, ppi, columns)
            continue
        for file, record in _files(path):
            if file.suffix.lower() not in IMAGE_SUFFIXES | RECORD_SUFFIXES:
                skipped += 1
                continue
            position = finger_of(file)
            _person(gathered, record, str(file)).files.append(
                ListedFile(path=file, position=position, ppi=ppi)
            )
    people = tuple(_listed(record, found) for record, found in gathered.items())
    if not people:
        raise ListingError(
            expected="images or records of fingers",
            found=f"none, and {skipped} files of other kinds" if skipped else "none",
            hint="Give a folder with files such as PERSON_right-index.png, or a CSV manifest",
            where=", ".join(str(path) for path in paths[:3]),
        )
    return Listing(people=people, files_skipped=skipped)


def _listed(record: str, found: _Gathered) -> ListedPerson:
    age = found.told.get("age")
    return ListedPerson(
        record=record,
        files=tuple(found.files),
        not_captured=tuple(found.not_captured),
        age=int(age) if age else None,
        carer=found.told.get("carer", ""),
        exception=found.told.get("exception", ""),
    )


def _person(gathered: dict[str, _Gathered], record: str, where: str) -> _Gathered:
    if len(record) > TEXT_CHARACTERS_MAX or not record.isprintable():
        raise ListingError(
            expected=f"names of at most {TEXT_CHARACTERS_MAX} printable characters",
            found=f"one of {len(record)} characters"
            + ("" if record.isprintable() else ", not all printable"),
            hint="Rename it",
            where=where,
        )
    if record not in gathered and len(gathered) >= LISTING_ROWS_MAX:
        raise ListingError(
            expected=f"at most {LISTING_ROWS_MAX} people",
            found="more",
            hint="Split the listing",
            where=where,
        )
    person = gathered.setdefault(record, _Gathered())
    if len(person.files) + len(person.not_captured) >= FINGERS_MAX:
        raise ListingError(
            expected=f"at most {FINGERS_MAX} impressions of one person",
            found="more for one name",
            hint="Name each person's files differently, as in PERSON_right-index.png",
            where=where,
        )
    return person


def _files(path: Path) -> Iterator[tuple[Path, str]]:
    """Files below a path with the name of the record each belongs to, in the order of names."""
    if path.exists() and not path.is_dir():
        yield path, _record_name(path, path.parent)
        return
    if not path.exists():
        raise ListingError(
            expected="a folder, an image or a CSV manifest",
            found="nothing of this name",
            hint="Check the name",
            where=str(path),
        )
    for folder, folders, names in os.walk(path, onerror=_refuse_unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(folder) / name, _record_name(Path(folder) / name, path)


def _refuse_unreadable(error: OSError) -> None:
    raise ListingError(
        expected="folders that can be read",
        found=(error.strerror or "an error while reading").lower(),
        hint="Check the access rights, so that nobody is left out",
        where=str(error.filename),
    ) from error


def _record_name(file: Path, root: Path) -> str:
    match = _FINGER.fullmatch(file.stem)
    folder = file.parent.relative_to(root)
    if match is None:
        return (folder / file.stem).as_posix()
    if match["name"]:
        return (folder / match["name"]).as_posix()
    # Only the finger is named: the folder is the person.
    return folder.as_posix() if folder.parts else file.parent.resolve().name


def _gather_manifest(
    path: Path, gathered: dict[str, _Gathered], ppi: float | None, columns: Sequence[str]
) -> None:
    text = _text(path)
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        _check_columns(rows.fieldnames or (), columns, str(path))
        for row in rows:
            if not any(cell for cell in row.values()):
                continue  # spreadsheets leave rows of commas
            where = f"{path}, line {rows.line_num}"
            _gather_row(row, path.parent, gathered, ppi, where)
    except csv.Error as error:
        raise ListingError(
            expected="comma-separated values",
            found="a quotation mark that is not closed, or a cell of more than 131,072 characters",
            hint="Correct the row",
            where=f"{path}, line {rows.line_num + 1}",
        ) from error


def _text(path: Path) -> str:
    data = read_file(path, bytes_max=FILE_BYTES_MAX)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ListingError(
            expected="text in UTF-8",
            found="other bytes",
            hint="Save the table as CSV in UTF-8",
            where=str(path),
        ) from None


def _check_columns(names: Iterable[str], known: Sequence[str], where: str) -> None:
    columns = [name.strip().lower() for name in names]
    unknown = [name for name in columns if name not in known]
    missing = [name for name in COLUMNS[:2] if name not in columns]
    if len(columns) == 1 and any(separator in columns[0] for separator in ";\t"):
        raise ListingError(
            expected="cells separated by commas",
            found="semicolons or tabs",
            hint="Save the table as CSV with commas between the cells",
            where=where,
        )
    repeated = sorted({name for name in columns if columns.count(name) > 1})
    if repeated:
        raise ListingError(
            expected="each column once",
            found=f"{', '.join(repeated)} twice",
            hint="Correct the first line of the manifest",
            where=where,
        )
    if unknown or missing:
        raise ListingError(
            expected=f"the columns {', '.join(known)}, of which the first two are needed",
            found=f"unknown {', '.join(unknown)}" if unknown else f"no column {', '.join(missing)}",
            hint="Correct the first line of the manifest",
            where=where,
        )


def _gather_row(
    row: dict[str, str], folder: Path, gathered: dict[str, _Gathered], ppi: float | None, where: str
) -> None:
    cells = {(key or "").strip().lower(): (value or "").strip() for key, value in row.items() if key}
    if None in row or not cells.get("record"):
        raise ListingError(
            expected="a record and as many cells as columns",
            found="a row without a record, or with too many cells",
            hint="Correct the row",
            where=where,
        )
    person = _person(gathered, cells["record"], where)
    _note_told(person, cells, where)
    finger = cells.get("finger", "")
    if cells.get("not_captured"):
        reason = cells["not_captured"]
        person.not_captured.append(parse_not_captured(f"{finger}={reason}" if finger else reason, where))
    if not cells.get("file"):
        if not cells.get("not_captured") and not cells.get("age"):
            raise ListingError(
                expected="a file, a reason in not_captured, or at a gate the age of a small child",
                found="none of them",
                hint="Correct the row",
                where=where,
            )
        return
    file = folder / cells["file"]
    position = parse_finger(finger, where) if finger else finger_of(file)
    person.files.append(
        ListedFile(path=file, position=position, ppi=_ppi(cells.get("ppi", ""), where) or ppi)
    )


def _note_told(person: _Gathered, cells: dict[str, str], where: str) -> None:
    """What a row says of the person besides fingers; rows of one person say the same, or nothing."""
    for name in GATE_COLUMNS:
        text = cells.get(name, "")
        if not text:
            continue
        if person.told.setdefault(name, text) != text:
            raise ListingError(
                expected=f"the same {name} in all rows of a person",
                found="another one in this row",
                hint="Correct the row, or leave the cell empty",
                where=where,
            )
        if name == "age" and not (text.isascii() and text.isdigit() and int(text[:4]) <= AGE_MAX):
            raise ListingError(
                expected=f"an age in years, 0 to {AGE_MAX}",
                found="another text",
                hint="Correct the row",
                where=where,
            )
        if len(text) > TEXT_CHARACTERS_MAX or not text.isprintable():
            raise ListingError(
                expected=f"at most {TEXT_CHARACTERS_MAX} printable characters under {name}",
                found=f"{len(text)} characters, or some that cannot be printed",
                hint="Shorten it",
                where=where,
            )


def _ppi(text: str, where: str) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise ListingError(
            expected="a resolution in pixels per inch", found=repr(text), hint="Correct the row", where=where
        ) from None
