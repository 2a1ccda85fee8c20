"""Agreements as documents: TOML as people write it, canonical JSON (RFC 8785) as parties sign it.

Both hold the same members under the same names. Times are RFC 3339 in UTC, keys lower-case hexadecimal,
rates parts per million, and there are no fractions. A member that is not known is refused: what a party
signs must mean the same to every reader.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID

import rfc8785

from musterpoint.clock import Instant, to_text
from musterpoint.errors import UnusableInput
from musterpoint.identifiers import AgreementId
from musterpoint.limits import (
    AGREEMENT_ITEMS_MAX,
    IMPRESSIONS_MAX,
    RETENTION_DAYS_MAX,
    TERM_CHARACTERS_MAX,
    TEXT_CHARACTERS_MAX,
)
from musterpoint.registry.agreements import (
    PART_PER_MILLION,
    AgreementVersion,
    AnswerKind,
    Baseline,
    Grant,
    Party,
    PartyAnswer,
    PartyRole,
    ScreeningRules,
    Term,
    TermRule,
)
from musterpoint.registry.retention import Kept, RetentionRule
from musterpoint.registry.seats import PUBLIC_KEY_BYTES, Role
from musterpoint.templates import FingerPosition

FORMAT: Final = 1
"""Version of the document's members."""

_ANSWER_LABEL: Final = b"musterpoint/agreement-answer/v1\x00"

Item = TypeVar("Item")
Name = TypeVar("Name", bound=StrEnum)


def to_document(version: AgreementVersion) -> dict[str, Any]:
    """The members of the document; `from_document` reads them."""
    screening = version.screening
    return {
        "format": FORMAT,
        "agreement": str(version.agreement_id),
        "version": version.version,
        "name": version.name,
        "valid_from": to_text(version.valid_from),
        "valid_until": to_text(version.valid_until),
        "parties": [
            {
                "name": one.name,
                "office": one.office,
                "roles": [role.value for role in one.roles],
                "key": one.public_key.hex(),
                "must_acknowledge": one.must_acknowledge,
            }
            for one in version.parties
        ],
        "terms": [_term_document(one) for one in version.terms],
        "grants": [
            {
                "purpose": one.purpose,
                "gallery": one.gallery,
                "roles": sorted(role.value for role in one.roles),
                "target_fpir_ppm": one.target_fpir_ppm,
                "enrols": one.enrols,
                "keeps_images": one.keeps_images,
                "no_list": one.no_list,
                "daily_searches_max": one.daily_searches_max,
                "false_candidates_max_ppm": one.false_candidates_max_ppm,
            }
            for one in version.grants
        ],
        "retention": [
            {"gallery": one.gallery, "kept": one.kept.value, "days": one.days} for one in version.retention
        ],
        "screening": {
            "fingers_asked": list(screening.fingers_asked),
            **_asked_beyond(screening),
            "age_min": screening.age_min,
            "carer_below": screening.carer_below,
            "second_person": sorted(screening.second_person),
            "confirmed_by_key": sorted(screening.confirmed_by_key),
            "appeal_stays": screening.appeal_stays,
            "one_opinion_suffices": screening.one_opinion_suffices,
            "baselines": [
                {"rate": one.rate, "usual_ppm": one.usual_ppm, "site": one.site}
                for one in screening.baselines
            ],
        },
    }


def _term_document(term: Term) -> dict[str, Any]:
    members: dict[str, Any] = {"item": term.item, "rule": term.rule.value, "text": term.text}
    if term.value is not None:
        members["value"] = term.value
    if term.unit:
        members["unit"] = term.unit
    return members


def to_bytes(version: AgreementVersion) -> bytes:
    """The canonical document: what is stored, digested and handed from party to party."""
    return rfc8785.dumps(to_document(version))


def digest_of(version: AgreementVersion) -> str:
    """Hexadecimal SHA-256 of the canonical document."""
    return hashlib.sha256(to_bytes(version)).hexdigest()


