"""What the hub lets through is what an exact, slow judge lets through, whatever is done to the lines."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.ack import DeadLine
from telemetry.check import Checked, TimeWindow, check, reason
from telemetry.line import format_line
from telemetry.reading import Place, Reading
from tests.support.lines import AIR, ALL_TIME, CROSSING, PLACE, PROPERTY, acceptable, readings
from tests.support.mutations import HOSTILE_BYTES, HOSTILE_VALUES, ending_whole, with_bytes_changed, with_parts_changed

FAULTS = re.compile(
    r"a line has 3 parts|unknown measurement|has no label|is not a name|has no quantity|is not a finite"
    r"|is not 19 digits|canonical order|is not that of the topic|outside what is believed"
)


def expected(body: bytes, window: TimeWindow) -> tuple[bytes, tuple[int, ...], tuple[int, ...]]:
    """Return the judge's verdict on a body: what passes, its line numbers, and those of the dead lines."""
    said = [line + b"\n" for line in body.split(b"\n")[:-1]]
    good = [number for number, line in enumerate(said, start=1) if acceptable(line, PLACE, window)]
    dead = [number for number in range(1, len(said) + 1) if number not in good]
    return b"".join(said[number - 1] for number in good), tuple(good), tuple(dead)


def verdict(checked: Checked) -> tuple[bytes, tuple[int, ...], tuple[int, ...]]:
    return checked.body, checked.numbers, tuple(dead.line for dead in checked.dead)


def sensors(body: bytes) -> set[str]:
    return {line.split(" ")[0].split(",")[3].removeprefix("sensor=") for line in body.decode().splitlines()}


@PROPERTY
@given(st.lists(readings, min_size=1, max_size=8))
def test_all_that_an_agent_can_say_passes_whole(said: list[Reading]) -> None:
    body = b"".join(format_line(PLACE, reading).encode() + b"\n" for reading in said)
    checked = check(PLACE, body, ALL_TIME)
    assert checked.body is body
    assert checked.numbers == tuple(range(1, len(said) + 1))
    assert checked.sensors == {reading.sensor for reading in said}
    assert not checked.dead


@PROPERTY
@given(with_bytes_changed())
def test_changed_bytes_are_judged_like_the_slow_judge_does(line: bytes) -> None:
    body = line if line.endswith(b"\n") else line + b"\n"
    assert verdict(check(PLACE, body, ALL_TIME)) == expected(body, ALL_TIME)


@PROPERTY
@given(with_parts_changed())
def test_changed_parts_are_judged_like_the_slow_judge_does(line: bytes) -> None:
    assert (reason(PLACE, line, ALL_TIME) is None) is acceptable(line, PLACE, ALL_TIME)
    assert verdict(check(PLACE, line, ALL_TIME)) == expected(line, ALL_TIME)


@PROPERTY
@given(st.lists(ending_whole, min_size=1, max_size=6), st.integers(0, 10**19), st.integers(0, 10**19))
def test_what_fails_is_split_off_and_the_rest_passes_unchanged_in_order(said: list[bytes], a: int, b: int) -> None:
    body, window = b"".join(said), TimeWindow(min(a, b), max(a, b))
    checked = check(PLACE, body, window)
    assert verdict(checked) == expected(body, window)
    assert checked.sensors == sensors(checked.body)
    assert all(FAULTS.search(dead.why) for dead in checked.dead)


@pytest.mark.parametrize("value", HOSTILE_VALUES)
@pytest.mark.parametrize("key", [b"pm10=20.1", b"quality=0i", b"seq=1042i", b"sensor=dust", b"site=simpang-empat"])
def test_every_hostile_value_everywhere(key: bytes, value: str) -> None:
    line = AIR.replace(key, key.split(b"=")[0] + b"=" + value.encode())
    assert (reason(PLACE, line, ALL_TIME) is None) is acceptable(line, PLACE, ALL_TIME)


