"""The broker's section: what cannot be used is refused with the key or the file that a person must mend."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from pydantic import ValidationError

from service.broker import Broker
from service.secret import UnusableSecret
from service.settings import BadSettings, Section, parse
from tests.support.certificates import Authority, Pair


class Whole(Section):
    broker: Broker


def faults(text: str) -> list[str]:
    with pytest.raises(BadSettings) as refused:
        parse(Path("hub.toml"), f"[broker]\n{text}", Whole)
    return refused.value.faults


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Pair]:
    """A certificate authority and a certificate of it."""
    folder = tmp_path_factory.mktemp("city")
    ca = Authority(folder)
    return ca, ca.issued("agent")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "::1", "broker", "broker.kota.go.id", "mqtt_1", "pemantauan-é.id", "a" * 63]
)
def test_hosts_that_may_be(host: str) -> None:
    assert Broker(host=host).host == host


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("", "write it bare"),
        (" ", "write it bare"),
        ("my host", "write it bare"),
        ("mqtt://127.0.0.1", "write it bare"),
        ("user@127.0.0.1", "write it bare"),
        ("127.0.0.1\\u0000x", "write it bare"),
        ("a..b", "cannot be a host name"),
        ("...", "cannot be a host name"),
        ("x" * 64, "cannot be a host name"),
        ("é" * 63, "cannot be a host name"),
    ],
)
def test_hosts_that_no_resolver_takes_are_refused_in_the_settings(host: str, why: str) -> None:
    said = faults(f'host = "{host}"')
    assert len(said) == 1
    assert said[0].startswith("line 2: broker.host: ")
    assert why in said[0]


@pytest.mark.parametrize("port", ["0", "65536", "-1", '"mqtt"', "1883.5"])
def test_ports_that_are_none_are_refused(port: str) -> None:
    said = faults(f'host = "h"\nport = {port}')
    assert said[0].startswith("line 3: broker.port: ")
    assert "1883 plain or 8883 with TLS" in said[0]


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ('cert_file = "/c.pem"', "need ca_file, without which nothing is encrypted"),
        ('key_file = "/c.key"', "need ca_file, without which nothing is encrypted"),
        ('ca_file = "/ca.pem"\nkey_file = "/c.key"', "key_file needs cert_file"),
    ],
)
def test_keys_that_would_silently_not_be_used_are_refused(keys: str, why: str) -> None:
    said = faults(f'host = "h"\n{keys}')
    assert len(said) == 1
    assert said[0].startswith(f"line {3 + keys.count(chr(10))}: broker.")
    assert why in said[0]


def test_what_is_wrong_between_keys_is_told_beside_what_is_wrong_within_one() -> None:
    said = faults('host = ""\nkey_file = "/c.key"')
    assert [fault.split(": ")[1] for fault in said] == ["broker.host", "broker.key_file"]


def test_there_is_no_default_secret() -> None:
    broker = Broker(host="h")
    assert (broker.username, broker.password(), broker.tls()) == (None, None, None)
    assert str(broker) == "h:1883"


def test_a_password_is_read_without_its_line_feed(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("rahasia é\r\n", encoding="utf-8")
    broker = Broker(host="h", username="se-1", password_file=file)
    assert broker.password() == "rahasia é"
    assert "rahasia" not in repr(broker) + str(broker)


def test_a_password_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    for file, why in (
        (tmp_path / "none", "No such file"),
        (tmp_path, "Is a directory"),
        (binary, "invalid start byte"),
    ):
        with pytest.raises(UnusableSecret, match=why) as refused:
            Broker(host="h", password_file=file).password()
        assert f"password_file {file} cannot be read" in str(refused.value)


@pytest.mark.parametrize("content", ["rahasia\nlagi", "x" * 20_000])
def test_what_is_no_single_line_is_no_password(tmp_path: Path, content: str) -> None:
    (tmp_path / "password").write_text(content)
    with pytest.raises(UnusableSecret, match="must hold one line") as refused:
        Broker(host="h", password_file=tmp_path / "password").password()
    assert content not in str(refused.value)


def test_a_file_without_an_end_is_no_password() -> None:
    with pytest.raises(UnusableSecret, match="must hold one line"):
        Broker(host="h", password_file=Path("/dev/zero")).password()


def test_only_the_named_authority_is_trusted(city: tuple[Authority, Pair]) -> None:
    context = Broker(host="h", ca_file=city[0].cert).tls()
    assert context is not None
    assert [dict(*ca["subject"]) for ca in context.get_ca_certs()] == [{"commonName": "ca"}]
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_certificate_with_its_key_is_taken(city: tuple[Authority, Pair]) -> None:
    ca, own = city
    assert Broker(host="h", ca_file=ca.cert, cert_file=own.cert, key_file=own.key).tls() is not None


def test_certificate_files_that_cannot_be_used_are_named(city: tuple[Authority, Pair], tmp_path: Path) -> None:
    ca, own = city
    none, junk = tmp_path / "none.pem", tmp_path / "junk.pem"
    junk.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    for keys in (
        {"ca_file": none},
        {"ca_file": junk},
        {"ca_file": tmp_path},
        {"ca_file": ca.cert, "cert_file": none, "key_file": own.key},
        {"ca_file": ca.cert, "cert_file": own.cert, "key_file": none},
        {"ca_file": ca.cert, "cert_file": own.cert, "key_file": ca.key},
        {"ca_file": ca.cert, "cert_file": own.cert},
    ):
        with pytest.raises(UnusableSecret, match="cannot be used: ") as refused:
            Broker(host="h", **keys).tls()
        assert all(f"{key} {file}" in str(refused.value) for key, file in keys.items())


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError):
        Broker(host="h", password="x")
