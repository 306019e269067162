"""The scan names what is captured, says what it cannot tell apart, and never names what is not there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from drivers.catalogue import known, load
from drivers.parts.checksum import crc16_modbus
from edge_agent.cli import app
from edge_agent.config import AgentSettings
from edge_agent.scanning.block import added, block, sensor_name
from edge_agent.scanning.evidence import questions, talkers
from edge_agent.scanning.ports import holders, ports
from edge_agent.scanning.probe import probe
from edge_agent.scanning.verdict import GARBAGE, HELD_LOW, LINES, SILENCE, Verdict, verdicts
from service.settings import load as load_settings
from tests.support import agents, servers
from tests.support.captures import made, shared, sound
from tests.support.devices import Answer, Device, device, silent

QUICK = 0.15
"""A fraction of the usual patience: devices here talk ten times a second."""

_WINSEN = {"mhz19b", "zh03b", "winsen_ze"}
ALIKE = {name: {"pmsx003", "pms5003t"} for name in ("pmsx003", "pms5003t")} | dict.fromkeys(_WINSEN, _WINSEN)
"""Devices that say the same bytes, or answer the same question alike; Modbus ones are below."""

NO_PARITY = {name for name in known() if load(name).line.parity != "N"}
"""A pseudo-terminal has no parity bit: these are met on real ports only."""


def answering(name: str) -> Answer:
    """Return what a polled device says to its own question, and to no other."""
    driver, frames = made(name), cycle([capture.data for capture in sound(name)])
    asked = {driver.query or driver.request or driver.poll()}
    return lambda question: next(frames) if any(each in question for each in asked) else b""


def plug(stack: ExitStack, folder: Path, name: str) -> Path:
    link = folder / name
    talks = not load(name).request and not load(name).shares_line
    frames = [capture.data for capture in sound(name)] if talks else []
    answer = silent if talks else answering(name)
    stack.enter_context(device(link, frames, every=0.03, answer=answer, baud=load(name).line.baud))
    return link


def scanned(*links: Path, listen_only: bool = False) -> list[Verdict]:
    async def every() -> list[Verdict]:
        asked = [] if listen_only else questions([1, 2, 3])
        heard = await asyncio.gather(*(probe(str(link), asked, patience=QUICK) for link in links))
        return [said for each in heard for said in verdicts(each)]

    return asyncio.run(every())


def modbus_alike(name: str) -> set[str]:
    """Return the register maps that ask what a device's map asks, at its speed."""
    own = load(name)
    same_line = [other for other in known() if load(other).shares_line and load(other).line == own.line]
    return {other for other in same_line if load(other)(address=1).poll() == own(address=1).poll()}


def test_every_captured_sensor_is_named_and_none_wrongly(tmp_path: Path) -> None:
    names = [name for name in known() if sound(name) and name not in NO_PARITY]
    assert len(names) >= 28
    with ExitStack() as stack:
        links = [plug(stack, tmp_path, name) for name in names]
        found = dict(zip(names, scanned(*links), strict=True))
    for name, said in found.items():
        expected = modbus_alike(name) if load(name).shares_line else ALIKE.get(name, {name})
        assert name in said.names, (name, said)
        assert set(said.names) <= expected, (name, said)
    certain = {name for name, said in found.items() if said.is_certain}
    assert certain >= {
        "sds011",
        "sds198",
        "sps30",
        "nmea",
        "davis",
        "pzem004t",
        "scd30",
        "senseair",
        "maxbotix",
        "mcu680",
    }
    assert all(found[name].address == load(name)().chosen["address"] for name in names if load(name).shares_line)


def test_several_devices_on_one_line_are_each_named_with_their_address(tmp_path: Path) -> None:
    frames = {address: sound("rs485_th")[address].data for address in (1, 2)}
    answers = {
        load("rs485_th")(address=address).poll(): bytes([address]) + frame[1:-2] for address, frame in frames.items()
    }
    checked = {asked: body + crc16_modbus(body).to_bytes(2, "little") for asked, body in answers.items()}
    with device(tmp_path / "rs485", answer=lambda question: checked.get(question, b"")):
        found = scanned(tmp_path / "rs485")
    assert [(said.names, said.address) for said in found] == [(("rs485_th",), 1), (("rs485_th",), 2)]


def test_a_honeywell_that_talks_like_a_plantower_is_found_out_by_asking(tmp_path: Path) -> None:
    with device(tmp_path / "hpma", [capture.data for capture in sound("pmsx003")], answer=answering("hpma115c0")):
        (asked,) = scanned(tmp_path / "hpma")
        (listened,) = scanned(tmp_path / "hpma", listen_only=True)
    assert asked.names == ("hpma115c0",)
    assert set(listened.names) == {"pmsx003", "pms5003t", "hpma115c0", "hpma115s0"}


