"""A settings file with faults names all of them at once: line, place, reason and remedy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, Tag, ValidationError

from service.places import Place
from service.settings import BadSettings, Name, Section, load, parse


class Line(Section):
    name: Name = Field(description="the line's name")
    at: list[float] = Field(default=[], alias="from", description="where it starts")
    length: float | None = Field(default=None, gt=0, description="its length")

    @classmethod
    def faults(cls, said: Mapping[str, Any]) -> Iterable[tuple[Place, str]]:
        if said.get("from") == [0, 0]:
            yield ("from",), "nowhere; say where"


class Camera(Section):
    name: Name = Field(description="the camera's name")
    line: list[Line] = Field(default=[], description="lines, each a [[camera.line]]")
    mask: list[list[tuple[float, float]]] = Field(default=[], description="polygons")


class Near(Section):
    kind: Literal["near"]
    path: Path = Field(description="the store's file")


class Far(Section):
    kind: Literal["far"]
    url: str = Field(pattern=r"https?://\S+", description="the server's URL")
    wait: float = Field(default=1, ge=0, le=9, description="seconds to wait")


class Whole(Section):
    site: Name = Field(description='the place, like site = "simpang-empat"')
    store: Annotated[Annotated[Near, Tag("near")] | Annotated[Far, Tag("far")], Field(discriminator="kind")] = Field(
        description="a [store] table"
    )
    cameras: list[Camera] = Field(default=[], alias="camera", description="cameras, each a [[camera]]")
    spare: Camera | None = None

    @classmethod
    def faults(cls, said: Mapping[str, Any]) -> Iterable[tuple[Place, str]]:
        if said.get("site") == "nowhere":
            yield ("site",), "nowhere is no site"


FILE = Path("agent.toml")
GOOD = 'site = "s"\n[store]\nkind = "near"\npath = "/x"\n'


def faults(text: str) -> list[str]:
    with pytest.raises(BadSettings) as refused:
        parse(FILE, text, Whole)
    said = str(refused.value).splitlines()
    assert said[0] == f"agent.toml: {len(said) - 1} error{'s' if len(said) > 2 else ''}"
    assert [line.strip() for line in said[1:]] == refused.value.faults
    return refused.value.faults


def test_a_good_file_is_read_and_cannot_be_changed() -> None:
    settings = parse(FILE, GOOD + '[[camera]]\nname = "c"\n[[camera.line]]\nname = "l1"\nfrom = [1, 2]\n', Whole)
    assert settings.cameras[0].line[0].at == [1, 2]
    assert settings.store == Near(kind="near", path=Path("/x"))
    with pytest.raises(ValidationError):
        settings.site = "other"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "sites = 1\n" + GOOD,
            "line 1: sites: unknown key; did you mean 'site'? known here: site, store, camera, spare",
        ),
        ("xyz = 1\n" + GOOD, "line 1: xyz: unknown key; known here: site, store, camera, spare"),
        (
            GOOD.replace('"s"', "5"),
            'line 1: site: input should be a valid string, not 5; the place, like site = "simpa',
        ),
        (GOOD.replace('"s"', '"Simpang 4"'), "line 1: site: 'Simpang 4' is not a name: use 1 to 32 of a-z, 0-9 and"),
        (GOOD.replace('site = "s"\n', "\n"), 'line 1: site: missing; the place, like site = "simpang-empat"'),
        (GOOD.replace('"s"', '"nowhere"'), "line 1: site: nowhere is no site"),
        (GOOD.replace('path = "/x"\n', ""), "line 2: store.path: missing; the store's file"),
        (GOOD.replace("path", "pth"), "line 4: store.pth: unknown key; did you mean 'path'? known here: kind, path"),
        (GOOD.replace('"/x"', "3"), "line 4: store.path: input is not a valid path"),
        (GOOD.replace("near", "ner"), "line 2: store: input tag 'ner' found using 'kind' does not match any"),
        (GOOD.replace('kind = "near"\n', ""), "line 2: store: unable to extract tag using discriminator 'kind'"),
        (
            'site = "s"\n[store]\nkind = "far"\nurl = "ftp://x"\n',
            "line 4: store.url: string should match pattern 'https?://\\S+', not 'ftp://x'; the server's URL",
        ),
        (
            'site = "s"\nstore = {kind = "far", url = "http://x", wait = 10}\n',
            "line 2: store.wait: input should be less than or equal to 9, not 10; seconds to wait",
        ),
        (
            'site = "s"\nstore.kind = "far"\nstore.wait = 1\nstore.url = "x"\n',
            "line 4: store.url: string should match pattern",
        ),
        (GOOD + "camera = 5\n", "line 5: store.camera: unknown key"),
        ("camera = 5\n" + GOOD, "line 1: camera: input should be a valid list, not 5; cameras, each a [[camera]]"),
        ("camera = [5]\n" + GOOD, "line 1: camera[1]: input should be a valid dictionary"),
        (GOOD + "[[camera]]\n[camera.line]\n", "line 5: camera[1].name: missing; the camera's name"),
        (GOOD + '[spare]\nname = "B"\n', "line 6: spare.name: 'B' is not a name"),
        (GOOD + '[spare]\nname = "b"\nlin = 1\n', "line 7: spare.lin: unknown key; did you mean 'line'?"),
    ],
)
def test_each_kind_of_fault_has_its_line_its_reason_and_its_remedy(text: str, fault: str) -> None:
    assert any(said.startswith(fault) for said in faults(text)), faults(text)


def test_all_faults_are_named_at_once_in_the_order_of_the_lines() -> None:
    text = """site = "S"
