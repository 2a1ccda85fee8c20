"""What every unit of work is: one transaction that writes rows, and the lines of the journal for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

import sqlalchemy as sa

from musterpoint.clock import Instant
from musterpoint.errors import StationRevoked
from musterpoint.identifiers import AgreementId, EncounterId
from musterpoint.storage import tables
from musterpoint.storage.dialects import Prepared
from musterpoint.storage.journal import (
    Desk,
    Facts,
    Head,
    Line,
    continued,
    head_of,
    head_values,
    line_of,
    no_lines,
    written,
)
from musterpoint.storage.log_reading import Result
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.stations import revoked_at_line
from musterpoint.storage.translation import sound, translated
from musterpoint.transparency.tiles import Tile, tiles_above


@cache
def _insert_into(table: sa.Table) -> sa.Insert:
    """Made once: SQLAlchemy compiles a statement when it first sees it."""
    return sa.insert(table)


@cache
def _last_number(table: sa.Table) -> sa.Executable:
    return sa.select(sa.func.coalesce(sa.func.max(table.c.number), 0))


@cache
def _last_numbers(wanted: tuple[sa.Table, ...]) -> sa.Executable:
    return sa.select(
        *[
            sa.select(sa.func.coalesce(sa.func.max(table.c.number), 0)).scalar_subquery().label(table.name)
            for table in wanted
        ]
    )


# Where writers do not queue for a lock file, this row is what they queue for.
_LOCKED_HEAD: Final = Prepared(sa.select(tables.journal_head).with_for_update())
_NEW_HEAD: Final = Prepared(
    sa.update(tables.journal_head), [tables.journal_head.c[name] for name in head_values(no_lines())]
)
_NEW_LINES: Final = Prepared(sa.insert(tables.journal), list(tables.journal.c))


class Transaction(Snapshot):
    """Changes that come to be together, or not at all; nobody else writes meanwhile.

    Its reading methods see the changes made so far. Every row that is added carries the position of the
    first journal line, so `commit` insists on at least one line where anything changed.

    Where the engine refuses a statement, the unit can only be left: rows that belong to the refused one may
    be there already, and a server takes nothing more in such a transaction.
    """

    def __init__(self, connection: sa.Connection, desk: Desk) -> None:
        super().__init__(connection, desk.vault)
        self._desk = desk
        self._is_over = False
        self._is_refused = False
        self._has_changed = False
        self.has_erased = False
        self._head = self._locked_head()
        self._pending: list[Line] = []
        self._stamp = self._head.size + 1
        self._numbers: dict[str, int] = {}
        self._with_key: set[EncounterId] = set()

    def has_every_line(self) -> bool:
        """Whether the journal has as many lines as were ever written, without a gap."""
        position = tables.journal.c.position
        counted = self.fetch(sa.select(sa.func.count(position), sa.func.max(position)), tuple)[0]
        return (counted[0], counted[1] or 0) == (self._head.size, self._head.size)

    def act_as(self, author: str) -> None:
        """Name the seat that acts, where it was not known when the unit began; for all of its lines."""
        self._desk = replace(self._desk, author=author)

    def _locked_head(self) -> Head:
        with translated(), sound():
            [row] = _LOCKED_HEAD.rows(self._connection)
            return head_of(row)

    @property
    def position(self) -> int:
        """Number of journal lines, with those of this unit."""
        self._insist_on_being_open()
        return self._head.size + len(self._pending)

    def _execute(
        self, statement: sa.Executable, values: Sequence[Mapping[str, object]] | None = None
    ) -> Result:
        self._insist_on_being_open()
        try:
            return super()._execute(statement, values)
        except sa.exc.StatementError:
            self._is_refused = True
            raise

    def _run(self, statement: Prepared, rows: Sequence[Mapping[str, object]]) -> None:
        self._insist_on_being_open()
        self._has_changed = True
        try:
            with translated():
                statement.run(self._connection, rows)
        except BaseException:
            self._is_refused = True
            raise

    def _insist_on_being_open(self) -> None:
        super()._insist_on_being_open()
        if self._is_over:
            raise RuntimeError("a unit of work ends with its commit")
        if self._is_refused:
            raise RuntimeError("a unit of work ends where the engine refuses a statement")

    @property
    def agreement(self) -> AgreementId | None:
        """The agreement under which this unit acts; None for what belongs to the installation."""
        return self._desk.agreement

    def now(self) -> Instant:
        """The present, by the clock of the registry."""
        return self._desk.clock.now()

    def change(self, statement: sa.Executable, **bound: object) -> None:
        """Carry out an update or a deletion; `commit` then insists on a journal line.

        bound  values of the statement's parameters
        """
        self._has_changed = True
        with translated():
            self._execute(statement, [bound] if bound else None)

    def insert(self, table: sa.Table, *values: Mapping[str, object]) -> None:
        """Add rows; `commit` then insists on a journal line. Raises Conflict, NotFound."""
        if not values:
            return
        self._has_changed = True
        self._begin_lines()
        with translated():
            self._execute(_insert_into(table), values)

    def _begin_lines(self) -> None:
        """Write the unit's first line, if it is there and can be sealed.

        Added rows name that line. Where it comes after them, SQLite looks through all rows of every such
        table when it comes, which takes the longer the larger the registry.
        """
        if self._pending and self._head.size < self._stamp:
            holder = self._pending[0].encounter_id
            if holder is None or holder in self._with_key:
                self._flush(1)

    @property
    def has_changed(self) -> bool:
        """Whether anything was added or changed so far."""
        return self._has_changed

    def next_number(self, table: sa.Table, *, at_least: int = 0) -> int:
        """The next number of a table from which nothing is ever deleted."""
        last = self._numbers.get(table.name)
        if last is None:
            last = int(self.value_of(_last_number(table)))
        self._numbers[table.name] = max(last + 1, at_least)
        return self._numbers[table.name]

    def look_up_numbers(self, *wanted: sa.Table) -> None:
        """Ask for the last numbers of tables at once, before `next_number` asks for each."""
        missing = tuple([table for table in wanted if table.name not in self._numbers])
        if missing:
            [row] = self.fetch(_last_numbers(missing), tuple)
            self._numbers.update(zip([table.name for table in missing], row, strict=True))

    def stamped(self, values: Mapping[str, object]) -> Mapping[str, object]:
        """The row with the position of this unit's first journal line."""
        return {**values, "position": self._stamp}

    def provision_station(self) -> None:
        """Say in the journal which key this station signs with, unless that was said before."""
        signer, station = self._desk.signer(), tables.station
        is_this = station.c.station_id == signer.station_id
        if self.value_of(sa.select(station.c.provisioned).where(is_this)) is not None:
            return
        public_key = signer.key.private.public_key().public_bytes_raw().hex()
        said = {"station": signer.station_id, "public_key": public_key}
        position = self.append_journal("station.provisioned", said)
        self._flush()
        self.change(sa.update(station).where(is_this).values(provisioned=position))

    def append_journal(
        self,
        kind: str,
        ops: Facts,
        *,
        person: Facts | None = None,
        encounter_id: EncounterId | None = None,
        agreement: AgreementId | None = None,
    ) -> int:
        """Append a line with the present time; returns its position.

        kind          what happened, see `musterpoint.transparency.event_kinds`
        ops           pseudonymous facts: no biometric data, score or name
        person        facts about a person, sealed under the key of the encounter
        encounter_id  whose person that is, given exactly where there is `person`
        agreement     under which it happened, if not under the one of this unit

        Raises ValueError, TypeError or LogFormatError where these are no facts of a journal line.
        """
        if (person is None) != (encounter_id is None):
            raise ValueError("facts about a person go with the encounter under whose key they are sealed")
        self._insist_on_being_open()
        line = line_of(kind, ops, occurred_at=self._desk.clock.now(), person=person)
        chosen = agreement or self._desk.agreement
        self._pending.append(replace(line, encounter_id=encounter_id, agreement=chosen))
        return self._head.size + len(self._pending)

    def _settle(self) -> None:
        self._flush()

    def _flush(self, count: int | None = None) -> None:
        """Write the lines that were appended, sign them and bring the tree up to them.

        count  only the first so many
        """
        lines = self._pending[:count]
        self._pending = self._pending[len(lines) :]
        if not lines:
            return
        before = self._head.size
        with translated():
            signer = self._desk.signer()
        head = continued(self._head, signer)
        if head is not self._head:
            self._refuse_revoked(signer.station_id)
            public_key = signer.key.private.public_key().public_bytes_raw()
            self.insert(tables.station, {"station_id": signer.station_id, "public_key": public_key})
        with translated():
            self._head, made = written(head, lines, self._desk, signer.key)
        self._run(_NEW_LINES, made)
        self._run(_NEW_HEAD, [head_values(self._head)])
        for tile in tiles_above(self, before, self._head.size):
            self._put_tile(tile)

    def _refuse_revoked(self, station_id: str) -> None:
        """Write nothing as a station that is trusted no more.

        Looked at where another station has written last, as whoever revoked this one has.
        """
        if revoked_at_line(self, station_id) is not None:
            raise StationRevoked(
                expected="a station that may write",
                found="one that was revoked",
                hint="Begin anew under another name: restore a backup, or use another folder with --data",
                where=f"station {station_id[:8]}",
            )

    def _put_tile(self, tile: Tile) -> None:
        stored = tables.journal_tile
        where = (stored.c.level == tile.level, stored.c.number == tile.number)
        self.change(sa.delete(stored).where(*where))
        self.insert(stored, {"level": tile.level, "number": tile.number, "hashes": tile.hashes})

    def commit(self) -> None:
        """Make everything so far lasting; when it returns, it survives the loss of power.

        Raises RuntimeError where something changed without a journal line, or was refused before.
        """
        self._insist_on_being_open()
        if self._has_changed and self.position < self._stamp:
            raise RuntimeError("every change needs a line in the journal")
        self._flush()
        with translated():
            self._connection.commit()
        self._is_over = True
