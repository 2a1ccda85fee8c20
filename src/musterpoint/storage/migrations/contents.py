"""Carries everything in a registry over from the tables of 0.1.0 to sealed ones, and back.

All rows are set aside in tables without constraints, the tables are made anew, and filled. That is one way
for both engines and both directions; columns are read and written as the engine holds them.

The names of sealed records, and what stands in them, are those of revision 0002 and never change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID, uuid4

import sqlalchemy as sa

from musterpoint.limits import RETENTION_DAYS_DEFAULT
from musterpoint.storage import journal, sealing
from musterpoint.storage.reading import ERASED_OUTCOME
from musterpoint.storage.rows import canonical_json
from musterpoint.storage.vault import KeyScope, Vault
from musterpoint.transparency.commitments import SALT_BYTES

OLD_TABLES: Final = (
    "journal",
    "gallery",
    "subject",
    "encounter_detail",
    "encounter",
    "reference_template",
    "reference",
    "reference_image",
    "adjudication_case",
    "adjudication_candidate",
    "request",
    "request_mention",
    "erased_subject",
    "erased_encounter",
)
"""Tables of 0001, each after those that it refers to."""

_ERASED: Final = ("erased_subject", "erased_encounter")
_ASIDE: Final = "aside_"
_CHUNK: Final = 500
_DAY_US: Final = 86_400_000_000
_DIGEST_CHARACTERS: Final = 64

Values = dict[str, Any]


class Contents:
    """Rows of one revision on their way to the other."""

    def __init__(self, connection: sa.Connection, vault: Vault | None) -> None:
        self._connection = connection
        self._given = vault
        self._tables = sa.MetaData()

    @property
    def vault(self) -> Vault:
        """The keys; only where there is anything to seal or open."""
        if self._given is None:
            raise RuntimeError("content is sealed and opened with the keys of the registry")
        return self._given

    def set_aside(self) -> None:
        """Keep the rows of all tables of 0001, and the size of the tree above them."""
        for name in OLD_TABLES:
            aside = f"CREATE TABLE {_ASIDE}{name} AS SELECT * FROM {name}"  # noqa: S608 -- names of our own
            self._connection.exec_driver_sql(aside)

    @property
    def has_any(self) -> bool:
        """Whether anything was ever written: every change has a line in the journal."""
        return self._connection.execute(sa.select(self._aside("journal")).limit(1)).first() is not None

    def let_go(self) -> None:
        """Remove what was set aside."""
        for name in OLD_TABLES:
            self._connection.exec_driver_sql(f"DROP TABLE {_ASIDE}{name}")

    def seal(self) -> None:
        """Fill the tables of 0002."""
        self._tables.reflect(self._connection)
        self._put("journal_head", [journal.first_head()])
        self._make_keys()
        self._seal_journal()
        for name in ("gallery", "subject"):
            self._copy(name, _subject_sealed if name == "subject" else _same)
        self._seal_numbered("encounter_detail", "detail", self._detail_sealed)
        self._copy("encounter", _same)
        self._seal_numbered("reference_template", "template", self._template_sealed)
        self._copy("reference", _reference_sealed)
        self._seal_numbered("reference_image", "image", self._image_sealed)
        self._copy("adjudication_case", _same)
        self._put("adjudication_candidate", map(self._candidate_sealed, self._candidates()))
        self._put("request", map(self._request_sealed, self._requests()))
        for name in ("request_mention", *_ERASED):
            self._copy(name, _same)
        self._put("encounter_gallery", map(_membership, self._rows("encounter")))
        self._put("retention", self._dates())
        self._put("adjudication_pair", self._pairs())

    def open(self) -> None:
        """Fill the tables of 0001."""
        self._tables.reflect(self._connection)
        self._put("journal", map(self._line_opened, self._rows("journal", "position")))
        for name in ("gallery", "subject"):
            self._copy(name, _subject_opened if name == "subject" else _same)
        self._seal_numbered("encounter_detail", "detail", self._detail_opened)
        self._copy("encounter", _same)
        self._seal_numbered("reference_template", "template", self._template_opened)
        self._put("reference", map(self._reference_opened, self._fingers()))
        self._seal_numbered("reference_image", "image", self._image_opened)
        self._copy("adjudication_case", _same)
        self._put("adjudication_candidate", self._candidates_opened())
        self._put("request", map(self._request_opened, self._rows("request", "number")))
        for name in ("request_mention", *_ERASED):
            self._copy(name, _same)

    # The rows, and how they get into the new tables.

    def _aside(self, name: str) -> sa.Table:
        return self._tables.tables[_ASIDE + name]

    def _rows(self, name: str, *order: str) -> Iterator[Mapping[str, Any]]:
        aside = self._aside(name)
        return self._of(sa.select(aside).order_by(*(aside.c[one] for one in order)))

    def _of(self, statement: sa.Select[Any]) -> Iterator[Mapping[str, Any]]:
        # All at once would be all images in memory.
        result = self._connection.execute(statement.execution_options(yield_per=_CHUNK))
        for row in result:
            yield dict(row._mapping)

    def _put(self, name: str, values: Iterable[Values]) -> None:
        insert = sa.insert(self._tables.tables[name])
        part: list[Values] = []
        for one in values:
            part.append(one)
            if len(part) == _CHUNK:
                self._connection.execute(insert, part)
                part = []
        if part:
            self._connection.execute(insert, part)

    def _copy(self, name: str, change: Callable[[Mapping[str, Any]], Values]) -> None:
        self._put(name, map(change, self._rows(name)))

    def _seal_numbered(
        self, name: str, column: str, change: Callable[[Mapping[str, Any], UUID], Any]
    ) -> None:
        """Rows whose number is that of an encounter or reference; of erased ones only the length is left."""
        # Only details are texts, and only in 0001.
        blank = _blank_text if isinstance(self._tables.tables[name].c[column].type, sa.Text) else _blank
        content, encounter, reference = self._aside(name), self._aside("encounter"), self._aside("reference")
        joined = content.outerjoin(encounter, encounter.c.number == content.c.number)
        chosen: list[Any] = [content, encounter.c.encounter_id.label("of_encounter")]
        if name != "encounter_detail":
            joined = content.outerjoin(reference, reference.c.number == content.c.number).outerjoin(
                encounter, encounter.c.number == reference.c.encounter_number
            )
            extra = [one for one in ("finger_position", "quality") if one in reference.c]
            chosen += [reference.c[one] for one in extra]
        statement = sa.select(*chosen).select_from(joined).order_by(content.c.number)

        def changed(row: Mapping[str, Any]) -> Values:
            whose = row["of_encounter"]
            value = blank(row[column]) if whose is None else change(row, _uuid(whose))
            return {"number": row["number"], column: value}

        self._put(name, map(changed, self._of(statement)))

    # Upwards.

    def _make_keys(self) -> None:
        scopes = [KeyScope.encounter(_uuid(row["encounter_id"])) for row in self._rows("encounter")]
        for begin in range(0, len(scopes), _CHUNK):
            self.vault.new_key(*scopes[begin : begin + _CHUNK])
        gone = [KeyScope.encounter(_uuid(row["encounter_id"])) for row in self._rows("erased_encounter")]
        if gone:
            self.vault.destroy(*gone)

    def _seal_journal(self) -> None:
        """Lines become events in their order, signed by this station now."""
        lines = [
            journal.line_of(row["kind"], json.loads(row["body"]), occurred_at=row["occurred_at"])
            for row in self._rows("journal", "position")
        ]
        if not lines:
            return
        signer = journal.signer_of(self.vault)
        desk = journal.Desk(clock=self.vault.clock, vault=self.vault, signer=lambda: signer)
        head = journal.continued(journal.no_lines(), signer)
        head, made = journal.written(head, lines, desk, signer.key)
        public_key = signer.key.private.public_key().public_bytes_raw()
        self._put("station", [{"station_id": signer.station_id, "public_key": public_key}])
        self._put("journal", made)
        self._connection.execute(
            sa.update(self._tables.tables["journal_head"]).values(journal.head_values(head))
        )
        self._put("journal_tile", journal.tile_rows(made))

    def _detail_sealed(self, row: Mapping[str, Any], encounter_id: UUID) -> bytes:
        return self._sealed(encounter_id, f"encounter_detail/detail/{row['number']}", row["detail"].encode())

    def _template_sealed(self, row: Mapping[str, Any], encounter_id: UUID) -> bytes:
        quality = sealing.NO_QUALITY if row["quality"] is None else row["quality"]
        packed = bytes([row["finger_position"], quality]) + row["template"]
        return self._sealed(encounter_id, f"reference_template/template/{row['number']}", packed)

    def _image_sealed(self, row: Mapping[str, Any], encounter_id: UUID) -> bytes:
        return self._sealed(encounter_id, f"reference_image/image/{row['number']}", row["image"])

    def _sealed(self, encounter_id: UUID, record: str, plain: bytes) -> bytes:
        return self.vault.seal(KeyScope.encounter(encounter_id), record, plain)

    def _opened(self, encounter_id: UUID, record: str, sealed: bytes) -> bytes:
        return self.vault.open(KeyScope.encounter(encounter_id), record, sealed)

    def _candidates(self) -> Iterator[Mapping[str, Any]]:
        case, candidate = self._aside("adjudication_case"), self._aside("adjudication_candidate")
        statement = sa.select(
            candidate, case.c.encounter_id.label("of_encounter"), case.c.verdict.label("case_verdict")
        ).join(case, case.c.number == candidate.c.number)
        return self._of(statement.add_columns(case.c.position).order_by(candidate.c.number))

    def _candidate_sealed(self, row: Mapping[str, Any]) -> Values:
        record = _candidate_record(row)
        strength = sealing.packed_strength(row["strength"])
        return {
            "number": row["number"],
            "encounter_id": row["encounter_id"],
            "strength": self._sealed(_uuid(row["of_encounter"]), record, strength),
            "verdict": row["verdict"],
        }

    def _requests(self) -> Iterator[Mapping[str, Any]]:
        """Requests with the encounter that each has brought about."""
        mention, encounter = self._aside("request_mention"), self._aside("encounter")
        own = sa.select(mention.c.request_number, mention.c.record_id)
        own = own.join(encounter, encounter.c.encounter_id == mention.c.record_id).where(mention.c.is_own)
        whose = {row.request_number: row.record_id for row in self._connection.execute(own)}
        for row in self._rows("request", "number"):
            yield {**row, "of_encounter": whose.get(row["number"])}

    def _request_sealed(self, row: Mapping[str, Any]) -> Values:
        whose = row["of_encounter"]
        outcome = row["outcome"].rstrip(" ")
        is_erased = outcome == ERASED_OUTCOME
        packed = sealing.packed_request(row["digest"], outcome)
        scope = sealing.request_scope(None if whose is None else _uuid(whose))
        sealed = self.vault.seal(scope, f"request/content/{row['number']}", packed)
        return {
            "number": row["number"],
            "request_id": row["request_id"],
            "encounter_id": whose,
            "is_erased": is_erased,
            "content": _blank(sealed) if is_erased else sealed,
            "position": row["position"],
        }

    def _dates(self) -> Iterator[Values]:
        """Nothing is kept for ever because it was there before dates were given."""
        until = self.vault.clock.now() + RETENTION_DAYS_DEFAULT * _DAY_US if self._given else 0
        for row in self._rows("encounter"):
            for kept in ("encounter", "images"):
                yield {
                    "record_id": row["encounter_id"],
                    "kept": kept,
                    "retain_until": until,
                    "position": row["position"],
                }

    def _pairs(self) -> Iterator[Values]:
        """Candidates of open cases become pairs that want their first opinion."""
        still_open = (row for row in self._candidates() if row["case_verdict"] is None)
        for number, row in enumerate(still_open, 1):
            unknown = canonical_json({"known_answer": 0}).encode()
            yield {
                "number": number,
                "pair_id": self._as_stored(uuid4()),
                "probe_id": row["of_encounter"],
                "candidate_id": row["encounter_id"],
                "round": 0,
                "standing": "wants an opinion",
                "known_answer": self.vault.seal(KeyScope.installation(), f"pair {number}", unknown),
                "position": row["position"],
            }

    def _as_stored(self, identifier: UUID) -> object:
        return identifier.hex if self._connection.dialect.name == "sqlite" else identifier

    # Downwards.

    def _line_opened(self, row: Mapping[str, Any]) -> Values:
        facts = {"kind": json.loads(row["entry"])["kind"], "facts": {}}
        if row["ops"] is not None:
            scope = sealing.payload_scope(row["agreement"])
            record = f"journal/ops/{row['position']}"
            facts = json.loads(self.vault.open(scope, record, row["ops"])[SALT_BYTES:])
        return {
            "position": row["position"],
            "occurred_at": row["occurred_at"],
            "kind": facts["kind"],
            "body": canonical_json(facts["facts"]),
        }

    def _detail_opened(self, row: Mapping[str, Any], encounter_id: UUID) -> str:
        return self._opened(encounter_id, f"encounter_detail/detail/{row['number']}", row["detail"]).decode()

    def _template_opened(self, row: Mapping[str, Any], encounter_id: UUID) -> bytes:
        return self._packed(row, encounter_id)[2:]

    def _packed(self, row: Mapping[str, Any], encounter_id: UUID) -> bytes:
        return self._opened(encounter_id, f"reference_template/template/{row['number']}", row["template"])

    def _image_opened(self, row: Mapping[str, Any], encounter_id: UUID) -> bytes:
        return self._opened(encounter_id, f"reference_image/image/{row['number']}", row["image"])

    def _fingers(self) -> Iterator[Mapping[str, Any]]:
        reference, encounter = self._aside("reference"), self._aside("encounter")
        template = self._aside("reference_template")
        statement = sa.select(reference, template.c.template, encounter.c.encounter_id.label("of_encounter"))
        statement = statement.join(template, template.c.number == reference.c.number).join(
            encounter, encounter.c.number == reference.c.encounter_number
        )
        return self._of(statement.order_by(reference.c.number))

    def _reference_opened(self, row: Mapping[str, Any]) -> Values:
        position, quality = self._packed(row, _uuid(row["of_encounter"]))[:2]
        kept = {name: row[name] for name in ("number", "reference_id", "encounter_number", "position")}
        return kept | {
            "finger_position": position,
            "quality": None if quality == sealing.NO_QUALITY else quality,
        }

    def _candidates_opened(self) -> Iterator[Values]:
        """Strongest first in each case, as 0.1.0 numbers them."""
        by_case: dict[int, list[Values]] = {}
        for row in self._candidates():
            packed = self._opened(_uuid(row["of_encounter"]), _candidate_record(row), row["strength"])
            opened = {name: row[name] for name in ("number", "encounter_id", "verdict")}
            strength = sealing.unpacked_strength(packed)
            by_case.setdefault(row["number"], []).append(opened | {"strength": strength})
        for candidates in by_case.values():
            candidates.sort(key=lambda one: -one["strength"])
            yield from (one | {"ordinal": ordinal} for ordinal, one in enumerate(candidates))

    def _request_opened(self, row: Mapping[str, Any]) -> Values:
        digest, outcome = " " * _DIGEST_CHARACTERS, ERASED_OUTCOME
        if not row["is_erased"]:
            whose = row["encounter_id"]
            scope = sealing.request_scope(None if whose is None else _uuid(whose))
            packed = self.vault.open(scope, f"request/content/{row['number']}", row["content"])
            digest, outcome = sealing.unpacked_request(packed)
        kept = {name: row[name] for name in ("number", "request_id", "position")}
        return kept | {"digest": digest, "outcome": outcome.ljust(len(ERASED_OUTCOME))}


def _same(row: Mapping[str, Any]) -> Values:
    return dict(row)


def _subject_sealed(row: Mapping[str, Any]) -> Values:
    return {**row, "status": "active", "merged_into": None}


def _subject_opened(row: Mapping[str, Any]) -> Values:
    return {name: row[name] for name in ("subject_id", "position")}


def _reference_sealed(row: Mapping[str, Any]) -> Values:
    return {name: row[name] for name in ("number", "reference_id", "encounter_number", "position")}


def _membership(row: Mapping[str, Any]) -> Values:
    kept = {"number": row["number"], "encounter_number": row["number"], "left_position": None}
    return kept | {name: row[name] for name in ("gallery", "position")}


def _candidate_record(row: Mapping[str, Any]) -> str:
    return f"adjudication_candidate/strength/{row['number']}/{_uuid(row['encounter_id']).hex}"


def _blank(value: bytes | str) -> bytes:
    """As many bytes that say nothing."""
    return bytes(len(value))


def _blank_text(value: bytes | str) -> str:
    """As many spaces."""
    return " " * len(value)


def _uuid(value: object) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))
