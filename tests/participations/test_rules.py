"""What HMPPS calls it, what a group calls its people, how often is counted: the pure part."""

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import Range

from app.models.participations import CancelReason, HmppsOutcome, ParticipationStatus
from app.models.sessions import Participation
from app.services.participations import counted
from app.services.participations.naming import in_a_group
from app.services.participations.outcomes import by_reason, by_status, outcome

NOW, HOUR = datetime(2026, 11, 23, 9, tzinfo=UTC), timedelta(hours=1)
A, R, H = ParticipationStatus, CancelReason, HmppsOutcome


def test_every_reason_has_a_code_and_every_state_that_is_over() -> None:
    assert set(by_reason()) == set(R)
    assert set(by_status()) == set(A) - {A.offered, A.accepted, A.cancelled}


@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [
        (A.offered, None, None),
        (A.accepted, None, None),
        (A.attended, None, H.attended),
        (A.dna, None, H.refused),
        (A.declined, None, H.not_required),
        (A.cancelled, R.regime_lockdown, H.cancelled),
        (A.cancelled, R.clash, H.clash),
        (A.cancelled, R.mentee_unwell, H.sick),
        (A.cancelled, R.segregation, H.suspended),
        (A.cancelled, R.transfer, H.not_required),
        (A.cancelled, R.other, H.other),
        (A.cancelled, None, H.cancelled),
    ],
)
def test_what_hmpps_calls_it(
    status: ParticipationStatus, reason: CancelReason | None, expected: HmppsOutcome | None
) -> None:
    assert outcome(status, reason) == expected


def test_only_a_dna_is_an_absence_without_a_reason() -> None:
    refused = [
        status for status, reason in product(A, [None, *R]) if outcome(status, reason) is H.refused
    ]
    assert set(refused) == {A.dna}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], []),
        (["Al", "Sam"], ["Al", "Sam"]),
        (["Al", "Sam", "Sam"], ["Al", "Sam 1", "Sam 2"]),
        (["Sam", "Al", "Sam", "Sam"], ["Sam 1", "Al", "Sam 2", "Sam 3"]),
    ],
)
def test_a_group_knows_first_names_and_numbers_those_that_are_alike(
    names: list[str], expected: list[str]
) -> None:
    assert in_a_group(names) == expected


@given(st.lists(st.sampled_from(["Al", "Sam", "Jo"]), max_size=9))
def test_nobody_in_a_group_is_taken_for_another(names: list[str]) -> None:
    found = in_a_group(names)
    assert len(set(found)) == len(names)
    assert [each.split(" ")[0] for each in found] == names


def part(
    status: ParticipationStatus, reason: CancelReason | None = None, when: datetime = NOW + HOUR
) -> Participation:
    ids = {"session_id": uuid4(), "mentee_id": uuid4()}
    return Participation(
        prison_id="AAA", **ids, during=Range(when, when + HOUR), status=status, reason=reason
    )


def test_how_often_is_counted_by_what_became_of_it() -> None:
    parts = [
        part(A.attended),
        part(A.attended),
        part(A.dna),
        part(A.declined),
        part(A.offered),
        part(A.accepted),
        part(A.accepted, when=NOW),
        part(A.cancelled, R.clash),
        part(A.cancelled, R.clash),
        part(A.cancelled, R.mentee_unwell),
    ]
    assert counted(parts, NOW) == {
        "attended": 2,
        "dna": 1,
        "declined": 1,
        "to_come": 2,
        "not_marked": 1,
        "other": {R.clash: 2, R.mentee_unwell: 1},
    }


@given(st.lists(st.tuples(st.sampled_from(A), st.sampled_from(R)), max_size=20))
def test_everything_is_counted_once(
    every: list[tuple[ParticipationStatus, CancelReason]],
) -> None:
    found = counted((part(status, reason) for status, reason in every), NOW)
    other = sum(found.pop("other").values())
    assert other + sum(found.values()) == len(every)
