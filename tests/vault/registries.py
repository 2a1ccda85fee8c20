"""Small registries with people in them, for the tests of backups and checks."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.registries import in_table
from tests.storage.records import Person, record
from tests.templates.strategies import small_template

from musterpoint.clock import Instant, SystemClock
from musterpoint.extraction import EXTRACTOR_VERSION
from musterpoint.registry import Reference
from musterpoint.storage import tables
from musterpoint.storage.vault import KeySources
from musterpoint.templates import encode
from musterpoint.workflows.backup import Backup, back_up
from musterpoint.workflows.restoring import Restored, RestoreRequest, restore
from musterpoint.workflows.station import Station, open_station

CANARY = "canary-that-sings"


class Visitor(Person):
    """Somebody with templates that are templates, and an image that holds a canary."""

    @property
    def references(self) -> tuple[Reference, ...]:
        """As of `Person`."""
        template = encode(replace(small_template(), extractor=EXTRACTOR_VERSION))
        return tuple(replace(one, template=template, image=CANARY.encode() * 9) for one in super().references)


@dataclass
class MovedClock:
    """The time of this machine, moved."""

    days: float = 0

    def now(self) -> Instant:
        """The moved time."""
        return Instant(SystemClock().now() + round(self.days * 86_400_000_000))


@dataclass
class Site:
    """A registry in a folder, and where its backups go."""

    root: Path
    key_file: Path
    opened: list[Station] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """The folder of the registry."""
        return self.root / "registry"

    def open(self) -> Station:
        """A station on the registry."""
        self.opened.append(open_station(self.folder))
        return self.opened[-1]

    def visit(self, count: int = 1) -> list[Visitor]:
        """Have people come."""
        now = SystemClock().now()
        visitors = [Visitor(mark=CANARY, occurred_at=now) for _ in range(count)]
        station = self.open()
        for visitor in visitors:
            with station.database.unit_of_work() as work:
                record(work, visitor)
                work.commit()
        station.database.close()
        return visitors

    def back_up(self, name: str = "backup") -> Backup:
        """Make a backup."""
        station = self.open()
        made = back_up(station, self.root / name / "data", self.root / name / "keys")
        station.database.close()
        return made

    def sources(self) -> KeySources:
        """The secret of the registry."""
        return KeySources(key_folder=self.root, key_file=self.key_file, cost_n=1024)

    def restore(
        self, to: str | None = "restored", *, days: float = 0, name: str = "backup", **given: object
    ) -> Restored:
        """Put a backup back; by default nothing newer is known."""
        asked = RestoreRequest(
            data=self.root / name / "data",
            keys=self.root / name / "keys",
            to=None if to is None else self.root / to,
            nothing_newer=True,
        )
        return restore(replace(asked, **given), self.sources(), clock=MovedClock(days))  # type: ignore[arg-type]


def change_value(folder: Path, table: str, column: str, change: Callable[[bytes], bytes]) -> None:
    """Change the last value of a column behind the registry's back."""
    [key] = tables.METADATA.tables[table].primary_key
    [(row, value)] = in_table(
        folder,
        f"SELECT {key.name}, {column} FROM {table} WHERE {column} IS NOT NULL"
        f" ORDER BY {key.name} DESC LIMIT 1",
    )
    assert isinstance(value, bytes)
    in_table(folder, f"UPDATE {table} SET {column} = ? WHERE {key.name} = ?", change(value), row)


def flip(value: bytes) -> bytes:
    """One bit in the middle changed."""
    changed = bytearray(value)
    changed[len(changed) // 2] ^= 4
    return bytes(changed)


def copy_folder(source: Path, to: Path) -> Path:
    """A copy of a folder."""
    return Path(shutil.copytree(source, to))
