"""What the README says of the code is what the code says."""

from __future__ import annotations

import re

import pytest

from tests.support.readme import README, TABLES, section


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_are_those_of_the_code(name: str) -> None:
    assert section(README.read_text(encoding="utf-8"), name) == TABLES[name](), "run: make tables"


def test_every_make_target_it_names_exists() -> None:
    makefile = README.with_name("Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z]+)", README.read_text(encoding="utf-8")))
    assert named
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)


def test_every_file_it_links_to_exists() -> None:
    linked = re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8"))
    assert linked
    assert [path for path in linked if not (README.parent / path).exists()] == []