what = 1
[store]
kind = "far"
url = "no"

[[camera]]
name = "one"
  [[camera.line]]
  name = "l1"
  length = -1
  [[camera.line]]
  name = "L2"
  from = [0, 0]
[[camera]]
name = 7
[[camera.line]]
from = [0, 0]
name = "l3"
"""
    assert [fault.split(": ")[:2] for fault in faults(text)] == [
        ["line 1", "site"],
        ["line 2", "what"],
        ["line 5", "store.url"],
        ["line 11", "camera[1].line[1].length"],
        ["line 13", "camera[1].line[2].name"],
        ["line 14", "camera[1].line[2].from"],
        ["line 16", "camera[2].name"],
        ["line 18", "camera[2].line[1].from"],
    ]
    assert faults(text)[-1].endswith("nowhere; say where")


def test_rows_of_numbers_do_not_pass_for_headings() -> None:
    text = GOOD + '[[camera]]\nname = "one"\nmask = [\n  [\n    [0.0, 0.6],\n    [1.0, 0.6]\n  ]\n]\nwrong = 1\n'
    assert faults(text) == ["line 13: camera[1].wrong: unknown key; known here: name, line, mask"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("site = s\n", "line 1"),
        ('site = "s\n', "line 1"),
        ('site = "s"\nsite = "t"\n', "each key stands once"),
        ("[store\n", "line 1"),
        ('a = "\\q"\n', "line 1"),
        ("a = 1\n\n\nb = ,\n", "line 4"),
        ("\0", "line 1"),
        ("= 1", "line 1"),
    ],
)
def test_what_is_not_toml_is_told_with_its_place(text: str, why: str) -> None:
    said = faults(text)
    assert len(said) == 1
    assert said[0].startswith("not TOML: ")
    assert why in said[0]


def test_an_empty_file_misses_all_that_must_be_said() -> None:
    assert [fault.split(";")[0] for fault in faults("")] == ["line 1: site: missing", "line 1: store: missing"]


def test_a_missing_file_says_what_to_check(tmp_path: Path) -> None:
    for file, why in ((tmp_path / "none.toml", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(
            BadSettings, match=f"cannot be read: {why}.*; check the path and its permissions"
        ) as refused:
            load(file, Whole)
        assert str(file) in str(refused.value)


def test_a_file_in_another_encoding_names_the_byte(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_bytes(GOOD.encode() + b"# caf\xe9\n")
    with pytest.raises(BadSettings, match=f"byte {len(GOOD) + 5} is not UTF-8; save the file as UTF-8 text"):
        load(file, Whole)


def test_a_file_from_windows_is_read(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(file, Whole).site == "s"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").replace("path", "pth").encode())
    with pytest.raises(BadSettings, match=r"line 4: store\.pth"):
        load(file, Whole)


def test_a_file_without_an_end_is_not_read_to_it() -> None:
    with pytest.raises(BadSettings, match="is larger than 1 MiB; is it the settings file"):
        load(Path("/dev/zero"), Whole)


def test_a_large_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text(GOOD.ljust((1 << 20) - 1) + "\n", encoding="utf-8")
    assert load(file, Whole) == parse(file, GOOD, Whole)
    file.write_text(GOOD.ljust(1 << 20) + "\n", encoding="utf-8")
    with pytest.raises(BadSettings, match="is larger than 1 MiB"):
        load(file, Whole)


def test_a_long_wrong_value_is_cut() -> None:
    said = faults(GOOD.replace('"s"', str(["x" * 30] * 1000)))
    assert all(len(fault) < 400 for fault in said)
