"""Whatever happens to the process that decodes, ours goes on with one clear sentence."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.imaging import files

from musterpoint import imaging
from musterpoint.errors import DecoderFailed, ImageTruncated, ImageUnsupported
from musterpoint.imaging import decoder_process, isolation

RIDGES = files.ridges()
JP2 = files.saved(RIDGES, "JPEG2000")
READ_ALL = "import sys, os, signal; sys.stdin.buffer.read(); out = sys.stdout.buffer\n"
HEAD = f"out.write({struct.pack('<8sII', b'L', 160, 200)!r})\n"


def wsq() -> bytes:
    """A WSQ file made by the package that the product uses to read it."""
    native = pytest.importorskip("_wsq", reason="the optional package wsq is not installed")
    data = native.compress(RIDGES.tobytes(), RIDGES.shape[0], RIDGES.shape[1], 15)
    assert isinstance(data, bytes)
    return data


def decode_with(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> imaging.FingerImage:
    """Decode with another program in the place of ours."""
    path = tmp_path / "program.py"
    path.write_text(program)
    monkeypatch.setattr(decoder_process, "__file__", str(path))
    return imaging.decode(JP2, ppi=500)


def test_wsq_is_read_at_500_ppi_as_the_format_implies() -> None:
    image = imaging.decode(wsq())

    assert (image.source.ppi, image.source.ppi_origin) == (500, "file")
    assert np.abs(image.pixels.astype(int) - RIDGES).mean() < 6


def test_the_comment_of_a_wsq_file_states_another_resolution() -> None:
    comment = b"NIST_COM 3\nPIX_WIDTH 160\nPPI 1000\nLOSSY 1\n"
    data = b"\xff\xa0\xff\xa8" + struct.pack(">H", 2 + len(comment)) + comment + wsq()[2:]

    assert imaging.decode(data).source.ppi == 1000


def test_a_damaged_wsq_file_is_truncated() -> None:
    data = wsq()

    with pytest.raises(ImageTruncated):
        imaging.decode(data[: len(data) // 2])


def test_without_the_optional_package_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = wsq()
    monkeypatch.setattr(sys, "path", [path for path in sys.path if "site-packages" not in path])

    with pytest.raises(ImageUnsupported, match=r"\./run python -m pip install wsq"):
        imaging.decode(data)


@pytest.mark.parametrize("death", ["SIGSEGV", "SIGABRT", "SIGFPE", "SIGXCPU"])
def test_a_decoder_that_crashes_means_a_damaged_file(
    death: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ImageTruncated, match="gave up"):
        decode_with(f"{READ_ALL}os.kill(os.getpid(), signal.{death})", tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(f"{READ_ALL}os.kill(os.getpid(), signal.SIGKILL)", id="killed"),
        pytest.param("raise SystemExit(1)", id="dies-before-it-reads"),
        pytest.param(READ_ALL, id="no-answer"),
    ],
)
def test_a_decoder_that_is_ended_from_outside_may_be_tried_again(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DecoderFailed, match="try again"):
        decode_with(program, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(f"{READ_ALL}{HEAD}out.write(bytes(160 * 200 - 1))", id="too-few-pixels"),
        pytest.param(f"{READ_ALL}{HEAD}out.write(bytes(160 * 200 + 1))", id="too-many-pixels"),
        pytest.param(f"{READ_ALL}{HEAD}\nwhile True: out.write(bytes(1 << 16))", id="without-end"),
        pytest.param(READ_ALL + HEAD.replace("xc8", "xc9") + "out.write(bytes(1 << 16))", id="other-size"),
        pytest.param(f"{READ_ALL}{HEAD.replace('L', 'F')}out.write(bytes(160 * 200))", id="other-mode"),
    ],
)
def test_an_answer_that_contradicts_the_header_is_refused(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ImageTruncated, match="contradicts"):
        decode_with(program, tmp_path, monkeypatch)


def test_a_decoder_without_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "_PROCESSOR_S", 0)

    with pytest.raises(DecoderFailed, match="too long"):
        decode_with("import time\ntime.sleep(3600)", tmp_path, monkeypatch)


def test_a_decoder_that_cannot_start_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    with pytest.raises(DecoderFailed, match="could not be started"):
        imaging.decode(JP2, ppi=500)


@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not bound address space")
def test_the_decoder_is_bounded_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(decoder_process.__file__).read_text()
    read = "data = sys.stdin.buffer.read()"
    greedy = source.replace(read, f"{read}; more = bytes(2 << 30)")
    assert greedy != source

    with pytest.raises((ImageTruncated, DecoderFailed)):
        decode_with(greedy, tmp_path, monkeypatch)


def test_the_decoders_complaints_do_not_reach_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ImageTruncated):
        decode_with(
            f"{READ_ALL}os.write(2, b'tempfile.tif: bad'); raise SystemExit(3)", tmp_path, monkeypatch
        )

    assert capfd.readouterr() == ("", "")
