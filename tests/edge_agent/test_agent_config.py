"""What a technician may write, and what he is told when it is wrong: every error at once, each with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.catalogue import known
from edge_agent.config import AgentSettings, Clock
from service.settings import BadSettings, load, parse

_FILE = Path("agent.toml")
_GOOD = """\
site = "simpang-empat"
agent = "se-1"

[broker]
host = "127.0.0.1"

[spool]
path = "/var/lib/simpang/spool"

[[serial]]
sensor = "dust"
driver = "sds011"
port = "/dev/serial/by-id/usb-dust"

[[camera]]
sensor = "cam-north"
url = "rtsp://10.0.0.5/stream"

[[camera.line]]
name = "l1"
from = [0.0, 0.6]
to = [1.0, 0.6]
"""


def _settings(text: str = _GOOD) -> AgentSettings:
    return parse(_FILE, text, AgentSettings)


def _faults(text: str) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        _settings(text)
    return caught.value.faults


def _fault(text: str) -> str:
    (fault,) = _faults(text)
    return fault


def _at(text: str, marker: str) -> str:
    """Return how a fault begins that is on the only line which holds a marker."""
    (line,) = (n for n, line in enumerate(text.split("\n"), start=1) if marker in line)
    return f"line {line}: "


def _changed(old: str, new: str) -> str:
    assert _GOOD.count(old) == 1
    return _GOOD.replace(old, new)


def _added(text: str) -> str:
    return _GOOD + "\n" + text


def test_a_good_file_is_taken_with_its_defaults():
    settings = _settings()
    assert (settings.site, settings.agent, settings.sensors()) == ("simpang-empat", "se-1", ["dust", "cam-north"])
    assert (settings.spool.commit_seconds, settings.uplink.window, settings.uplink.batch_readings) == (1.0, 16, 100)
    line = settings.camera[0].lines[0]
    assert (line.start, line.end, line.directions) == ((0.0, 0.6), (1.0, 0.6), ("in", "out"))


def test_an_agent_may_have_no_sensor_at_all():
    assert _settings(_GOOD[: _GOOD.index("[[serial]]")]).sensors() == []


def test_settings_cannot_be_changed_afterwards():
    with pytest.raises(ValueError, match="frozen"):
        _settings().site = "elsewhere"  # type: ignore[misc]  # that it cannot be done is the point


def test_two_sensors_of_one_name_are_told_at_the_second():
    text = _added('[[serial]]\nsensor = "dust" # again\ndriver = "sds011"\nport = "/dev/serial/by-id/usb-2"\n')
    assert _fault(text).startswith(_at(text, "# again"))
    assert "serial[2].sensor: 'dust' is already serial[1]; each needs its own" in _fault(text)


def test_a_camera_may_not_have_the_name_of_a_serial_sensor():
    text = _changed('sensor = "cam-north"', 'sensor = "dust" # again')
    assert _fault(text).startswith(_at(text, "# again"))
    assert "'dust' is already serial[1]" in _fault(text)


def test_a_sensor_may_not_have_the_name_of_the_agents_own_health():
    text = _changed('sensor = "dust"', 'sensor = "agent"')
    assert _fault(text).startswith(_at(text, 'sensor = "agent"'))
    assert "the agent's own health" in _fault(text)


def test_two_sensors_on_one_port_are_told_at_the_second():
    text = _added('[[serial]]\nsensor = "dust-2"\ndriver = "sds011"\nport = "/dev/serial/by-id/usb-dust" # again\n')
    assert _fault(text).startswith(_at(text, "# again"))
    assert "serial[2].port" in _fault(text)


def test_two_lines_of_one_name_in_a_camera_are_told_at_the_second():
    text = _added('[[camera.line]]\nname = "l1" # again\nfrom = [0.0, 0.1]\nto = [1.0, 0.1]\n')
    assert _fault(text).startswith(_at(text, "# again"))
    assert "camera[1].line[2].name: 'l1' is already line[1]; each needs its own" in _fault(text)


def test_two_cameras_may_each_have_a_line_of_one_name():
    text = _added(
        '[[camera]]\nsensor = "cam-south"\nurl = "/dev/video0"\n'
        '[[camera.line]]\nname = "l1"\nfrom = [0.0, 0.1]\nto = [1.0, 0.1]\n'
    )
    assert [len(camera.lines) for camera in _settings(text).camera] == [1, 1]


@pytest.mark.parametrize("port", ["/dev/ttyUSB0", "/dev/ttyACM12"])
def test_a_port_that_is_renumbered_is_refused_with_the_remedy(port: str):
    text = _changed("/dev/serial/by-id/usb-dust", port)
    assert _fault(text).startswith(_at(text, port))
    assert "changes when devices are plugged in again; use its name in /dev/serial/by-id" in _fault(text)


@pytest.mark.parametrize("port", ["/dev/ttyAMA0", "/dev/ttyS0", "/dev/serial/by-path/pci-0", "/dev/serial0"])
def test_a_port_that_keeps_its_name_is_taken(port: str):
    assert _settings(_changed("/dev/serial/by-id/usb-dust", port)).serial[0].port == port


@pytest.mark.parametrize("port", ["COM3", "ttyUSB0", "", "socket://10.0.0.1:4001"])
def test_what_is_no_path_is_no_port(port: str):
    assert "is not the path of a port" in _fault(_changed("/dev/serial/by-id/usb-dust", port))


def test_an_unknown_driver_is_answered_with_the_known_ones():
    text = _changed("sds011", "sds-011")
    assert _fault(text).startswith(_at(text, "sds-011"))
    assert f"no driver 'sds-011'; there are {', '.join(known())}; did you mean 'sds011'?" in _fault(text)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("", "gas: must be given: the gas that is printed on the module"),
        ('options = { gas = "no" }', "gas: 'no' is not one of co, no2, so2, o3, ch2o"),
        ('options = { gas = "no2", temperature = 400 }', "temperature: 400 is not a number from -40 to 60"),
        ('options = { gas = "no2", pressure = "1013" }', "pressure: '1013' is not a number from 500 to 1100"),
        ('options = { gas = "no2", gasses = 1 }', "gasses: this driver has no such option; it has gas, unit"),
    ],
)
def test_options_that_the_driver_does_not_understand_are_named(options: str, why: str):
    text = _changed('driver = "sds011"', f'driver = "winsen_ze"\n{options}')
    assert why in _fault(text)


def test_options_that_the_driver_understands_reach_it():
    text = _changed('driver = "sds011"', 'driver = "winsen_ze"\noptions = { gas = "no2", temperature = 30.5 }')
    assert _settings(text).serial[0].options == {"gas": "no2", "temperature": 30.5}


def test_a_driver_without_options_takes_none():
    text = _changed('driver = "sds011"', 'driver = "sds011"\noptions = { gas = "no2" }')
    assert "gas: this driver has no such option; it has none" in _fault(text)


@pytest.mark.parametrize("name", ["Dust", "dust_1", "dust--1", "-dust", "dust-", "d" * 33, "", "débu", "dust,site=x"])
def test_what_is_no_name_is_refused_with_the_grammar(name: str):
    text = _changed('sensor = "dust"', f'sensor = "{name}"')
    assert _fault(text).startswith(_at(text, f'sensor = "{name}"'))
    assert "use 1 to 32 of a-z, 0-9 and single hyphens" in _fault(text)


@pytest.mark.parametrize(
    "url", ["rtsp://cam/1", "rtsps://cam/1", "http://cam/mjpeg", "https://u:p@cam/x", "/dev/video0", "file:/clip.mp4"]
)
def test_an_address_of_a_camera_is_taken(url: str):
    assert _settings(_changed("rtsp://10.0.0.5/stream", url)).camera[0].url == url


@pytest.mark.parametrize("url", ["10.0.0.5", "ftp://cam/1", "rtsp://", "clip.mp4", "", "-i /etc/passwd", "concat:/x"])
def test_what_is_no_address_of_a_camera_is_refused_with_examples(url: str):
    assert "a camera is rtsp://" in _fault(_changed("rtsp://10.0.0.5/stream", url))


def test_a_pace_too_slow_to_count_with_is_refused():
    text = _changed('url = "rtsp://10.0.0.5/stream"', 'url = "rtsp://10.0.0.5/stream"\nfps = 0.5')
    assert _fault(text).startswith(_at(text, "fps = 0.5"))
    assert "2 or more" in _fault(text)


def test_a_line_outside_of_the_picture_is_refused():
    text = _changed("to = [1.0, 0.6]", "to = [1.5, 0.6]")
    assert _fault(text).startswith(_at(text, "to = [1.5"))
    assert "where the line ends" in _fault(text) or "less than or equal to 1" in _fault(text)


def test_a_line_of_no_length_is_refused():
    text = _changed("to = [1.0, 0.6]", "to = [0.0, 0.6]")
    assert _fault(text).startswith(_at(text, "to = [0.0"))
    assert "`from` and `to` are the same point" in _fault(text)


def test_a_line_that_is_wrong_in_three_ways_is_told_all_three():
    text = _changed("to = [1.0, 0.6]", 'to = [0.0, 0.6]\ndirections = ["in", "in"]').replace('"l1"', '"Line 1"')
    assert [fault.split(": ")[1] for fault in _faults(text)] == [
        "camera[1].line[1].name",
        "camera[1].line[1].to",
        "camera[1].line[1].directions",
    ]


def test_a_file_that_loops_without_a_pace_is_refused_before_anything_runs():
    text = _changed('url = "rtsp://10.0.0.5/stream"', 'url = "/clip.mp4"\nloop = true\nrealtime = false')
    assert _fault(text).startswith(_at(text, "loop = true"))
    assert "leave realtime out" in _fault(text)


def test_a_line_whose_directions_are_one_is_refused():
    text = _changed('name = "l1"', 'name = "l1"\ndirections = ["in", "in"]')
    assert "the two directions need different names" in _fault(text)


def test_a_mask_of_two_corners_is_refused():
    text = _changed('url = "rtsp://10.0.0.5/stream"', 'url = "/dev/video0"\nmask = [[[0.0, 0.0], [1.0, 1.0]]]')
    assert _fault(text).startswith(_at(text, "mask ="))


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("[spool]", "commit_seconds = 1.5"),
        ("[spool]", "commit_seconds = 0"),
        ("[spool]", "quota_mb = 0"),
        ("[broker]", "port = 70000"),
        ("[broker]", 'port = "many"'),
    ],
)
def test_a_figure_out_of_bounds_is_told_at_its_line(section: str, key: str):
    text = _changed(section, f"{section}\n{key}")
    assert _fault(text).startswith(_at(text, key))


@pytest.mark.parametrize("key", ["window = 0", "window = 65", "batch_readings = 1001", "resend_seconds = 0.5"])
def test_an_uplink_out_of_bounds_is_told_at_its_line(key: str):
    text = _added(f"[uplink]\n{key}\n")
    assert _fault(text).startswith(_at(text, key))


def test_a_misspelt_key_is_answered_with_what_was_meant():
    text = _changed("driver =", "drivr =")
    faults = _faults(text)
    unknown = next(fault for fault in faults if "drivr" in fault)
    assert unknown.startswith(_at(text, "drivr"))
    assert "did you mean 'driver'?" in unknown


def test_a_missing_key_is_told_with_an_example():
    text = _changed('driver = "sds011"\n', "")
    assert _fault(text).startswith(_at(text, "[[serial]]"))
    assert 'serial[1].driver: missing; the driver, like driver = "sds011"' in _fault(text)


def test_every_error_is_told_at_once_in_the_order_of_the_file():
    text = (
        'site = "Simpang Empat"\nagent = "se-1"\n\n[broker]\nhots = "127.0.0.1"\n\n[spool]\npath = "/x"\n'
        'quota_mb = "big"\n\n[[serial]]\nsensor = "dust"\ndriver = "nothing"\nport = "/dev/ttyUSB0"\n\n'
        '[[serial]]\nsensor = "dust"\ndriver = "sds011"\nport = "COM3"\n'
    )
    lines = [int(fault.split(":")[0].removeprefix("line ")) for fault in _faults(text)]
    assert lines == [1, 4, 5, 9, 13, 14, 17, 19]


def test_errors_between_tables_are_told_along_with_errors_inside_them():
    text = _changed('sensor = "cam-north"', 'sensor = "dust"').replace("0.6]", "7]")
    faults = _faults(text)
    assert any("'dust' is already serial[1]" in fault for fault in faults)
    assert len(faults) >= 3


def test_the_message_names_the_file_and_counts(tmp_path: Path):
    file = tmp_path / "agent.toml"
    file.write_text(_changed("sds011", "none").replace("rtsp://10.0.0.5/stream", "x"))
    with pytest.raises(BadSettings, match=r"agent\.toml: 2 errors\n  line 12: .*\n  line 17: "):
        load(file, AgentSettings)


def test_what_is_no_toml_is_told_with_its_line():
    assert "line 1" in _fault("site = simpang\n")


def test_a_file_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(BadSettings, match="cannot be read: No such file"):
        load(tmp_path / "none.toml", AgentSettings)


@pytest.mark.parametrize("key", ["serial = 3", 'serial = "dust"', "serial = [1, 2]", "camera = {}"])
def test_tables_of_the_wrong_kind_are_told_and_do_not_crash(key: str):
    text = f'{key}\nsite = "a"\nagent = "b"\n[broker]\nhost = "h"\n[spool]\npath = "/x"\n'
    assert all(fault.startswith("line 1: ") for fault in _faults(text))


def test_a_secret_in_the_file_is_not_a_setting():
    text = _changed('host = "127.0.0.1"', 'host = "127.0.0.1"\npassword = "hunter2"')
    assert "did you mean 'password_file'?" in _fault(text)
    assert "hunter2" not in _fault(text)


def test_the_clock_is_trusted_on_the_word_of_ntp_unless_a_battery_keeps_it():
    assert _settings(_GOOD).clock == Clock(trust="ntp", patience_minutes=60)
    assert _settings(_added('[clock]\ntrust = "rtc"\n')).clock.trust == "rtc"
    text = _added('[clock]\ntrust = "gps"\n')
    assert _fault(text).startswith(_at(text, 'trust = "gps"'))
    assert '"ntp" waits until the kernel says it is synchronised' in _fault(text)


def test_a_spool_path_that_hangs_on_the_folder_is_refused():
    text = _changed('path = "/var/lib/simpang/spool"', 'path = "spool.db"')
    assert "begin it with /" in _fault(text)


def test_the_hubs_name_is_no_agents():
    text = _changed('agent = "se-1"', 'agent = "hub"')
    assert _fault(text).startswith(_at(text, 'agent = "hub"'))
    assert "the hub's name on the broker" in _fault(text)


@pytest.mark.parametrize("secret", ["p@ss", "p/1", "p#1", "a:b/c"])
def test_a_camera_password_that_breaks_the_address_is_refused_without_showing_it(secret: str):
    text = _changed("rtsp://10.0.0.5/stream", f"rtsp://viewer:{secret}@10.0.0.5/stream")
    assert "as %40 %2F %23 %3F" in _fault(text)
    assert secret not in _fault(text)


def test_a_camera_password_written_so_is_taken():
    assert _settings(_changed("rtsp://10.0.0.5/stream", "rtsp://viewer:p%40ss%231@10.0.0.5:554/stream?channel=1"))


def test_what_will_not_work_as_it_stands_is_noted(tmp_path: Path):
    told = tmp_path / "password"
    good = 'host = "127.0.0.1"\nusername = "se-1"\npassword_file = "' + str(told) + '"'
    broker = 'host = "127.0.0.1"'
    told.write_text("secret")
    assert list(_settings(_changed(broker, good)).notes()) == []
    (note,) = _settings(_changed(broker, good.replace("se-1", "se-2"))).notes()
    assert "'se-2' is not the agent's name: the access list goes by it" in note
    (note,) = _settings(_changed(broker, 'host = "127.0.0.1"\nusername = "se-1"')).notes()
    assert "neither password_file nor cert_file" in note
    (note,) = _settings(_changed(broker, 'host = "127.0.0.1"\nport = 8883')).notes()
    assert "port 8883 is for TLS" in note
    told.unlink()
    (note,) = _settings(_changed(broker, good)).notes()
    assert f"password_file {told} does not exist" in note


BUS = """
[[serial]]
sensor = "wind"
driver = "xm8589"
port = "/dev/serial/by-id/usb-rs485"
[[serial]]
sensor = "climate"
driver = "rs485_th"
port = "/dev/serial/by-id/usb-rs485"
options = { address = 2 }
"""


def test_devices_with_addresses_share_a_port():
    assert _settings(_added(BUS)).sensors() == ["dust", "wind", "climate", "cam-north"]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("options = { address = 2 }", "", "and address 1 is taken: say another in options = { address = … }"),
        ("options = { address = 2 }", "options = { address = 2 }\nbaud = 4800", "runs at 9600 8N1, this one at 4800"),
        ("rs485_th", "lambrecht_rain", "runs at 9600 8N1, this one at 19200 8E1: a line has one speed"),
        (
            'rs485_th"\nport = "/dev/serial/by-id/usb-rs485"\noptions = { address = 2 }',
            'sen0186"\nport = "/dev/serial/by-id/usb-rs485"',
            "each needs its own: only devices that are asked by their address share one",
        ),
    ],
)
def test_sensors_that_cannot_share_a_port_are_refused(old: str, new: str, why: str):
    assert old in BUS
    fault = next(f for f in _faults(_added(BUS.replace(old, new))) if ".port: " in f)
    assert "'/dev/serial/by-id/usb-rs485' is already serial[" in fault
    assert why in fault


def test_a_wrong_description_is_told_with_its_file(tmp_path: Path):
    device = tmp_path / "wind.toml"
    device.write_text('title = "x"\n[line]\n[modbus]\n[[value]]\nquantity = "weather.wind_speed"\nregister = 1\n')
    (fault,) = _faults(_added(BUS.replace("xm8589", str(device))))
    assert f".driver: {device}: [[value]] 1: unit: must be given" in fault
