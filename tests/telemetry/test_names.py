"""One grammar of names, told three times (as a test, as an expression, in the schema) and always the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry import schema
from telemetry.errors import BadName
from telemetry.names import LONGEST, NAME, checked_name, is_name
from telemetry.reading import Place
from tests.support.lines import PROPERTY, names

GOOD = ["a", "0", "se-1", "simpang-empat", "a" * LONGEST, "a-b-c-d", "007"]
BAD = [
    "",
    "-",
    "-a",
    "a-",
    "a--b",
    "A",
    "a b",
    "a_b",
    "a.b",
    "a/b",
    "a,b",
    "a=b",
    'a"',
    "a\\",
    "a\n",
    "\na",
    "a\0",
    "a\r",
    "+",
    "#",
    "$share",
    "é",
    "а",  # a Cyrillic letter
    "٣",
    "²",
    "a" * (LONGEST + 1),
    "a-" * 16 + "a",
]


@pytest.mark.parametrize("text", GOOD)
def test_a_name_is_taken_as_it_is(text: str) -> None:
    assert is_name(text)
    assert checked_name(text) == text
    assert Place(text, text).agent == text


@pytest.mark.parametrize("text", BAD)
def test_anything_else_is_refused_with_the_name(text: str) -> None:
    assert not is_name(text)
    with pytest.raises(BadName) as refused:
        checked_name(text)
    assert refused.value.name == text
    assert "1 to 32 of a-z" in str(refused.value)
    for wrong in (("good", text), (text, "good")):
        with pytest.raises(BadName):
            Place(*wrong)


@PROPERTY
@given(st.one_of(names, st.text(), st.text("a0-", max_size=40), st.text("ab-A_ \n", max_size=4)))
def test_expression_schema_and_rule_agree_on_every_text(text: str) -> None:
    parts = text.split("-")
    rule = 1 <= len(text) <= 32 and all(p and set(p) <= set("abcdefghijklmnopqrstuvwxyz0123456789") for p in parts)
    assert is_name(text) is rule
    assert (re.fullmatch(NAME, text) is not None) is rule
    assert (re.fullmatch(schema.NAME, text.encode("utf-8", "surrogatepass")) is not None) is rule


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["a" * 10**6, "a-" * 10**6, "-" * 10**6, "a" * 32 + "!" * 10**6])
def test_long_texts_are_refused_with_bounded_work_and_a_short_message(text: str) -> None:
    with pytest.raises(BadName) as refused:
        checked_name(text)
    assert len(str(refused.value)) < 500
