"""A hub's settings: each fault is named with its line, its reason and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config import DeadLetter, EmbeddedStore, HubSettings, Influx1Store, Influx2Store, VictoriaStore
from hub.stores.make import made
from service.secret import UnusableSecret
from service.settings import BadSettings, parse

BROKER = '[broker]\nhost = "127.0.0.1"\n'
EMBEDDED = '[store]\nkind = "embedded"\npath = "/var/lib/simpang/city.duckdb"\n'
AGENT = '[[agent]]\nsite = "simpang-empat"\nagent = "se-1"\n'
FILE = Path("hub.toml")


def faults(text: str) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        parse(FILE, text, HubSettings)
    return caught.value.faults


def only_fault(text: str) -> str:
    (fault,) = faults(text)
    return fault


def store(text: str) -> object:
    return parse(FILE, f"{BROKER}[store]\n{text}\n{AGENT}", HubSettings).store


def test_the_smallest_file_is_good_and_closed() -> None:
    settings = parse(FILE, BROKER + EMBEDDED + AGENT, HubSettings)
    assert settings.registration == "closed"
    assert [(a.site, a.agent, a.sensors) for a in settings.agents] == [("simpang-empat", "se-1", [])]
    assert settings.dead_letter == DeadLetter()
    assert settings.share_group is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('kind = "embedded"\npath = "/x.duckdb"', EmbeddedStore),
        ('kind = "influxdb1"\nurl = "http://127.0.0.1:8086"', Influx1Store),
        ('kind = "influxdb2"\nurl = "https://influx.kota.example/prefix"', Influx2Store),
        ('kind = "victoriametrics"\nurl = "http://[::1]:8428"', VictoriaStore),
    ],
)
def test_each_kind_of_store(text: str, kind: type) -> None:
    assert type(store(text)) is kind


def test_closed_registration_without_agents_is_refused() -> None:
    fault = only_fault(BROKER + EMBEDDED)
    assert "registration: it is closed and no [[agent]] is listed" in fault


def test_open_registration_needs_no_agents() -> None:
    assert parse(FILE, 'registration = "open"\n' + BROKER + EMBEDDED, HubSettings).agents == []


def test_an_unknown_kind_names_all_kinds() -> None:
    fault = only_fault(f'{BROKER}[store]\nkind = "influx"\n{AGENT}')
    assert fault.startswith("line 3: ")
    assert all(f"'{kind}'" in fault for kind in ("embedded", "influxdb1", "influxdb2", "victoriametrics"))


def test_a_missing_kind_names_all_kinds() -> None:
    fault = only_fault(f'{BROKER}[store]\npath = "x"\n{AGENT}')
    assert all(f'"{kind}"' in fault for kind in ("embedded", "influxdb1", "influxdb2", "victoriametrics"))


def test_faults_inside_the_store_have_their_own_line_and_remedy() -> None:
    text = f'{BROKER}[store]\nkind = "influxdb1"\nurl = "8086"\ndatabse = "kota"\n{AGENT}'
    url, unknown = faults(text)
    assert url.startswith("line 5: store.url: '8086'")
    assert "http://127.0.0.1:8086" in url
    assert unknown.startswith("line 6: store.databse: unknown key; did you mean 'database'?")


def test_a_missing_key_of_the_store_says_what_to_write() -> None:
    fault = only_fault(f'{BROKER}[store]\nkind = "influxdb1"\n{AGENT}')
    assert fault.startswith("line 3: store.url: missing; ")
    assert "http://127.0.0.1:8086" in fault


@pytest.mark.parametrize(
    "url",
    ["", "8086", "ftp://x", "http://", "http://a b", "http://x:99999", "http://x:port", "http://[::1", "http://x:0"],
)
def test_an_address_that_no_client_could_use(url: str) -> None:
    assert "not a server's address" in only_fault(f'{BROKER}[store]\nkind = "influxdb1"\nurl = "{url}"\n{AGENT}')


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    fault = only_fault(f'{BROKER}[store]\nkind = "influxdb1"\nurl = "http://hub:rahasia@127.0.0.1:8086"\n{AGENT}')
    assert "rahasia" not in fault
    assert "does not belong into the address" in fault


def test_an_agent_twice_is_named_with_both_places() -> None:
    fault = only_fault(BROKER + EMBEDDED + AGENT + '[[agent]]\nsite = "elsewhere"\nagent = "se-1"\n')
    assert fault == "line 11: agent[2].agent: 'se-1' is already agent[1]"


def test_agents_without_a_name_are_only_missing_it() -> None:
    said = faults(BROKER + EMBEDDED + '[[agent]]\nsite = "a"\n[[agent]]\nsite = "b"\n')
    assert [fault.split(": ", 1)[1] for fault in said] == [
        "agent[1].agent: missing; the agent's name",
        "agent[2].agent: missing; the agent's name",
    ]


def test_all_faults_come_at_once_in_the_order_of_the_file() -> None:
    text = (
        'registration = "ajar"\n[broker]\nhost = "x"\nport = 0\n'
        + EMBEDDED
        + '[[agent]]\nsite = "Simpang Empat"\nagent = "se-1"\nsensors = ["ok", "not_ok"]\n'
        + "[times]\noldest_days = 0\n[dead_letter]\nlimit_mb = 0\n"
    )
    numbers = [int(fault.split(":")[0].removeprefix("line ")) for fault in faults(text)]
    assert numbers == [1, 4, 9, 11, 13, 15]


@pytest.mark.parametrize("agents", ["5", '"se-1"', "[1, 2]", "{}"])
def test_agents_of_another_form_are_a_fault_not_a_crash(agents: str) -> None:
    assert faults(f"agent = {agents}\n{BROKER}{EMBEDDED}")


def test_durable_after_is_bounded() -> None:
    text = 'kind = "victoriametrics"\nurl = "http://127.0.0.1:8428"\ndurable_after = '
    assert store(f"{text}60").durable_after == 60  # type: ignore[attr-defined]  # of VictoriaStore
    assert "line 6: store.durable_after" in only_fault(f"{BROKER}[store]\n{text}61\n{AGENT}")


async def test_the_settings_make_their_store(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("kunci\n")
    url = "http://127.0.0.1:8428"
    stores = [
        made(EmbeddedStore(kind="embedded", path=tmp_path / "x.duckdb")),
        made(Influx1Store(kind="influxdb1", url=url)),
        made(Influx2Store(kind="influxdb2", url=url, token_file=token)),
        made(VictoriaStore(kind="victoriametrics", url=url)),
    ]
    try:
        assert [type(s).__name__ for s in stores] == ["Embedded", "Influx1", "Influx2", "Influx2"]
        assert [s.durable_after for s in stores] == [0, 0, 0, 12]
        assert not any("kunci" in s.name for s in stores)
    finally:
        for s in stores:
            await s.close()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"kunci\nbaris kedua\n", b"kunci\x00", "kunci€".encode(), None])
def test_a_token_file_that_cannot_be_one_is_said_with_its_name(tmp_path: Path, content: bytes | None) -> None:
    token = tmp_path / "token"
    if content is not None:
        token.write_bytes(content)
    with pytest.raises(UnusableSecret, match=str(token)) as caught:
        made(Influx2Store(kind="influxdb2", url="http://127.0.0.1:8428", token_file=token))
    assert "kunci" not in str(caught.value)


def test_an_agent_with_the_hubs_name_and_paths_that_hang_on_the_folder_are_refused() -> None:
    said = faults(BROKER + EMBEDDED.replace('"/', '"') + '[[agent]]\nsite = "a"\nagent = "hub"\n')
    assert any("begin it with /" in fault for fault in said)
    assert any("agent[1].agent: 'hub' is the hub's own name" in fault for fault in said)


def test_a_secret_that_is_not_there_is_noted(tmp_path: Path) -> None:
    text = 'kind = "influxdb2"\nurl = "http://127.0.0.1:8086"\ntoken_file = "/none/token"\n'
    chosen = parse(FILE, BROKER + "[store]\n" + text + AGENT, HubSettings)
    assert list(chosen.notes()) == ["[store] token_file /none/token does not exist, or this user may not see it"]
