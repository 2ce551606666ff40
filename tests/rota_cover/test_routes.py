"""The rota's cover over HTTP: of a rota before and after it is published, and of what stands."""

import csv
import io
from datetime import datetime, time
from typing import Any

from app import clock
from app.services.working_days import LONDON, at_wall
from tests.house.answers import problem
from tests.rotas.story import away, day, drafted, needs, published, shifts, solved
from tests.story import Caller, Wing


def counts(cover: Any) -> list[tuple[str, int, int, int]]:
    """Each hour of all roles: the day, the hour, the needed and the covered."""
    return [
        (found["on"], each["hour"], each["needed"], each["covered"])
        for role in cover["roles"]
        for found in role["days"]
        for each in found["hours"]
    ]


async def cover(caller: Caller, path: str = "") -> Any:
    return await caller.get(path or f"rota-cover?from={day(1)}&to={day(2)}")


async def test_a_rota_says_what_it_would_cover_and_what_is_published_does_not(wing: Wing) -> None:
    await wing.active_mentor()
    await needs(wing, "09:00", "11:00", days=1, needed=2)
    path = (await drafted(wing, days=1)).replace("rotas/", "rota-cover/")
    on = str(day(1))
    assert counts(await cover(wing.support_worker, path)) == [(on, 9, 2, 0), (on, 10, 2, 0)]
    proposed = (await solved(wing, days=1)).replace("rotas/", "rota-cover/")
    found = await cover(wing.governor, proposed)
    assert counts(found) == [(on, 9, 2, 1), (on, 10, 2, 1)]
    assert found["rota_id"] == proposed.rpartition("/")[2]
    assert [each["missing_minutes"] for each in found["roles"]] == [120]
    assert counts(await cover(wing.support_worker)) == [(on, 9, 2, 0), (on, 10, 2, 0)]


async def test_what_is_published_is_covered_until_somebody_cannot(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await needs(wing, "09:00", "11:00", days=1)
    path = (await published(wing, days=1)).replace("rotas/", "rota-cover/")
    on = str(day(1))
    for caller in (wing.support_worker, wing.clinician, wing.governor):
        found = await cover(caller)
        assert counts(found) == [(on, 9, 1, 1), (on, 10, 1, 1)]
        assert (found["rota_id"], found["time_zone"]) == (None, "Europe/London")
        assert counts(await cover(caller, path)) == counts(found)
    [own] = await shifts(mentor)
    await mentor.move(f"shifts/{own['id']}", "uncovered", reason="sick")
    found = await cover(wing.governor)
    assert counts(found) == [(on, 9, 1, 0), (on, 10, 1, 0)]
    assert "2 hours of them not covered" in found["description"]


async def test_a_rota_that_takes_the_place_of_another_counts_only_what_would_stand(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    await needs(wing, "09:00", "11:00", days=1)
    before = await published(wing, days=1)
    await away(mentor, 1)
    after = (await solved(wing, days=1)).replace("rotas/", "rota-cover/")
    assert [each[3] for each in counts(await cover(wing.governor, after))] == [0, 0]
    assert [each[3] for each in counts(await cover(wing.governor))] == [1, 1]
    await wing.support_worker.move(before, "withdrawn", reason="not_needed")
    gone = await wing.governor.request("GET", before.replace("rotas/", "rota-cover/"))
    problem(gone, 409, "not_open")


async def test_a_proposed_shift_that_has_begun_is_given_to_nobody(wing: Wing) -> None:
    await wing.active_mentor()
    await needs(wing, "09:00", "11:00", days=1)
    path = (await solved(wing, days=1)).replace("rotas/", "rota-cover/")
    assert [each[3] for each in counts(await cover(wing.governor, path))] == [1, 1]
    begins = at_wall(day(1), time(9, 30), LONDON)
    clock.forward(seconds=(begins - clock.now()).total_seconds())
    assert [each[3] for each in counts(await cover(wing.governor, path))] == [0, 0]


async def test_a_night_reaches_into_the_day_after_and_from_the_day_before(wing: Wing) -> None:
    await wing.active_mentor()
    await needs(wing, "22:00", "02:00", role="mentor_on_call", days=1)
    path = (await published(wing, days=1)).replace("rotas/", "rota-cover/")
    whole = [(str(day(1)), 22), (str(day(1)), 23), (str(day(2)), 0), (str(day(2)), 1)]
    assert [each[:2] for each in counts(await cover(wing.governor, path))] == whole
    second = await cover(wing.governor, f"rota-cover?from={day(2)}&to={day(2)}")
    assert [each[:2] for each in counts(second)] == whole[2:]
    first = await cover(wing.governor, f"rota-cover?from={day(1)}&to={day(1)}")
    assert [each[:2] for each in counts(first)] == whole[:2]
    begins = first["roles"][0]["days"][0]["hours"][0]["starts_at"]
    assert datetime.fromisoformat(begins).astimezone(LONDON).hour == 22


async def test_every_format_tells_the_same_and_names_nobody(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    person = await wing.support_worker.get(f"people/{mentor.person_id}")
    await needs(wing, "09:00", "11:00", days=1)
    await published(wing, days=1)
    path = f"rota-cover?from={day(1)}&to={day(1)}"
    found = await cover(wing.governor, path)
    answer = await wing.governor.request("GET", f"{path}&format=csv")
    heading, *rows = csv.reader(io.StringIO(answer.text, newline=""))
    assert heading[:4] == ["role", "day", "hour", "again"]
    assert [(row[1], int(row[2]), int(row[4]), int(row[5])) for row in rows] == counts(found)
    svg = await wing.clinician.request("GET", f"{path}&format=svg")
    assert svg.headers["content-type"] == "image/svg+xml"
    assert found["description"] in svg.text
    png = await wing.support_worker.request("GET", f"{path}&format=png")
    assert png.headers["content-type"] == "image/png"
    assert found["description"].encode() in png.content
    for said in (str(found), answer.text, svg.text):
        assert person["display_name"] not in said
        assert str(mentor.mentor_id) not in said


async def test_who_does_not_read_rotas_reads_no_cover(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    for caller in (mentor, wing.officer, await wing.lets_in("concerns.read")):
        answer = await caller.request("GET", f"rota-cover?from={day(1)}&to={day(2)}")
        problem(answer, 403, "not_allowed")


async def test_days_are_in_order_and_no_more_than_a_rota_has(wing: Wing) -> None:
    usual = await wing.governor.get("rota-cover")
    assert (usual["first"], usual["last"]) == (str(day(0)), str(day(27)))
    for first, last in ((day(2), day(1)), (day(0), day(42))):
        answer = await wing.governor.request("GET", f"rota-cover?from={first}&to={last}")
        assert [each["field"] for each in problem(answer, 422, "invalid")["errors"]] == ["to"]
    await wing.governor.get(f"rota-cover?from={day(0)}&to={day(41)}")