def test_a_board_that_says_lines_is_not_asked(tmp_path: Path) -> None:
    with device(tmp_path / "board", [b"temp=31.5 hum=70\r\n"]) as plugged:
        scanned(tmp_path / "board")
        assert not plugged.asked


SHARED = ("sds011", "sds198", "pmsx003", "pms3003", "pms5003t", "mcu680")


@pytest.mark.parametrize("name", SHARED)
def test_the_public_captures_of_talking_sensors_are_named_by_listening_alone(tmp_path: Path, name: str) -> None:
    frames = [bytes.fromhex(record["hex"]) for record in shared(f"{name}.jsonl") if record["valid"]]
    with device(tmp_path / name, frames) as plugged:
        (said,) = scanned(tmp_path / name, listen_only=True)
        assert not plugged.asked
    alike = {"hpma115c0", "hpma115s0"} if name in ("pmsx003", "pms5003t") else set()
    assert name in said.names
    assert set(said.names) <= ALIKE.get(name, {name}) | alike


def test_a_damaged_line_is_named_all_the_same(tmp_path: Path) -> None:
    random = Random(5)
    frames = [capture.data for capture in sound("sds011")] * 20
    dirty = [bytes(byte for byte in frame if random.random() > 0.01) for frame in frames]
    with device(tmp_path / "dust", dirty, every=0.05):
        (said,) = scanned(tmp_path / "dust")
    assert said.names == ("sds011",)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([], SILENCE),
        ([bytes(20)], HELD_LOW),
        ([Random(n).randbytes(30) for n in range(50)], GARBAGE),
        ([b"boot ok\r\n", b"T: 31.5 C, H: 70 %\r\n", b"T: 31.6 C, H: 70 %\r\n"], LINES),
    ],
)
def test_what_is_not_known_is_not_named_and_the_likely_cause_is(
    tmp_path: Path, said: list[bytes], why: tuple[str, ...]
) -> None:
    with device(tmp_path / "thing", said, every=0.02):
        (found,) = scanned(tmp_path / "thing")
    assert found.names == ()
    assert found.remedies == why
    assert bool(found.evidence) == bool(said)


@pytest.mark.parametrize("baud", [4800, 38400, 115200])
def test_a_receiver_at_another_speed_is_found_with_it(tmp_path: Path, baud: int) -> None:
    with device(tmp_path / "gnss", [capture.data for capture in sound("nmea")], every=0.03, baud=baud):
        (said,) = scanned(tmp_path / "gnss", listen_only=True)
    assert (said.names, said.baud) == (("nmea",), baud)


def test_an_echo_of_the_question_is_no_answer(tmp_path: Path) -> None:
    """An RS-485 adapter that hears itself, or TX wired to RX."""
    with device(tmp_path / "loop", answer=lambda question: question):
        (found,) = scanned(tmp_path / "loop")
    assert found.names == ()


def test_every_polled_driver_has_a_question_and_every_other_is_listened_for() -> None:
    asked = {name for question in questions([]) for name in question.names}
    listened = {name for names in talkers().values() for name in names}
    assert asked | listened == set(known())
    for name in known():
        openings = load(name).opening
        assert not openings or openings not in {q.data for q in questions([]) if name in q.names}, (
            "a scan changes nothing"
        )


def dev(folder: Path) -> Path:
    """Return a /dev with two adapters of one identity, one of another, and a port on the board."""
    for name in ("ttyUSB0", "ttyUSB1", "ttyUSB2", "ttyAMA0"):
        (folder / name).touch()
    for kind, links in {
        "by-id": {"usb-CH340": 0, "usb-FTDI_A1": 2},
        "by-path": {"usb-1.1": 0, "usb-1.2": 1, "usb-1.3": 2},
    }.items():
        (folder / "serial" / kind).mkdir(parents=True)
        for link, number in links.items():
            (folder / "serial" / kind / link).symlink_to(folder / f"ttyUSB{number}")
    (folder / "serial" / "by-id" / "usb-gone").symlink_to(folder / "ttyUSB9")
    (folder / "serial0").symlink_to(folder / "ttyAMA0")
    return folder


def test_each_port_is_scanned_once_under_the_name_that_stays(tmp_path: Path) -> None:
    folder = dev(tmp_path)
    assert [str(Path(port).relative_to(folder)) for port in ports(folder)] == [
        "serial/by-id/usb-CH340", "serial/by-id/usb-FTDI_A1", "serial/by-path/usb-1.2", "serial0",
    ]  # fmt: skip


@pytest.fixture
def dust(tmp_path: Path) -> Iterator[Device]:
    with device(tmp_path / "usb-dust", [capture.data for capture in sound("sds011")]) as plugged:
        yield plugged


