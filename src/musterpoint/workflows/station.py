"""A station: one running installation, whoever acts on it, and everything that a use case may touch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import platformdirs

from musterpoint.clock import Clock, SystemClock
from musterpoint.errors import Refused
from musterpoint.extraction import Extractor
from musterpoint.identifiers import AgreementId
from musterpoint.storage import Database, UnitOfWork, keyfiles
from musterpoint.storage.journal import MACHINE
from musterpoint.workflows.acting import Actor, HeldKeys, named, no_passphrase, refuse_one_as_two
from musterpoint.workflows.authorising import journal_refusal
from musterpoint.workflows.practice import begin_practice
from musterpoint.workflows.searching import RegistryIndex


class Turn(threading.local):
    """What was last authorised in this thread: author and agreement of what it then writes."""

    actor: Actor | None = None
    agreement_id: AgreementId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """How the person at the station is asked and told.

    passphrase  asks for the passphrase of a key file
    notice      told who acts where nobody was named, and that it is only practice; None tells nobody
    """

    passphrase: Callable[[str], bytes] = no_passphrase
    notice: Callable[[str], None] | None = None


_NO_FRONT = Front()


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Everything that a use case may touch, wired once by `open_station`.

    actor      who acts; None lets the only seat act whose key is here and that may do what is asked
    keys       keys of seats that this machine holds
    agreement  name or identifier of the agreement to act under, where several cover a purpose
    notice     told who acts, where nobody was named
    told       seats of which `notice` was told
    """

    database: Database
    extractor: Extractor
    clock: Clock = field(default_factory=SystemClock)
    actor: Actor | None = None
    keys: HeldKeys = field(default_factory=lambda: HeldKeys(files={}))
    agreement: str = ""
    notice: Callable[[str], None] | None = None
    indexes: dict[frozenset[str] | None, RegistryIndex] = field(default_factory=dict)
    turn: Turn = field(default_factory=Turn)
    told: dict[str, object] = field(default_factory=dict)

    def index(self, galleries: frozenset[str] | None) -> RegistryIndex:
        """The index of these galleries; None means all there are."""
        return self.indexes.setdefault(galleries, RegistryIndex(galleries))

    def acting_as(self, actor: Actor | str, second: Actor | str = "") -> Station:
        """The same station with somebody acting in a seat, by the seat's name where its key is here.

        second  who acts together with them

        Raises UnusableInput where it is one seat twice, and NotFound, KeyMissing or WrongPassphrase where
        a seat is named.
        """
        refuse_one_as_two(actor, second)
        if isinstance(actor, str) or isinstance(second, str):
            with self.database.read() as snapshot:
                one = named(snapshot, self.keys, actor) if isinstance(actor, str) else actor
                other = named(snapshot, self.keys, second) if isinstance(second, str) and second else second
        else:
            one, other = actor, second
        return replace(
            self, actor=one.with_second(other) if isinstance(other, Actor) else one, turn=Turn(), told={}
        )

    def name(self, actor: Actor) -> None:
        """Tell once whose seat acts, loudly where it is only practice."""
        seat = actor.seat
        if self.notice is None or (self.actor and not seat.is_practice):
            return
        # Threads that begin at once: one of them tells.
        mine = object()
        if self.told.setdefault(seat.name, mine) is not mine:
            return
        practice = " PRACTICE: synthetic people only." if seat.is_practice else ""
        self.notice(f"Acting as {seat.name}, {seat.role} of {seat.party}.{practice}")

    @contextmanager
    def unit_of_work(self) -> Iterator[UnitOfWork]:
        """The right to write, as whoever acts; see `Database.unit_of_work`.

        Where it ends by a refusal, everything is undone, and the journal says that it was asked.
        """
        actor = self.actor or self.turn.actor
        try:
            with self.writing(actor.seat.name if actor else "", self.turn.agreement_id) as work:
                yield work
        except Refused as error:
            journal_refusal(self, error)
            raise

    @contextmanager
    def writing(self, author: str, agreement_id: AgreementId | None = None) -> Iterator[UnitOfWork]:
        """The right to write as a seat of this name; for what nobody was authorised to, such as refusals."""
        with self.database.unit_of_work(author=author or MACHINE, agreement=agreement_id) as work:
            yield work

    def close(self) -> None:
        """Wait for snapshots that are being written, end the threads of searches, and give back all files."""
        try:
            for index in self.indexes.values():
                index.close()
        finally:
            self.database.close()


def default_folder() -> Path:
    """Where the registry lies if nobody says otherwise."""
    return Path(platformdirs.user_data_dir("musterpoint"))


def open_station(
    folder: Path | None = None,
    *,
    seat: str = "",
    second: str = "",
    agreement: str = "",
    must_exist: bool = False,
    front: Front = _NO_FRONT,
) -> Station:
    """Open the registry in `folder`, making it if there is none and `must_exist` is false.

    seat, second  names of the seats that act; empty lets the only one act that may
    agreement     name or identifier of the agreement to act under
    front         how the person at the station is asked and told

    A new registry begins with a practice agreement and practice seats. Raises NotFound, VersionMismatch,
    Corrupt or StorageFull, see `Database.open`, and KeyMissing or WrongPassphrase for a seat's key.
    """
    place = folder or default_folder()
    database = Database.open(place, must_exist=must_exist)
    try:
        practice = place / keyfiles.PRACTICE_FOLDER
        begin_practice(database, practice)
        database.provision_station()
        station = Station(
            database=database,
            extractor=Extractor(),
            keys=HeldKeys(files=keyfiles.held(keyfiles.key_folder(), practice), passphrase=front.passphrase),
            agreement=agreement,
            notice=front.notice,
        )
        _finish_erasures(station)
        return station.acting_as(seat, second) if seat else station
    except BaseException:
        database.close()
        raise


def _finish_erasures(station: Station) -> None:
    """Carry on what an interrupted process left, before the first request."""
    # Erasing needs a station, so the import would go in a circle at the top.
    from musterpoint.workflows.erasure import resume

    resume(station)
