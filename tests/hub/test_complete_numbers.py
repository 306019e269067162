"""The arithmetic of missing numbers, against models that go number by number."""

from __future__ import annotations

import itertools
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from hub.completeness import causes, holes, lives, spans
from hub.completeness.causes import Gap
from hub.completeness.holes import Hole
from hub.completeness.lives import Life, Run
from hub.completeness.spans import Span

NUMBERS = st.sets(st.integers(0, 40))


def of(numbers: set[int]) -> list[Span]:
    return spans.joined(Span(number, number) for number in numbers)


def numbers_of(some: spans.Spans) -> set[int]:
    return {number for span in some for number in range(span.first, span.last + 1)}


@given(NUMBERS, NUMBERS)
def test_spans_are_sets(some: set[int], others: set[int]) -> None:
    a, b = of(some), of(others)
    assert numbers_of(a) == some
    assert spans.count(a) == len(some)
    assert spans.common(a, b) == of(some & others)
    assert spans.without(a, b) == of(some - others)
    between = numbers_of(list(spans.between(a)))
    assert between == (set(range(min(some), max(some))) - some if some else set())


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 6))))
def test_spans_that_overlap_or_touch_become_one(pairs: list[tuple[int, int]]) -> None:
    whole = spans.joined(Span(first, first + more) for first, more in pairs)
    assert numbers_of(whole) == {n for first, more in pairs for n in range(first, first + more + 1)}
    assert all(a.last + 1 < b.first for a, b in itertools.pairwise(whole))


GAPS = st.lists(st.tuples(st.integers(0, 25), st.integers(0, 12), st.integers(1, 13)), max_size=7)


def most_explained(missing: set[int], gaps: list[Gap]) -> int:
    """Return how many numbers can be given to gaps, none to two and to none more than it counts."""
    holder: dict[tuple[int, int], int] = {}

    def placed(number: int, seen: set[tuple[int, int]]) -> bool:
        for at, gap in enumerate(gaps):
            if not gap.span.first <= number <= gap.span.last:
                continue
            for slot in ((at, each) for each in range(gap.count)):
                if slot not in seen:
                    seen.add(slot)
                    if slot not in holder or placed(holder[slot], seen):
                        holder[slot] = number
                        return True
        return False

    return sum(placed(number, set()) for number in missing)


@given(NUMBERS, GAPS)
def test_gaps_explain_as_many_numbers_as_they_can(missing: set[int], told: list[tuple[int, int, int]]) -> None:
    gaps = [
        Gap("dropped" if count % 2 else "refused", Span(first, first + more), min(count, more + 1), 0, 99)
        for first, more, count in told
    ]
    found = causes.explained(of(missing), gaps)
    explained = [numbers_of(numbers) for numbers in found.values()]
    together = set[int]().union(*explained)
    assert sum(map(len, explained)) == len(together)
    assert together <= missing
    exact = set[int]().union(*(numbers_of([gap.span]) for gap in gaps if gap.is_exact)) & missing
    assert exact <= together
    loose = [gap for gap in gaps if not gap.is_exact]
    assert len(together) == len(exact) + most_explained(missing - exact, loose)


def test_a_cause_is_only_told_of_what_its_gaps_name() -> None:
    gaps = [Gap("dropped", Span(3, 5), 3, 0, 99), Gap("refused", Span(1, 9), 2, 0, 99)]
    assert causes.explained([Span(0, 9)], gaps) == {"dropped": [Span(3, 5)], "refused": [Span(1, 2)]}


EDGES = st.lists(st.integers(-50, 200), min_size=2, max_size=6, unique=True).map(sorted)


@given(st.integers(0, 5), st.integers(1, 30), st.integers(0, 100), st.integers(0, 100), EDGES)
def test_missing_numbers_are_dated_evenly_between_their_neighbours(
    first: int, count: int, after: int, width: int, edges: list[int]
) -> None:
    hole = Hole(Span(first, first + count - 1), after, after + width)
    dated = {
        number: after + Fraction(width * (place + 1), count + 1)
        for place, number in enumerate(range(first, first + count))
    }
    found = {number: each.hour for each in holes.dated(hole, edges) for number in numbers_of([each.span])}
    expected = {
        number: hour
        for number, time in dated.items()
        for hour, (begin, end) in enumerate(itertools.pairwise(edges))
        if begin <= time < end
    }
    assert found == expected


def test_numbers_between_rows_whose_times_are_the_other_way_round_are_dated_with_the_earlier_number() -> None:
    hole = Hole(Span(5, 8), after=70, before=30)
    assert [(each.hour, each.span) for each in holes.dated(hole, [0, 50, 100])] == [(1, Span(5, 8))]


