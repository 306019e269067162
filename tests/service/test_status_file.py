"""Readers of the status file see whole figures, old or new, and a disk that refuses ends no service."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from service import status_file


def test_figures_are_read_back(tmp_path: Path) -> None:
    file = tmp_path / "status.json"
    for figures in ({"online": True, "why": "é\n"}, {"committed": 5}):
        status_file.write(file, figures)
        assert json.loads(file.read_text(encoding="utf-8")) == figures


def test_no_draft_stays_behind(tmp_path: Path) -> None:
    status_file.write(tmp_path / "status.json", {"a": 1})
    assert [left.name for left in tmp_path.iterdir()] == ["status.json"]


def test_a_reader_never_sees_half_of_it(tmp_path: Path) -> None:
    file = tmp_path / "status.json"
    status_file.write(file, {"n": -1, "pad": ""})
    done = threading.Event()

    def write() -> None:
        for n in range(200):
            status_file.write(file, {"n": n, "pad": "x" * 50_000})
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while not done.is_set():
        seen.append(json.loads(file.read_bytes())["n"])
    writer.join()
    assert seen == sorted(seen)
    assert json.loads(file.read_bytes())["n"] == 199


def test_a_reader_holding_the_old_file_keeps_it_whole(tmp_path: Path) -> None:
    file = tmp_path / "status.json"
    status_file.write(file, {"n": 1})
    with file.open(encoding="utf-8") as old:
        status_file.write(file, {"n": 2})
        assert json.load(old) == {"n": 1}


@pytest.mark.parametrize("name", ["missing/status.json", "occupied"])
def test_a_place_that_cannot_be_written_ends_nobody_s_work(tmp_path: Path, name: str) -> None:
    (tmp_path / "occupied").mkdir()
    status_file.write(tmp_path / name, {"a": 1})
    assert not (tmp_path / name).is_file()


def test_a_full_disk_keeps_the_old_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "status.json"
    status_file.write(file, {"n": 1})

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    status_file.write(file, {"n": 2})
    assert json.loads(file.read_bytes()) == {"n": 1}
