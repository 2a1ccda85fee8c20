"""Every error that musterpoint raises on purpose, as one tree.

MusterpointError
├── UnusableInput      exit 3   the input is not what it should be; nothing was changed
│   ├── ImageError
│   │   ├── NotAnImage, ImageTruncated, ImageTooLarge, ImageTooSmall, ImageUnsupported
│   │   └── ResolutionMissing, ResolutionOutOfRange
│   ├── RecordError             a biometric record or template breaks its format
│   ├── TooManyFingers          more impressions than one person can have
│   ├── FingersMissing          fingers that are asked for are neither given nor excused
│   ├── TargetUnsupported       no data support a target so strict
│   ├── ListingError            a manifest, folder or data set description cannot be used
│   ├── LogFormatError          an event, note, proof or other file of a log breaks its format
│   └── NotProven               a signature or proof of a log does not hold
├── NotCapturable      exit 4   a sound image that cannot serve as a sample
│   └── NoFinger, SeveralFingers, ImpressionsDiffer
├── Refused            exit 5   NoAgreement, AgreementExpired, RoleMissing, SecondPersonMissing, RateExceeded,
│                           StationRevoked
├── Unavailable        exit 6   try again: RegistryBusy, GalleryBehind, GalleryIncomplete, DecoderFailed,
│                           NetworkMissing, StorageFull
├── Corrupt            exit 7   stored data is damaged
├── Locked             exit 8   the keys cannot be had: WrongPassphrase, KeyMissing, KeyExposed
├── VersionMismatch    exit 9   made by another version of musterpoint
└── Conflict           exit 10  NotFound, RequestConflict, AlreadySettled, AlreadyErased, KeyDestroyed,
                            CalibrationRefused

Exit 2 is a usage error of the command line, 11 a batch in which some items failed,
69 an environment that could not be prepared, 70 a bug. `docs/reference/errors.md` lists all.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Self


class MusterpointError(Exception):
    """What was expected, what was found and what to do, in words for a person.

    The four texts never hold personal data: no name, no identifier of a person, no score.

    expected  what would have been right
    found     what was there instead
    hint      what to do about it, as a sentence without its full stop
    where     the file, field or option concerned; may be empty
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 70

    def __init__(self, *, expected: str, found: str, hint: str, where: str = "") -> None:
        self.expected = expected
        self.found = found
        self.hint = hint
        self.where = where
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}expected {self.expected}, but found {self.found}. {self.hint}."

    def at(self, where: str) -> Self:
        """The same error, said of a file, field or option, unless it names one already."""
        return (
            self
            if self.where
            else type(self)(expected=self.expected, found=self.found, hint=self.hint, where=where)
        )

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders; keyword-only arguments need this to be rebuilt.
        return _rebuild, (type(self), self.expected, self.found, self.hint, self.where)


def _rebuild(
    kind: type[MusterpointError], expected: str, found: str, hint: str, where: str
) -> MusterpointError:
    return kind(expected=expected, found=found, hint=hint, where=where)


class UnusableInput(MusterpointError):
    """The input is not what it should be."""

    code = "input.unusable"
    exit_code = 3


class ImageError(UnusableInput):
    """An image that cannot be used."""

    code = "image.unusable"


class NotAnImage(ImageError):
    """The bytes are in no image format that is known here."""

    code = "image.unknown-format"


class ImageTruncated(ImageError):
    """The image ends before its data is complete, or its data is damaged."""

    code = "image.truncated"


class ImageTooLarge(ImageError):
    """More bytes or pixels than are accepted."""

    code = "image.too-large"


class ImageTooSmall(ImageError):
    """Fewer pixels than a fingerprint needs."""

    code = "image.too-small"


class ImageUnsupported(ImageError):
    """A known format in a variant that is refused: animated, rotated by EXIF, several pages."""

    code = "image.unsupported"


class ResolutionMissing(ImageError):
    """Neither the file nor the caller states a resolution."""

    code = "image.resolution-missing"


class ResolutionOutOfRange(ImageError):
    """A resolution outside of what is accepted."""

    code = "image.resolution-out-of-range"


class FingersMissing(UnusableInput):
    """A finger that the agreement asks was not captured, and no reason was given."""

    code = "capture.fingers-missing"


class RecordError(UnusableInput):
    """A biometric record or template breaks the rules of its format."""

    code = "record.invalid"


class TargetUnsupported(UnusableInput):
    """No data support a target so strict, so no threshold could keep it."""

    code = "target.unsupported"


