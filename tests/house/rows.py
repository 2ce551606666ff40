"""A row of every table, as small as its constraints allow: for tests that walk all of them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Column, Enum, ForeignKeyConstraint, Table
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZRANGE, Range
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import (
    Boolean,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    Time,
    Uuid,
)

from app import clock
from app.models.base import EXEMPT_TABLES, metadata, new_id
from app.services.ladders import default_policy

BEGIN = datetime(2026, 11, 23, 9, tzinfo=UTC)
END = BEGIN + timedelta(hours=1)
LONG_AGO, FAR_OFF = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

# What a CHECK or a copy of another row asks for; the rest follows from the columns' types.
ASKED_FOR: dict[str, dict[str, Any]] = {
    "person": {"number": "A0001AA", "display_name": "Jo Sample"},
    "regime": {"weekday": 1, "slots": []},
    "lockdown": {"starts_at": BEGIN, "ends_at": END, "lifted_at": None},
    "lockdown_session": {"reoffered_as": None},
    "welfare_check": {"first_session": True, "looked_in_at": None, "looked_in_by": None},
    "room": {"capacity": 9},
    "room_closure": {"starts_at": BEGIN, "ends_at": END},
    "regime_exception": {"slots": [], "withdrawn_at": None},
    "staff": {"active": True},
    "duty": {"starts_at": datetime(2020, 1, 1, tzinfo=UTC), "pattern_day": date(2020, 1, 1)},
    "duty_override": {"starts_at": BEGIN, "ends_at": END},
    "page_test": {"last_resort": "outside", "staff_id": None, "address": "02079460000"},
    "duty_pattern": {"weekdays": [1], "every_weeks": 1, "last_day": None},
    "webhook": {"topics": ["shift"], "ended_for": None, "active": True},
    "address": {"ordinary_from": None, "ordinary_until": None},
    "calendar_feed": {
        "kind": "led",
        "room_id": None,
        "wing_id": None,
        "secret_digest": b"x" * 32,
    },
    "export_job": {"subject": "exports.machine", "identifiable": True, "failure": None},
    "stream_ticket": {"secret_digest": b"y" * 32},
    "training": {"curriculum": "2026-1", "module": "managing_concerns"},
    "mentor": {
        "status": "active",
        "clearance": "cleared",
        "clearance_from": date(2026, 1, 1),
        "clearance_to": date(2026, 12, 1),
    },
    "clearance": {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 12, 1)},
    "mentee": {"status": "engaged"},
    "concern": {
        "subject_as_told": "the lad in the end cell",
        "next_step_at": END,
        "policy": default_policy().to_json(),
    },
    "escalation_policy": {"policy": default_policy().to_json(), "put_in_force_by": None},
    "adoption": {"withdrawn_at": None},
    "outage": {"ended_at": END},
    "task": {"kind": "debrief", "thing_noun": "people", "next_step_at": END},
    "break_glass": {"expires_at": END},
    "placement": {"ended_at": None},
    "assessment": {"host_id": None},
    "cohort_day": {"ends_at": END, "module": "managing_concerns"},
    "release": {"as_at": BEGIN, "released_by": None},
    "notification": {"task_id": None, "break_glass_id": None},
    "supervision": {"due_on": clock.now().date(), "first_due_on": clock.now().date()},
    "joint_review": {"month": date(2026, 11, 1), "clinician_id": None},
    "check_in": {"limits": ["none"]},
    "series": {"meetings": 8, "last_day": None},
    "session": {"starts_at": BEGIN, "ends_at": END},
    "acquaintance": {"other_person_id": None, "other_as_told": "Danny from the servery"},
    "prison_event": {"starts_at": BEGIN, "ends_at": END},
    "non_association": {"number_low": "A0001AA", "number_high": "A0002AA"},
    "match_proposal_pair": {"parts": []},
    "availability": {"weekday": 1, "on_day": None},
    "rota": {"published_by": None, "accepted_gaps": []},
    "contact_request": {"authorised_by": None, "warnings": []},
    "rota_solve": {"gaps": []},
    "shift": {"status": "published", "starts_at": LONG_AGO, "ends_at": FAR_OFF},
    "effort": {"minutes": 30, "staff_id": None},
    "outreach_part": {"staff_id": None},
    "outcome_cohort": {"status": "frozen", "size": 1, "frozen_at": BEGIN, "digest": "0" * 64},
    "questionnaire": {"instrument": "phq9", "answers": {"down": 1}, "total": 9.0},
    "participation": {"during": Range(BEGIN, END, bounds="[)"), "live": True},
}
# Columns that name another mentor than the row's own: nobody observes or hosts themselves.
TWO_MENTORS = {"observation": ["observed_mentor_id"], "placement": ["host_id"]}


def scoped_tables() -> list[Table]:
    """Every table that row-level security must guard, those referred to first."""
    return [table for table in metadata.sorted_tables if table.name not in EXEMPT_TABLES]


def _plain(column: Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, Enum):
        return kind.enums[0]
    plain: list[tuple[type[Any], Any]] = [
        (Boolean, False),
        (Integer, 1),
        (Float, 1.0),
        (DateTime, BEGIN),
        (Date, date(2026, 11, 23)),
        (Time, time(17, 30)),
        (Uuid, new_id()),
        (JSONB, {}),
        (ARRAY, []),
        (LargeBinary, b"x"),
        (TSTZRANGE, Range(BEGIN, END, bounds="[)")),
    ]
    return next((value for known, value in plain if isinstance(kind, known)), "x")


def _references(table: Table, world: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The columns that point to rows made before."""
    for constraint in table.constraints:
        if isinstance(constraint, ForeignKeyConstraint):
            target = constraint.referred_table.name
            if target in world and target not in {"prison", table.name}:
                for element in constraint.elements:
                    if element.column.name in world[target]:
                        yield element.parent.name, world[target][element.column.name]


