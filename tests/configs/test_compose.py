"""The compose file's structure; no container engine runs it here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from hub.config import HubSettings
from hub.grafana import provisioning
from service.settings import load

yaml = pytest.importorskip("yaml")

CONFIGS = Path(__file__).parents[2] / "configs"
COMPOSE: dict[str, Any] = yaml.safe_load((CONFIGS / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (CONFIGS / "hub.Dockerfile").read_text()


def mounted(service: str) -> dict[str, str]:
    """Return what a service sees where: container path to source."""
    found = {}
    for volume in SERVICES[service].get("volumes", []):
        source, target, *_ = volume.split(":")
        found[target] = source
    for secret in SERVICES[service].get("secrets", []):
        named = {"source": secret, "target": f"/run/secrets/{secret}"} if isinstance(secret, str) else secret
        found[named["target"]] = named["source"]
    return found


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_watched_and_restarted(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"[a-z/-]+:\d+\.\d+\.\d+", service["image"])
    assert service["restart"] == "unless-stopped"
    if "build" in service:
        assert re.search(r"^HEALTHCHECK .*CMD", DOCKERFILE, re.MULTILINE)
    else:
        assert {"test", "interval", "timeout", "retries"} <= service["healthcheck"].keys()
    assert "no-new-privileges:true" in service["security_opt"]


def test_no_secret_stands_in_the_file() -> None:
    named = [
        (key, value)
        for service in SERVICES.values()
        for key, value in service.get("environment", {}).items()
        if re.search(r"PASSWORD|TOKEN|SECRET|KEY", key)
    ]
    assert named
    assert all(key.endswith("_FILE") and value.startswith("/run/secrets/") for key, value in named)


def test_secrets_are_files_outside_the_repository_and_each_is_used() -> None:
    files = {name: Path(secret["file"]) for name, secret in COMPOSE["secrets"].items()}
    assert all(file.is_relative_to("/etc/simpang/secrets") for file in files.values())
    used = {source for service in SERVICES for source in mounted(service).values() if source in files}
    assert used == set(files)


def test_only_grafana_sees_the_reading_token_and_only_the_hub_the_writing_one() -> None:
    holders = {name: [s for s in SERVICES if name in mounted(s).values()] for name in COMPOSE["secrets"]}
    assert holders["grafana-influx-token"] == ["grafana"]
    assert holders["hub-influx-token"] == ["hub"]
    assert holders["influx-admin-token"] == ["influxdb"]


def test_every_mounted_file_and_volume_exists() -> None:
    for service in SERVICES:
        for source in mounted(service).values():
            if source.startswith("./"):
                assert (CONFIGS / source).exists(), source
            else:
                assert source in COMPOSE["volumes"] or source in COMPOSE["secrets"], source


def test_the_network_sees_only_the_broker_with_tls() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"mosquitto": ["8883:8883"], "grafana": ["127.0.0.1:3000:3000"]}


def test_the_broker_finds_the_files_that_its_configuration_names() -> None:
    text = (CONFIGS / "mosquitto.conf").read_text()
    wanted = set(re.findall(r"^(?:password_file|acl_file|certfile|keyfile) (\S+)", text, re.MULTILINE))
    assert len(wanted) == 4
    assert wanted <= mounted("mosquitto").keys()


def test_grafana_finds_what_its_provisioning_names() -> None:
    seen = mounted("grafana")
    assert seen[provisioning.DASHBOARDS_FOLDER] == "./grafana/dashboards"
    assert seen[provisioning.TOKEN_FILE] == "grafana-influx-token"
    environment = SERVICES["grafana"]["environment"]
    assert "SIMPANG_INFLUX_URL" in environment
    assert (environment["GF_AUTH_ANONYMOUS_ENABLED"], environment["GF_USERS_AUTO_ASSIGN_ORG_ROLE"]) == (
        "false",
        "Viewer",
    )


def test_the_hub_settings_are_good_and_name_what_is_mounted() -> None:
    settings = load(CONFIGS / "compose-hub.toml", HubSettings)
    seen = mounted("hub")
    assert settings.broker.host in SERVICES
    assert {str(settings.broker.password_file), str(settings.broker.ca_file)} <= seen.keys()
    assert settings.store.kind == "influxdb2"
    assert str(settings.store.token_file) in seen
    assert settings.store.bucket == SERVICES["influxdb"]["environment"]["DOCKER_INFLUXDB_INIT_BUCKET"]
    assert settings.dead_letter.path.parent == Path("/var/lib/simpang")
    assert "/var/lib/simpang" in seen


def test_the_image_copies_every_package_that_is_installed() -> None:
    root = CONFIGS.parent
    copied = set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE))
    packaged = re.search(r"include = \[(.*?)\]", (root / "pyproject.toml").read_text(), re.DOTALL)
    assert packaged is not None
    assert copied == set(re.findall(r'"(\w+)\*"', packaged[1]))
    allowed = set(re.findall(r"^!(.+)$", (CONFIGS / "hub.Dockerfile.dockerignore").read_text(), re.MULTILINE))
    assert copied <= allowed
    assert {"requirements.lock", "pyproject.toml", "README.md", "LICENSE"} <= allowed
    assert re.search(r"^USER simpang$", DOCKERFILE, re.MULTILINE)
    assert "--require-hashes" in DOCKERFILE