@pytest.mark.parametrize("byte", HOSTILE_BYTES)
def test_every_hostile_byte_at_every_place(byte: bytes) -> None:
    for line in (AIR, CROSSING):
        for at in range(len(line)):
            for body in (line[:at] + byte + line[at:], line[:at] + byte + line[at + 1 :]):
                whole = body if body.endswith(b"\n") else body + b"\n"
                assert verdict(check(PLACE, whole, ALL_TIME)) == expected(whole, ALL_TIME)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"\n", "a line has 3 parts divided by spaces, this one 1"),
        (b"# simpang/1 epoch=0 batch=1 lines=1\n", "a line has 3 parts divided by spaces, this one 5"),
        (AIR.replace(b" 17", b"  17"), "a line has 3 parts divided by spaces, this one 4"),
        (AIR.replace(b"air,", b"AIR,"), "unknown measurement 'AIR'"),
        (AIR.replace(b"air,", b"cpu,"), "unknown measurement 'cpu'"),
        (AIR.replace(b"dust", b"dust,line=l1"), "air has no label 'line'"),
        (AIR.replace(b"dust", b"Dust"), "label sensor='Dust' is not a name"),
        (CROSSING.replace(b"l1", b"l_1"), "label line='l_1' is not a name"),
        (AIR.replace(b"pm10", b"pm11"), "air has no quantity 'pm11'"),
        (AIR.replace(b"20.1", b"nan"), "pm10='nan' is not a finite decimal number"),
        (AIR.replace(b"20.1", b"2e1"), "pm10='2e1' is not a finite decimal number"),
        (AIR.replace(b"20.1", "٣".encode()), "pm10='٣' is not a finite decimal number"),
        (CROSSING.replace(b"12i", b"12"), "count='12' is not a finite whole number"),
        (CROSSING.replace(b"12i", "٣i".encode()), "count='٣i' is not a finite whole number"),
        (AIR.replace(b"1763740800123001042", b"1763740800"), "time '1763740800' is not 19 digits of nanoseconds"),
        (AIR.replace(b"1763740800123001042", "²".encode() * 19), f"time {'²' * 19!r} is not 19 digits of nanoseconds"),
        (AIR.replace(b"pm2_5=12.3,pm10=20.1", b"pm10=20.1,pm2_5=12.3"), "not in their canonical order"),
        (AIR.replace(b"pm2_5=12.3", b"pm10=12.3"), "not in their canonical order"),
        (AIR.replace(b"pm2_5=12.3,pm10=20.1,", b""), "not in their canonical order"),
        (AIR.replace(b",seq=1042i", b""), "not in their canonical order"),
        (AIR.replace(b",sensor=dust", b""), "not in their canonical order"),
        (AIR.replace(b"se-1", b"se-2"), "its site or agent is not that of the topic (simpang-empat/se-1)"),
        (AIR.replace(b"simpang-empat", b"simpang-lima"), "its site or agent is not that of the topic"),
        (AIR[:-1] + b"\r\n", "is not 19 digits of nanoseconds"),
    ],
)
def test_the_reason_names_what_is_wrong(line: bytes, why: str) -> None:
    said = reason(PLACE, line, ALL_TIME)
    assert said is not None
    assert why in said
    assert check(PLACE, AIR + line + CROSSING, ALL_TIME) == Checked(
        AIR + CROSSING, (1, 3), frozenset({"dust", "cam-north"}), (DeadLine(2, said),)
    )


def test_both_ends_of_the_time_window_are_believed_and_nothing_beyond() -> None:
    time = 1763740800123001042
    assert not check(PLACE, AIR, TimeWindow(time, time)).dead
    for window in (TimeWindow(time + 1, time + 2), TimeWindow(time - 2, time - 1), TimeWindow(time, time - 1)):
        dead = check(PLACE, AIR, window).dead
        assert dead == (DeadLine(1, f"its time {time} lies outside what is believed"),)


