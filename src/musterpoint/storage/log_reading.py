"""What every view of the registry has: one state, read row by row, and the journal as a transparency log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeVar

import sqlalchemy as sa

from musterpoint.identifiers import EncounterId
from musterpoint.registry import JournalLine
from musterpoint.storage import tables
from musterpoint.storage.journal import head_of, is_by, journal_line_of, opened_ops, opened_person
from musterpoint.storage.rows import Row
from musterpoint.storage.translation import sound, translated
from musterpoint.storage.vault import Vault
from musterpoint.transparency.tiles import TILE_WIDTH

Value = TypeVar("Value")
Select: TypeAlias = sa.Select[*tuple[Any, ...]]
Result: TypeAlias = sa.CursorResult[*tuple[Any, ...]]

# Made once: SQLAlchemy then knows it when it sees it again.
_SIZE: Final = sa.select(tables.journal_head.c.size)

_ROWS_A_FETCH: Final = 1000


class LogView:
    """One consistent state. It is a source of entries and tiles for `musterpoint.transparency`.

    Entries are counted from 0, lines of the journal from 1.
    """

    def __init__(self, connection: sa.Connection, vault: Vault) -> None:
        self._connection = connection
        self._open_results: list[Result] = []
        self._is_ended = False
        self.vault = vault

    def _execute(
        self, statement: sa.Executable, values: Sequence[Mapping[str, object]] | None = None
    ) -> Result:
        return self._connection.execute(statement, values)

    def _insist_on_being_open(self) -> None:
        # An iterator of a closed connection just ends: a search would miss people and not know it.
        if self._is_ended:
            raise RuntimeError("a snapshot ends with its block")

    def fetch(
        self, statement: sa.Executable, make: Callable[[Row], Value], **bound: object
    ) -> tuple[Value, ...]:
        """What `make` makes of each row of the result, in its order. Raises Corrupt.

        bound  values of the statement's parameters
        """
        with translated(), sound():
            found = self._execute(statement, [bound] if bound else None).all()
            return tuple([make(row) for row in found])

    def value_of(self, statement: sa.Executable, **bound: object) -> Any:
        """The first value of the first row, or None without one.

        bound  values of the statement's parameters
        """
        with translated():
            return self._execute(statement, [bound] if bound else None).scalar()

    def parts(self, statement: Select, rows_a_part: int, **bound: object) -> Iterator[Sequence[Row]]:
        """The rows of a result in parts, without holding all of them. Raises Corrupt.

        bound  values of the statement's parameters
        """
        with translated():
            streamed = statement.execution_options(yield_per=rows_a_part)
            result = self._execute(streamed, [bound] if bound else None)
            parts = result.partitions()
        self._open_results.append(result)
        while True:
            self._insist_on_being_open()
            with translated(), sound():
                part = next(parts, ())
            if not part:
                return
            yield part

    def end(self) -> None:
        """Have nothing more asked of it; give back what a server holds for results not read to their end."""
        self._is_ended = True
        for result in self._open_results:
            result.close()
        self._open_results.clear()

    def _row(self, statement: sa.Executable) -> Row:
        return self.fetch(statement, lambda row: row)[0]

    @property
    def position(self) -> int:
        """Number of journal lines: the registry's one clock."""
        return int(self.value_of(_SIZE))

    def journal(self, *, since: int = 0, limit: int | None = None) -> tuple[JournalLine, ...]:
        """Lines after position `since`, in order; the first `limit` of them."""
        self._settle()
        position = tables.journal.c.position
        statement = sa.select(tables.journal).where(position > since).order_by(position).limit(limit)
        found = self.fetch(statement, lambda row: row)
        opened = opened_ops(found, self.vault)
        with sound():
            return tuple([journal_line_of(row, one) for row, one in zip(found, opened, strict=True)])

    def journal_of(self, author: str) -> tuple[JournalLine, ...]:
        """Lines that a seat wrote, in order. Those of others are passed by, and not decrypted."""
        self._settle()
        line, made = tables.journal.c, list[JournalLine]()
        statement = sa.select(line.position, line.occurred_at, line.entry, line.agreement, line.ops)
        for part in self.parts(statement.order_by(line.position), _ROWS_A_FETCH):
            mine = [row for row in part if is_by(author, row.entry)]
            opened = opened_ops(mine, self.vault)
            with sound():
                made += [journal_line_of(row, one) for row, one in zip(mine, opened, strict=True)]
        return tuple(made)

    def _settle(self) -> None:
        """Have every line of the journal in its table, before it is read."""

    def log_size(self) -> int:
        """Number of entries of the transparency log: lines of the journal."""
        return self.position

    def root(self) -> bytes:
        """Root of the tree over all entries."""
        self._settle()
        return head_of(self._row(sa.select(tables.journal_head))).frontier.root()

    def entries(self, begin: int, end: int) -> Iterator[bytes]:
        """Entries of the log from index `begin`, which counts from 0, to before `end`; streamed."""
        yield from self._streamed("entry", begin, end)

    def leaf_hashes(self, begin: int, end: int) -> Iterator[bytes]:
        """Hashes of the same entries; streamed."""
        yield from self._streamed("leaf_hash", begin, end)

    def tile(self, level: int, number: int) -> bytes:
        """The hashes of a tile of the tree, 1 to 256, or none where it is not there."""
        if level == 0:
            return b"".join(self.leaf_hashes(number * TILE_WIDTH, (number + 1) * TILE_WIDTH))
        stored = tables.journal_tile.c
        found = self.value_of(sa.select(stored.hashes).where(stored.level == level, stored.number == number))
        return b"" if found is None else bytes(found)

    def ops_openings(self, begin: int, end: int) -> Iterator[tuple[int, bytes | None]]:
        """Index, and salt and payload of the pseudonymous facts, of entries; None where they are gone."""
        self._settle()
        line = tables.journal.c
        statement = sa.select(line.position, line.agreement, line.ops)
        within = statement.where(line.position > begin, line.position <= end).order_by(line.position)
        for part in self.parts(within, _ROWS_A_FETCH):
            for row, opened in zip(part, opened_ops(part, self.vault), strict=True):
                yield row.position - 1, opened

    def person_openings(self, encounter_id: EncounterId) -> tuple[tuple[int, bytes], ...]:
        """Index, and salt and payload about the person, of every entry that has one of an encounter."""
        self._settle()
        line = tables.journal.c
        statement = sa.select(line.position, line.encounter_id, line.person)
        theirs = statement.where(line.encounter_id == encounter_id, line.person.is_not(None))
        return self.fetch(
            theirs.order_by(line.position), lambda row: (row.position - 1, opened_person(row, self.vault))
        )

    def stations(self) -> Mapping[str, bytes]:
        """Public keys of the stations whose events are in the journal, by their identifiers."""
        station = tables.station.c
        statement = sa.select(station.station_id, station.public_key).order_by(station.station_id)
        return dict(self.fetch(statement, lambda row: (str(row.station_id), bytes(row.public_key))))

    def is_provisioned(self, station_id: str) -> bool:
        """Whether the journal says which key a station signs with."""
        station = tables.station.c
        said = sa.select(station.provisioned).where(station.station_id == station_id)
        return self.value_of(said) is not None

    @property
    def station_id(self) -> str:
        """The station that writes here."""
        return str(self.value_of(sa.select(tables.journal_head.c.station_id)))

    def _streamed(self, name: str, begin: int, end: int) -> Iterator[bytes]:
        self._settle()
        line = tables.journal.c
        statement = sa.select(line[name]).where(line.position > begin, line.position <= end)
        for part in self.parts(statement.order_by(line.position), _ROWS_A_FETCH):
            for row in part:
                yield row[0]
