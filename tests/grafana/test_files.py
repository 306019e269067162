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

from edge_agent.delivery.gaps import Cause
from edge_agent.vision.classes import UNKNOWN, WIDTHS
from hub.grafana import dashboards, files, headings, ispu, titles, units
from hub.grafana.command import DIFFERENT, app
from telemetry.catalogue import QUANTITIES
from telemetry.quantity import LABELS, Family

CONFIGS = Path(__file__).parents[2] / "configs" / "grafana"
BOARDS = dashboards.as_dicts()
yaml = pytest.importorskip("yaml")


LONGEST_HEADING = 12


def every_panel() -> list[Any]:
    return [panel for board in BOARDS.values() for panel in dashboards.panels(board)]


def called(title: str) -> list[Any]:
    """Return the panels whose titles begin so."""
    return [panel for panel in every_panel() if panel["title"].startswith(title)]


def columns(panel: Any) -> dict[str, dict[str, Any]]:
    """Return the settings of each column that has some of its own, later ones over earlier ones."""
    found: dict[str, dict[str, Any]] = {}
    for override in panel["fieldConfig"]["overrides"]:
        settings = found.setdefault(override["matcher"]["options"], {})
        settings.update({one["id"]: one["value"] for one in override["properties"]})
    return found


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
        age = columns(panel)["Time"]
        assert (age["unit"], age["custom.minWidth"]) == ("dateTimeFromNow", 200), panel["title"]
        of_hub = panel["title"].startswith("Keadaan agen")
        assert age["displayName"] == (titles.HUBS_WORD if of_hub else titles.AGE)
        assert of_hub or panel["options"]["sortBy"] == [{"displayName": titles.AGE, "desc": False}]
        hidden = panel["transformations"][-1]["options"]["excludeByName"]
        assert hidden.get("Time", hidden.get("Time (max)")) is False


def test_agents_that_are_offline_come_first() -> None:
    for panel in called("Keadaan agen"):
        assert [column["displayName"] for column in panel["options"]["sortBy"]] == ["Keadaan", titles.HUBS_WORD]
        assert columns(panel)["online"]["displayName"] == "Keadaan"
        assert not any(column["desc"] for column in panel["options"]["sortBy"])
    (steps,) = {json.dumps(p["fieldConfig"]["defaults"]["thresholds"]["steps"]) for p in called("Agen terputus")}
    assert [step["color"] for step in json.loads(steps)] == ["text", "red"]
    assert json.loads(steps)[1]["value"] == 1


def test_a_database_that_does_not_answer_is_told_from_zero_but_no_cell_is_filled() -> None:
    for panel in every_panel():
        told = panel["fieldConfig"]["defaults"].get("noValue")
        assert told == (titles.NO_DATA if panel["type"] in ("stat", "timeseries") else None), panel["title"]


def test_headings_are_short_and_explained() -> None:
    assert {heading for q in QUANTITIES if not q.aside and len(heading := headings.of(q)) > LONGEST_HEADING} == set()
    assert set(headings.SHORT) <= {quantity.name for quantity in QUANTITIES}
    for panel in called("Udara / Air: nilai"):
        shown = columns(panel)
        assert (shown["humidity"]["displayName"], shown["co2"]["displayName"]) == ("RH", "CO₂")
        assert "- RH: Kelembapan relatif / Relative humidity" in panel["description"].splitlines()


def test_every_closed_list_has_names() -> None:
    assert set(titles.CLASSES) == {UNKNOWN, *(name for _, name in WIDTHS)}
    assert set(titles.CAUSES) >= set(Cause)
    (cause,) = {json.dumps(columns(panel)["cause"]["mappings"]) for panel in called("Celah data")}
    assert json.loads(cause)[0]["options"]["dropped"]["text"] == "Dibuang / Dropped"


