"""Publications over HTTP: prepared by one, let out by another, frozen once for any day."""

import asyncio
import csv
import io
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import clock
from app.access import the_system
from app.models.publications import PublicationKind, PublishedTable
from app.models.report_tables import ReportTable, Unit
from app.scope import countable_concerns
from app.services.publications import anybody, days_of, digest
from app.services.publications.guard import MARGIN, feasible, guard, unguarded
from app.services.publications.rule import small
from app.services.publications.tables import gathered, published
from app.services.reports.tables import counts, medians, shares
from tests.outcome_cohorts.test_routes import days, frozen
from tests.reports.test_routes import YES, survey
from tests.story import Wing


def errors(answer: Any) -> list[tuple[str, str]]:
    return [(each["field"], each["code"]) for each in answer["errors"]]


async def last_month(wing: Wing) -> str:
    now = clock.now()
    year, month = (now.year, now.month - 1) if now.month > 1 else (now.year - 1, 12)
    return f"{year}-{month:02}"


async def test_a_period_is_prepared_by_one_and_let_out_by_another_and_never_counted_anew(
    wing: Wing,
) -> None:
    period = await last_month(wing)
    made = await wing.support_worker.post("publications", {"period": period})
    path = f"publications/{made['id']}"
    assert made["status"] == "prepared"
    assert {each["report"] for each in made["tables"]} >= {"activity"}
    await wing.governor.get(f"{path}?format=csv", expect=409)
    await wing.support_worker.move(path, "published", expect=403)
    out = await wing.governor.move(path, "published")
    assert out["digest"] == made["digest"]
    assert out["tables"] == made["tables"]
    first, last = days_of(period)
    kept = [PublishedTable.model_validate(each) for each in made["tables"]]
    assert digest(PublicationKind.period, first, last, None, kept) == made["digest"]
    again = await wing.support_worker.post("publications", {"period": period}, expect=200)
    assert again == await wing.support_worker.get(path)
    answer = await wing.governor.request("GET", f"{path}?format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {(each["report"], each["table"]) for each in rows} >= {("activity", "sessions_by_kind")}
    await wing.governor.move(path, "withdrawn", reason="figures_wrong")
    again = await wing.support_worker.post("publications", {"period": period}, expect=200)
    assert (again["id"], again["status"]) == (made["id"], "withdrawn")
    await wing.governor.get(f"{path}?format=csv", expect=409)
    listed = (await wing.nurse.get("publications?status=withdrawn"))["items"]
    assert [each["id"] for each in listed] == [made["id"]]


async def test_who_prepared_it_does_not_let_it_out(wing: Wing) -> None:
    made = await wing.governor.post("publications", {"period": await last_month(wing)})
    path = f"publications/{made['id']}"
    refused = await wing.governor.move(path, "published", expect=409)
    assert errors(refused) == [("to", "second_person")]
    await wing.governor.move(path, "refused", reason="records_incomplete")
    new = await wing.support_worker.post("publications", {"period": await last_month(wing)})
    assert new["id"] != made["id"]


async def test_no_day_is_published_twice_nor_before_it_is_over(wing: Wing) -> None:
    worker = wing.support_worker
    made = await worker.post("publications", {"period": "2025-08"})
    assert (made["first_day"], made["last_day"]) == ("2025-08-01", "2025-08-31")
    refused = await worker.post("publications", {"period": "2025-Q3"}, expect=422)
    assert errors(refused) == [("period", "overlaps")]
    quarter = await worker.post("publications", {"period": "2025-Q4"})
    assert (quarter["first_day"], quarter["last_day"]) == ("2025-10-01", "2025-12-31")
    refused = await worker.post("publications", {"period": "2025-11"}, expect=422)
    assert errors(refused) == [("period", "overlaps")]
    now = clock.now()
    refused = await worker.post("publications", {"period": f"{now:%Y-%m}"}, expect=422)
    assert errors(refused) == [("period", "not_over")]
    for period in ("2025-13", "2025-W10", "2025"):
        refused = await worker.post("publications", {"period": period}, expect=422)
        assert refused["errors"][0]["field"] == "period"
    await worker.post("publications", {}, expect=422)
    await wing.nurse.post("publications", {"period": "2025-07"}, expect=403)
    await wing.officer.get("publications", expect=403)


async def test_two_who_prepare_the_same_at_once_prepare_one(wing: Wing) -> None:
    body = {"period": "2025-08"}
    asked = [wing.support_worker.request("POST", "publications", json=body) for _ in range(3)]
    answers = await asyncio.gather(*asked)
    assert sorted(each.status_code for each in answers) == [200, 200, 201]
    assert len({each.json()["id"] for each in answers}) == 1
    both = {**body, "outcome_cohort_id": "0198c0de-0000-7000-8000-000000000000"}
    for absurd in ({**body, "tables": []}, both, {"period": 8}, {"period": None}):
        await wing.support_worker.post("publications", absurd, expect=422)


async def test_no_concern_that_is_hidden_from_somebody_is_counted(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    about_staff = {"kind": "misconduct", "about_staff_id": str(wing.support_worker.staff_id)}
    security = {"kind": "security_matter"}
    for more in ({}, about_staff, security):
        said = {"kind": "welfare", "account": "It was so.", "subject_as_told": "the lad opposite"}
        await mentor.post("concerns", said | more)
    async with wing.db.write(wing.prison_id) as session:
        for reader in (anybody(wing.prison_id), the_system(wing.prison_id)):
            found = await session.scalars(countable_concerns(reader))
            assert [each.kind.value for each in found] == ["welfare"]


async def test_the_database_keeps_it_frozen(wing: Wing) -> None:
    made = await wing.support_worker.post("publications", {"period": "2025-08"})
    with pytest.raises(DBAPIError, match="frozen"):
        async with wing.db.write(wing.prison_id) as session:
            await session.execute(text("UPDATE publication SET digest = 'x'"))
    assert (await wing.governor.get(f"publications/{made['id']}"))["tables"] == made["tables"]


async def test_a_cohort_goes_out_once_its_follow_up_is_over_with_no_exact_count(
    wing: Wing,
) -> None:
    mentee = await wing.engaged()
    cohort = await frozen(wing, follow_up_from_days=1, follow_up_to_days=2)
    wanted = {"outcome_cohort_id": cohort["id"]}
    refused = await wing.support_worker.post("publications", wanted, expect=422)
    assert errors(refused) == [("outcome_cohort_id", "not_over")]
    await survey(wing, mentee, "baseline", {**YES, "suicide_attempt": "no"})
    clock.forward(days=40)
    made = await wing.support_worker.post("publications", wanted)
    assert made["note"].startswith("Before and after, without a comparison group")
    tables = {each["table"]: each for each in made["tables"]}
    values = [row for each in tables.values() for row in each["rows"]]
    assert {row["value"] for row in values} <= {0, None}
    assert {row["of"] for row in values} <= {0, None}
    other = await wing.support_worker.post("outcome-cohorts", days(name="Another"))
    draft = {"outcome_cohort_id": other["id"]}
    refused = await wing.support_worker.post("publications", draft, expect=422)
    assert errors(refused) == [("outcome_cohort_id", "not_frozen")]


def pack() -> list[tuple[str, ReportTable]]:
    """Small sessions by wing, and the same sessions by kind: only together they tell."""
    return [
        ("one", counts("by_wing", "", Unit.sessions, {"A": 7, "B": 7, "C": 7, "D": 7})),
        ("two", shares("kept", "", Unit.sessions, {"all": (28, 28), "night": (20, 22)})),
        ("two", medians("wait", "", Unit.people, {"A": [1.0] * 7, "B": [2.5] * 8})),
    ]


def test_tables_that_count_the_same_are_guarded_together() -> None:
    cells = gathered(pack())
    low, high = feasible(cells, unguarded(), "one.by_wing/A")
    assert (low, high) == (7, 7), "the small ones hidden alone, it is given away"
    guarded = guard(cells)
    for cell, count in cells.counts.items():
        if small(count):
            low, high = feasible(cells, guarded, cell)
            assert high - low >= MARGIN, cell
    [wings, kept, wait] = published(pack())
    assert [row.value for row in wings.rows] == [None] * 4
    hidden = Counter(row.value is None for row in kept.rows) + Counter(
        row.of is None for row in kept.rows
    )
    assert hidden[True] == 2, "the whole, where it stands, and nothing else"
    assert [(row.value, row.of) for row in wait.rows] == [(None, None), (3, None)]


def test_a_table_as_it_goes_out_says_where_something_is_hidden() -> None:
    from app.services.publications.tables import csv_rows

    made = [PublishedTable.model_validate(each.model_dump()) for each in published(pack())]
    rows = list(csv_rows(made))
    assert rows[1] == ("one", "by_wing", "A", "number", "sessions", "*", None, None)
    assert ("two", "kept", "night", "share", "sessions", 20, 20, 100) in rows