def smallest(table: Table, prison_id: str, world: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The values of one row of `table`, pointing to the rows in `world`."""
    row = {
        column.name: _plain(column)
        for column in table.columns
        if not column.nullable and column.server_default is None and column.computed is None
    }
    row |= {name: value for name, value in _references(table, world) if name in table.columns}
    return {**row, **ASKED_FOR.get(table.name, {}), "prison_id": prison_id}


async def one_of_each(connection: AsyncConnection, prison_id: str) -> dict[str, dict[str, Any]]:
    """Insert a row into every scoped table; the connection is scoped to `prison_id` already."""
    identity = {"id": new_id(), "numbers": ["A0001AA"]}
    await connection.execute(metadata.tables["person_identity"].insert().values(identity))
    world: dict[str, dict[str, Any]] = {"person_identity": identity}
    other = None
    for table in scoped_tables():
        row = smallest(table, prison_id, world)
        for name in TWO_MENTORS.get(table.name, ()):
            other = other or await _another_mentor(connection, prison_id, world)
            row[name] = other
        if table.name == "handover":
            row["to_staff_id"] = await _another_staff(connection, world)
        await connection.execute(table.insert().values(row))
        world[table.name] = row
    return world


async def _another_staff(connection: AsyncConnection, world: dict[str, dict[str, Any]]) -> Any:
    """A second member of staff: nobody hands over to themselves."""
    staff = {**world["staff"], "id": new_id(), "subject": "another"}
    await connection.execute(metadata.tables["staff"].insert().values(staff))
    return staff["id"]


async def _another_mentor(
    connection: AsyncConnection, prison_id: str, world: dict[str, dict[str, Any]]
) -> Any:
    """A second mentor: nobody observes themselves."""
    person = {**world["person"], "id": new_id(), "number": "A0002AA"}
    mentor = {**world["mentor"], "id": new_id(), "person_id": person["id"]}
    for table, row in (("person", person), ("mentor", mentor)):
        await connection.execute(metadata.tables[table].insert().values(row))
    return mentor["id"]
