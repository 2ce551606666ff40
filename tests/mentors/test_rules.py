"""The rules of a mentor's life, without a database."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.access import Actor
from app.models.clearances import ClearancePut
from app.models.mentors import (
    LEFT,
    MENTOR_ENDED,
    ClearanceOutcome,
    Commitment,
    Mentor,
    MentorStatus,
)
from app.models.moves import History, HistoryBare, HistoryCoarse, HistoryForMentor, HistoryRead
from app.models.placements import Placement, PlacementStatus
from app.models.staff import Role
from app.models.trainings import Module, TrainingStatus
from app.services.mentors import guards as g
from app.services.mentors import history_shape
from app.services.mentors.moves import ACTIVATION, FOUNDING_GUARDS, MENTOR, STANDING
from tests.mentors.facts import (
    FACTS,
    GOVERNOR,
    NOW,
    PRISON,
    a_mentor,
    codes,
    context,
    observed,
    signed_off,
    went,
)

S = MentorStatus

# --- the table -------------------------------------------------------------------------------

M, SW, C, G = "M", "SW", "C", "G"
_ROLES = {
    M: Role.mentor,
    SW: Role.support_worker,
    C: Role.clinician,
    G: Role.governor,
}
LIFE = """
draft submitted M SW
submitted screened SW
screened interviewed SW C
interviewed governor_review SW
governor_review approved_conditionally G
governor_review declined G
declined appealed M SW
appealed governor_review SW
approved_conditionally shadowing SW
shadowing ready_for_sign_off SW
ready_for_sign_off active G
approved_conditionally active G
active paused M SW C
paused active SW
suspended removed G
suspended stepped_down SW G
"""
BEFORE_APPROVAL = ("draft", "submitted", "screened", "interviewed", "governor_review", "appealed")
APPROVED = ("approved_conditionally", "shadowing", "ready_for_sign_off", "active", "paused")


def _life() -> dict[tuple[str, str], set[Role]]:
    """The whole table, written out from the domain and not from the code."""
    table: dict[tuple[str, str], str] = {}
    for line in LIFE.strip().splitlines():
        start, to, *by = line.split()
        table[start, to] = " ".join(by)
    for state in BEFORE_APPROVAL:
        table[state, "withdrawn"] = "M SW"
    for state in APPROVED:
        table[state, "suspended"] = "SW C G"
        table["suspended", state] = "G"
        table[state, "stepped_down"] = "M SW"
    for state in (*BEFORE_APPROVAL, *APPROVED, "suspended"):
        table[state, "merged"] = ""  # only the service: two numbers were one person
        for end in ("transferred", "released", "deceased"):
            table[state, end] = "SW C G"
            table[end, state] = "SW C G"
    return {pair: {_ROLES[role] for role in by.split()} for pair, by in table.items()}


def test_the_table_of_moves_is_the_domains() -> None:
    made = {(str(a), str(b)): set(move.by) for (a, b), move in MENTOR.moves.items()}
    assert made == _life()


@pytest.mark.parametrize("state", [S.withdrawn, S.stepped_down, S.removed])
def test_nothing_leads_out_of_an_ended_episode(state: MentorStatus) -> None:
    assert [pair for pair in MENTOR.moves if pair[0] is state] == []


def test_out_of_declined_leads_only_the_appeal() -> None:
    assert [to for (start, to) in MENTOR.moves if start is S.declined] == [S.appealed]


def test_only_a_governor_approves_declines_reinstates_and_removes() -> None:
    for (start, to), move in MENTOR.moves.items():
        approves = to in {S.approved_conditionally, S.declined, S.removed} and start not in LEFT
        reinstates = start is S.suspended and to.value in APPROVED
        if approves or reinstates:
            assert move.by == {Role.governor}, (start, to)


def test_corrections_and_merges_are_not_offered_as_choices() -> None:
    for (start, to), move in MENTOR.moves.items():
        assert move.offered is (start not in LEFT and to is not S.merged), (start, to)


# --- the guards of `active` ------------------------------------------------------------------


def test_with_everything_there_nothing_stands_in_the_way_of_active() -> None:
    assert codes(ACTIVATION, context()) == []


def test_with_nothing_there_every_code_is_named_at_once() -> None:
    bare = Mentor(prison_id=PRISON, person_id=uuid4(), commitment=Commitment.voluntary)
    made = context(mentor=bare, history=[], observations=[], trainings=[])
    assert codes(ACTIVATION, made) == [
        "shadowed_three_months",
        "observed_sessions_logged",
        "assessed_by_another",
        "modules_signed_off",
        "clearance_current",
        "agreement_signed",
        "supervisor_assigned",
    ]


_LACKING: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("shadowed_three_months", {}, {"history": []}),
    ("observed_sessions_logged", {}, {"observations": [observed(assessor_id=uuid4())]}),
    ("assessed_by_another", {}, {"observations": [observed() for _ in range(6)]}),
    ("modules_signed_off", {}, {"trainings": FACTS.trainings[1:]}),
    ("clearance_current", {"clearance": None}, {}),
    ("agreement_signed", {"agreement_signed_at": None}, {}),
    ("supervisor_assigned", {"supervisor_id": None}, {}),
]


@pytest.mark.parametrize(("code", "fields", "facts"), _LACKING)
def test_each_thing_that_lacks_is_refused_by_its_own_code_alone(
    code: str, fields: dict[str, Any], facts: dict[str, Any]
) -> None:
    assert codes(ACTIVATION, context(mentor=a_mentor(**fields), **facts)) == [code]


@pytest.mark.parametrize(
    ("states", "refused"), [([], True), (["ended"], True), (["ended", "live"], False)]
)
def test_shadowing_begins_with_a_live_placement(states: list[str], refused: bool) -> None:
    placements = [
        Placement(
            prison_id=PRISON,
            mentor_id=uuid4(),
            host_id=uuid4(),
            starts_on=date(2027, 1, 1),
            status=PlacementStatus(state),
        )
        for state in states
    ]
    guards = MENTOR.moves[S.approved_conditionally, S.shadowing].guards
    expected = ["placed_with_active_mentor"] if refused else []
    assert codes(guards, context(placements=placements)) == expected


@pytest.mark.parametrize("code", ["shadowed_three_months", "observed_sessions_logged"])
def test_a_founder_need_not_have_shadowed_anyone(code: str) -> None:
    made = context(history=[], observations=[])
    assert code in codes(ACTIVATION, made)
    assert codes(FOUNDING_GUARDS, made) == []


@pytest.mark.parametrize(("founders", "refused"), [(0, False), (1, False), (2, True), (3, True)])
def test_a_site_has_at_most_two_founders(founders: int, refused: bool) -> None:
    made = context(founders=founders)
    assert codes(FOUNDING_GUARDS, made) == (["founders_below_cap"] if refused else [])


@pytest.mark.parametrize("start", [S.paused, S.suspended, S.ready_for_sign_off])
def test_every_way_into_active_asks_for_the_standing_evidence(start: MentorStatus) -> None:
    assert set(STANDING) <= set(MENTOR.moves[start, S.active].guards)


@pytest.mark.parametrize("module", list(Module))
def test_each_of_the_five_modules_is_needed(module: Module) -> None:
    trainings = [each for each in FACTS.trainings if each.module is not module]
    refusal = g.modules_signed_off(context(trainings=trainings))
    assert refusal is not None
    assert module.value in refusal.detail


@pytest.mark.parametrize("status", [s for s in TrainingStatus if s is not TrainingStatus.competent])
def test_only_a_competent_module_counts(status: TrainingStatus) -> None:
    trainings = [*FACTS.trainings[1:], signed_off(FACTS.trainings[0].module, status=status)]
    assert codes((g.modules_signed_off,), context(trainings=trainings)) == ["modules_signed_off"]


@pytest.mark.parametrize(
    ("expires_on", "counts"),
    [(date(2027, 6, 14), False), (date(2027, 6, 15), True), (date(2027, 6, 16), True)],
)
def test_a_sign_off_counts_to_the_end_of_its_last_day(expires_on: date, counts: bool) -> None:
    first, *rest = FACTS.trainings
    trainings = [signed_off(first.module, expires_on=expires_on), *rest]
    assert (g.modules_signed_off(context(trainings=trainings)) is None) is counts


@pytest.mark.parametrize(
    ("outcome", "valid_from", "valid_to", "current"),
    [
        ("cleared", "2027-06-15", "2027-06-15", True),
        ("cleared", "2027-01-01", "2027-06-15", True),
        ("cleared", "2027-01-01", "2027-06-14", False),
        ("cleared", "2027-06-16", "2028-01-01", False),
        ("refused", "2027-01-01", "2028-01-01", False),
        (None, None, None, False),
    ],
)
def test_clearance_is_current_on_its_days_only(
    outcome: str | None, valid_from: str | None, valid_to: str | None, current: bool
) -> None:
    mentor = a_mentor(
        clearance=ClearanceOutcome(outcome) if outcome else None,
        clearance_from=date.fromisoformat(valid_from) if valid_from else None,
        clearance_to=date.fromisoformat(valid_to) if valid_to else None,
    )
    assert (g.clearance_current(context(mentor=mentor)) is None) is current


def test_the_day_of_a_guard_is_the_prisons_and_not_greenwichs() -> None:
    mentor = a_mentor(clearance_from=date(2027, 6, 16), clearance_to=date(2027, 6, 16))
    late = datetime(2027, 6, 15, 23, 30, tzinfo=UTC)  # 00:30 on the wall
    assert g.clearance_current(context(mentor=mentor, now=late)) is None


@pytest.mark.parametrize("days", [4000, -1])
def test_clearance_longer_than_ten_years_or_backwards_is_refused(days: int) -> None:
    begins = date(2027, 1, 1)
    with pytest.raises(ValueError, match="valid_to"):
        ClearancePut(
            outcome=ClearanceOutcome.cleared,
            valid_from=begins,
            valid_to=begins + timedelta(days=days),
        )


# --- who decides -----------------------------------------------------------------------------

APPEALED = [*FACTS.history, went("declined", "appealed", NOW)]


@pytest.mark.parametrize(
    ("declined_by", "history", "refused"),
    [
        (None, FACTS.history, False),
        ("governor.sli", FACTS.history, False),  # not appealed
        ("governor.sli", APPEALED, True),
        ("deputy.sli", APPEALED, False),
    ],
)
def test_an_appeal_is_decided_by_someone_else(
    declined_by: str | None, history: list[History], refused: bool
) -> None:
    made = context(mentor=a_mentor(declined_by=declined_by), history=history)
    assert codes((g.decided_by_another,), made) == (["decided_by_another"] if refused else [])


def test_there_is_one_appeal() -> None:
    assert g.first_appeal(context()) is None
    assert codes((g.first_appeal,), context(history=APPEALED)) == ["first_appeal"]


def test_nobody_decides_on_themselves() -> None:
    mentor = a_mentor()
    self_made = Actor(PRISON, "x", Role.governor, person_id=mentor.person_id)
    another = Actor(PRISON, "y", Role.governor, person_id=uuid4())
    refused = ["nobody_decides_on_themselves"]
    assert codes((g.nobody_decides_on_themselves,), context(mentor=mentor, actor=self_made)) == (
        refused
    )
    assert codes((g.nobody_decides_on_themselves,), context(mentor=mentor, actor=another)) == []


@pytest.mark.parametrize("role", [Role.mentor, Role.applicant, Role.suspended_mentor])
def test_a_prisoner_moves_only_their_own_record(role: Role) -> None:
    mentor = a_mentor()
    own = Actor(PRISON, "p", role, person_id=mentor.person_id)
    other = Actor(PRISON, "p", role, person_id=uuid4())
    assert g.own_application(context(mentor=mentor, actor=own)) is None
    assert codes((g.own_application,), context(mentor=mentor, actor=other)) == ["own_application"]
    assert g.own_application(context(mentor=mentor, actor=GOVERNOR)) is None


@pytest.mark.parametrize("target", [S(name) for name in APPROVED])
@pytest.mark.parametrize("origin", [S(name) for name in APPROVED])
def test_suspension_ends_in_the_state_it_came_from(
    origin: MentorStatus, target: MentorStatus
) -> None:
    made = context(mentor=a_mentor(suspended_from=origin))
    guards = MENTOR.moves[S.suspended, target].guards
    assert ("came_from" in codes(guards, made)) is (origin is not target)


@pytest.mark.parametrize(
    ("asked_by", "refused"), [(None, True), ("governor.sli", True), ("sw.sli", False)]
)
def test_a_wrong_end_is_corrected_by_two(asked_by: str | None, refused: bool) -> None:
    made = context(mentor=a_mentor(correction_asked_by=asked_by))
    assert codes((g.corrected_by_two,), made) == (["corrected_by_two"] if refused else [])


@pytest.mark.parametrize("end", sorted(LEFT))
def test_a_corrected_end_leads_back_to_where_it_was_recorded_from(end: MentorStatus) -> None:
    history = [
        *FACTS.history,
        went("shadowing", end.value, NOW),
        went(end.value, end.value, NOW, reason="correction_asked"),
    ]
    assert g.ended_from(history) is S.shadowing
    for state in S:
        if state in MENTOR_ENDED:
            continue
        refused = codes((g.was_there(state),), context(history=history))
        assert refused == ([] if state is S.shadowing else ["was_in_state"])


# --- who reads why ---------------------------------------------------------------------------

DECISION = went("governor_review", "declined", NOW, reason="clearance_refused", note="Told.")
PAUSE = went("active", "paused", NOW, reason="welfare", role=Role.nurse, note="He hears voices.")
BACK = went("paused", "active", NOW, role=Role.clinician, note="He is better.")
STEP = went("draft", "submitted", NOW, by="sw.sli", role=Role.support_worker)


@pytest.mark.parametrize(
    ("entry", "role", "shape"),
    [
        (DECISION, Role.governor, HistoryRead),
        (DECISION, Role.support_worker, HistoryCoarse),
        (DECISION, Role.clinician, HistoryBare),
        (DECISION, Role.nurse, HistoryBare),
        (DECISION, Role.mentor, HistoryForMentor),
        (PAUSE, Role.support_worker, HistoryCoarse),
        (PAUSE, Role.governor, HistoryCoarse),
        (PAUSE, Role.clinician, HistoryRead),
        (PAUSE, Role.nurse, HistoryRead),
        (PAUSE, Role.mentor, HistoryForMentor),
        (BACK, Role.support_worker, HistoryCoarse),
        (BACK, Role.governor, HistoryCoarse),
        (STEP, Role.support_worker, HistoryRead),
        (STEP, Role.clinician, HistoryRead),
        (STEP, Role.applicant, HistoryForMentor),
    ],
)
def test_why_a_governor_decided_or_a_clinician_paused_is_not_for_everyone(
    entry: History, role: Role, shape: type
) -> None:
    assert history_shape(entry, role) is shape