def signed_bytes(answer: PartyAnswer) -> bytes:
    """What a party signs: which version, in which form, and what it says to it."""
    return _ANSWER_LABEL + rfc8785.dumps(
        {
            "agreement": str(answer.agreement_id),
            "version": answer.version,
            "digest": answer.digest,
            "party": answer.party,
            "answer": answer.answer.value,
            "statement": answer.statement,
        }
    )


def answer_to_document(answer: PartyAnswer) -> dict[str, Any]:
    """An answer as a file, for parties that are elsewhere."""
    return {
        "agreement": str(answer.agreement_id),
        "version": answer.version,
        "digest": answer.digest,
        "party": answer.party,
        "answer": answer.answer.value,
        "statement": answer.statement,
        "signature": answer.signature.hex(),
    }


def answer_from_document(document: object, where: str = "") -> PartyAnswer:
    """The answer that `answer_to_document` wrote. Raises UnusableInput."""
    row = _Row(document, where)
    answer = PartyAnswer(
        agreement_id=AgreementId(row.identifier("agreement")),
        version=row.number("version", least=1),
        digest=row.text("digest"),
        party=row.text("party"),
        answer=row.name("answer", AnswerKind),
        statement=row.text("statement", "", most=TERM_CHARACTERS_MAX),
        signature=row.octets("signature", 64),
    )
    row.finish()
    return answer