def invoke(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["scan", "--patience", str(QUICK), *arguments])
    return done.exit_code, done.output


def test_the_command_prints_the_evidence_and_settings_to_paste(tmp_path: Path, dust: Device) -> None:
    code, said = invoke("--port", str(tmp_path / "usb-dust"), "--listen-only")
    assert code == 0
    assert "Nova Fitness SDS011, SDS018, SDS021" in said
    assert "sds011: 3 frames in" in said
    assert "at 9600 8N1, 100% of the bytes, their sums agree; PM2.5 " in said
    assert f'[[serial]]\nsensor = "dust"\ndriver = "sds011"\nport = "{tmp_path}/usb-dust"\n' in said
    assert not dust.asked


def test_questions_are_told_before_they_are_sent(tmp_path: Path) -> None:
    with device(tmp_path / "co2", answer=answering("senseair")) as plugged:
        code, said = invoke("--port", str(tmp_path / "co2"))
    assert code == 0
    told = [line.split(": asks at ")[1] for line in said.splitlines() if ": asks at " in line]
    data = [bytes.fromhex(each.partition(": ")[2].split("  ")[0]) for each in told]
    assert b"".join(data) == bytes(plugged.asked)
    assert said.index("asks at") < said.index("senseair: answered fe 04 00 00 00 04")


def test_a_port_that_is_open_elsewhere_names_the_program(tmp_path: Path, dust: Device) -> None:
    from edge_agent.sources.port import Port

    link = str(tmp_path / "usb-dust")
    port = Port(link, load("sds011").line)
    code, said = invoke("--port", link, "--listen-only")
    asyncio.run(port.leave(b""))
    assert code == 1
    assert "another program holds it" in said
    assert "it is open in " in said
    assert holders(link)


def test_no_port_at_all_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.scan_command.ports", list)
    code, said = invoke()
    assert code == 1
    assert "no serial port is plugged in / tidak ada port serial" in said


def test_what_is_certain_is_written_into_the_settings(tmp_path: Path, dust: Device) -> None:
    config = agents.settings(tmp_path, broker=servers.free_port(), serial={})
    link = str(tmp_path / "usb-dust")
    for expected in ("1 added; the hub must know them too", "nothing new that is certain; it stays as it is"):
        code, said = invoke("--port", link, "--listen-only", "--write", "--config", str(config))
        assert code == 0, said
        assert expected in said
        assert load_settings(config, AgentSettings).serial[0].port == link
        assert len(load_settings(config, AgentSettings).serial) == 1


def test_settings_that_are_written_keep_their_mode_and_group(tmp_path: Path, dust: Device) -> None:
    config = agents.settings(tmp_path, broker=servers.free_port(), serial={})
    config.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(config, 0, 12345)
    before = config.stat()
    assert invoke("--port", str(tmp_path / "usb-dust"), "--listen-only", "--write", "--config", str(config))[0] == 0
    after = config.stat()
    assert after.st_size > before.st_size
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_what_is_doubtful_is_printed_and_not_written(tmp_path: Path) -> None:
    config = agents.settings(tmp_path, broker=servers.free_port(), serial={})
    with device(tmp_path / "pms", [capture.data for capture in sound("pmsx003")]):
        code, said = invoke("--port", str(tmp_path / "pms"), "--listen-only", "--write", "--config", str(config))
    assert code == 0
    assert "these cannot be told apart / tidak dapat dibedakan" in said
    assert 'driver = "pmsx003"  # or / atau: pms5003t, hpma115c0, hpma115s0' in said
    assert load_settings(config, AgentSettings).serial == []


def test_settings_that_are_wrong_before_are_left_alone(tmp_path: Path, dust: Device) -> None:
    config = tmp_path / "agent.toml"
    config.write_text("site = 3\n")
    code, said = invoke("--port", str(tmp_path / "usb-dust"), "--write", "--config", str(config))
    assert code == 2
    assert "line 1: site" in said
    assert config.read_text() == "site = 3\n"


def test_a_block_has_the_address_the_speed_and_the_options(tmp_path: Path) -> None:
    assert sensor_name("sds011", {"dust", "dust-2"}) == "dust-3"
    assert sensor_name("nmea", set()) == "gnss"
    said = block("/dev/x", Verdict(("rs485_th",), (), address=4, baud=4800), "weather")
    assert said.endswith('port = "/dev/x"\nbaud = 4800\noptions = { address = 4 }\n')
    config = agents.settings(tmp_path, broker=servers.free_port(), serial={})
    good = added(config, config.read_text(), said + "\n" + block("/dev/y", Verdict(("winsen_ze",), ()), "gas"))
    assert [sensor.sensor for sensor in good.serial] == ["weather", "gas"]
