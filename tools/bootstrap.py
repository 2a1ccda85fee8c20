"""Prepares the environment of this clone when it is not there yet, then runs a task in it.

Standard library only, because it runs before anything is installed. What it guarantees:

- Everything it makes lies in the clone; outside of it only pip and musterpoint keep their caches.
- An environment counts as prepared by a file that is written last. Killed at any moment, the next
  run finds no such file and starts anew.
- While packages are written, nobody else uses or writes the environment. pip holds that lock as
  well: should this process be killed, the next one waits for the pip it left behind.
- The environment that a failed renewal would have replaced is put back.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
PREPARED = VENV / "prepared"
PREVIOUS = ROOT / "build" / "previous-environment"
LOG = ROOT / "build" / "set-up.log"

RECIPE = 1
"""Raised when `build` makes something else from the same locks, so that it is made anew everywhere."""

EXIT_UNPREPARED = 69
EXIT_INTERRUPTED = 130

NOT_PASSED_ON = {
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONUSERBASE",
    "PYTHONSTARTUP",
    "PYTHONPLATLIBDIR",
    "PYTHONOPTIMIZE",  # assertions stay on
    "__PYVENV_LAUNCHER__",  # macOS: would make the environment's Python take itself for another
}
"""Variables of the caller that would put other packages or rules into the environment."""

PIP_PASSED_ON = {
    f"PIP_{name}"
    for name in (
        *("CACHE_DIR", "CERT", "CLIENT_CERT", "CONFIG_FILE", "DEFAULT_TIMEOUT", "EXTRA_INDEX_URL"),
        *("FIND_LINKS", "INDEX_URL", "KEYRING_PROVIDER", "NO_CACHE_DIR", "NO_INDEX", "PROXY"),
        *("RETRIES", "TIMEOUT", "TRUSTED_HOST"),
    )
}
"""pip's variables that say how packages are reached; the others say where and what to install."""

WITHOUT_PACKAGES = {
    (
        "darwin",
        "x86_64",
    ): "Macs with an Intel processor; on one with an Apple processor use a Python for that",
}
"""Machines for which a package of the lock has no wheel (docs/decisions/0002-dependencies.md)."""

REMARKS = {"pyfing": "large, because the weights of the network come in it"}


@dataclass(frozen=True)
class Task:
    """One word that `./run` understands.

    command      arguments of the environment's Python, or a program of the clone if there are no locks
    locks        parts of the environment that it needs, by the names of their lock files
    in_root      runs in the root of the clone, not in the caller's folder
    warmed       compiled kernels are made beforehand, so that parallel processes do not each make them
    """

    summary: str
    command: tuple[str, ...]
    locks: tuple[str, ...] = ("runtime",)
    in_root: bool = False
    warmed: bool = False


TOOLS = ("runtime", "development")
TASKS = {
    "demo": Task("see the main job done, on synthetic people", ("-m", "musterpoint", "demo")),
    "musterpoint": Task("any command of the product", ("-m", "musterpoint")),
    "python": Task("a Python that can import musterpoint", ()),
    "test": Task(
        "all tests, on all cores and both engines; takes pytest's arguments",
        ("tools/run_tests.py",),
        TOOLS,
        in_root=True,
        warmed=True,
    ),
    "check": Task("format, lint, types, layers, style, locks", ("tools/check.py",), TOOLS, in_root=True),
    "format": Task("bring the code into its format", ("tools/check.py", "--fix"), TOOLS, in_root=True),
    "lock": Task("resolve the dependencies anew", ("tools/locks.py", "--write"), TOOLS, in_root=True),
    "ci": Task("what a submission must pass: check and test", (".ci/run",), (), in_root=True),
}


def main(arguments: list[str]) -> None:
    """Run the task that the first argument names; the others are its own."""
    name, *rest = arguments or ["help"]
    if name in {"help", "-h", "--help"}:
        print(overview())
        return
    task = TASKS.get(name)
    if task is None:
        stop(f"expected one of {', '.join(TASKS)}; found {name!r}")
    if name == "demo":
        rest = with_output(rest)
    if task.in_root:
        os.chdir(ROOT)
    if not task.locks:
        os.execv(ROOT / task.command[0], [*task.command, *rest])
    is_fresh = prepare(task.locks)
    if task.warmed and not is_fresh:
        warm()
    os.execve(PYTHON, [str(PYTHON), *task.command, *rest], inherited())


def overview() -> str:
    """The tasks, for a person."""
    width = max(map(len, TASKS)) + 2
    lines = [f"  ./run {name:<{width}}{task.summary}" for name, task in TASKS.items()]
    return "\n".join(["The first use prepares everything in this folder; nothing else is needed.", *lines])


def with_output(arguments: list[str]) -> list[str]:
    """The demonstration's arguments; what it makes stays in the clone unless the caller chose a place."""
    if any(argument == "--output" or argument.startswith("--output=") for argument in arguments):
        return arguments
    return ["--output", str(ROOT / "build" / "demo"), *arguments]


