"""A complaint's life, its clock, and whom it is kept from; without a database."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from app.access import Actor
from app.models.complaints import Complaint, ComplaintAbout
from app.models.staff import Role, StaffRole
from app.services.complaints import COMPLAINT, answer_due
from app.services.complaints.moves import answered_by_whom_it_is_with
from app.services.complaints.routing import falls_to, may_work
from app.services.lifecycle import Context

NOW = datetime(2027, 6, 15, 12, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
ME, MENTOR = UUID(int=1), UUID(int=2)

LIFE = {
    ("received", "assigned"): "the service",
    ("reopened", "assigned"): "the service",
    ("assigned", "answered"): "the service",
    ("answered", "closed"): "staff",
    ("answered", "reopened"): "staff or the person",
    ("received", "withdrawn_by_person"): "staff or the person",
    ("assigned", "withdrawn_by_person"): "staff or the person",
    ("reopened", "withdrawn_by_person"): "staff or the person",
}


def test_the_table_of_moves_is_the_domains() -> None:
    made = {}
    for (start, to), move in COMPLAINT.moves.items():
        people = "staff or the person" if Role.mentor in move.by else "staff"
        made[str(start), str(to)] = people if move.offered else "the service"
    assert made == LIFE


@pytest.mark.parametrize(
    ("recorded", "due"),
    [
        ("2026-11-16T09:00+00:00", "2026-11-23T17:00+00:00"),  # Monday to Monday
        ("2026-11-20T23:00+00:00", "2026-11-27T17:00+00:00"),  # Friday night
        ("2026-12-21T09:00+00:00", "2026-12-30T17:00+00:00"),  # over Christmas
        ("2027-03-25T12:00+00:00", "2027-04-05T16:00+00:00"),  # over Easter, into summer
    ],
)
def test_an_answer_is_due_in_five_working_days(recorded: str, due: str) -> None:
    found = answer_due(datetime.fromisoformat(recorded), LONDON)
    assert found == datetime.fromisoformat(due)


def a_complaint(**fields: Any) -> Complaint:
    complete: dict[str, Any] = {
        "prison_id": "SLI",
        "reference": "K1",
        "about": ComplaintAbout.service,
        "raised_by_person_id": uuid4(),
        "recorded_by": "sw",
        "account": "x",
        "occurred_at": NOW,
        "due_at": NOW,
    }
    return Complaint(**{**complete, **fields})


SW, C, G, WING = (
    StaffRole.support_worker, StaffRole.clinician, StaffRole.governor, StaffRole.wing_duty,
)  # fmt: skip
ALL, GOVERNORS, NOBODY = {SW, C, G}, {G}, set[StaffRole]()


@pytest.mark.parametrize(
    ("fields", "readers"),
    [
        ({}, ALL),
        ({"about": "decision"}, ALL),
        ({"about": "mentor", "about_mentor_id": MENTOR}, ALL),
        ({"about": "mentor", "about_mentor_id": MENTOR, "about_line_ids": [uuid4()]}, ALL),
        ({"about": "mentor", "about_mentor_id": MENTOR, "about_line_ids": [uuid4(), ME]}, NOBODY),
        ({"about": "mentor"}, GOVERNORS),
        ({"about": "staff"}, GOVERNORS),
        ({"about": "staff", "about_staff_id": uuid4()}, GOVERNORS),
        ({"about": "decision", "about_staff_id": uuid4()}, GOVERNORS),
        ({"about": "staff", "about_staff_id": ME}, NOBODY),
        ({"about": "other", "about_staff_id": ME}, NOBODY),
    ],
)
def test_whom_it_is_kept_from(fields: dict[str, Any], readers: set[StaffRole]) -> None:
    about = {"about": ComplaintAbout(fields.get("about", "service"))}
    complaint = a_complaint(**{**fields, **about})
    assert {role for role in (SW, C, G, WING) if may_work(complaint, role, ME)} == readers
    assert falls_to(complaint) is (G if complaint.governors_only else SW)


@pytest.mark.parametrize(("assigned_to", "may"), [(ME, True), (uuid4(), False), (None, False)])
def test_whoever_it_is_with_answers_and_nobody_else(assigned_to: UUID | None, may: bool) -> None:
    actor = Actor("SLI", "sw", Role.support_worker, staff_id=ME)
    context = Context(a_complaint(assigned_to=assigned_to), actor, NOW, None)
    assert (answered_by_whom_it_is_with(context) is None) is may
