"""From what was handed in, an image or a record, to templates that can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from musterpoint import imaging, interchange, templates
from musterpoint.comparison import finds_itself, prepare, with_cohort_mean
from musterpoint.errors import (
    AlreadyErased,
    MusterpointError,
    ResolutionMissing,
    TooManyFingers,
    UnusableInput,
)
from musterpoint.extraction import Extractor, QualityReason, QualityReport
from musterpoint.identifiers import EncounterId, ReferenceId, new_uuid
from musterpoint.imaging import FingerImage
from musterpoint.interchange import Deviation
from musterpoint.limits import FINGERS_MAX, IMPRESSIONS_MAX, PPI_MAX, PPI_MIN
from musterpoint.registry import Reference
from musterpoint.storage import ERASED_OUTCOME
from musterpoint.templates import FingerPosition, Template

MINUTIAE_TRUSTED_MIN = 12
"""A record without an image has no quality of ours; with fewer minutiae a search is not trusted:
6 to 12 corresponding minutiae are what chance produces (docs/explanation/comparison.md)."""


class RecordReason(StrEnum):
    """Why nothing follows from a search by a record that finds nobody."""

    FEW_MINUTIAE = "few-minutiae"
    UNLIKE_ITSELF = "unlike-itself"

    @property
    def words(self) -> str:
        """What is wrong, as a sentence without its full stop."""
        return _WORDS[self]

    @property
    def advice(self) -> str:
        """What to do about it, as a sentence without its full stop."""
        return "Capture the finger itself, or export the record again"


_WORDS: Final = {
    RecordReason.FEW_MINUTIAE: f"The record has fewer than {MINUTIAE_TRUSTED_MIN} minutiae",
    RecordReason.UNLIKE_ITSELF: "The minutiae lie so close together that they are not even like themselves",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One file as it was handed in.

    name      what to call it in an error; never stored
    data      an encoded image, or a record of one or more fingers
    position  the finger, where it is known; a record's own word counts where it is not
    ppi       resolution, where the file does not state it
    raw_size  width and height, where the file is bare 8-bit grey pixels
    """

    name: str
    data: bytes
    position: FingerPosition = FingerPosition.UNKNOWN
    ppi: float | None = None
    raw_size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One finger, ready for comparison; image and quality are None where a record brought none.

    deviations  what was forgiven in the record that it came from
    """

    template: Template
    image: FingerImage | None
    quality: QualityReport | None
    deviations: tuple[Deviation, ...] = ()

    @property
    def is_trusted(self) -> bool:
        """Whether a search with it that finds nobody means anything."""
        if self.quality is not None:
            return self.quality.is_searchable
        return len(self.template.minutiae) >= MINUTIAE_TRUSTED_MIN and self.is_comparable

    @property
    def reasons(self) -> Sequence[QualityReason | RecordReason]:
        """Why it is worse than it could be; there is one at least where a record is not trusted."""
        if self.quality is not None:
            return self.quality.reasons
        if len(self.template.minutiae) < MINUTIAE_TRUSTED_MIN:
            return (RecordReason.FEW_MINUTIAE,)
        return () if self.is_comparable else (RecordReason.UNLIKE_ITSELF,)

    @property
    def is_comparable(self) -> bool:
        """Whether a comparison can find it at all."""
        return finds_itself(prepare(self.template))


def capture(extractor: Extractor, submissions: Sequence[Submission]) -> tuple[Capture, ...]:
    """Decode and extract everything that was handed in for one person.

    Raises UnusableInput for what cannot be decoded and NotCapturable for what is no finger; the
    error names the file.
    """
    captures = tuple(one for submission in submissions for one in _capture_one(extractor, submission))
    if len(captures) > FINGERS_MAX:
        raise TooManyFingers(
            expected=f"at most {FINGERS_MAX} impressions of one person",
            found=f"{len(captures)} impressions",
            hint="Hand in the fingers of one person at a time",
        )
    # Once here, and not each time that a gallery is loaded.
    return tuple(replace(one, template=with_cohort_mean(one.template)) for one in captures)


def forgiven(submissions: Sequence[Submission]) -> tuple[tuple[str, Deviation], ...]:
    """What is forgiven in the records among some files, each with the name of its file; once each."""
    return tuple(
        (one.name, deviation)
        for one in submissions
        if one.raw_size is None and interchange.is_record(one.data)
        for deviation in interchange.read_templates(one.data, where=one.name).deviations
    )


def _capture_one(extractor: Extractor, submission: Submission) -> Iterable[Capture]:
    try:
        if submission.raw_size is None and interchange.is_record(submission.data):
            return _captures_of_record(submission)
        image = _decode(submission)
        extraction = extractor.extract(image, submission.position)
        return [Capture(template=extraction.template, image=image, quality=extraction.quality)]
    except MusterpointError as error:
        raise error.at(submission.name) from error


def _decode(submission: Submission) -> FingerImage:
    if submission.raw_size is None:
        return imaging.decode(submission.data, ppi=submission.ppi, where=submission.name)
    if submission.ppi is None:
        raise ResolutionMissing(
            expected=f"{PPI_MIN}-{PPI_MAX} ppi",
            found="no resolution for bare pixels",
            hint="Give it with --ppi",
        )
    width, height = submission.raw_size
    return imaging.raw(
        submission.data, width_px=width, height_px=height, ppi=submission.ppi, where=submission.name
    )


def _captures_of_record(submission: Submission) -> list[Capture]:
    reading = interchange.read_templates(submission.data, where=submission.name)
    found = reading.templates
    if not found:
        raise UnusableInput(
            expected="a record with at least one finger",
            found="a record without any",
            hint="Export the record again",
        )
    if _is_one_finger(submission, found):
        found = tuple(replace(one, position=submission.position) for one in found)
    return [
        Capture(template=template, image=None, quality=None, deviations=reading.deviations)
        for template in found
    ]


def _is_one_finger(submission: Submission, found: Sequence[Template]) -> bool:
    """Whether a record holds impressions of the finger that its name says, rather than several fingers."""
    if submission.position is FingerPosition.UNKNOWN:
        return False
    unnamed = all(one.position is FingerPosition.UNKNOWN for one in found)
    return len(found) == 1 or (unnamed and len(found) <= IMPRESSIONS_MAX)


def references(
    captures: Sequence[Capture], encounter_id: EncounterId, *, keeps_images: bool
) -> tuple[Reference, ...]:
    """The references that an encounter keeps of its captures."""
    return tuple(
        Reference(
            reference_id=ReferenceId(new_uuid()),
            encounter_id=encounter_id,
            position=one.template.position,
            template=templates.encode(one.template),
            quality=one.template.quality,
            image=imaging.to_png(one.image) if keeps_images and one.image is not None else None,
        )
        for one in captures
    )


def digest(submissions: Sequence[Submission], *facts: str) -> str:
    """What makes a request the same request: its files, their fingers and the facts beside them."""
    hashed = hashlib.sha256()
    for fact in facts:
        hashed.update(hashlib.sha256(fact.encode()).digest())
    for submission in submissions:
        hashed.update(hashlib.sha256(submission.data).digest())
        hashed.update(f"{int(submission.position)} {submission.ppi} {submission.raw_size}".encode())
    return hashed.hexdigest()


def refuse_erased(outcome: str) -> None:
    """Raise AlreadyErased where a stored outcome says that its person was erased."""
    if outcome == ERASED_OUTCOME:
        raise AlreadyErased(
            expected="a request whose person is still in the registry",
            found="one whose person was erased since",
            hint="Take the person out of the batch, or make a new request",
        )
