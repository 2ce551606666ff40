"""What no text says and no calendar holds is refused over HTTP; what is kept is always answered."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app import clock
from app.models.base import Day, Identified, Instant, Line, Name, Story, new_id
from tests.house.answers import fields, problem
from tests.story import Wing

UNSAID = ["\x00", "\x08", "\x0b", "\x1b", "\x1f", "\x7f", "\x85", "\x9f", "\ufffe", "\uffff"]
FAR = ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31"]
BEYOND = [
    "1900-01-01T00:00:00+01:00",
    "2200-12-31T23:00:00-14:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "1899-12-31T23:59:59Z",
    -2208988801,
]


@pytest.mark.parametrize("sign", [*UNSAID, "\ud800"])
def test_no_text_holds_a_control_character(sign: str) -> None:
    for kind in (Name, Line, Story):
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(f"a{sign}b")


def test_a_story_has_lines_and_a_name_has_one() -> None:
    told = "One.\r\n\tTwo."
    assert TypeAdapter(Story).validate_python(told) == told
    for kind in (Name, Line):
        for sign in "\n\r\t":
            with pytest.raises(ValidationError):
                TypeAdapter(kind).validate_python(f"a{sign}b")
        assert TypeAdapter(kind).validate_python(" Zoë O’Brien 🙂\n") == "Zoë O’Brien 🙂"


@pytest.mark.parametrize("sign", ["\b", "\x00", "\uffff", "\n"])
async def test_a_title_with_a_control_character_is_refused(wing: Wing, sign: str) -> None:
    body = {"code": "sleepy", "title": f"a{sign}b", "required": False}
    answer = await wing.nurse.request("POST", "modules", json=body)
    assert fields(problem(answer, 422, "invalid")) == ["title"]


@pytest.mark.parametrize("when", BEYOND)
def test_a_time_is_bounded_as_it_is_in_utc(when: Any) -> None:
    with pytest.raises(ValidationError, match="between the years 1900 and 2200"):
        TypeAdapter(Instant).validate_python(when)


def test_the_first_and_the_last_time_are_taken_in_utc() -> None:
    read = TypeAdapter(Instant).validate_python
    assert read("1899-12-31T23:00:00-01:00") == datetime(1900, 1, 1, tzinfo=UTC)
    assert read("2201-01-01T00:00:00+00:01") == datetime(2200, 12, 31, 23, 59, tzinfo=UTC)
    assert read("2201-01-01T00:00:00+00:01").tzinfo is UTC


@pytest.mark.parametrize("year", [1, 1899, 2201, 9999])
def test_a_time_that_is_kept_is_answered_whatever_it_is(year: int) -> None:
    kept = datetime(year, 12, 31, tzinfo=UTC)
    shown = Identified.model_validate({"id": new_id(), "version": 1, "recorded_at": kept})
    assert shown.recorded_at == kept
    assert f"{year:04}-12-31T00:00:00+00:00" in shown.model_dump_json()


@pytest.mark.parametrize("when", BEYOND[:2])
async def test_a_time_beyond_is_refused_in_a_body_and_in_a_query(wing: Wing, when: str) -> None:
    body = {"staff_id": str(wing.clinician.staff_id), "post": "clinician", "starts_at": when}
    answer = await wing.governor.request("POST", "duties", json=body)
    assert fields(problem(answer, 422, "invalid")) == ["starts_at"]
    answer = await wing.support_worker.request("GET", "demand", params={"to": when})
    problem(answer, 422, "invalid")


@pytest.mark.parametrize("end", ["1900-01-01T00:00:00Z", "2200-12-31T23:59:59Z"])
async def test_demand_is_counted_to_either_end_of_time(wing: Wing, end: str) -> None:
    shown = await wing.support_worker.get("demand", params={"to": end})
    ends = datetime.fromisoformat(end)
    assert datetime.fromisoformat(shown["begins_at"]) < ends
    answer = await wing.support_worker.request("GET", "demand", params={"from": end})
    assert answer.status_code in {200, 422}, answer.text


async def test_a_day_of_a_cohort_lies_within_time(wing: Wing) -> None:
    lead = str(wing.nurse.staff_id)
    course = {"title": "Spring", "lead_id": lead, "modules": ["managing_concerns"]}
    cohort = await wing.nurse.post("cohorts", course)
    body = {
        "module": "managing_concerns",
        "starts_at": "2200-12-31T20:00:00-14:00",
        "ends_at": "2200-12-31T23:00:00-14:00",
    }
    answer = await wing.nurse.request("POST", f"cohorts/{cohort['id']}/days", json=body)
    assert fields(problem(answer, 422, "invalid")) == ["starts_at", "ends_at"]
    await wing.nurse.get(f"cohorts/{cohort['id']}")


QUERIES = [
    "efforts/summary",
    "outreach-visits/coverage",
    "supervisions/compliance",
    "mentors/pathway",
]


@pytest.mark.parametrize("path", QUERIES)
async def test_a_query_asks_for_days_between_1900_and_2200(wing: Wing, path: str) -> None:
    for day in FAR:
        for name in ("from", "to"):
            answer = await wing.support_worker.request("GET", path, params={name: day})
            problem(answer, 422, "invalid")
    for day in ("1900-01-01", "2200-12-31"):
        for params in ({"from": day}, {"to": day}, {"from": day, "to": day}):
            answer = await wing.support_worker.request("GET", path, params=params)
            assert answer.status_code in {200, 422}, (params, answer.text)


@pytest.mark.parametrize("day", FAR)
def test_a_day_lies_between_1900_and_2200(day: str) -> None:
    with pytest.raises(ValidationError, match="between the years 1900 and 2200"):
        TypeAdapter(Day).validate_python(day)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_bodies_give_days_between_1900_and_2200(wing: Wing, day: str) -> None:
    today = clock.now().date()
    mentor, governor, worker = await wing.founder(), wing.governor, wing.support_worker
    path = f"mentors/{mentor.mentor_id}/clearance"
    cleared = {"outcome": "cleared", "valid_from": str(today), "valid_to": day}
    answer = await governor.request("PUT", path, json=cleared, headers={"If-Match": "*"})
    assert fields(problem(answer, 422, "invalid")) == ["valid_to"]
    answer = await governor.request("POST", f"{path}/extension", json={"until": day})
    assert fields(problem(answer, 422, "invalid")) == ["until"]
    campaign = {"title": "x", "opens_on": str(today), "closes_on": day, "places": 1}
    answer = await worker.request("POST", "campaigns", json=campaign)
    assert fields(problem(answer, 422, "invalid")) == ["closes_on"]
    effort = {"activity": "preparation", "done_on": day, "minutes": 5}
    answer = await worker.request("POST", "efforts", json=effort)
    assert fields(problem(answer, 422, "invalid")) == ["done_on"]
    supervision = await wing.supervision_of(mentor)
    path = f"supervisions/{supervision['id']}/reschedule"
    answer = await worker.request("POST", path, json={"due_on": day})
    assert fields(problem(answer, 422, "invalid")) == ["due_on"]


async def test_the_longest_clearance_at_the_end_of_time_is_still_read(wing: Wing) -> None:
    applicant = await wing.applicant()
    await wing.before_the_governor(applicant["id"])
    path = f"mentors/{applicant['id']}"
    cleared = {"outcome": "cleared", "valid_from": "2191-01-02", "valid_to": "2200-12-31"}
    answer = await wing.governor.request(
        "PUT", f"{path}/clearance", json=cleared, headers={"If-Match": "*"}
    )
    assert answer.status_code in {200, 409, 422}, answer.text
    await wing.governor.get(path)
    clock.forward(days=1)
    await wing.tidies()
