"""The fuzzing proves itself: decoders that were broken on purpose are found out, and what is found is kept and told."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from hub.config import HubSettings
from telemetry import batch
from telemetry.ack import Ack
from telemetry.batch import Batch
from telemetry.check import Checked
from telemetry.errors import BadBatch
from telemetry.reading import Place
from telemetry.topic import Channel
from tests.fuzz import __main__ as command
from tests.fuzz.campaign import Outcome
from tests.fuzz.findings import CRASHES, REPORT, Findings
from tests.fuzz.strategies import inputs
from tests.fuzz.surface import Surface
from tests.fuzz.surfaces import SURFACES
from tests.fuzz.targets import ack, drivers, spool

_ENOUGH = 3_000


def is_found_out(surface: Surface) -> bool:
    """Tell whether some input breaks the contract."""

    @settings(
        deadline=None,
        database=None,
        derandomize=True,
        max_examples=_ENOUGH,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs(surface))
    def holds(data: bytes) -> None:
        surface.check(data)

    try:
        holds()
    except Exception:  # noqa: BLE001 - whatever it is
        return True
    return False


def broken(name: str, read: Callable[[bytes], Any]) -> Surface:
    return dataclasses.replace(SURFACES[name], read=read)


def _batch_that_counts_no_lines(data: bytes) -> Batch:
    header = batch._HEADER.match(data)
    if header is None:
        raise BadBatch("no header")
    return Batch(header[2].decode(), int(header[3]), int(header[4]), data[header.end() :])


def _ack_that_believes_its_numbers(data: bytes) -> Ack:
    said = SURFACES["ack"].read(data)
    return dataclasses.replace(said, stored=said.stored - 1)


def _topic_of_any_length(data: bytes) -> tuple[Place, Channel]:
    return SURFACES["topic"].read(data.replace(b"a" * 33, b"a"))


def _check_that_strips_what_is_strange(data: bytes) -> Checked:
    return SURFACES["check"].read(data.translate(None, b"\r\t\0\"'\\+\xff"))


def _hub_settings_that_tell_the_first_fault_in_tomls_own_words(data: bytes) -> HubSettings:
    import tomllib

    return HubSettings.model_validate(tomllib.loads(data.decode("utf-8", "replace")))


def _drivers_that_mend_checksums(data: bytes) -> Any:
    return SURFACES["drivers"].read(data.replace(data[8:10], bytes([sum(data[2:8]) % 256, 0xAB])) if data else data)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("batch", _batch_that_counts_no_lines),
        ("ack", _ack_that_believes_its_numbers),
        ("topic", _topic_of_any_length),
        ("check", _check_that_strips_what_is_strange),
        ("hub-settings", _hub_settings_that_tell_the_first_fault_in_tomls_own_words),
        ("drivers", _drivers_that_mend_checksums),
    ],
)
def test_a_broken_decoder_is_found_out(name: str, read: Callable[[bytes], Any]) -> None:
    assert is_found_out(broken(name, read))


def test_a_spool_that_looks_at_no_document_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    spool.seeds()
    monkeypatch.setattr("edge_agent.delivery.spool.batches", SimpleNamespace(decode=lambda payload: payload))
    assert is_found_out(spool.SURFACE)


def test_a_long_reason_and_a_stranger_are_found_out() -> None:
    def refuses(data: bytes) -> None:
        raise BadBatch("x" * len(data))

    def fails(data: bytes) -> None:
        raise KeyError(data)

    surface = broken("batch", refuses)
    surface.check(b"x" * surface.longest_reason)
    with pytest.raises(AssertionError, match="a reason of"):
        surface.check(b"x" * (surface.longest_reason + 1))
    with pytest.raises(KeyError):
        broken("batch", fails).check(b"x")


def test_the_smallest_failure_of_each_place_is_kept(tmp_path: Path) -> None:
    findings = Findings(tmp_path)
    for data in (b"long input", b"short", b"not so short"):
        try:
            ack.judge(data, None)
        except ValueError as error:
            findings.failed(data, error)
    findings.failed(b"another", KeyError("nowhere"))
    kept = {path.read_bytes() for path in (tmp_path / CRASHES).iterdir() if path.suffix != ".txt"}
    assert kept == {b"short", b"another"}
    findings.write({})
    assert '"failures": 2' in (tmp_path / REPORT).read_text()


@pytest.mark.parametrize(("crashes", "code"), [(0, 0), (1, 1)])
def test_a_crash_fails_the_run_and_is_told(
    crashes: int, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    outcome = Outcome("ack", 1000, 60.0, crashes, 12.5, 1 << 20)
    monkeypatch.setattr(command, "fuzzed", lambda *_, **__: outcome)
    monkeypatch.setattr(sys, "argv", ["fuzz", "--folder", str(tmp_path), "ack"])
    monkeypatch.setitem(sys.modules, "atheris", sys)
    assert command.main() == code
    said = capsys.readouterr().out
    assert "12.50 > 10" in said
    assert ("crashes of ack" in said) is bool(crashes)


def test_where_there_is_no_fuzzer_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["fuzz"])
    monkeypatch.setitem(sys.modules, "atheris", None)
    assert command.main() == 2
    assert "Linux on x86_64" in capsys.readouterr().err


def test_frames_are_counted_without_the_drivers() -> None:
    seeds = drivers.seeds()
    assert all(any(count(data) for data in seeds) for count in drivers.SOUND.values())
    assert not any(count(bytes(range(256))) for count in drivers.SOUND.values())
