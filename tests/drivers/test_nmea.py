"""NMEA against other people's decoders, and the two decisions that keep a weak check from inventing places."""

from __future__ import annotations

import json
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.nmea import DISTRUST, Nmea
from drivers.parts.checksum import xor8
from telemetry.quality import Quality
from tests.support.captures import SHARED, lossy, shared, shared_text, sound, values

LOGS = sorted(path.stem for path in (SHARED / "nmea").glob("*.log"))
WHOLE = "GPRMC,200622.31,A,5313.2228,N,00634.4228,E,00.0,000.0,200506,00,W"
GSV = b"$GPGSV,1,1,02,15,42,118,40,17,31,252,37*70\r\n"
BROKEN = b"$GPGSV,1,1,02,15,42,18,40,17,31,252,37*70\r\n"


def body(log: str) -> bytes:
    """Return a public log without its comments."""
    lines = shared_text(f"nmea/{log}.log").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("#")).encode("latin-1")


def alone(sentence: str) -> dict[str, float]:
    """Return what a sentence says to a receiver that heard nothing before, empty for nothing."""
    heard = Nmea().feed(sentence.encode("latin-1") + b"\r\n")
    return dict(heard[0].values) if heard else {}


def sealed(body: str) -> bytes:
    """Return a sentence with its check and line end."""
    return f"${body}*{xor8(body.encode()):02X}\r\n".encode()


def golden(expect: dict[str, Any]) -> dict[str, float]:
    """Return pynmea2's words in ours; without a fix there is no place, whatever the fields hold."""
    if expect["type"] == "RMC":
        if expect["status"] != "A":
            return {}
        speed = expect["sog_kn"] * 1.852
        return {"latitude": expect["lat"], "longitude": expect["lon"], "ground_speed": speed}
    told = {"fix": expect["quality"], "satellites": expect["sats"]}
    if expect["quality"]:
        told |= {"latitude": expect["lat"], "longitude": expect["lon"], "altitude": expect["alt_m"]}
    return {name: value for name, value in told.items() if value is not None}


def test_every_captured_sentence_says_what_pynmea2_says() -> None:
    records = [record for record in shared("nmea.jsonl") if "expect" in record and record["checksum_ok"]]
    assert len(records) > 900
    for record in records:
        told = alone(record["text"])
        told.pop("course", None), told.pop("hdop", None)
        assert told == pytest.approx(golden(record["expect"]), abs=1e-4), record["text"]
        place = [told.get("latitude"), told.get("longitude")]
        if None not in place:
            assert place == pytest.approx([record["expect"]["lat"], record["expect"]["lon"]], abs=1e-7)


def heard_alone(record: dict[str, Any]) -> tuple[list[dict[str, float]], dict[str, int]]:
    """Return what a receiver hears in one line as it was captured, and what it counts as rejected."""
    receiver = Nmea()
    heard = receiver.feed(record["text"].encode("latin-1") + b"\r\n")
    return [dict(found.values) for found in heard], dict(receiver.rejected)


def test_the_five_lines_without_a_right_check_are_judged_each_for_itself() -> None:
    """One has lost its check and counts as damage. Three are a maker's start-up chatter, which never has a check and is
    said by receivers in order. Before the last a blank slipped in, and blanks around a sentence are not part of it.
    """
    unsound = {record["text"].strip(): record for record in shared("nmea.jsonl") if not record["checksum_ok"]}
    chatter = [f"$POLYN,{said}" for said in ("TIME,RESTART_OCCURRED", "EPH,0,00000000", "ALM,0,00000000")]
    whole = "$GNRMC,074157.799,A,3114.8902,N,12135.2443,E,0.32,4.94,250215,,,A*7F"
    assert unsound.keys() == {"$GPBOD,,T,,M,,*", *chatter, whole}
    assert heard_alone(unsound["$GPBOD,,T,,M,,*"]) == ([], {"checksum": 1})
    assert [heard_alone(unsound[text]) for text in chatter] == [([], {})] * 3
    assert unsound[whole]["text"].startswith(" ")
    place = {"latitude": pytest.approx(31 + 14.8902 / 60), "longitude": pytest.approx(121 + 35.2443 / 60)}
    speed = {"ground_speed": pytest.approx(0.32 * 1.852, abs=1e-4), "course": 4.94}
    assert heard_alone(unsound[whole]) == ([place | speed], {})
    assert heard_alone({"text": whole.replace("3114", "3115")}) == ([], {"checksum": 1})