class TooManyFingers(UnusableInput):
    """More impressions were handed in than one person can have."""

    code = "capture.too-many-fingers"


class ListingError(UnusableInput):
    """A manifest, a folder of files or a data set description cannot be used."""

    code = "listing.invalid"


class LogFormatError(UnusableInput):
    """An event, checkpoint, proof, policy or other file of a transparency log breaks its format."""

    code = "log.malformed"


class NotProven(UnusableInput):
    """A signature or a proof of a transparency log does not hold."""

    code = "log.not-proven"


class NotCapturable(MusterpointError):
    """A sound image that cannot serve as a biometric sample."""

    code = "capture.unusable"
    exit_code = 4


class ImpressionsDiffer(NotCapturable):
    """Captures contradict the names of their fingers: unlike under one name, or one finger under two."""

    code = "capture.impressions-differ"


class NoFinger(NotCapturable):
    """No fingerprint was found in the image."""

    code = "capture.no-finger"


class SeveralFingers(NotCapturable):
    """More than one finger lies in the image."""

    code = "capture.several-fingers"


class Refused(MusterpointError):
    """Whoever asks may not have it; the journal says that it was asked.

    facts  what the journal is to say of it; empty once it says so
    """

    code = "refused"
    exit_code = 5
    facts: Mapping[str, str] = MappingProxyType({})


class NoAgreement(Refused):
    """No live agreement covers the purpose."""

    code = "refused.no-agreement"


class AgreementExpired(Refused):
    """The agreement that covers the purpose has ended, or is not valid yet."""

    code = "refused.agreement-expired"


class RoleMissing(Refused):
    """The role of the seat does not include what was asked."""

    code = "refused.role-missing"


class SecondPersonMissing(Refused):
    """Two seats have to do it together, and there is one."""

    code = "refused.second-person-missing"


class RateExceeded(Refused):
    """More searches than the agreement allows in a day."""

    code = "refused.rate-exceeded"


class StationRevoked(Refused):
    """The station is trusted no more, and writes nothing."""

    code = "refused.station-revoked"


class Unavailable(MusterpointError):
    """Cannot be done now; the same call may succeed later."""

    code = "unavailable"
    exit_code = 6


class RegistryBusy(Unavailable):
    """The registry is being written by others for longer than is waited."""

    code = "registry.busy"


class GalleryBehind(Unavailable):
    """The gallery does not reflect the registry as it is now."""

    code = "gallery.behind"


class GalleryIncomplete(Unavailable):
    """A part of the gallery did not answer, so nothing can be said of who is in it."""

    code = "gallery.incomplete"


class DecoderFailed(Unavailable):
    """The process that decodes images ended without an answer."""

    code = "decoder.failed"


class NetworkMissing(Unavailable):
    """The weights of the minutiae network are not installed, or are not the ones expected."""

    code = "network.missing"


class StorageFull(Unavailable):
    """The disk cannot take the data, or does not allow writing."""

    code = "storage.unwritable"


class Corrupt(MusterpointError):
    """Stored data is damaged."""

    code = "storage.corrupt"
    exit_code = 7


class Locked(MusterpointError):
    """Sound data that cannot be opened, since the secret that unlocks its keys is not at hand."""

    code = "locked"
    exit_code = 8


class WrongPassphrase(Locked):
    """A passphrase, key file or secret that is not the one of this registry."""

    code = "locked.wrong-secret"


class KeyMissing(Locked):
    """The passphrase, key file, secret or key store is not there."""

    code = "locked.key-missing"


class KeyExposed(Locked):
    """A file with a secret that other users of this machine can read."""

    code = "locked.key-exposed"


class VersionMismatch(MusterpointError):
    """Data or templates made by another version."""

    code = "version.mismatch"
    exit_code = 9


class Conflict(MusterpointError):
    """The request does not fit the state of the registry."""

    code = "conflict"
    exit_code = 10


class NotFound(Conflict):
    """What was named does not exist."""

    code = "conflict.not-found"


class RequestConflict(Conflict):
    """A request identifier was used before for another request."""

    code = "conflict.request"


class CalibrationRefused(Conflict):
    """The people who are here do not say enough of what chance does."""

    code = "calibration.refused"


class AlreadySettled(Conflict):
    """The case was settled before."""

    code = "conflict.already-settled"


class AlreadyErased(Conflict):
    """The subject was erased before."""

    code = "conflict.already-erased"


class KeyDestroyed(Conflict):
    """The key of these records was destroyed by an erasure; nobody can open them again."""

    code = "conflict.key-destroyed"
