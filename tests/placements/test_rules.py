"""Who may shadow whom, and which day lies in which placement: without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest

from app.models.mentors import Commitment, Mentor, MentorStatus
from app.models.people import Person, Presence, Source
from app.models.placements import HOST_AT_MOST, Placement, PlacementStatus
from app.models.prisons import Prison
from app.models.staff import Role
from app.services.placements import END_REASONS, PLACEMENT, Both, covering, unplaceable

S = MentorStatus
PRISON = Prison(id="SLI", name="HMP Sample")


def a_person(presence: Presence = Presence.here) -> Person:
    return Person(
        prison_id="SLI", identity_id=uuid4(), number="A0001AA", first_name="Jo", last_name="S",
        display_name="Jo S", source=Source.manual, presence=presence,
    )  # fmt: skip


def a_mentor(status: MentorStatus) -> Mentor:
    return Mentor(
        prison_id="SLI", person_id=uuid4(), commitment=Commitment.voluntary, status=status
    )


BOTH = Both(a_mentor(S.shadowing), a_person(), a_mentor(S.active), a_person(), 0)


def codes(both: Both) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in unplaceable(both)]


@pytest.mark.parametrize("status", list(MentorStatus))
def test_who_is_approved_or_shadows_is_placed(status: MentorStatus) -> None:
    said = codes(replace(BOTH, mentor=a_mentor(status)))
    placed = status in {S.approved_conditionally, S.shadowing}
    assert said == ([] if placed else [("mentor_id", "mentor_not_shadowing")])


@pytest.mark.parametrize("status", list(MentorStatus))
def test_only_an_active_mentor_hosts(status: MentorStatus) -> None:
    said = codes(replace(BOTH, host=a_mentor(status)))
    assert said == ([] if status is S.active else [("host_id", "host_not_active")])


@pytest.mark.parametrize(("hosted", "full"), [(0, False), (1, False), (2, True), (3, True)])
def test_a_host_takes_two_at_a_time(hosted: int, full: bool) -> None:
    assert HOST_AT_MOST == 2
    assert codes(replace(BOTH, hosted=hosted)) == ([("host_id", "host_full")] if full else [])


def test_every_reason_is_named_at_once() -> None:
    same = a_mentor(S.paused)
    away = a_person(Presence.away)
    assert codes(Both(same, away, same, away, 2)) == [
        ("mentor_id", "mentor_not_shadowing"),
        ("host_id", "host_not_active"),
        ("host_id", "same_person"),
        ("host_id", "host_full"),
        ("mentor_id", "mentor_not_here"),
        ("host_id", "host_not_here"),
    ]


def test_what_is_over_with_its_host_asks_only_who_shadowed() -> None:
    gone = replace(
        BOTH,
        host=a_mentor(S.stepped_down),
        hosts_person=a_person(Presence.left),
        hosted=2,
        left_at=datetime(2027, 1, 1, tzinfo=UTC),
    )
    assert codes(gone) == []
    assert codes(replace(gone, mentor=a_mentor(S.draft))) == [("mentor_id", "mentor_not_shadowing")]


HOST = uuid4()


def a_placement(**fields: Any) -> Placement:
    whole = {"mentor_id": uuid4(), "host_id": HOST, "starts_on": date(2027, 3, 1), **fields}
    status = PlacementStatus.ended if whole.get("ended_at") else PlacementStatus.live
    return Placement(prison_id="SLI", status=status, **whole)


@pytest.mark.parametrize(
    ("day", "ended_at", "covered"),
    [
        ("2027-02-28", None, False),
        ("2027-03-01", None, True),
        ("2030-01-01", None, True),
        ("2027-03-27", "2027-03-27T23:59:00+00:00", True),
        ("2027-03-28", "2027-03-27T23:59:00+00:00", False),  # the clocks go forward that night
        ("2027-03-29", "2027-03-28T23:30:00+00:00", True),  # 00:30 on the wall, the day after
        ("2027-10-31", "2027-10-31T23:30:00+00:00", True),  # the 25-hour day
        ("2027-11-01", "2027-10-31T23:30:00+00:00", False),
    ],
)
def test_a_day_lies_in_a_placement_by_the_prisons_own_days(
    day: str, ended_at: str | None, covered: bool
) -> None:
    placement = a_placement(ended_at=datetime.fromisoformat(ended_at) if ended_at else None)
    found = covering([placement], HOST, date.fromisoformat(day), PRISON)
    assert (found is placement) is covered
    assert covering([placement], uuid4(), date.fromisoformat(day), PRISON) is None


def test_a_support_worker_ends_a_placement_for_a_reason() -> None:
    [move] = PLACEMENT.moves.values()
    assert {role for role in Role if move.belongs_to(role)} == {
        Role.support_worker, Role.wing_duty, Role.system,
    }  # fmt: skip
    assert move.reasons == END_REASONS == ("host_left", "changed", "completed", "other")
