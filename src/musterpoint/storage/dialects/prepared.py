"""Statements that come with every line of the journal, handed to the driver as it takes them.

SQLAlchemy makes a context and a result for each statement: on SQLite ten times what carrying it out takes.
Here it compiles the statement, once for each engine, and is left out after that, but that whoever listens to
its `before_cursor_execute` hears of these statements too. Errors are the driver's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

_Values = Mapping[str, object]
_Given = dict[str, object] | tuple[object, ...]
_Compiled = tuple[str, Callable[[_Values], _Given]]


class Prepared:
    """One statement, for whichever engine a connection leads to.

    columns  whose values it is given each time, if it takes any
    """

    def __init__(self, statement: sa.ClauseElement, columns: Sequence[sa.Column[Any]] = ()) -> None:
        self._statement = statement
        self._columns: Final = {column.name: column for column in columns}
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, connection: sa.Connection) -> list[tuple[Any, ...]]:
        """All rows that it finds, their values as the driver gives them."""
        text, _ = self._for(connection.dialect)
        driver = _driver(connection)
        _tell(connection, driver, text, ())
        found: list[tuple[Any, ...]] = driver.execute(text).fetchall()
        return found

    def run(self, connection: sa.Connection, rows: Sequence[_Values]) -> None:
        """Carry it out with the values of each row, by the names of columns."""
        text, given = self._for(connection.dialect)
        driver, values = _driver(connection), [given(one) for one in rows]
        _tell(connection, driver, text, values)
        if len(values) == 1:
            driver.execute(text, values[0])
        else:
            driver.cursor().executemany(text, values)

    def _for(self, dialect: sa.Dialect) -> _Compiled:
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = self._compile(dialect)
        return found

    def _compile(self, dialect: sa.Dialect) -> _Compiled:
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=list(self._columns))
        order = compiled.positiontup or list(self._columns)
        converters = [
            (name, self._columns[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in order
        ]

        def in_order(values: _Values) -> tuple[object, ...]:
            return tuple([convert(values[name]) if convert else values[name] for name, convert in converters])

        def by_name(values: _Values) -> dict[str, object]:
            return {name: convert(values[name]) if convert else values[name] for name, convert in converters}

        return str(compiled), in_order if compiled.positiontup else by_name


def _tell(connection: sa.Connection, driver: Any, text: str, values: Sequence[_Given]) -> None:
    listeners = connection.dispatch.before_cursor_execute
    if not listeners:
        return
    for listener in listeners:
        listener(connection, driver, text, values, None, len(values) > 1)


def _driver(connection: sa.Connection) -> Any:
    return connection.connection.driver_connection
