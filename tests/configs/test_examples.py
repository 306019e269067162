"""The annotated examples that technicians and operators copy: the programs take them as they are, and they agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from drivers.catalogue import known
from edge_agent.cli import app as agent_app
from edge_agent.config import HEALTH, AgentSettings
from hub.cli import app as hub_app
from hub.config import HubSettings, Influx1Store
from service.settings import load

CONFIGS = Path(__file__).parents[2] / "configs"
SECRETS = Path("/etc/simpang")


@pytest.mark.parametrize("name", ["junction", "school"])
def test_an_agents_example_is_good(name: str) -> None:
    settings = load(CONFIGS / f"{name}.toml", AgentSettings)
    assert settings.serial
    assert settings.camera
    assert all(camera.lines for camera in settings.camera)
    assert settings.broker.username == settings.agent, "mosquitto.acl relies on it"
    assert settings.broker.ca_file is not None
    assert settings.broker.password_file is not None
    assert settings.broker.password_file.parent == settings.broker.ca_file.parent == SECRETS


def test_the_hubs_example_is_good_and_knows_the_agents_of_the_others() -> None:
    hub = load(CONFIGS / "hub.toml", HubSettings)
    agents = [load(CONFIGS / f"{name}.toml", AgentSettings) for name in ("junction", "school")]
    assert hub.registration == "closed"
    assert isinstance(hub.store, Influx1Store)
    assert [(known.site, known.agent) for known in hub.agents] == [(a.site, a.agent) for a in agents]
    listed = [set(known.sensors) for known in hub.agents]
    said = [{HEALTH, *agent.sensors()} for agent in agents]
    assert all(not names or names == spoken for names, spoken in zip(listed, said, strict=True))


@pytest.mark.parametrize(("app", "name"), [(agent_app, "junction"), (agent_app, "school"), (hub_app, "hub")])
def test_check_says_that_an_example_is_good(app: object, name: str) -> None:
    file = CONFIGS / f"{name}.toml"
    result = CliRunner().invoke(app, ["check", "--config", str(file)])  # type: ignore[arg-type]  # two typer apps
    assert (result.exit_code, result.output.split(": ")[:2][0]) == (0, str(file))
    assert "good" in result.output


def test_the_junctions_example_lists_every_driver() -> None:
    (listed,) = re.findall(r'^driver = "sds011" +# (.*)$', (CONFIGS / "junction.toml").read_text(), re.MULTILINE)
    assert sorted(listed.split(", ")) == sorted(known())
