"""The annotated examples that technicians and operators copy: the programs take them as they are, and they agree."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest
from typer.testing import CliRunner

from drivers.catalogue import known
from edge_agent.cli import app as agent_app
from edge_agent.config import AgentSettings
from hub.cli import app as hub_app
from hub.config import HubSettings, Influx1Store
from service.settings import load, parse
from telemetry.names import HEALTH

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


def test_what_the_junctions_example_shows_in_comments_are_the_defaults() -> None:
    file = CONFIGS / "junction.toml"
    said, count = re.subn(r"^# (?=[a-z_]+ = \S+ +#)", "", file.read_text(), flags=re.MULTILINE)
    assert count == 6
    shown = re.findall(r"^([a-z_]+) = \S+ +#", said, re.MULTILINE)
    assert {"interval", "open_timeout", "read_timeout", "loop", "realtime", "stuck_minutes"} <= set(shown)
    assert parse(file, said, AgentSettings) == load(file, AgentSettings)


def test_the_embedded_store_of_the_readme_is_one_that_the_hub_takes() -> None:
    readme = (CONFIGS.parent / "README.md").read_text()
    (store,) = re.findall(r'^ +\[store\]\n +kind = "embedded"\n +path = ".*"\n', readme, re.MULTILINE)
    example = (CONFIGS / "hub.toml").read_text()
    said, count = re.subn(r"^\[store\].*?(?=^\[)", dedent(store), example, flags=re.MULTILINE | re.DOTALL)
    assert count == 1
    assert parse(Path("hub.toml"), said, HubSettings).store.kind == "embedded"


def test_the_camera_of_the_readme_is_one_that_the_agent_takes() -> None:
    readme = (CONFIGS.parent / "README.md").read_text()
    (camera,) = re.findall(r"^ +\[\[camera\]\]\n(?:(?: {4,}.*)?\n)+", readme, re.MULTILINE)
    example = (CONFIGS / "junction.toml").read_text()
    said = example[: example.index("[[camera]]")] + dedent(camera)
    assert parse(Path("agent.toml"), said, AgentSettings).camera[0].lines[0].metres


def test_the_junctions_example_lists_every_driver() -> None:
    said = (CONFIGS / "junction.toml").read_text().partition("# Drivers / driver: ")[2].partition("# or the")[0]
    assert sorted(re.findall(r"\w+", said)) == sorted(known())
