"""What tests of several topics share: synthetic fingers, and a registry in a temporary folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from tests.postgresql import server
from tests.registries import make_database, swept

from musterpoint import imaging
from musterpoint.extraction import Extractor
from musterpoint.interchange import iso19794_2
from musterpoint.storage.dialects import SERVER_VARIABLE
from musterpoint.synthetic import Finger, person
from musterpoint.templates import FingerPosition
from musterpoint.workflows.station import Station, open_station

# On a busy machine neither a deadline nor how long examples take to be drawn ends a test.
settings.register_profile(
    "on any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("on any machine")

RIGHT_INDEX = FingerPosition.RIGHT_INDEX
LEFT_INDEX = FingerPosition.LEFT_INDEX


FORGETFUL = (
    *("fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0"),
    *("checkpoint_timeout=1h", "max_wal_size=2GB", "shared_buffers=256MB", "max_connections=200"),
    # Tables come and go with each test.
    *("autovacuum=off", "jit=off"),
)
"""Nothing on the server of the tests has to outlive a crash; the campaign of faults starts another."""


WITHOUT_REGISTRY = frozenset(
    [
        *("comparison", "depiction", "evaluation", "extraction", "fuzz", "gallery", "imaging", "interchange"),
        *("synthetic", "templates"),
        # About the repository itself, and of both engines each time.
        *("house", "faults"),
    ]
)
"""Topics whose tests are not run on a server. Every other one is; a single test says `no_registry`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The other engine."""
    parser.addoption("--postgresql", action="store_true", help="registries lie on a PostgreSQL server")


def pytest_configure(config: pytest.Config) -> None:
    """Start the server, once for all processes."""
    config.addinivalue_line("markers", "sqlite_only(reason): looks into the files of SQLite")
    config.addinivalue_line("markers", "server_only: about a server itself")
    config.addinivalue_line("markers", "no_registry: among tests of registries, but needs none")
    if not config.getoption("--postgresql") or hasattr(config, "workerinput"):
        return
    stack = ExitStack()
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="musterpoint-server-")))
    running = stack.enter_context(server(folder / "server", *FORGETFUL))
    os.environ[SERVER_VARIABLE] = running.address
    config.add_cleanup(stack.close)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even read what is not run on a server."""
    here = Path(__file__).parent
    is_left_out = collection_path.parent == here and collection_path.name in WITHOUT_REGISTRY
    return True if is_left_out and config.getoption("--postgresql") else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what has nothing to look at on an engine."""
    is_on_server = config.getoption("--postgresql")
    left_out = "no_registry" if is_on_server else "server_only"
    others = [item for item in items if item.get_closest_marker(left_out)]
    items[:] = [item for item in items if not item.get_closest_marker(left_out)]
    config.hook.pytest_deselected(items=others)
    for item in items if is_on_server else ():
        marker = item.get_closest_marker("sqlite_only")
        if marker is not None:
            item.add_marker(pytest.mark.skip(reason=f"SQLite only: {marker.args[0]}"))


@pytest.fixture(scope="session", autouse=True)
def own_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """On a server each process of the tests has a database of its own."""
    address = os.environ.get(SERVER_VARIABLE, "") if request.config.getoption("--postgresql") else ""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(SERVER_VARIABLE, raising=False)
        if address:
            name = f"process_{os.getpid()}"
            make_database(address, name)
            patch.setenv(SERVER_VARIABLE, f"{address.rpartition('/')[0]}/{name}")
            # A server that analyses tables by itself reads them; on a busy machine for longer than a second.
            patch.setattr("musterpoint.storage.dialects.postgresql._VACUUM_WAIT_MAX_S", 5.0)
        yield


@pytest.fixture(autouse=True)
def swept_database(own_database: None) -> Iterator[None]:
    """What a test makes on a server goes with the test: thousands of tables make it slow."""
    with swept() if os.environ.get(SERVER_VARIABLE) else nullcontext():
        yield


@cache
def fingers_of(seed: int) -> dict[FingerPosition, Finger]:
    """The fingers of a synthetic person, grown once a process."""
    return person(seed)


@cache
def impression_png(seed: int, position: FingerPosition = RIGHT_INDEX, number: int = 1) -> bytes:
    """An impression of a person's finger as a sensor would hand it in."""
    return imaging.to_png(fingers_of(seed)[position].impression(number).image)


@cache
def smudged_png(seed: int, position: FingerPosition = RIGHT_INDEX) -> bytes:
    """An impression that is too poor for a search."""
    return imaging.to_png(fingers_of(seed)[position].smudged(1).image)


@cache
def record(
    seed: int, positions: tuple[FingerPosition, ...] = (RIGHT_INDEX, LEFT_INDEX), number: int = 1
) -> bytes:
    """A person's true minutiae as an ISO record: no network is needed to read it."""
    return iso19794_2.write([fingers_of(seed)[one].impression(number).template() for one in positions])


@pytest.fixture(scope="session", autouse=True)
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The key file of every registry that a test makes, so that none lands in the user's configuration."""
    path = tmp_path_factory.mktemp("keys") / "registry.key"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUSTERPOINT_KEY_FILE", str(path))
        yield path


@pytest.fixture(autouse=True)
def seat_keys(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of seats' keys, empty for each test: no test acts in a seat of the person who runs it."""
    folder = tmp_path_factory.mktemp("seats")
    monkeypatch.setenv("MUSTERPOINT_SEATS", str(folder))
    for name in ("MUSTERPOINT_SEAT", "MUSTERPOINT_SECOND", "MUSTERPOINT_AGREEMENT"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture(scope="session")
def extractor() -> Extractor:
    """One network for all tests of a process."""
    return Extractor()


@pytest.fixture
def new_station(tmp_path: Path, extractor: Extractor) -> Iterator[Callable[[], Station]]:
    """Opens stations on one registry, as several processes would.

    Nobody is named who acts: for each act it is the first practice seat that may do it.
    """
    opened: list[Station] = []

    def open_one() -> Station:
        opened.append(replace(open_station(tmp_path / "registry"), extractor=extractor))
        return opened[-1]

    yield open_one
    for station in opened:
        station.close()


@pytest.fixture
def station(new_station: Callable[[], Station]) -> Station:
    """A station with an empty registry."""
    return new_station()