def read_toml(text: str, where: str = "") -> AgreementVersion:
    """An agreement as people write it. Raises UnusableInput, which names the line or member."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnusableInput(
            expected="an agreement in TOML",
            found=str(error).lower().rstrip("."),
            hint="Correct the line; musterpoint agreement draft writes a sound one",
            where=where,
        ) from error
    return from_document(document, where)


def from_document(document: object, where: str = "") -> AgreementVersion:
    """The agreement that the members of a document describe. Raises UnusableInput."""
    row = _Row(document, where)
    if (found := row.number("format", FORMAT)) != FORMAT:
        raise row.error("format", f"format {FORMAT}", f"format {found}")
    version = AgreementVersion(
        agreement_id=AgreementId(row.identifier("agreement")),
        version=row.number("version", 1, least=1),
        name=row.text("name"),
        valid_from=row.instant("valid_from"),
        valid_until=row.instant("valid_until"),
        parties=row.rows("parties", _party),
        terms=row.rows("terms", _term),
        grants=row.rows("grants", _grant),
        retention=row.rows("retention", _retention),
        screening=row.table("screening", _screening),
    )
    row.finish()
    _check_whole(version, row)
    return version


def _check_whole(version: AgreementVersion, row: _Row) -> None:
    names = [one.name for one in version.parties]
    if not names or len(set(names)) < len(names):
        raise row.error("parties", "at least one party, each once", "none, or one twice")
    if len({one.public_key for one in version.parties}) < len(names):
        raise row.error("parties", "a key of its own for each party", "one key of two parties")
    if not version.grants:
        raise row.error("grants", "at least one grant", "none")
    pairs = [(one.purpose, one.gallery) for one in version.grants]
    if len(set(pairs)) < len(pairs):
        raise row.error("grants", "each purpose once for a gallery", "one of them twice")
    for purpose in version.purposes():
        enrolling = [one for one in version.grants if one.purpose == purpose and one.enrols]
        if len(enrolling) > 1:
            raise row.error(
                "grants", "at most one gallery of a purpose that enrols", f"{len(enrolling)} of them"
            )
    if version.valid_until <= version.valid_from:
        raise row.error("valid_until", "a time after valid_from", "one before it")


def _party(row: _Row) -> Party:
    return Party(
        name=row.text("name"),
        office=row.text("office"),
        roles=row.names("roles", PartyRole),
        public_key=row.octets("key", PUBLIC_KEY_BYTES),
        must_acknowledge=row.flag("must_acknowledge", True),
    )


def _term(row: _Row) -> Term:
    rule = row.name("rule", TermRule, TermRule.STATED)
    counts = rule in {TermRule.AT_MOST, TermRule.AT_LEAST, TermRule.EXACTLY}
    return Term(
        item=row.text("item"),
        rule=rule,
        text=row.text("text", "", most=TERM_CHARACTERS_MAX),
        value=row.number("value") if counts else None,
        unit=row.text("unit", ""),
    )


def _grant(row: _Row) -> Grant:
    return Grant(
        purpose=row.text("purpose"),
        gallery=row.text("gallery"),
        roles=frozenset(row.names("roles", Role)),
        target_fpir_ppm=row.number("target_fpir_ppm", least=1, most=PART_PER_MILLION),
        enrols=row.flag("enrols", False),
        keeps_images=row.flag("keeps_images", False),
        no_list=row.flag("no_list", True),
        daily_searches_max=row.number("daily_searches_max", 0),
        false_candidates_max_ppm=row.number("false_candidates_max_ppm", 0),
    )


def _retention(row: _Row) -> RetentionRule:
    return RetentionRule(
        gallery=row.text("gallery"),
        kept=row.name("kept", Kept),
        days=row.number("days", least=1, most=RETENTION_DAYS_MAX),
    )


def _screening(row: _Row) -> ScreeningRules:
    plain = ScreeningRules()
    fingers = row.texts("fingers_asked", plain.fingers_asked)
    known = {position.label for position in FingerPosition}
    if set(fingers) - known or len(set(fingers)) < len(fingers):
        raise row.error(
            "fingers_asked", "fingers such as right-index, each once", "another name, or one twice"
        )
    return ScreeningRules(
        fingers_asked=fingers,
        impressions_asked=row.number("impressions_asked", 1, least=1, most=IMPRESSIONS_MAX),
        reasons_required=row.flag("reasons_required", False),
        age_min=row.number("age_min", plain.age_min, most=120),
        carer_below=row.number("carer_below", plain.carer_below, most=120),
        second_person=frozenset(row.texts("second_person", ())),
        confirmed_by_key=frozenset(row.texts("confirmed_by_key", tuple(sorted(plain.confirmed_by_key)))),
        one_opinion_suffices=row.flag("one_opinion_suffices", plain.one_opinion_suffices),
        appeal_stays=row.flag("appeal_stays", plain.appeal_stays),
        baselines=row.rows("baselines", _baseline),
    )


def _asked_beyond(screening: ScreeningRules) -> dict[str, int | bool]:
    """Members that documents had not always: those without them stay what was signed."""
    members: dict[str, int | bool] = {}
    if screening.impressions_asked > 1:
        members["impressions_asked"] = screening.impressions_asked
    if screening.reasons_required:
        members["reasons_required"] = True
    return members


def _baseline(row: _Row) -> Baseline:
    return Baseline(
        rate=row.text("rate"),
        usual_ppm=row.number("usual_ppm", most=PART_PER_MILLION),
        site=row.text("site", "*"),
    )


class _Row:
    """One table of a document, read member by member; what is left over is refused."""

    def __init__(self, members: object, where: str) -> None:
        self._where = where
        if not isinstance(members, Mapping):
            raise self.error("", "a table of names and values", _kind(members))
        self._members = dict(members)

    def error(self, member: str, expected: str, found: str) -> UnusableInput:
        """The error for a member."""
        return UnusableInput(
            expected=expected,
            found=found,
            hint="Correct the agreement; musterpoint agreement draft writes a sound one",
            where=".".join(filter(None, (self._where, member))),
        )

    def _take(self, member: str, default: object) -> object:
        found = self._members.pop(member, default)
        if found is None:
            raise self.error(member, "a value", "none")
        return found

    def text(self, member: str, default: str | None = None, *, most: int = TEXT_CHARACTERS_MAX) -> str:
        found = self._take(member, default)
        if not isinstance(found, str) or len(found) > most or not all(map(_is_plain, found)):
            raise self.error(member, f"a printable text of at most {most} characters", _kind(found))
        if not found and default is None:
            raise self.error(member, "a text", "an empty text")
        return found

    def number(
        self, member: str, default: int | None = None, *, least: int = 0, most: int = 2**53 - 1
    ) -> int:
        found = self._take(member, default)
        if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
            raise self.error(member, f"a whole number from {least} to {most}", _kind(found))
        return found

    def flag(self, member: str, default: bool) -> bool:
        found = self._take(member, default)
        if not isinstance(found, bool):
            raise self.error(member, "true or false", _kind(found))
        return found

    def octets(self, member: str, length: int) -> bytes:
        text = self.text(member)
        try:
            found = bytes.fromhex(text)
        except ValueError:
            found = b""
        if len(found) != length:
            raise self.error(member, f"{2 * length} hexadecimal digits", f"a text of {len(text)} characters")
        return found

    def identifier(self, member: str) -> UUID:
        text = self.text(member)
        try:
            return UUID(text)
        except ValueError:
            raise self.error(member, "an identifier (UUID), as a draft has it", "another text") from None

    def instant(self, member: str) -> Instant:
        found = self._take(member, None)
        try:
            time = datetime.fromisoformat(found) if isinstance(found, str) else found
        except ValueError:
            time = None
        if not isinstance(time, datetime) or time.tzinfo is None:
            raise self.error(member, "a time with its zone, as 2026-03-01T00:00:00Z", _kind(found))
        return Instant(int(time.astimezone(UTC).timestamp()) * 1_000_000)

    def name(self, member: str, kind: type[Name], default: Name | None = None) -> Name:
        text = self.text(member, default)
        try:
            return kind(text)
        except ValueError:
            raise self.error(member, "one of " + ", ".join(kind), repr(text)) from None

    def names(self, member: str, kind: type[Name]) -> tuple[Name, ...]:
        found = self.texts(member, None)
        try:
            return tuple(kind(one) for one in found)
        except ValueError:
            raise self.error(member, "only words out of " + ", ".join(kind), "another word") from None

    def texts(self, member: str, default: Sequence[str] | None) -> tuple[str, ...]:
        found = self._take(member, default)
        if not isinstance(found, list | tuple) or not all(isinstance(one, str) for one in found):
            raise self.error(member, "a list of texts", _kind(found))
        if len(found) > AGREEMENT_ITEMS_MAX or any(len(one) > TEXT_CHARACTERS_MAX for one in found):
            raise self.error(member, f"at most {AGREEMENT_ITEMS_MAX} short texts", "more")
        return tuple(found)

    def rows(self, member: str, make: Callable[[_Row], Item]) -> tuple[Item, ...]:
        found = self._take(member, ())
        if not isinstance(found, list | tuple) or len(found) > AGREEMENT_ITEMS_MAX:
            raise self.error(member, f"a list of at most {AGREEMENT_ITEMS_MAX} tables", _kind(found))
        return tuple(
            self._made(one, f"{member}[{number}]", make) for number, one in enumerate(found, start=1)
        )

    def table(self, member: str, make: Callable[[_Row], Item]) -> Item:
        return self._made(self._take(member, {}), member, make)

    def _made(self, members: object, member: str, make: Callable[[_Row], Item]) -> Item:
        row = _Row(members, ".".join(filter(None, (self._where, member))))
        made = make(row)
        row.finish()
        return made

    def finish(self) -> None:
        """Raise UnusableInput where a member is left that nobody read."""
        if self._members:
            raise self.error(str(min(self._members))[:40], "names that an agreement has", "another name")


def _kind(found: object) -> str:
    """What a value is, without saying it: it may be a secret in the wrong place."""
    if isinstance(found, str):
        return f"a text of {len(found)} characters"
    kinds = ((bool, "true or false"), (int, "a number"), (float, "a fraction"), (Mapping, "a table"))
    lists = f"a list of {len(found)}" if isinstance(found, list | tuple) else "a value of another kind"
    number = f"the number {found}" if isinstance(found, int) and not isinstance(found, bool) else ""
    return number or next((words for kind, words in kinds if isinstance(found, kind)), lists)


def _is_plain(character: str) -> bool:
    return character.isprintable() or character == "\n"
