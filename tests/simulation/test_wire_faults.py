"""The fault plan: one bit, one byte, or silence, and the same for the same seed."""

from __future__ import annotations

from simulation.faults import Faults

RAW = bytes.fromhex("aac0d4043a0aa1601dab")


def test_without_a_plan_frames_arrive_as_they_are() -> None:
    assert Faults().carried(RAW, 1.0) == RAW


def test_a_flip_changes_exactly_one_bit() -> None:
    faults = Faults(1, flip=1.0)
    for _ in range(50):
        harmed = faults.carried(RAW, 1.0)
        assert (int.from_bytes(harmed, "big") ^ int.from_bytes(RAW, "big")).bit_count() == 1
        assert len(harmed) == len(RAW)


def test_a_loss_takes_exactly_one_byte() -> None:
    faults = Faults(1, lose=1.0)
    shorter = {RAW[:place] + RAW[place + 1 :] for place in range(len(RAW))}
    assert {faults.carried(RAW, 1.0) for _ in range(200)} == shorter


def test_silence_holds_in_its_span_only() -> None:
    faults = Faults(1, silence=[(10.0, 20.0)])
    assert [faults.carried(RAW, now) for now in (9.9, 10.0, 19.9, 20.0)] == [RAW, b"", b"", RAW]


def test_the_same_seed_harms_the_same_frames_and_about_as_many_as_planned() -> None:
    first, second = Faults(2, flip=0.3, lose=0.2), Faults(2, flip=0.3, lose=0.2)
    harmed = [first.carried(RAW, 0.0) for _ in range(1000)]
    assert harmed == [second.carried(RAW, 0.0) for _ in range(1000)]
    assert 380 < sum(frame != RAW for frame in harmed) < 500
