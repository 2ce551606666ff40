"""What is published gives no small number away, whatever else is published with it."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.services.publications.guard import (
    MARGIN,
    Cells,
    Guarded,
    Link,
    feasible,
    guard,
    same,
    shows,
    total,
    unguarded,
    within,
)
from app.services.publications.rule import known, percent, shown, small, whole


def test_one_to_seven_are_hidden_and_the_rest_are_rounded_to_five() -> None:
    assert [shown(each) for each in range(9)] == [0, *[None] * 7, 10]
    assert [shown(each) for each in (12, 13, 17, 18, 1002)] == [10, 15, 15, 20, 1000]
    for count in range(200):
        low, high = known(count)
        assert low <= count <= high
        assert {shown(each) for each in range(low, high + 1)} == {shown(count)}
        if not small(count):
            assert count == 0 or shown(low - 1) != shown(count) != shown(high + 1)


def test_a_share_is_of_what_is_shown() -> None:
    assert percent(shown(8), shown(14)) == 67  # 10 of 15; the exact 57 % stays within
    assert percent(shown(7), shown(14)) is None
    assert percent(shown(0), shown(14)) == 0
    assert percent(shown(9), shown(0)) is None
    assert [whole(each) for each in (0.0, 0.2, 2.5, 7.49)] == [0, 1, 3, 7]


def one_table(*counts: int) -> Cells:
    """A row of cells and their whole."""
    cells = {f"{place}": count for place, count in enumerate(counts)}
    every = cells | {"all": sum(counts)}
    return Cells(every, [total("all", cells)], dict.fromkeys(every, "one"))


@pytest.mark.parametrize("counts", [(7, 7, 7, 7), (7, 7, 7, 7, 0, 0), (1, 1, 1, 1, 1, 1, 1)])
def test_hiding_the_small_ones_alone_gives_them_away(counts: tuple[int, ...]) -> None:
    """Four that are 7 at most make 28 only if each of them is 7."""
    cells = one_table(*counts)
    low, high = feasible(cells, unguarded(), "0")
    assert low == high == counts[0]
    low, high = feasible(cells, guard(cells), "0")
    assert high - low >= MARGIN


def test_what_is_hidden_for_anothers_sake_is_as_little_as_will_do() -> None:
    cells = one_table(7, 7, 7, 7)
    assert guard(cells) == Guarded(frozenset({"all"}))
    assert guard(one_table(3, 20, 40)) == Guarded()
    assert guard(one_table(1, 1, 1, 1, 1, 1, 1)).withheld == {"one"}


def test_a_whole_that_stands_in_two_tables_ties_them_together() -> None:
    """Each table by itself is safe. Together they are not: the other one tells the whole."""
    parts = {"a": 7, "b": 7, "c": 7, "d": 7}
    others = {"x": 13, "y": 15}
    counts = {**parts, **others, "whole": 28}
    tables = {**dict.fromkeys(parts, "by wing"), **dict.fromkeys(others, "by kind")}
    links = [total("whole", parts)]
    assert feasible(Cells(counts, links, tables), unguarded(), "a") == (1, 7)
    both = Cells(counts, [*links, total("whole", others)], tables)
    assert feasible(both, unguarded(), "a")[0] > 1
    tied = Cells(counts, [*links, total("whole", others)], tables)
    low, high = feasible(tied, guard(tied), "a")
    assert high - low >= MARGIN


def test_the_part_of_a_group_that_is_not_told_cannot_be_worked_out_either() -> None:
    """Whoever did not is as few as they are, also where only those who did are told."""
    counts = {"did": 7, "of": 7, "not": 0}
    cells = Cells(counts, [total("of", ["did", "not"])], {"did": "t", "of": "t"})
    assert guard(cells) == Guarded()
    counts = {"did": 20, "of": 22, "not": 2}
    cells = Cells(counts, [total("of", ["did", "not"])], {"did": "t", "of": "t"})
    low, high = feasible(cells, guard(cells), "not")
    assert high - low >= MARGIN


@st.composite
def together(draw: st.DrawFn) -> Cells:
    """Two-way tables with their margins, a second table of the same whole, groups within groups,
    and one count that stands twice."""
    few = st.one_of(st.integers(0, 8), st.just(7), st.just(1), st.integers(0, 40))
    rows, columns = draw(st.integers(1, 2)), draw(st.integers(1, 4))
    counts: dict[str, int] = {}
    links: list[Link] = []
    tables: dict[str, str] = {}

    def put(cell: str, count: int, table: str | None = None) -> str:
        counts[cell] = count
        if table is not None and draw(st.integers(0, 5)):  # now and then it is not shown
            tables[cell] = table
        return cell

    for row, column in product(range(rows), range(columns)):
        put(f"{row},{column}", draw(few), "cross")
    for row in range(rows):
        across = [f"{row},{column}" for column in range(columns)]
        put(f"row {row}", sum(counts[each] for each in across), "cross")
        links.append(total(f"row {row}", across))
    for column in range(columns):
        down = [f"{row},{column}" for row in range(rows)]
        put(f"column {column}", sum(counts[each] for each in down), "cross")
        links.append(total(f"column {column}", down))
    everything = sum(counts[f"row {row}"] for row in range(rows))
    put("whole", everything, "cross")
    links.append(total("whole", [f"row {row}" for row in range(rows)]))
    first = draw(st.integers(0, everything))
    put("part", first, "split")
    put("rest", everything - first, "split")
    links.append(total("whole", ["part", "rest"]))
    put("nested", draw(st.integers(0, first)), "nested")
    put("outside", first - counts["nested"])
    links += [within("nested", "part"), total("part", ["nested", "outside"])]
    put("again", counts["0,0"], "again")
    links.append(same("again", "0,0"))
    return Cells(counts, links, tables)


@settings(max_examples=20, deadline=None)
@given(together())
def test_no_small_count_can_be_worked_out_from_all_that_is_released_together(cells: Cells) -> None:
    guarded = guard(cells)
    for cell, count in cells.counts.items():
        low, high = feasible(cells, guarded, cell)
        assert low <= count <= high, "what is so is possible"
        if small(count):
            assert high - low >= MARGIN, cell


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 14), min_size=2, max_size=4))
def test_an_exhaustive_search_finds_the_same_numbers_possible(counts: list[int]) -> None:
    """A slow second opinion: every whole number within what is known of each part."""
    cells = one_table(*counts)
    for guarded in (unguarded(), guard(cells)):
        parts = [_possible(cells, guarded, f"{place}") for place in range(len(counts))]
        wholes = _possible(cells, guarded, "all")
        found = [each for each in product(*parts) if sum(each) in wholes]
        for place in range(len(counts)):
            values = {each[place] for each in found}
            low, high = feasible(cells, guarded, f"{place}")
            assert min(values) == low
            if shows(cells, guarded, f"{place}"):
                assert max(values) == high


def _possible(cells: Cells, guarded: Guarded, cell: str) -> Any:
    if shows(cells, guarded, cell):
        low, high = known(cells.counts[cell])
        return range(low, high + 1)
    return range(60)
