"""Readers of cards and fingers: ids never leave the driver, and nothing works without a secret."""

from __future__ import annotations

import pytest

from drivers.catalogue import load
from drivers.errors import BadOption
from drivers.r30x import _CHARACTERS, _IMAGE, _SEARCH
from tests.support.captures import own, shared, sound

SALT = "a secret of this school"


@pytest.mark.parametrize("name", ["rdm6300", "r30x"])
def test_a_reader_is_off_until_a_salt_is_given(name: str) -> None:
    with pytest.raises(BadOption, match="salt: must be given: a secret of 16 characters"):
        load(name)()
    with pytest.raises(BadOption, match="salt: 15 characters are too few"):
        load(name)(salt="x" * 15)


def test_readers_wrong_sums_are_dropped_and_sound_cards_are_told() -> None:
    driver = load("rdm6300")(salt=SALT)
    records = shared("rdm6300.jsonl")
    said = [driver.feed(bytes.fromhex(record["hex"])) for record in records]
    assert [len(each) for each in said] == [int(record["valid"]) for record in records] == [1, 0, 0, 1]
    assert dict(driver.rejected) == {"checksum": 2}


def test_a_person_is_a_number_of_the_salt_and_not_of_the_card_alone() -> None:
    card = sound("rdm6300")[0].data

    def person(salt: str) -> float:
        (said,) = load("rdm6300")(salt=salt).feed(card)
        return said.values["person"]

    assert person(SALT) == person(SALT)
    assert person(SALT) != person(SALT + "!")
    assert 0 <= person(SALT) < 2**48
    assert person(SALT) not in (472288, int("01000734E0", 16))


def answer(name: str) -> bytes:
    return next(capture.data for capture in own("r30x") if capture.name == name)


def test_a_finger_is_looked_for_taken_and_searched() -> None:
    driver = load("r30x")(salt=SALT)
    assert driver.poll() == _IMAGE
    assert driver.feed(answer("no finger")) == []
    assert driver.poll() == _IMAGE
    driver.feed(answer("image taken"))
    assert driver.poll() == _CHARACTERS
    driver.feed(answer("image taken"))
    assert driver.poll() == _SEARCH
    (said,) = driver.feed(answer("finger 17"))
    assert said.values["count"] == 1
    assert driver.poll() == _IMAGE


def test_an_answer_that_does_not_come_begins_anew() -> None:
    driver = load("r30x")(salt=SALT)
    driver.poll()
    driver.feed(answer("image taken"))
    assert driver.poll() == _CHARACTERS
    assert driver.poll() == _IMAGE


def test_the_command_at_hand_has_the_sum_that_we_compute() -> None:
    (known,) = [r for r in shared("commands.jsonl") if r["name"] == "TempleteNum"]
    assert load("r30x").query == bytes.fromhex(known["hex"])
