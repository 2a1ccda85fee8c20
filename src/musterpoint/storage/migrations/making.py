"""Tables in the short form in which revisions write them down.

A table is a block: its name, then indented lines. A line of columns holds, parted by commas, a name and a
type (`text`, `int`, `big` for 64 bits, `bool`, `bytes`, `uuid`), with a question mark where it may be empty,
and `-> table.column` where it refers to another. `line` refers to a line of the journal and is checked at
the commit. Other lines begin with a word and a colon: `primary`, `unique`, `index` with names of columns,
`check NAME` with a condition. Names of constraints follow the convention of `tables`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

_KEYWORD: Final = re.compile(r"(primary|unique|index|check \w+): (.*)")


def _big() -> Any:
    return sa.BigInteger().with_variant(sa.Integer, "sqlite")


_TYPES: Final[Mapping[str, Callable[[], Any]]] = {
    "text": sa.Text,
    "int": sa.Integer,
    "big": _big,
    "line": _big,
    "bool": lambda: sa.Boolean(create_constraint=False),
    "bytes": sa.LargeBinary,
    "uuid": sa.Uuid,
}


def blocks(schema: str) -> Iterator[tuple[str, list[str]]]:
    """Name and lines of each table of a schema, each after those that it refers to."""
    for block in schema.strip().split("\n\n"):
        name, *lines = block.splitlines()
        yield name, [line.strip() for line in lines]


def make(schema: str) -> None:
    """Make all tables of a schema."""
    for table, lines in blocks(schema):
        parts: list[Any] = []
        indexes: list[str] = []
        for line in lines:
            match = _KEYWORD.fullmatch(line)
            if match is None:
                for column in line.rstrip(",").split(", "):
                    parts += _column(table, column)
            elif match[1] == "index":
                indexes.append(match[2])
            else:
                parts.append(_constraint(table, match[1], match[2]))
        op.create_table(table, *parts)
        for names in indexes:
            op.create_index(f"ix_{table}_{names.replace(' ', '_')}", table, names.split())


def _constraint(table: str, word: str, rest: str) -> sa.Constraint:
    if word == "primary":
        return sa.PrimaryKeyConstraint(*rest.split(), name=f"pk_{table}")
    if word == "unique":
        return sa.UniqueConstraint(*rest.split(), name=f"uq_{table}_{rest.replace(' ', '_')}")
    return sa.CheckConstraint(rest, name=op.f(f"ck_{table}_{word.partition(' ')[2]}"))


def _column(table: str, text: str) -> list[Any]:
    declared, _, target = text.partition(" -> ")
    name, kind = declared.split()
    is_nullable, kind = kind.endswith("?"), kind.rstrip("?")
    made: list[Any] = [sa.Column(name, _TYPES[kind](), nullable=is_nullable, autoincrement=False)]
    if kind == "line":
        made.append(_reference(table, name, "journal.position", deferrable=True, initially="DEFERRED"))
    elif target:
        made.append(_reference(table, name, target))
    return made


def _reference(table: str, name: str, target: str, **more: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [target], name=f"fk_{table}_{name}", **more)