def rows(*numbers: int, begin: int = 0) -> list[tuple[int, int]]:
    return [(begin + place, number) for place, number in enumerate(numbers)]


def life_of(*numbers: int, begin: int = 0) -> Life:
    return lives.runs(rows(*numbers, begin=begin))


def ranges(found: list[Life]) -> list[tuple[int, int]]:
    return [(lives.extent(life).span.first, lives.extent(life).span.last) for life in found]


def test_runs_are_rows_that_follow_each_other_in_time_and_number() -> None:
    found = lives.runs([(3, 12), (1, 10), (2, 11), (4, 20), (5, 19)])
    assert found == [Run(Span(10, 12), 1, 3), Run(Span(20, 20), 4, 4), Run(Span(19, 19), 5, 5)]


def test_a_new_card_begins_a_life() -> None:
    assert ranges(lives.lives(life_of(*range(500, 560), *range(30)))) == [(500, 559), (0, 29)]


def test_a_new_card_whose_numbers_the_old_one_had_too_begins_a_life() -> None:
    assert ranges(lives.lives(life_of(*range(50), *range(60)))) == [(0, 49), (0, 59)]


def test_several_cards_begin_several_lives() -> None:
    swapped = life_of(*range(900, 950), *range(40), *range(20), *range(70))
    assert ranges(lives.lives(swapped)) == [(900, 949), (0, 39), (0, 19), (0, 69)]


def test_totals_that_are_dated_before_their_numbers_begin_no_life() -> None:
    numbers = [
        n
        for minute in range(0, 600, 60)
        for n in (minute + 55, *range(minute, minute + 55), *range(minute + 56, minute + 60))
    ]
    assert len(lives.lives(life_of(*numbers))) == 1


def test_boots_that_overlap_by_estimated_times_are_one_life() -> None:
    mixed = [n for low, high in zip(range(100, 200), range(200, 300), strict=True) for n in (low, high)]
    assert len(lives.lives(life_of(*mixed))) == 1


def test_a_hole_begins_no_life() -> None:
    assert ranges(lives.lives(life_of(*range(100), *range(5000, 5100)))) == [(0, 5099)]


@given(st.lists(st.integers(0, 30), max_size=60))
def test_every_row_is_in_one_life_whatever_the_numbers(numbers: list[int]) -> None:
    found = lives.lives(life_of(*numbers)) if numbers else []
    assert sum(run.span.count for life in found for run in life) == len(numbers)
    assert all(life for life in found)


def test_the_first_numbers_of_a_new_card_are_missing_but_not_those_of_a_spool_that_goes_on() -> None:
    old = life_of(*range(500, 600))
    assert [hole.span for hole in holes.holes(life_of(*range(3, 9), begin=1000), old)] == [Span(0, 2)]
    assert holes.holes(life_of(*range(590, 620), begin=1000), old) == []
    assert holes.holes(life_of(*range(3, 9))) == []


def test_gaps_are_of_the_life_that_told_them() -> None:
    old, new = life_of(*range(500, 600)), life_of(*range(100), begin=1000)

    def told(span: Span, time: int, seq: int) -> list[int]:
        gap = Gap("dropped", span, span.count, time, seq)
        return [len(gaps) for gaps in causes.by_life([gap], [old, new], until=2000)]

    assert told(Span(520, 530), 50, 550) == [1, 0]
    assert told(Span(20, 30), 1050, 50) == [0, 1]
    assert told(Span(520, 530), 1001, 2) == [1, 0], "numbered lower than what it names: of the card before"
    assert told(Span(20, 30), 5000, 5000) == [0, 1]
    assert told(Span(20, 30), 5000, 40) == [0, 0], "of a card that came after all that was looked at"
    assert told(Span(120, 130), 5000, 40) == [0, 1], "told by that card of the one before"
    assert told(Span(1, 3), -5, 10) == [0, 0]


def test_what_a_salvaged_spool_tells_is_of_the_numbers_before_it_too() -> None:
    old, new = life_of(*range(500, 600)), life_of(*range(580, 700), begin=1000)
    gap = Gap("damaged", Span(530, 540), 11, 1003, 583)
    assert [len(gaps) for gaps in causes.by_life([gap], [old, new], until=2000)] == [1, 0]


def test_gaps_without_any_row_are_of_no_life() -> None:
    assert causes.by_life([Gap("dropped", Span(1, 2), 2, 5, 9)], [], until=3) == []