def test_one_odd_time_does_not_take_the_others_with_it() -> None:
    early, late = AIR.replace(b"1763740800", b"0000000000"), AIR.replace(b"1763740800", b"9999999999")
    checked = check(PLACE, AIR + early + CROSSING + late, TimeWindow(10**18, 2 * 10**18))
    assert (checked.body, checked.numbers) == (AIR + CROSSING, (1, 3))
    assert [dead.line for dead in checked.dead] == [2, 4]


@pytest.mark.parametrize(
    "foreign", [Place("simpang-empat", "se-2"), Place("simpang", "se-1"), Place("se-1", "simpang-empat")]
)
def test_a_batch_of_another_agent_is_refused_whole(foreign: Place) -> None:
    checked = check(foreign, AIR + CROSSING, ALL_TIME)
    assert checked.body == b""
    assert [dead.line for dead in checked.dead] == [1, 2]
    assert not checked.sensors


@pytest.mark.parametrize(
    "forged",
    [
        AIR.replace(b"empat,", b"lima,").replace(b"dust", b"dust,site=simpang-empat,agent=se-1,sensor=dust"),
        AIR.replace(b"empat,", b"x,").replace(b"pm2_5=", b"x,site=simpang-empat,agent=se-1,sensor=y pm2_5="),
        AIR.replace(b"site=", b"site=simpang-lima,site="),
    ],
)  # fmt: skip
def test_the_topics_agent_cannot_be_counterfeited_inside_a_line(forged: bytes) -> None:
    two = AIR + AIR.replace(b"simpang-empat", b"simpang-lima").replace(
        b"dust ", b"dust,site=simpang-empat,agent=se-1,sensor=a "
    )
    for body in (forged, AIR + forged, two):
        assert verdict(check(PLACE, body, ALL_TIME)) == expected(body, ALL_TIME)


@PROPERTY
@given(
    st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode), st.text("\n ,=air0i-").map(str.encode))
)
def test_no_bytes_raise_anything(body: bytes) -> None:
    whole = body + b"\n"
    checked = check(PLACE, whole, ALL_TIME)
    assert verdict(checked) == expected(whole, ALL_TIME)
    assert len(checked.numbers) + len(checked.dead) == whole.count(b"\n")


def test_nothing_is_nothing() -> None:
    assert check(PLACE, b"", ALL_TIME) == Checked(b"", (), frozenset())


START = b"traffic,site=simpang-empat,agent=se-1,sensor=cam-north"
SIZE = 100_000
ADVERSARIAL = {
    "one long name": START + b",line=" + b"a" * SIZE,
    "hyphens": START + b",line=" + b"a-" * SIZE + b"!",
    "labels": START + b",line=l1" * SIZE,
    "sites": b"traffic" + b",site=simpang-empat" * SIZE,
    "commas": b"air" + b"," * SIZE,
    "equals": AIR[:-1] + b"=" * SIZE,
    "spaces": b"air" + b" " * SIZE,
    "digits": START + b" count=" + b"9" * SIZE,
    "decimals": b"air,site=simpang-empat,agent=se-1,sensor=d pm10=0." + b"0" * SIZE + b"x",
    "fields": START + b" " + b"count=1i," * SIZE,
    "all but the time": AIR.rstrip(b"\n") + b"9" * SIZE,
    "minus": START + b" count=" + b"-" * SIZE,
    "measurements": b"air,air" * SIZE,
    "not UTF-8": b"\xff" * SIZE,
    "empty lines": b"\n" * SIZE,
    "nearly good lines": (AIR[:-2] + b"x\n") * (SIZE // 10),
    "a bad byte after a megabyte of good lines": AIR * (SIZE // 10) + b"x",
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("body", ADVERSARIAL.values(), ids=ADVERSARIAL)
def test_hostile_lengths_take_bounded_work_and_make_short_reasons(body: bytes) -> None:
    checked = check(PLACE, body + b"\n", ALL_TIME)
    assert checked.dead
    assert max(len(dead.why) for dead in checked.dead) < 500
    assert checked.body == AIR * (checked.body.count(b"\n"))