@pytest.mark.parametrize("log", LOGS or ["none"])
def test_position_speed_and_fix_agree_with_gpsd(log: str) -> None:
    compared = 0
    for sentence, report in pairwise(shared_text(f"nmea/{log}.log.chk").splitlines()):
        if sentence[3:6] not in ("RMC", "GGA") or not report.startswith('{"class":"TPV"'):
            continue
        gpsd, told = json.loads(report), alone(sentence)
        compared += 1
        if "latitude" in told:
            assert gpsd["mode"] >= 2, sentence
        else:
            assert told.get("fix", 0) == 0, sentence
        for ours, theirs in (("latitude", "lat"), ("longitude", "lon"), ("altitude", "altMSL")):
            if ours in told:
                assert told[ours] == pytest.approx(gpsd[theirs], abs=1e-8)
        if "ground_speed" in told:
            assert told["ground_speed"] / 3.6 == pytest.approx(gpsd["speed"], abs=6e-4)
        if "course" in told and "track" in gpsd:
            assert told["course"] == pytest.approx(gpsd["track"], abs=1e-4)
    assert compared or log == "tnt-revolution", "a compass is the only log without a place"


def test_after_damage_the_next_ten_sound_sentences_are_not_believed() -> None:
    fix = next(capture for capture in sound("nmea") if capture.name == "fix").data
    receiver = Nmea()
    assert receiver.feed(BROKEN + GSV * 4 + fix * (DISTRUST - 4)) == []
    assert dict(receiver.rejected) == {"checksum": 1, "distrusted": DISTRUST - 4}
    assert len(receiver.feed(fix)) == 1


def test_a_makers_sentence_without_a_check_is_no_damage() -> None:
    fix = next(capture for capture in sound("nmea") if capture.name == "fix").data
    receiver = Nmea()
    assert len(receiver.feed((b"$POLYN,EPH,0,00000000\r\n" + fix) * 5)) == 5
    assert not receiver.rejected


def test_two_equal_digits_lost_together_pass_the_check_but_not_the_decimals() -> None:
    whole = sealed(WHOLE)
    shorter = whole.replace(b"5313.2228", b"5313.28")
    assert shorter == sealed(WHOLE.replace("5313.2228", "5313.28"))
    receiver = Nmea()
    assert len(receiver.feed(whole + shorter)) == 1
    assert dict(receiver.rejected) == {"format": 1}


def test_a_receiver_that_changes_its_decimals_for_good_is_believed_again() -> None:
    shorter = sealed(WHOLE.replace("5313.2228", "5313.28"))
    assert len(Nmea().feed(sealed(WHOLE) + shorter * 3)) == 3


def test_a_lost_fix_is_seen() -> None:
    (lost,) = Nmea().feed(b"$GPGGA,,,,,,0,,,,M,,M,,*66\r\n")
    assert dict(lost.values) == {"fix": 0}
    assert lost.quality is Quality.GOOD


@given(
    fields=st.sampled_from([WHOLE, "GNGGA,013005.00,0610.5274,S,10649.6283,E,1,08,1.02,14.3,M,2.1,M,,"]),
    at=st.integers(1, 10),
    field=st.from_regex(r"[-+]?[0-9]{0,40}(\.[0-9]{0,40})?|[A-Z]|nan|inf", fullmatch=True),
)
def test_no_field_however_absurd_raises_or_leaves_the_globe(fields: str, at: int, field: str) -> None:
    changed = fields.split(",")
    changed[at] = field
    for found in Nmea().feed(sealed(",".join(changed))):
        assert abs(found.values.get("latitude", 0)) <= 90
        assert abs(found.values.get("longitude", 0)) <= 180
        assert 0 <= found.values.get("course", 0) <= 360


@pytest.mark.parametrize("log", LOGS or ["none"])
def test_whole_logs_lose_little_and_name_the_reason(log: str) -> None:
    sentences = body(log).splitlines(keepends=True)
    said = sum(len(Nmea().feed(sentence)) for sentence in sentences)
    receiver = Nmea()
    heard = receiver.feed(b"".join(sentences))
    held_back = receiver.rejected["distrusted"] + receiver.rejected["format"]
    assert said - held_back <= len(heard) <= said
    damaged = receiver.rejected["checksum"] + receiver.rejected["noise"]
    assert held_back <= DISTRUST * damaged + 2


@pytest.mark.parametrize(("share", "seeds"), [(0.002, (5, 22, 36)), (0.005, (8, 9, 30, 36)), (0.02, (0, 1, 2, 11, 20))])
@pytest.mark.parametrize("log", LOGS or ["none"])
def test_lost_bytes_invent_nothing_over_the_captured_logs(log: str, share: float, seeds: tuple[int, ...]) -> None:
    whole = body(log)
    ledger = {values(found) for sentence in whole.splitlines(keepends=True) for found in Nmea().feed(sentence)}
    for seed in seeds:  # of the first forty, those at which a less suspicious driver invents
        receiver = Nmea()
        receiver.feed(whole)  # the first sentences are taken at their word, so they come whole
        heard = {values(found) for found in receiver.feed(lossy(whole, iter(Random(seed).random, 1.0), share))}
        assert heard <= ledger
