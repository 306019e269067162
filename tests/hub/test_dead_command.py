"""Refused lines can be counted, looked at, and stored once what stood against them is mended."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hub.cli import app
from hub.dead_letter import DeadLetter, DeadLetterFile
from hub.stores.embedded import Embedded
from telemetry.topic import Channel, topic
from tests.hub.kit import EPOCH, PLACE, line
from tests.support import influx
from tests.support.servers import Server, free_port

STRANGE = [line(seq, sensor="gnss") for seq in range(3)]


@pytest.fixture
def letters(tmp_path: Path) -> DeadLetterFile:
    """Three readings of a sensor that was not registered, one that no schema takes, and a whole message."""
    file = DeadLetterFile(tmp_path / "dead-letter.jsonl", 1 << 20)
    file.keep(letter(n, "sensor not registered: gnss", said.decode().rstrip()) for n, said in enumerate(STRANGE, 1))
    file.keep([letter(9, "air has no quantity 'pm3'", line(9).decode().rstrip().replace("pm2_5", "pm3"))])
    file.keep([letter(0, "agent not registered (the first message only is kept)", "\x1b[31m(\ufffd")])
    return file


def letter(number: int, why: str, text: str, on: str = topic(PLACE, Channel.READINGS)) -> DeadLetter:
    return DeadLetter("2026-11-21T08:00:00.000+00:00", on, EPOCH, 7, number, why, text)


def config(tmp_path: Path, store: str = "", sensors: str = '"dust"') -> Path:
    file = tmp_path / "hub.toml"
    store = store or f'kind = "embedded"\npath = "{tmp_path}/city.duckdb"\n'
    file.write_text(
        f'[broker]\nhost = "127.0.0.1"\n[store]\n{store}[dead_letter]\npath = "{tmp_path}/dead-letter.jsonl"\n'
        f'[[agent]]\nsite = "{PLACE.site}"\nagent = "{PLACE.agent}"\nsensors = [{sensors}]\n'
    )
    return file


def dead(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["dead", *map(str, arguments)], env={"COLUMNS": "160"})


def rows(tmp_path: Path) -> list[dict[str, Any]]:
    async def ask() -> list[dict[str, Any]]:
        store = Embedded(tmp_path / "city.duckdb")
        await store.prepare()
        try:
            return [dict(row) for row in await store.query("SELECT sensor, seq, pm2_5 FROM air ORDER BY seq")]
        finally:
            await store.close()

    return asyncio.run(ask())


def test_they_are_counted_by_agent_and_cause(tmp_path: Path, letters: DeadLetterFile) -> None:
    said = dead("list", "-c", config(tmp_path))
    assert said.exit_code == 0
    counted = [row.split("│")[1:4] for row in said.output.splitlines() if "se-1" in row]
    assert [[cell.strip() for cell in row] for row in counted] == [
        ["se-1", "sensor not registered", "3"],
        ["se-1", "air has no quantity 'pm3'", "1"],
        ["se-1", "agent not registered (the first message only is kept)", "1"],
    ]


def test_none_is_said_so_and_those_of_others_are_left_out(tmp_path: Path, letters: DeadLetterFile) -> None:
    assert "none" in dead("list", "-c", config(tmp_path), "--agent", "se-2").output
    assert "none" not in dead("list", "-c", config(tmp_path), "--agent", "se-1").output
    (tmp_path / "dead-letter.jsonl").unlink()
    assert "none" in dead("list", "-c", config(tmp_path)).output


def test_they_are_shown_with_their_reason_and_steer_no_terminal(tmp_path: Path, letters: DeadLetterFile) -> None:
    said = dead("show", "-c", config(tmp_path), "--why", "registered").output
    assert "se-1 batch 7 line 1: sensor not registered: gnss" in said
    assert STRANGE[0].decode().rstrip() in said
    assert "pm3" not in said
    assert "\x1b" not in said
    assert dead("show", "-c", config(tmp_path), "--most", "1").output.count("batch 7") == 1


def test_what_is_registered_by_now_is_stored_once_however_often(tmp_path: Path, letters: DeadLetterFile) -> None:
    file = config(tmp_path, sensors='"dust", "gnss"')
    said = dead("replay", "-c", file, "--dry-run")
    assert said.stdout.splitlines()[0] == "3 lines would be stored"
    assert not (tmp_path / "city.duckdb").exists()
    for _ in range(2):
        said = dead("replay", "-c", file)
        assert said.exit_code == 0
        assert said.stdout.splitlines()[0] == "3 lines stored"
        assert "  1 still refused: air has no quantity 'pm3'" in said.output
        assert "  1 still refused: a whole message, which its agent sends again" in said.output
    assert rows(tmp_path) == [{"sensor": "gnss", "seq": seq, "pm2_5": 12.3} for seq in range(3)]


def test_what_is_still_not_registered_stays_refused(tmp_path: Path, letters: DeadLetterFile) -> None:
    said = dead("replay", "-c", config(tmp_path))
    assert said.exit_code == 1
    assert said.stdout.splitlines()[0] == "0 lines stored"
    assert "  3 still refused: sensor not registered: se-1 gnss" in said.output


def test_a_line_is_never_stored_as_another_agents(tmp_path: Path, letters: DeadLetterFile) -> None:
    letters.keep([letter(1, "x", line(1).decode().rstrip(), "simpang/v1/simpang-empat/se-9/up/readings")])
    letters.keep([letter(2, "x", line(1).decode().rstrip(), "nonsense")])
    said = dead("replay", "-c", config(tmp_path), "--why", "x")
    assert said.exit_code == 1
    assert "agent not registered: simpang-empat/se-9" in said.output
    assert "its topic is damaged" in said.output


def test_a_damaged_file_is_read_as_far_as_it_goes(tmp_path: Path, letters: DeadLetterFile) -> None:
    path = tmp_path / "dead-letter.jsonl"
    whole = path.read_bytes()
    path.write_bytes(b"\xff\n{}\n[]\nnull\n" + whole.replace(b'"text": "air', b'"text": 5, "x": "air', 1) + whole[:40])
    assert dead("replay", "-c", config(tmp_path, sensors='"gnss"'), "--dry-run").output.startswith("2 lines")


def test_a_store_that_is_away_is_told(tmp_path: Path, letters: DeadLetterFile) -> None:
    store = f'kind = "influxdb1"\nurl = "http://127.0.0.1:{free_port()}"\n'
    said = dead("replay", "-c", config(tmp_path, store, sensors='"gnss"'))
    assert said.exit_code == 1
    assert "is out of reach" in said.output
    assert "try again later" in said.output


def test_a_real_influxdb_gets_them(tmp_path: Path, letters: DeadLetterFile, influx1: Server) -> None:
    store = f'kind = "influxdb1"\nurl = "{influx1.url}"\n'
    said = dead("replay", "-c", config(tmp_path, store, sensors='"gnss"'))
    assert said.stdout.splitlines()[0] == "3 lines stored"
    assert [row["seq"] for row in influx.query(influx1, "SELECT seq FROM air")] == [0, 1, 2]
