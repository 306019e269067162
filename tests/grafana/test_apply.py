"""`simpang-hub grafana apply` against a small Grafana on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.grafana.command import FAILED, REFUSED, UNREACHABLE, USAGE, app
from tests.support import fake_grafana
from tests.support.fake_grafana import PASSWORD, TOKEN, FakeGrafana
from tests.support.servers import free_port

BOARDS = ("simpang-city", "simpang-site", "simpang-fleet")


@pytest.fixture
def grafana() -> Iterator[FakeGrafana]:
    with fake_grafana.running() as fake:
        yield fake


@pytest.fixture
def token(tmp_path: Path) -> Path:
    return written(tmp_path / "token", TOKEN + "\n")


def written(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


def apply(url: str, *options: str | Path) -> Any:
    return CliRunner().invoke(app, ["apply", "--url", url, *map(str, options)])


def test_everything_is_created_with_a_token(grafana: FakeGrafana, token: Path, tmp_path: Path) -> None:
    influx = written(tmp_path / "influx", "baca-saja")
    result = apply(
        grafana.url, "--token-file", token, "--influx-url", "http://127.0.0.1:8086", "--influx-token-file", influx
    )
    assert result.exit_code == 0, result.output
    assert grafana.writes == [
        ("POST", "/api/datasources"),
        ("POST", "/api/folders"),
        *[("POST", "/api/dashboards/db")] * 3,
    ]
    source = grafana.kept["/api/datasources/uid/simpang"]
    assert (source["type"], source["url"], source["jsonData"]["dbName"]) == (
        "influxdb",
        "http://127.0.0.1:8086",
        "simpang",
    )
    assert source["secureJsonData"] == {"httpHeaderValue1": "Token baca-saja"}
    for uid in BOARDS:
        sent = grafana.kept[f"/api/dashboards/uid/{uid}"]
        assert (sent["folderUid"], sent["overwrite"], sent["dashboard"]["uid"]) == ("simpang", True, uid)
        assert f"dashboard {uid}: created" in result.output


def test_a_second_time_everything_is_brought_up_to_date(grafana: FakeGrafana, token: Path) -> None:
    options = ("--token-file", token, "--influx-url", "http://127.0.0.1:8086", "--influx-database", "kota")
    apply(grafana.url, *options)
    grafana.calls.clear()
    result = apply(grafana.url, *options)
    assert result.exit_code == 0, result.output
    assert grafana.writes == [("PUT", "/api/datasources/uid/simpang"), *[("POST", "/api/dashboards/db")] * 3]
    assert "secureJsonData" not in grafana.kept["/api/datasources/uid/simpang"]
    assert grafana.kept["/api/datasources/uid/simpang"]["jsonData"]["dbName"] == "kota"
    assert "folder Simpang: up to date" in result.output


def test_without_an_influx_address_the_datasource_is_left_alone(grafana: FakeGrafana, token: Path) -> None:
    assert apply(grafana.url, "--token-file", token).exit_code == 0
    assert not [path for _, path in grafana.calls if "datasources" in path]


def test_a_user_with_a_password_works_too(grafana: FakeGrafana, tmp_path: Path) -> None:
    password = written(tmp_path / "password", PASSWORD)
    result = apply(grafana.url, "--username", "admin", "--password-file", password)
    assert result.exit_code == 0, result.output


def test_a_dry_run_changes_nothing_and_says_what_it_would(grafana: FakeGrafana, token: Path) -> None:
    result = apply(grafana.url, "--token-file", token, "--influx-url", "http://127.0.0.1:8086", "--dry-run")
    assert result.exit_code == 0, result.output
    assert grafana.writes == []
    assert result.output.count("would be created") == 5


def test_a_wrong_password_is_named_without_being_shown(grafana: FakeGrafana, tmp_path: Path) -> None:
    password = written(tmp_path / "password", "salah-sekali")
    result = apply(grafana.url, "--username", "admin", "--password-file", password)
    assert result.exit_code == REFUSED
    assert "does not accept the user name, password or token" in result.output
    assert "salah-sekali" not in result.output
    assert grafana.writes == []


@pytest.mark.parametrize(
    ("status", "message", "code", "told"),
    [
        (403, "Access denied", REFUSED, "need the role Editor"),
        (400, "Cannot save provisioned dashboard", REFUSED, "provisioned by file"),
        (500, "database is locked", FAILED, "Grafana's log"),
    ],
)
def test_refusals_and_failures_say_what_to_mend(
    grafana: FakeGrafana, token: Path, status: int, message: str, code: int, told: str
) -> None:
    grafana.refuse["/api/dashboards/db"] = (status, message)
    result = apply(grafana.url, "--token-file", token)
    assert result.exit_code == code
    assert "dashboard simpang-city: " in result.output
    assert message in result.output
    assert told in result.output


def test_nothing_listening_is_told_with_the_address(token: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    result = apply(url, "--token-file", token)
    assert result.exit_code == UNREACHABLE
    assert f"no Grafana answers at {url}" in result.output
    assert "is it running" in result.output


def test_something_else_than_grafana_is_told(grafana: FakeGrafana, token: Path) -> None:
    result = apply(f"{grafana.url}/nowhere", "--token-file", token)
    assert result.exit_code == UNREACHABLE
    assert "is no Grafana; check the address and its path" in result.output
    assert grafana.calls == [("GET", "/nowhere/api/health")]


def test_grafana_below_a_path_is_found(grafana: FakeGrafana, token: Path) -> None:
    grafana.below = "/grafana"
    assert apply(f"{grafana.url}/grafana", "--token-file", token).exit_code == 0


@pytest.mark.parametrize(
    "url",
    ["ftp://127.0.0.1", "127.0.0.1:3000", "http://", "http://127.0.0.1:99999"],
    ids=["ftp", "bare", "empty", "port"],
)
def test_what_is_no_address_is_told(token: Path, url: str) -> None:
    result = apply(url, "--token-file", token)
    assert result.exit_code == USAGE
    assert "is no address of a Grafana" in result.output


def test_a_password_in_the_address_is_refused(token: Path) -> None:
    result = apply("http://admin:terlihat@127.0.0.1:3000", "--token-file", token)
    assert result.exit_code == USAGE
    assert "terlihat" not in result.output


def test_one_kind_of_credential_is_asked_for(token: Path, tmp_path: Path) -> None:
    empty = written(tmp_path / "empty", "\n")
    for options in ([], ["--username", "admin"], ["--token-file", token, "--username", "admin"]):
        assert apply("http://127.0.0.1:3000", *options).exit_code == USAGE
    for file, told in ((empty, "is empty"), (tmp_path / "missing", "cannot be read")):
        result = apply("http://127.0.0.1:3000", "--token-file", file)
        assert (result.exit_code, told in result.output) == (USAGE, True)
