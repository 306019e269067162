"""`simpang-agent spool`: what waits is told, verified and exported, also beside a running agent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import agents
from tests.support.agents import run
from tests.support.spooling import STAMP, all_rows, opened, opening, rot, row, taken

_SECONDS = 120


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return agents.settings(tmp_path, broker=1)


@pytest.fixture
def full(tmp_path: Path, config: Path) -> Path:
    """A closed spool of two minutes: ten dust sensors, a reading each second, and one undated reading."""
    path = tmp_path / "spool"
    spool = opened(path, batch_readings=100)
    for second in range(_SECONDS):
        at = STAMP.monotonic_ns + second * 10**9
        spool.commit([taken(second / 10, f"dust-{number}", at=at) for number in range(10)], STAMP)
    spool.commit([taken(7.5)], None)
    spool.close()
    return path


def test_status_tells_what_waits(full: Path, config: Path):
    said = run("spool", "status", "-c", config)
    assert said.exit_code == 0, said.output
    assert "1200 pembacaan" in said.stdout
    assert "120 batch" in said.stdout
    figures = json.loads(run("spool", "status", "-c", config, "--json").stdout)
    assert (figures["readings"], figures["batches"], figures["undated"], figures["untold"]) == (1200, 120, 1, 0)
    assert (figures["place"], figures["agent_runs"], figures["set_aside"]) == ("simpang-empat/se-1", False, [])
    assert figures["levels"] == [120, 0, 0, 0]


def test_status_beside_a_running_agent_says_so_and_disturbs_nothing(full: Path, config: Path):
    spool = opened(full)
    figures = json.loads(run("spool", "status", "-c", config, "--json").stdout)
    assert figures["agent_runs"]
    assert spool.commit([taken()], STAMP) is not None
    spool.close()


def test_status_names_what_was_set_aside(full: Path, config: Path):
    full.write_bytes(b"rotten" * 1000)
    opened(full).close()
    (aside,) = json.loads(run("spool", "status", "-c", config, "--json").stdout)["set_aside"]
    assert ".salvaged-" in aside


def test_status_and_export_say_that_a_damaged_spool_is_still_coming_over(
    full: Path, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    rot(full)
    spool = opening(full)
    aside = str(spool.damaged)
    figures = json.loads(run("spool", "status", "-c", config, "--json").stdout)
    assert (figures["coming_over"], figures["set_aside"]) == ([aside], [])
    monkeypatch.setenv("COLUMNS", "200")
    assert aside in run("spool", "status", "-c", config).stdout
    assert aside in run("spool", "export", "-c", config, "-o", tmp_path / "out").stderr.replace("\n", "")
    spool.close()
    opened(full).close()
    assert aside not in run("spool", "export", "-c", config, "-o", tmp_path / "all").stderr.replace("\n", "")


def test_capacity_is_the_quota_over_the_present_rate(full: Path, config: Path):
    figures = json.loads(run("spool", "capacity", "-c", config, "--json").stdout)
    seconds = _SECONDS - 1
    assert figures["readings_per_second"] == pytest.approx(1200 / seconds)
    spool = opened(full)
    assert figures["bytes_per_second"] == pytest.approx(spool.held.bytes / seconds)
    spool.close()
    assert figures["days"] == pytest.approx(2048 * 2**20 / figures["bytes_per_second"] / 86_400)
    assert figures["days_as_means"] > 10 * figures["days"]
    assert "hari / days" in run("spool", "capacity", "-c", config).stdout


def test_capacity_without_enough_readings_says_so(tmp_path: Path, config: Path):
    opened(tmp_path / "spool").close()
    said = run("spool", "capacity", "-c", config)
    assert said.exit_code == 1
    assert "no rate to tell" in said.stderr


def test_verify_finds_a_sound_spool_sound(full: Path, config: Path):
    said = run("spool", "verify", "-c", config)
    assert (said.exit_code, said.stdout) == (0, "120 batch, 0 rusak / damaged\n")


def test_verify_names_a_damaged_batch(full: Path, config: Path):
    data = bytearray(full.read_bytes())
    at = data.rindex(b"\x28\xb5\x2f\xfd") + 60
    data[at] ^= 0xFF
    full.write_bytes(data)
    said = run("spool", "verify", "-c", config)
    assert said.exit_code == 1
    assert "batch " in said.stdout
    assert "1 rusak / damaged" in said.stdout


def test_export_writes_every_dated_reading_once(full: Path, config: Path, tmp_path: Path):
    out = tmp_path / "out.lp"
    said = run("spool", "export", "-c", config, "-o", out)
    assert said.exit_code == 0, said.output
    assert "1 pembacaan belum bertanggal" in said.stderr
    spool = opened(full)
    assert [row(line) for line in out.read_text().splitlines()] == all_rows(spool)
    spool.close()
    assert run("spool", "export", "-c", config).stdout_bytes == out.read_bytes()


def test_export_overwrites_nothing(full: Path, config: Path, tmp_path: Path):
    (tmp_path / "out.lp").write_text("precious")
    said = run("spool", "export", "-c", config, "-o", tmp_path / "out.lp")
    assert said.exit_code == 1
    assert "File exists" in said.stderr
    assert (tmp_path / "out.lp").read_text() == "precious"


@pytest.mark.parametrize("command", ["status", "capacity", "verify", "export"])
def test_no_spool_and_no_database_are_told_in_words(tmp_path: Path, config: Path, command: str):
    said = run("spool", command, "-c", config)
    assert said.exit_code == 1
    assert "no spool at" in said.stderr
    (tmp_path / "spool").write_bytes(b"this is no spool" * 1000)
    said = run("spool", command, "-c", config)
    assert said.exit_code == 1
    assert "is damaged" in said.stderr
    assert "Traceback" not in said.output
