"""Counting a file beside its truth."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import av
import pytest

from edge_agent.vision.errors import BadSettings
from edge_agent.vision.truth import read_truth
from tests.support.video import Street, Trip, write

ROOT = Path(__file__).parents[2]
TRUTH = {
    "lines": [
        {
            "id": "L1",
            "line": [[0.0, 0.5], [1.0, 0.5]],
            "events": [
                {"direction": "down", "sign": "-to+"},
                {"direction": "down", "sign": "-to+", "optional": True},
            ],
        }
    ]
}


def count(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge_agent.vision.count", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_it_prints_counted_beside_truth_and_draws_what_it_saw(tmp_path: Path) -> None:
    clip = write(tmp_path / "street.mp4", Street([Trip(160, -20, 60)]).pictures(4, 10), 10)
    (tmp_path / "truth.json").write_text(json.dumps(TRUTH))
    done = count(str(clip), "--truth", str(tmp_path / "truth.json"), "--video", str(tmp_path / "seen.mp4"))
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in done.stdout.splitlines() if "│" in line]
    assert rows == [["l1", "down", "1", "1", "1"], ["l1", "up", "0", "0", "0"]]
    with av.open(str(tmp_path / "seen.mp4")) as seen:
        frames = list(seen.decode(video=0))
    assert (len(frames), frames[0].width, frames[0].height) == (40, 640, 480)


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text(json.dumps(TRUTH))
    done = count(str(tmp_path / "none.mp4"), "--truth", str(tmp_path / "truth.json"))
    assert done.returncode == 1
    assert "No such file" in done.stderr


def test_truth_names_both_directions_and_keeps_optional_apart(tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text(json.dumps(TRUTH))
    truth = read_truth(tmp_path / "truth.json")
    assert truth.lines[0].directions == ("down", "up")
    assert (truth.certain, truth.optional) == ({("l1", "down"): 1}, {("l1", "down"): 1})


@pytest.mark.parametrize("text", ["", "{}", '{"lines": [{"id": "L1"}]}', '{"lines": 3}'])
def test_what_is_no_truth_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "truth.json").write_text(text)
    with pytest.raises(BadSettings, match="truth"):
        read_truth(tmp_path / "truth.json")
