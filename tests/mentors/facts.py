"""A mentor with everything there, and the facts about them, for the rules' tests."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from app.access import Actor
from app.models.mentors import (
    ClearanceOutcome,
    Commitment,
    Mentor,
    Observation,
)
from app.models.moves import History
from app.models.staff import Role
from app.models.trainings import Module, Training, TrainingStatus
from app.services.lifecycle import Context, Guard
from app.services.mentors import guards as g

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2027, 6, 15, 12, tzinfo=UTC)
PRISON = "SLI"


def went(from_state: str | None, to_state: str, at: datetime, **fields: Any) -> History:
    return History(
        prison_id=PRISON,
        noun="mentors",
        thing_id=uuid4(),
        from_state=from_state,
        to_state=to_state,
        actor_subject=fields.pop("by", "governor.sli"),
        actor_role=fields.pop("role", Role.governor),
        occurred_at=at,
        **fields,
    )


def signed_off(module: str, **fields: Any) -> Training:
    status = fields.pop("status", TrainingStatus.competent)
    expires_on = fields.pop("expires_on", date(2028, 1, 1))
    return Training(
        prison_id=PRISON,
        mentor_id=uuid4(),
        module=module,
        title="A module",
        validity_months=12,
        curriculum="2026-1",
        status=status,
        expires_on=expires_on,
    )


def observed(**fields: Any) -> Observation:
    return Observation(
        prison_id=PRISON,
        mentor_id=uuid4(),
        observed_mentor_id=uuid4(),
        held_at=NOW,
        minutes=50,
        learnt="To wait.",
        **fields,
    )


def a_mentor(**fields: Any) -> Mentor:
    complete: dict[str, Any] = {
        "prison_id": PRISON,
        "person_id": uuid4(),
        "commitment": Commitment.voluntary,
        "clearance": ClearanceOutcome.cleared,
        "clearance_from": date(2027, 1, 1),
        "clearance_to": date(2028, 1, 1),
        "agreement_signed_at": NOW,
        "supervisor_id": uuid4(),
    }
    return Mentor(**{**complete, **fields})


FACTS = g.Facts(
    zone=LONDON,
    shadowing_months=3,
    observations_needed=6,
    history=[went("approved_conditionally", "shadowing", NOW - timedelta(days=120))],
    observations=[*(observed() for _ in range(5)), observed(assessor_id=uuid4())],
    trainings=[signed_off(module) for module in Module],
    founders=0,
    supervisor_here=True,
)
GOVERNOR = Actor(PRISON, "governor.sli", Role.governor, staff_id=uuid4())


def context(
    *,
    mentor: Mentor | None = None,
    actor: Actor = GOVERNOR,
    now: datetime = NOW,
    **facts: Any,
) -> Context:
    return Context(mentor or a_mentor(), actor, now, replace(FACTS, **facts))


def codes(guards: tuple[Guard, ...], made: Context) -> list[str]:
    return [refusal.code for guard in guards if (refusal := guard(made)) is not None]