# --- when is the environment prepared, and by whom


def prepare(locks: tuple[str, ...]) -> bool:
    """Return with all `locks` installed, and with a shared hold on the environment if there can be one.

    returns  whether something had to be installed
    """
    built = False
    try:
        guard = os.open(ROOT / ".venv.lock", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        if missing(locks):
            stop(f"this folder cannot be written, and the environment is not prepared: {ROOT}")
        return built
    # Taking a stronger lock gives up the weaker one first, so what was seen must be seen again.
    hold(guard, fcntl.LOCK_SH)
    while missing(locks):
        hold(guard, fcntl.LOCK_EX)
        if missing(locks):
            build(locks, guard)
            built = True
        hold(guard, fcntl.LOCK_SH)
    # The task keeps the hold: nobody replaces the packages under a running command.
    os.set_inheritable(guard, True)
    return built


def hold(guard: int, kind: int) -> None:
    """Take the lock, and say so when that means waiting."""
    try:
        fcntl.flock(guard, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another ./run is at work in this folder; waiting until it ends")
        fcntl.flock(guard, kind)


def missing(locks: tuple[str, ...]) -> list[str]:
    """Those of `locks` that are not installed as they stand now."""
    have = recorded()
    return [name for name in locks if have.get(name) != key(name)]


def recorded() -> dict[str, str]:
    """What was installed last, lock by lock; nothing if that was interrupted or its Python has gone."""
    if not (PREPARED.is_file() and os.access(PYTHON, os.X_OK)):
        return {}
    return dict(line.split() for line in PREPARED.read_text().splitlines())


def key(name: str) -> str:
    """What a part of the environment is made from: recipe, kind of Python and machine, lock."""
    # Not the kernel's version: a laptop in the field must not need the network after an upgrade.
    made_for = f"{RECIPE} {sys.implementation.cache_tag}{sys.abiflags} {sys.platform} {platform.machine()}"
    return hashlib.sha256(made_for.encode() + lock_file(name).read_bytes()).hexdigest()


def lock_file(name: str) -> Path:
    """Where the lock called `name` lies."""
    return ROOT / "requirements" / f"{name}.lock"


# --- making it


def build(locks: tuple[str, ...], guard: int) -> None:
    """Install what is missing from `locks`: into the present environment if the rest of it is right."""
    if machine := WITHOUT_PACKAGES.get((sys.platform, platform.machine())):
        stop(f"some packages are no longer made for {machine}")
    restore_previous()
    have = recorded()
    kept = {name: made for name, made in have.items() if lock_file(name).exists() and made == key(name)}
    LOG.parent.mkdir(exist_ok=True)
    LOG.unlink(missing_ok=True)
    try:
        if not kept or kept != have:
            say("preparing the environment in .venv (once; 250 MB are fetched and take 700 MB here)")
            kept = {}
            set_aside()
            create(guard)
        for name in locks:
            if name not in kept:
                say(f"installing what {lock_file(name).relative_to(ROOT)} names")
                install(name, tuple(kept), guard)
                kept[name] = key(name)
        # Last, so that an interrupted build is never taken for a whole one.
        PREPARED.write_text("".join(f"{name} {made}\n" for name, made in kept.items()))
    except BaseException:
        restore_previous()
        raise
    shutil.rmtree(PREVIOUS, ignore_errors=True)
    warm()
    say("the environment is prepared")


def set_aside() -> None:
    """Make room for a new environment; a whole one stays until the new one is whole."""
    if PREPARED.is_file():
        shutil.rmtree(PREVIOUS, ignore_errors=True)
        VENV.rename(PREVIOUS)
    else:
        shutil.rmtree(VENV, ignore_errors=True)


def restore_previous() -> None:
    """Put back what was set aside if the environment that should replace it is not whole."""
    if PREVIOUS.is_dir() and not PREPARED.is_file():
        shutil.rmtree(VENV, ignore_errors=True)
        PREVIOUS.rename(VENV)


def create(guard: int) -> None:
    """An environment without packages that knows the sources of this clone."""
    # Of a prepared environment's Python, the one that it was made with: its own folder was moved.
    base = getattr(sys, "_base_executable", sys.executable)
    if importlib.util.find_spec("ensurepip"):
        follow([base, "-I", "-m", "venv", str(VENV)], guard)
    else:
        follow([base, "-I", "-m", "venv", "--without-pip", str(VENV)], guard)
        place_debian_pip(guard)
    site = next((VENV / "lib").glob("python3*/site-packages"))
    # Relative, so that the clone may be moved.
    source = os.path.relpath(ROOT / "src", site)
    (site / "musterpoint-source.pth").write_text(f"{source}\n")


def place_debian_pip(guard: int) -> None:
    """Debian keeps ensurepip apart, in python3-venv; its pip can be had without root."""
    target = VENV / "pip"
    target.mkdir()
    for wheel in sorted(Path("/usr/share/python-wheels").glob("pip-*.whl")):
        shutil.copy(wheel, target)
        return
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        stop("this Python cannot make environments, because its ensurepip is missing: install it whole")
    say("this Python has no pip; fetching Debian's package of it")
    lists = VENV / "apt"
    for folder in ("lists/partial", "cache/archives/partial"):
        (lists / folder).mkdir(parents=True)
    # Lists of our own: the system's may be absent, and only root may fetch those.
    options = ["-qq", "-o", f"Dir::State::Lists={lists / 'lists'}", "-o", f"Dir::Cache={lists / 'cache'}"]
    options += ["-o", "APT::Sandbox::User=", "-o", "Debug::NoLocking=1"]
    follow(["apt-get", *options, "update"], guard)
    follow(["apt-get", *options, "download", "python3-pip-whl"], guard, folder=lists)
    follow(["dpkg-deb", "-x", str(next(lists.glob("*.deb"))), str(lists / "unpacked")], guard)
    shutil.copy(next((lists / "unpacked").rglob("pip-*.whl")), target)
    shutil.rmtree(lists)


def pip() -> list[str]:
    """The command that is pip for this environment."""
    wheel = next((VENV / "pip").glob("pip-*.whl"), None)
    return [str(PYTHON), "-I", "-u", *([f"{wheel}/pip"] if wheel else ["-m", "pip"])]


def install(name: str, installed: tuple[str, ...], guard: int) -> None:
    """Install the packages of one lock: no others, no other files, nothing that needs a compiler."""
    expected = pinned(name) - {package for other in installed for package in pinned(other)}
    command = [*pip(), "install", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    command += ["--root-user-action", "ignore", "-r", str(lock_file(name))]
    count, total = 0, len(expected)
    for line in output(command, guard):
        if ignored := re.match(r"Ignoring (\S+): markers", line):
            # Made for another Python or machine. What an installed lock names too was not counted.
            total -= any(package.startswith(f"{ignored[1]}==") for package in expected)
        elif line.startswith("Installing collected packages"):
            say(f"unpacking {count} packages; this takes a while")
            # From here on a part of the packages may be half written; before, nothing was touched.
            PREPARED.unlink(missing_ok=True)
        elif "Retrying" in line:
            say("the package index does not answer; trying again")
        elif wheel := re.match(r"\s*(?:Downloading|Using cached|Processing) (\S+\.whl)(?: \((.+)\))?$", line):
            count += 1
            say(f"{count} of {total}: {described(wheel[1], wheel[2])}")


def pinned(name: str) -> set[str]:
    """The lines of a lock that name a package, without its hashes."""
    return set(re.findall(r"^[a-z0-9].*?(?= \\$)", lock_file(name).read_text(), re.MULTILINE))


def described(wheel: str, size: str | None) -> str:
    """A package for a person, from the name or address of its file."""
    package, version, *_ = wheel.rsplit("/", 1)[-1].split("-")
    return ", ".join(part for part in (f"{package} {version}", size, REMARKS.get(package)) if part)


def warm() -> None:
    """Let musterpoint make what it would otherwise make on first use; that use would only be slower."""
    subprocess.run(
        [PYTHON, "-m", "musterpoint", "prepare"],
        cwd=ROOT,
        env=inherited(),
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        check=False,
    )


# --- child processes and words


def inherited() -> dict[str, str]:
    """The caller's variables, less those that would change what the environment is."""
    return {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}


def output(command: list[str], guard: int, folder: Path = ROOT) -> Iterator[str]:
    """The lines that a step of set-up prints, as they come; a failure ends this program."""
    variables = {
        name: value
        for name, value in inherited().items()
        if not name.startswith("PIP_") or name in PIP_PASSED_ON
    }
    complaints = []
    with (
        LOG.open("a", encoding="utf-8") as log,
        subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            pass_fds=[guard],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            if re.match(r"(ERROR|E|Error|OSError)\b:? ?", line):
                complaints.append(line.split(":", 1)[-1].strip().rstrip("."))
            yield line.rstrip()
    if process.returncode:
        reason = complaints[-1] if complaints else f"{Path(command[0]).name} ended with {process.returncode}"
        stop(
            f"could not prepare the environment: {reason}. If packages cannot be reached from here, set"
            f" a mirror in pip's own configuration and try again; all that was said is in {LOG}"
        )


def follow(command: list[str], guard: int, folder: Path = ROOT) -> None:
    """A step of set-up whose lines are only for the log."""
    for _ in output(command, guard, folder):
        pass


def say(text: str) -> None:
    """A line about set-up; standard output belongs to the task."""
    print(f"run: {text}", file=sys.stderr, flush=True)


def stop(text: str) -> NoReturn:
    """End with one sentence and the exit code that means: the environment could not be prepared."""
    say(f"{text}.")
    sys.exit(EXIT_UNPREPARED)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        say("interrupted; the next run starts where it is safe.")
        sys.exit(EXIT_INTERRUPTED)
    except OSError as error:
        stop(f"could not prepare the environment: {error.strerror or error}: {error.filename or ROOT}")