def test_pedestrians_are_never_counted_as_vehicles() -> None:
    vehicles, pedestrians = called("Kendaraan per menit"), called("Pejalan kaki per menit")
    assert (len(vehicles), len(pedestrians)) == (4, 2)
    assert all("\"class\" != 'pedestrian'" in panel["targets"][0]["query"] for panel in vehicles)
    assert all("\"class\" = 'pedestrian'" in panel["targets"][0]["query"] for panel in pedestrians)
    (last,) = called("Lalu lintas: menit terakhir")
    for target, operator in zip(last["targets"], ("!=", "="), strict=True):
        assert f"\"class\" {operator} 'pedestrian'" in target["query"]


def test_positions_are_told_to_the_metre_from_the_newest_of_each() -> None:
    (panel,) = called("Posisi")
    assert {columns(panel)[name]["decimals"] for name in ("latitude", "longitude")} == {5}
    merged, grouped, arranged = panel["transformations"]
    assert (merged["id"], grouped["options"]["fields"]["course"]["aggregations"]) == ("merge", ["lastNotNull"])
    assert arranged["options"]["renameByName"]["course (lastNotNull)"] == "course"


def test_what_needs_a_calibrated_camera_says_so_and_is_closed() -> None:
    (row,) = [p for p in BOARDS["site"]["panels"] if p["title"].startswith("Kecepatan dan antrean")]
    assert row["collapsed"]
    assert all("Needs a calibrated camera" in panel["description"] for panel in row["panels"])


def test_every_unit_family_and_label_of_the_catalogue_is_known() -> None:
    assert {quantity.unit for quantity in QUANTITIES} == set(units.GRAFANA)
    assert set(titles.FAMILIES) == set(Family)
    assert {label for labels in LABELS.values() for label in labels} <= set(titles.TAGS)


def test_the_highest_sound_value_is_not_red_and_none_is_called_good() -> None:
    for quantity in QUANTITIES:
        below, inside, above = units.thresholds(quantity).build().steps
        assert (below.color, inside.color, above.color) == ("red", "text", "red")
        low, high = units.sound(quantity)
        assert inside.value == low
        assert above.value > high or high >= 1e17


def test_only_newest_values_are_judged_by_the_range_of_one_reading() -> None:
    (totals, newest) = (
        next(panel for panel in dashboards.panels(BOARDS["site"]) if panel["title"].startswith(title))
        for title in ("Jumlah pada rentang waktu", "Lalu lintas")
    )
    assert "thresholds" not in columns(totals)["count"]
    assert "thresholds" in columns(newest)["count"]


def test_missing_readings_are_never_plain() -> None:
    for panel in [*called("Pembacaan hilang menurut"), *called("Celah data")]:
        steps = columns(panel)["count"]["thresholds"]["steps"]
        assert [(step["value"], step["color"]) for step in steps] == [(None, "text"), (1, "orange"), (1000, "red")]


def test_ispu_limits_belong_to_the_band_below_them() -> None:
    steps = ispu.bands("pm2_5").build().steps

    def colour(value: float) -> str:
        return [step.color for step in steps if step.value is None or value >= step.value][-1]

    found = [ispu.COLOURS.index(colour(value)) for value in (0, 15.5, 15.6, 55.4, 55.5, 150.4, 250.4, 250.5)]
    assert found == [0, 0, 1, 1, 2, 2, 3, 4]


def test_ispu_categories_are_told_with_their_limits() -> None:
    (panel,) = called("Rata-rata 24 jam")
    assert panel["gridPos"]["w"] == 24
    for category in ("Baik", "Sedang", "Tidak Sehat", "Sangat Tidak Sehat", "Berbahaya"):
        assert f"**{category} / " in panel["description"]
    for limits in ispu.UPPER.values():
        assert all(f" {limit:g}" in panel["description"] for limit in limits)


def test_provisioning_says_which_grafana_it_is_for() -> None:
    for path in ("provisioning/datasources/simpang.yaml", "provisioning/dashboards/simpang.yaml"):
        assert "Grafana 9.5 or newer" in (CONFIGS / path).read_text()


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
