"""The hub as a process of its own: killed at the worst moment, stopped kindly, started with bad settings."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli import app
from telemetry.ack import Ack
from tests.hub.kit import EPOCH, PATIENCE, batch, lines, player, until
from tests.support.hub_process import embedded, hub, influx, log_of, status_of, victoria, written
from tests.support.scripted_http import Answer, ScriptedHttp
from tests.support.servers import Server, free_port


async def test_killed_between_the_write_and_its_yes_the_batch_comes_again_and_is_stored_once(
    tmp_path: Path, broker: Server
) -> None:
    said = batch(1, lines(10))
    with ScriptedHttp([Answer(204, until=threading.Event())]) as store:
        config = influx(tmp_path, broker.port, store.url)
        async with player(broker) as agent:
            with hub(config):
                while not store.writes:
                    with pytest.raises(TimeoutError):
                        await agent.ack_of(said, within=0.3)
                    await agent.say(said)
            assert agent.heard.empty()
            with hub(config):
                assert await agent.deliver(said) == Ack(EPOCH, 1, 10)
        assert set(store.lines()) == set(lines(10))
        assert len(store.writes) >= 2


UP = {"GET /metrics": Answer(200, b"vm_app_uptime_seconds 100\n")}


async def test_killed_between_the_yes_and_the_ack_the_batch_comes_again(tmp_path: Path, broker: Server) -> None:
    said = batch(1, lines(10))
    with ScriptedHttp(elsewhere=UP) as store:
        async with player(broker) as agent:
            with hub(victoria(tmp_path, broker.port, store.url, 60)):
                while not store.writes:
                    with pytest.raises(TimeoutError):
                        await agent.ack_of(said, within=0.3)
                    await agent.say(said)
                await until(lambda: store.writes, "the write")
            assert agent.heard.empty()
            with hub(victoria(tmp_path, broker.port, store.url, 0)):
                assert await agent.deliver(said) == Ack(EPOCH, 1, 10)
        assert {asked.body for asked in store.writes} == {b"".join(lines(10))}


async def test_killed_after_the_ack_the_embedded_store_has_it(tmp_path: Path, broker: Server) -> None:
    from hub.stores.embedded import Embedded

    async with player(broker) as agent:
        for life in range(2):
            with hub(embedded(tmp_path, broker.port)):
                assert (await agent.deliver(batch(life, lines(50, first=50 * life)))).stored == 50
    store = Embedded(tmp_path / "city.duckdb")
    await store.prepare()
    assert await store.query("SELECT count(*) AS n, max(seq) AS last FROM air") == [{"n": 100, "last": 99}]
    await store.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_kind_stop_ends_with_code_0_and_true_figures(
    tmp_path: Path, broker: Server, number: signal.Signals
) -> None:
    config = embedded(tmp_path, broker.port)
    with hub(config) as process:
        async with player(broker) as agent:
            assert (await agent.deliver(batch(1, lines(5)))).stored == 5
        await until(lambda: status_of(config).get("acknowledged"), "the figure")
        process.send_signal(number)
        assert process.wait(timeout=PATIENCE) == 0
    figures = status_of(config)
    assert figures["heard"]["batches"] >= 1
    assert figures["written"]["batches"] == figures["heard"]["batches"]
    assert figures["acknowledged"] >= 1
    assert figures["alarm"] == ""


CREATED = {"POST /query": Answer(200, b'{"results":[{"statement_id":0}]}\n')}


@pytest.mark.parametrize(
    ("fault", "remedy"),
    [
        (Answer(401, b'{"error":"authorization failed"}'), "check user name, password or token in the hub's settings"),
        (
            Answer(404, b'{"error":"database not found"}'),
            "the database or bucket is missing and the hub may not create",
        ),
        (
            Answer(500, b'{"error":"engine: no space left"}', {"Retry-After": "0"}),
            "a store whose disk was full needs a",
        ),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else "",
)
async def test_a_refusing_store_is_alarmed_and_the_batch_acknowledged_once_it_is_over(
    tmp_path: Path, broker: Server, fault: Answer, remedy: str
) -> None:
    said, reason = batch(1, lines(10)), fault.body.decode()
    with ScriptedHttp(otherwise=fault, elsewhere=CREATED) as store:
        config = influx(tmp_path, broker.port, store.url)
        async with player(broker) as agent:
            with hub(config):
                began = time.monotonic()
                while not store.writes:
                    with pytest.raises(TimeoutError):
                        await agent.ack_of(said, within=0.3)
                    await agent.say(said)
                await until(lambda: status_of(config).get("alarm"), "the alarm")
                tries, alarm = len(store.writes), status_of(config)["alarm"]
                assert f"InfluxDB at {store.url} answers {fault.status}: {reason}" in alarm
                assert remedy in alarm
                assert tries <= 1 + time.monotonic() - began, "tried again sooner than after a second"
                assert agent.heard.empty()
                store.otherwise = Answer(204)
                assert await agent.ack_of(said) == Ack(EPOCH, 1, 10)
                await until(lambda: status_of(config)["alarm"] == "", "the end of the alarm")
        assert set(store.lines()) == set(lines(10))
    log = log_of(config).read_text()
    assert log.count(f"ALARM: {alarm}") == 1
    assert f"alarm is over: {alarm}" in log
    assert "Traceback" not in log


def said_by(*arguments: str, timeout: float = 60.0) -> tuple[int, str]:
    command = [sys.executable, "-m", "hub.cli", *arguments]
    done = subprocess.run(command, capture_output=True, timeout=timeout, check=False)
    return done.returncode, done.stdout.decode() + done.stderr.decode()


def test_a_broker_out_of_reach_is_said_with_what_to_look_at_and_tried_again(tmp_path: Path) -> None:
    port = free_port()
    code, said = said_by("run", "--config", str(embedded(tmp_path, port)), "--for", "3s", "--verbose")
    assert code == 0
    assert f"broker 127.0.0.1:{port}" in said
    assert "is the broker running, are host and port right?" in said
    assert "Traceback" not in said
    tries = said.count("next try in")
    assert 1 <= tries <= 4


def test_a_token_file_that_cannot_be_read_ends_with_code_2(tmp_path: Path) -> None:
    config = written(tmp_path, 1, f'kind = "influxdb2"\nurl = "http://127.0.0.1:1"\ntoken_file = "{tmp_path}/kunci"')
    code, said = said_by("run", "--config", str(config), "--for", "1s")
    assert code == 2
    assert f"{config}: token_file {tmp_path}/kunci cannot be read" in said
    assert "Traceback" not in said


def test_a_password_file_that_cannot_be_read_ends_with_code_2(tmp_path: Path) -> None:
    store = f'kind = "influxdb1"\nurl = "http://127.0.0.1:1"\nusername = "hub"\npassword_file = "{tmp_path}"'
    code, said = said_by("run", "--config", str(written(tmp_path, 1, store)), "--for", "1s")
    assert code == 2
    assert f"{tmp_path} cannot be read" in said


def cli(*arguments: str) -> tuple[int, str]:
    """Run a command in this process."""
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_check_of_good_settings_says_what_they_mean(tmp_path: Path) -> None:
    config = embedded(tmp_path, 1883)
    assert cli("check", "--config", str(config)) == (
        0,
        f"{config}: good. Broker 127.0.0.1:1883, store embedded, 1 agent\n",
    )
    assert not (tmp_path / "city.duckdb").exists()


def test_check_of_bad_settings_names_each_fault_with_its_line(tmp_path: Path) -> None:
    config = written(tmp_path, 0, 'kind = "embeded"\npath = "x"')
    code, said = cli("check", "--config", str(config))
    assert code == 2
    assert said.startswith(f"{config}: 2 errors\n  line 3: broker.port: ")
    assert "\n  line 4: store: " in said


@pytest.mark.parametrize("command", ["check", "run", "tail"])
@pytest.mark.parametrize("content", [None, b"", b"\xff", b"[broker\n", b'[broker]\nhost = "x"\n'])
def test_unusable_settings_end_every_command_with_code_2(tmp_path: Path, command: str, content: bytes | None) -> None:
    config = tmp_path / "hub.toml"
    if content is not None:
        config.write_bytes(content)
    code, said = cli(command, "--config", str(config))
    assert code == 2
    assert said.startswith(f"{config}: ")


def test_tail_of_a_broker_out_of_reach_ends_with_code_1() -> None:
    code, said = cli("tail", "--broker", f"127.0.0.1:{free_port()}")
    assert code == 1
    assert "is the broker running" in said


def test_tail_ends_by_itself(broker: Server) -> None:
    assert cli("tail", "--broker", f"127.0.0.1:{broker.port}", "--for", "0.2s") == (0, "")


@pytest.mark.parametrize(
    "address", ["", ":", "x", "x:", ":1883", "x:y", "x:0", "x:99999", "x:²", "a b:1883", "mqtt://x:1"]
)
def test_an_address_that_is_none_is_said_with_an_example(address: str) -> None:
    code, said = cli("tail", "--broker", address)
    assert code == 2
    assert "127.0.0.1:1883" in said


@pytest.mark.parametrize("time", ["5x", "", "-1s", "soon"])
def test_a_time_that_is_none_is_said_with_an_example(tmp_path: Path, time: str) -> None:
    code, said = cli("run", "--config", str(embedded(tmp_path, 1)), f"--for={time}")
    assert code == 2
    assert "30s" in said


def test_the_version_is_shown() -> None:
    code, said = cli("--version")
    assert code == 0
    assert said.startswith("simpang ")
