"""Synthetic prisoners look like HMPPS's answers and like nobody real."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.integrations.prison import synthetic
from app.integrations.prison.prisoner_search import Placement, PrisonerRow, parse, placement

RECORDED = Path(__file__).parents[2] / "../shared/data/hmpps/prisoner-search"
recorded = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded HMPPS data is not here")


def read(count: int, seed: int = 1, prison_id: str = "SLI", start: int = 0) -> list[PrisonerRow]:
    data = json.dumps(synthetic.page(count, seed, prison_id, start)).encode()
    rows = [row for row in parse(data) if isinstance(row, PrisonerRow)]
    assert len(rows) == count
    return rows


@given(st.integers(0, 60), st.integers(), st.sampled_from(["SLI", "LEI"]), st.integers(0, 250_000))
def test_every_page_reads_back_whole(count: int, seed: int, prison_id: str, start: int) -> None:
    told = synthetic.page(count, seed, prison_id, start)["content"]
    for row, given_row in zip(read(count, seed, prison_id, start), told, strict=True):
        assert row.number == given_row["prisonerNumber"]
        assert row.last_name == given_row["lastName"]
        assert placement(row, prison_id) is Placement.here
        assert not row.away


def test_the_same_seed_tells_the_same_people_and_another_seed_others() -> None:
    assert synthetic.page(30, seed=7) == synthetic.page(30, seed=7)
    assert synthetic.page(30, seed=7)["content"] != synthetic.page(30, seed=8)["content"]


def test_a_page_that_starts_later_goes_on_with_the_same_people() -> None:
    whole = synthetic.page(30)["content"]
    assert synthetic.page(20, start=10)["content"] == whole[10:]


def test_three_hundred_people_are_told_apart() -> None:
    rows = read(300)
    for distinct in (
        {row.number for row in rows},
        {row.display_name for row in rows},
        {row.cell_location for row in rows},
        {row.booking_id for row in rows},
    ):
        assert len(distinct) == 300


@pytest.mark.parametrize("seed", [0, 1, 2, -5, 10**9])
def test_no_full_name_comes_twice_before_all_have_come(seed: int) -> None:
    people = [synthetic.document(index, seed) for index in range(synthetic.PAIRS)]
    assert len({(p["firstName"], p["lastName"]) for p in people}) == synthetic.PAIRS
    assert min(len(set(synthetic.FIRST_NAMES)), len(set(synthetic.LAST_NAMES))) >= 60


def test_numbers_stay_in_their_block_and_never_repeat() -> None:
    indexes = [*range(50), *range(9_990, 10_010), *range(synthetic.NUMBERS - 50, synthetic.NUMBERS)]
    numbers = [synthetic.document(index)["prisonerNumber"] for index in indexes]
    assert len(set(numbers)) == len(indexes)
    assert all(re.fullmatch(r"Z\d{4}Z[A-Z]", number) for number in numbers)
    assert (numbers[0], numbers[-1]) == ("Z0001ZZ", "Z9999ZA")


@pytest.mark.parametrize("index", [-1, synthetic.NUMBERS])
def test_an_index_out_of_range_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match="between 0"):
        synthetic.document(index)


def test_everyone_is_between_21_and_75_for_years_to_come() -> None:
    born = [row.date_of_birth for row in read(2000)]
    assert all(day and date(1954, 1, 1) < day < date(2004, 1, 1) for day in born)


def test_a_few_carry_alerts_and_the_first_ten_none() -> None:
    rows = read(260)
    without_it = sum("XIT" in row.alerts for row in rows)
    assert 0.02 < without_it / len(rows) < 0.04
    assert {code for row in rows for code in row.alerts} == {"XIT", "HA", "HA1"}
    assert not any(row.alerts for row in rows[:10])
    expired = [a for p in synthetic.page(260)["content"] for a in p["alerts"] if a["expired"]]
    assert expired


def test_cells_lie_on_the_wing_asked_for() -> None:
    cells = [p["cellLocation"] for p in synthetic.page(300, wing="C")["content"]]
    assert all(re.fullmatch(r"C-[1-4]-\d{3}", cell) for cell in cells)


def test_a_page_counts_itself() -> None:
    told = synthetic.page(5)
    assert told["numberOfElements"] == told["totalElements"] == told["size"] == 5
    assert synthetic.page(0)["empty"] is True


@recorded
def test_the_keys_are_those_of_real_answers() -> None:
    real = json.loads((RECORDED / "all-prisoners.json").read_bytes())
    made = synthetic.page(300)
    assert set(made) == set(real)
    assert set(made["pageable"]) == set(real["pageable"])
    assert made["sort"] == real["sort"]

    one = json.loads((RECORDED / "prisoner-A1234BC.json").read_bytes())
    people = made["content"]
    assert {key for person in people for key in person} == set(one)
    assert all(set(one) - set(person) <= {"middleNames"} for person in people)
    aliases = {key for person in people for alias in person["aliases"] for key in alias}
    assert aliases == set(one["aliases"][0]) - {"middleNames"}
    assert people[0]["currentIncentive"].keys() == one["currentIncentive"].keys()
    alerts = {key for person in people for alert in person["alerts"] for key in alert}
    assert alerts == {key for person in real["content"] for a in person["alerts"] for key in a}
