"""The written dashboards and provisioning files."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.grafana import dashboards, files, ispu, titles, units
from hub.grafana.command import DIFFERENT, app
from telemetry.catalogue import QUANTITIES
from telemetry.quantity import LABELS, Family

CONFIGS = Path(__file__).parents[2] / "configs" / "grafana"
BOARDS = dashboards.as_dicts()
yaml = pytest.importorskip("yaml")


def every_panel() -> list[Any]:
    return [panel for board in BOARDS.values() for panel in dashboards.panels(board)]


def test_the_committed_files_are_what_the_code_says() -> None:
    assert files.different(CONFIGS) == []


def test_check_finds_a_changed_and_a_missing_file(tmp_path: Path) -> None:
    run = CliRunner()
    assert run.invoke(app, ["write", "--folder", str(tmp_path)]).exit_code == 0
    assert run.invoke(app, ["write", "--folder", str(tmp_path), "--check"]).exit_code == 0
    city = tmp_path / "dashboards" / "simpang-city.json"
    city.write_text(city.read_text().replace("10s", "1m"))
    (tmp_path / "provisioning" / "dashboards" / "simpang.yaml").unlink()
    result = run.invoke(app, ["write", "--folder", str(tmp_path), "--check"])
    assert result.exit_code == DIFFERENT
    assert [line.split(":")[0] for line in result.output.splitlines()] == [
        str(city),
        str(tmp_path / "provisioning/dashboards/simpang.yaml"),
    ]


def test_the_command_line_loads_grafanas_libraries_only_when_they_are_used() -> None:
    heavy = "{'grafana_client', 'grafana_foundation_sdk', 'requests'}"
    code = f"import sys, hub.grafana.command; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=CONFIGS.parents[1], check=False).returncode == 0


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    result = CliRunner().invoke(app, ["write", "--folder", str(blocked)])
    assert (result.exit_code, "cannot be written" in result.output) == (2, True)


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_refreshes_in_browser_time_and_never_changes_by_itself(name: str) -> None:
    board = BOARDS[name]
    assert (board["refresh"], board["timezone"], board["uid"]) == ("10s", "browser", f"simpang-{name}")
    assert board.get("id") is None
    rows = [panel for panel in board["panels"] if panel["type"] == "row"]
    ids = [panel["id"] for panel in (*dashboards.panels(board), *rows)]
    assert sorted(ids) == list(range(1, len(ids) + 1))


@pytest.mark.parametrize("name", BOARDS)
def test_panels_do_not_overlap(name: str) -> None:
    places = [panel["gridPos"] for panel in dashboards.panels(BOARDS[name])]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for a, b in combinations(places, 2):
        beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        above = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        assert beside or above, f"{a} and {b}"


def test_variables_have_ids_of_their_own() -> None:
    for board in BOARDS.values():
        assert all(variable["id"] == variable["name"] for variable in board["templating"]["list"])


def test_every_panel_asks_the_one_datasource() -> None:
    asked = {
        json.dumps(source)
        for p in every_panel()
        for source in (p["datasource"], *(t["datasource"] for t in p["targets"]))
    }
    assert asked == {json.dumps({"type": "influxdb", "uid": "simpang"})}
    assert all(target["query"] and target["rawQuery"] for panel in every_panel() for target in panel["targets"])


def test_titles_are_in_both_languages() -> None:
    same_in_both = {q.title for q in QUANTITIES if q.title == q.title_id}
    alone = {panel["title"] for panel in every_panel() if " / " not in panel["title"]}
    assert alone <= same_in_both


def test_tables_of_newest_values_show_their_age_and_the_oldest_first() -> None:
    newest = [p for p in every_panel() if p["type"] == "table" and "last(" in p["targets"][0]["query"]]
    assert len(newest) > 10
    for panel in newest:
        age = next(o["properties"] for o in panel["fieldConfig"]["overrides"] if o["matcher"]["options"] == "Time")
        assert {"id": "unit", "value": "dateTimeFromNow"} in age, panel["title"]
        assert panel["options"]["sortBy"] == [{"displayName": titles.AGE, "desc": False}]
        assert panel["transformations"][-1]["options"]["excludeByName"]["Time"] is False


def test_every_unit_family_and_label_of_the_catalogue_is_known() -> None:
    assert {quantity.unit for quantity in QUANTITIES} == set(units.GRAFANA)
    assert set(titles.FAMILIES) == set(Family)
    assert {label for labels in LABELS.values() for label in labels} <= set(titles.TAGS)


def test_the_highest_sound_value_is_not_red() -> None:
    for quantity in QUANTITIES:
        below, inside, above = units.thresholds(quantity).build().steps
        assert (below.color, inside.color, above.color) == ("red", "green", "red")
        low, high = units.sound(quantity)
        assert inside.value == low
        assert above.value > high or high >= 1e17


def test_only_newest_values_are_judged_by_the_range_of_one_reading() -> None:
    site = BOARDS["site"]
    columns = {}
    for panel in dashboards.panels(site):
        for override in panel["fieldConfig"]["overrides"]:
            columns[panel["title"].split(" / ")[0], override["matcher"]["options"]] = {
                p["id"] for p in override["properties"]
            }
    assert "thresholds" not in columns["Jumlah pada rentang waktu", "count"]
    assert "thresholds" in columns["Lalu lintas", "count"]


def test_ispu_limits_belong_to_the_band_below_them() -> None:
    steps = ispu.bands("pm2_5").build().steps

    def colour(value: float) -> str:
        return [step.color for step in steps if step.value is None or value >= step.value][-1]

    found = [ispu.COLOURS.index(colour(value)) for value in (0, 15.5, 15.6, 55.4, 55.5, 150.4, 250.4, 250.5)]
    assert found == [0, 0, 1, 1, 2, 2, 3, 4]


def test_provisioning_names_the_datasource_and_holds_no_secret() -> None:
    (source,) = yaml.safe_load((CONFIGS / "provisioning/datasources/simpang.yaml").read_text())["datasources"]
    assert (source["uid"], source["jsonData"]["version"], source["jsonData"]["httpMode"]) == (
        "simpang",
        "InfluxQL",
        "GET",
    )
    assert source["url"] == "${SIMPANG_INFLUX_URL}"
    assert re.fullmatch(r"Token \$__file\{/etc/grafana/[a-z.-]+\}", source["secureJsonData"]["httpHeaderValue1"])


def test_provisioning_finds_the_dashboards_in_a_folder_of_their_own() -> None:
    (provider,) = yaml.safe_load((CONFIGS / "provisioning/dashboards/simpang.yaml").read_text())["providers"]
    assert (provider["folderUid"], provider["type"], provider["allowUiUpdates"]) == ("simpang", "file", False)
    assert provider["options"] == {"path": "/etc/grafana/dashboards/simpang"}
