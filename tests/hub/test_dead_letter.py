"""Dead letters: readable, bounded, and never the reason why a hub stops."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from hub.dead_letter import DeadLetter, DeadLetterFile

KIB = 1024


def letter(number: int = 0, *, why: str = "air has no quantity 'pm3'", text: str = "air,site=a pm3=1 1") -> DeadLetter:
    return DeadLetter("2026-11-21T08:00:00.000+00:00", "simpang/v1/a/b/up/readings", "5f" * 8, 7, number, why, text)


def kept(path: Path) -> list[int]:
    """Return the numbers of all lines that are kept, oldest first."""
    files = [path.with_name(path.name + ".1"), path]
    texts = [text for file in files if file.exists() for text in file.read_text().splitlines()]
    return [json.loads(text)["line"] for text in texts]


def size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.parent.iterdir())


def test_letters_are_json_lines_that_people_can_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "dead-letter.jsonl"
    DeadLetterFile(path, 100 * KIB).keep([letter(3), letter(4)])
    first, second = (json.loads(text) for text in path.read_text().splitlines())
    assert first == {
        "at": "2026-11-21T08:00:00.000+00:00",
        "topic": "simpang/v1/a/b/up/readings",
        "epoch": "5f" * 8,
        "batch": 7,
        "line": 3,
        "why": "air has no quantity 'pm3'",
        "text": "air,site=a pm3=1 1",
    }
    assert second["line"] == 4


def test_nothing_to_keep_makes_no_file(tmp_path: Path) -> None:
    DeadLetterFile(tmp_path / "dead-letter.jsonl", KIB).keep([])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at_once", [1, 7, 10_000])
def test_the_limit_holds_for_both_files_however_many_come_at_once(tmp_path: Path, at_once: int) -> None:
    path = tmp_path / "dead-letter.jsonl"
    file = DeadLetterFile(path, 50 * KIB)
    for first in range(0, 2000, at_once):
        file.keep(letter(number) for number in range(first, min(2000, first + at_once)))
        assert size(path) <= 50 * KIB
    assert len(list(tmp_path.iterdir())) == 2
    assert size(path) > 25 * KIB
    assert kept(path) == list(range(2000))[-len(kept(path)) :]


def test_an_earlier_life_s_letters_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "dead-letter.jsonl"
    for number in range(3):
        DeadLetterFile(path, 100 * KIB).keep([letter(number)])
    assert kept(path) == [0, 1, 2]


def test_a_letter_larger_than_the_limit_is_cut_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "dead-letter.jsonl"
    file = DeadLetterFile(path, 10)
    for number in range(3):
        file.keep([letter(number, text="x" * 100_000)])
    assert kept(path) == [1, 2]
    assert size(path) < 5 * KIB


@pytest.mark.parametrize("text", ["a\nb", "a\x00b", "\u2028", '"}\n{"', "\\xff", "😀" * 5000])
def test_any_text_stays_on_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "dead-letter.jsonl"
    DeadLetterFile(path, 1000 * KIB).keep([letter(text=text)])
    (said,) = path.read_bytes().splitlines()
    assert json.loads(said)["text"] == text[:2000]


def test_causes_are_counted(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "dead-letter.jsonl", 100 * KIB)
    file.keep([letter(why="sensor not registered: a"), letter(why="sensor not registered: b"), letter(why="other")])
    assert file.counted == {"sensor not registered": 2, "other": 1}


def test_causes_that_quote_what_agents_say_are_bounded(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "dead-letter.jsonl", 100 * KIB)
    file.keep(letter(why=f"unknown measurement 'm{number}'") for number in range(5000))
    assert len(file.counted) <= 101
    assert file.counted.total() == 5000


def obstructed(folder: Path, kind: str) -> Path:
    """Return a path that nobody can write to, also not root."""
    path = folder / "dead-letter.jsonl"
    if kind == "folder":
        path.mkdir()
        return path
    (folder / "file").write_text("x")
    return folder / "file" / "dead-letter.jsonl"


@pytest.mark.parametrize("kind", ["folder", "below a file"])
def test_an_unwritable_path_is_said_once_and_letters_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    caplog.set_level(logging.ERROR)
    path = obstructed(tmp_path, kind)
    file = DeadLetterFile(path, 100 * KIB)
    for _ in range(3):
        file.keep([letter()])
    assert file.counted.total() == 3
    (record,) = caplog.records
    assert str(path) in record.getMessage()


def test_letters_are_kept_again_once_the_path_can_be_written(tmp_path: Path) -> None:
    path = obstructed(tmp_path, "folder")
    file = DeadLetterFile(path, 100 * KIB)
    file.keep([letter(1)])
    path.rmdir()
    file.keep([letter(2)])
    assert kept(path) == [2]
