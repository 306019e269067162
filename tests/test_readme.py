"""What the README says of the code is what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drivers.catalogue import load
from tests.support.readme import DEVICES, README, TABLES, section


@pytest.mark.parametrize(
    ("file", "name"), [pytest.param(file, name, id=f"{file.name}-{name}") for file in TABLES for name in TABLES[file]]
)
def test_the_tables_are_those_of_the_code(file: Path, name: str) -> None:
    assert section(file.read_text(encoding="utf-8"), name) == TABLES[file][name](), "run: make tables"


def test_the_descriptions_in_the_docs_are_good(tmp_path: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", DEVICES.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) == 2
    for number, example in enumerate(examples):
        file = tmp_path / f"device-{number}.toml"
        file.write_text(example, encoding="utf-8")
        assert load(str(file))().quantities


def test_every_make_target_it_names_exists() -> None:
    makefile = README.with_name("Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z]+)", README.read_text(encoding="utf-8")))
    assert named
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)


def test_every_file_it_links_to_exists() -> None:
    linked = re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8"))
    assert linked
    assert [path for path in linked if not (README.parent / path).exists()] == []
