"""Monthly counts of incidents over HTTP: a file as a whole, and how often by place."""

from datetime import date
from typing import Any
from uuid import UUID

from app.models.incident_counts import IncidentCount
from app.models.life_events import IncidentKind
from app.services.outcomes.rates import Span
from app.services.reports.life_events import of_months
from tests.questionnaires.test_routes import fields
from tests.story import Wing

WING = UUID(int=7)


def row(month: str = "2026-01-15", incident: str = "fight", number: int = 2, **more: Any) -> Any:
    return {"month": month, "incident": incident, "number": number, **more}


async def test_a_file_is_kept_whole_or_refused_with_every_place(wing: Wing) -> None:
    rows = [row(), row(incident="damage", held=60.5), row(wing_id=wing.wing_id, number=0)]
    made = await wing.governor.post("incident-counts/import", {"rows": rows})
    assert [each["month"] for each in made["rows"]] == ["2026-01-01"] * 3
    unknown = "0198c0de-0000-7000-8000-000000000000"
    wrong = [row("2026-02-01"), row("2100-01-01"), row("2026-02-03"), row(wing_id=unknown), row()]
    refused = await wing.support_worker.post("incident-counts/import", {"rows": wrong}, 422)
    assert fields(refused) == [
        ("rows.1.month", "in_order"),
        ("rows.2.incident", "taken"),
        ("rows.3.wing_id", "unknown"),
        ("rows.4.incident", "taken"),
    ]
    found = await wing.clinician.get("incident-counts?month=2026-01-01")
    assert len(found["items"]) == 3
    path = f"incident-counts/{made['rows'][0]['id']}"
    await wing.clinician.move(path, "entered_in_error", reason="wrong_number")
    await wing.clinician.post("incident-counts/import", {"rows": [row(number=3)]})
    assert [each["to_state"] for each in (await wing.governor.get(f"{path}/history"))["items"]] == [
        "recorded",
        "entered_in_error",
    ]
    report = await wing.governor.get("reports/life_events?from=2026-01-01&to=2026-01-31")
    tables = {each["table"]: each for each in report["tables"]}
    by_place = {each["key"]: each["value"] for each in tables["incidents"]["rows"]}
    assert by_place == {"whole prison": 5, "Delta": 0}
    for caller in (wing.officer,):
        await caller.get("incident-counts", expect=403)
        await caller.post("incident-counts/import", {"rows": rows}, 403)


def count(month: int, number: int, wing_id: UUID | None, held: float | None) -> IncidentCount:
    return IncidentCount(
        prison_id="SLI",
        month=date(2026, month, 1),
        wing_id=wing_id,
        incident=IncidentKind.fight,
        number=number,
        held=held,
        recorded_by="x",
    )


def test_whole_months_count_each_place_by_itself_and_the_rest_is_said_to_be_missing() -> None:
    found = [
        count(1, 3, None, 100),
        count(1, 1, WING, 50),
        count(2, 4, WING, None),
        count(3, 9, None, 100),
    ]
    period = Span(date(2026, 1, 1), date(2026, 3, 30))
    numbers, rates, months = of_months(found, {WING: "Delta"}, period)
    assert {each.key: each.value for each in numbers.rows} == {"whole prison": 3, "Delta": 5}
    assert numbers.missing == {"month_in_part": 9}
    assert {each.key: (each.value, each.of) for each in rates.rows} == {
        "whole prison": (3, 3100),
        "Delta": (1, 1550),
    }
    assert rates.missing == {"number_held_unknown": 4}
    assert [(each.key, each.value) for each in months.rows] == [("2026-01", 3)]
