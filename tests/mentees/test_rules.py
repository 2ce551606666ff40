"""The rules of a mentee's way, without a database."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access import Actor
from app.models.mentees import (
    MENTEE_ENDED,
    Mentee,
    MenteeSeen,
    MenteeStatus,
    ReferredBy,
)
from app.models.staff import Role
from app.models.tasks import TaskKind
from app.services.lifecycle import Context, Guard
from app.services.mentees import seen_by_mentor, triage_due
from app.services.mentees.clocks import (
    ENDED_BY_LEAVING,
    note_offer,
    note_waiting,
    settle_tasks,
)
from app.services.mentees.facts import Facts
from app.services.mentees.moves import ENGAGEMENT, MENTEE, end_pairings, start_afresh
from app.services.working_days import is_working_day

S = MenteeStatus
LONDON = ZoneInfo("Europe/London")
NOW = datetime(2027, 6, 15, 12, tzinfo=UTC)
SW, C = Role.support_worker, Role.clinician

LIFE = """
referred triage SW
self_referred triage SW
triage accepted SW
accepted waiting SW
waiting offered SW
offered engaged SW
engaged paused SW C
paused engaged SW
stepped_up engaged C
stepped_up completed C
engaged completed SW
engaged disengaged SW
completed engaged SW
disengaged engaged SW
"""
NEW = ("referred", "self_referred")
TRIAGED = ("triage", "accepted", "waiting", "offered")
IN_SUPPORT = ("engaged", "paused")


def _life() -> dict[tuple[str, str], set[str]]:
    """The whole table, written out from the domain and not from the code."""
    table = {}
    for line in LIFE.strip().splitlines():
        start, to, *by = line.split()
        table[start, to] = set(by)
    for state in TRIAGED:
        table[state, "signposted"] = {"SW"}
    for state in (*NEW, *TRIAGED):
        table[state, "declined_by_person"] = {"SW"}
    for state in (*NEW, *TRIAGED, *IN_SUPPORT):
        table[state, "stepped_up"] = {"C"}
    for state in (*NEW, *TRIAGED, *IN_SUPPORT, "stepped_up"):
        for end in ("transferred", "released", "deceased"):
            table[state, end] = {"SW", "C"}
    return table


# Without those that a corrected report of a death makes.
PEOPLES = {pair: move for pair, move in MENTEE.moves.items() if move.by}


def test_the_table_of_moves_is_the_domains() -> None:
    names = {SW: "SW", C: "C"}
    made = {(str(a), str(b)): {names[r] for r in m.by} for (a, b), m in PEOPLES.items()}
    assert made == _life()


@pytest.mark.parametrize(
    "state",
    [S.signposted, S.declined_by_person, S.transferred, S.released, S.deceased],
)
def test_nothing_leads_out_of_an_end_but_completed_and_disengaged(state: MenteeStatus) -> None:
    assert [pair for pair in PEOPLES if pair[0] is state] == []


def test_out_of_a_wrong_death_only_the_service_moves_back_to_where_someone_was() -> None:
    back = {
        pair: move
        for pair, move in MENTEE.moves.items()
        if pair not in PEOPLES and pair[1] is not S.merged
    }
    assert set(back) == {(S.deceased, state) for state in S if state not in MENTEE_ENDED}
    assert not any(move.offered for move in back.values())


def test_whoever_is_live_may_turn_out_to_be_another_and_only_the_service_says_so() -> None:
    merged = {start: move for (start, to), move in MENTEE.moves.items() if to is S.merged}
    assert set(merged) == {state for state in S if state not in MENTEE_ENDED}
    assert not any(move.offered or move.by for move in merged.values())


def test_every_end_ends_the_pairings() -> None:
    for (start, to), move in MENTEE.moves.items():
        assert (end_pairings in move.effects) is (to in MENTEE_ENDED), (start, to)


def test_every_way_into_engaged_has_the_same_guards_and_starts_afresh() -> None:
    ways = [move for (_, to), move in PEOPLES.items() if to is S.engaged]
    assert len(ways) == 5
    for way in ways:
        assert way.guards == ENGAGEMENT
        assert way.effects[0] is start_afresh


@pytest.mark.parametrize(
    "to", [S.signposted, S.declined_by_person, S.completed, S.disengaged, S.stepped_up, S.paused]
)
def test_ends_and_turns_take_a_reason_code(to: MenteeStatus) -> None:
    for (start, end), move in MENTEE.moves.items():
        if end is to:
            assert move.reasons, (start, end)


# --- guards ----------------------------------------------------------------------------------


TWO_DAYS = (date(2027, 6, 13), date(2027, 6, 15))


def a_mentee(**fields: Any) -> Mentee:
    complete: dict[str, Any] = {
        "prison_id": "SLI",
        "person_id": uuid4(),
        "status": S.offered,
        "referred_by": ReferredBy.support_worker,
        "triage_by": NOW,
        "permission_to_share_at": NOW,
        "explained_at": NOW,
        "compatibility_checked_at": NOW,
        "outreach_attempts": 2,
        "welfare_checked_at": NOW,
    }
    return Mentee(**{**complete, **fields})


def codes(guards: tuple[Guard, ...], mentee: Mentee, days: Sequence[date] = TWO_DAYS) -> list[str]:
    facts = Facts(outreach_days=frozenset(days))
    made = Context(mentee, Actor("SLI", "sw", Role.support_worker), NOW, facts)
    return [refusal.code for guard in guards if (refusal := guard(made)) is not None]


def test_with_everything_recorded_support_may_begin_and_end() -> None:
    assert codes(ENGAGEMENT, a_mentee()) == []
    assert codes(MENTEE.moves[S.engaged, S.disengaged].guards, a_mentee()) == []


@pytest.mark.parametrize(
    ("lacking", "code"),
    [
        ("permission_to_share_at", "permission_to_share"),
        ("explained_at", "confidentiality_explained"),
        ("compatibility_checked_at", "compatibility_checked"),
    ],
)
def test_support_does_not_begin_without(lacking: str, code: str) -> None:
    assert codes(ENGAGEMENT, a_mentee(**{lacking: None})) == [code]


@pytest.mark.parametrize(
    ("ago", "holds"),
    [
        (timedelta(), True),
        (timedelta(hours=24), True),
        (timedelta(hours=24, microseconds=1), False),
        (timedelta(days=7), False),
        (-timedelta(seconds=1), False),
    ],
)
def test_a_compatibility_check_holds_for_a_day(ago: timedelta, holds: bool) -> None:
    mentee = a_mentee(compatibility_checked_at=NOW - ago)
    assert codes(ENGAGEMENT, mentee) == ([] if holds else ["compatibility_checked"])


@pytest.mark.parametrize(
    ("days", "welfare", "unmet"),
    [
        ([], None, ["two_outreach_attempts", "welfare_checked"]),
        (TWO_DAYS[:1], NOW, ["two_outreach_attempts"]),
        (TWO_DAYS, None, ["welfare_checked"]),
        (TWO_DAYS, NOW, []),
        ([*TWO_DAYS, date(2027, 6, 16)], NOW, []),
    ],
)
def test_disengaging_needs_outreach_on_two_days_and_a_welfare_check(
    days: Sequence[date], welfare: datetime | None, unmet: list[str]
) -> None:
    """However many attempts were made on one of them."""
    mentee = a_mentee(outreach_attempts=5, welfare_checked_at=welfare)
    assert codes(MENTEE.moves[S.engaged, S.disengaged].guards, mentee, days) == unmet


LEAVING = [
    ("referred", TaskKind.triage_due),
    ("self_referred", TaskKind.triage_due),
    ("waiting", TaskKind.waiting_long),
    ("offered", TaskKind.offer_open),
    ("engaged", TaskKind.outreach_due),
]


@pytest.mark.parametrize(("state", "kind"), LEAVING)
def test_whichever_way_a_state_is_left_its_task_ends(state: str, kind: TaskKind) -> None:
    ways = [move for (start, _), move in MENTEE.moves.items() if start == state]
    assert len(ways) > 4
    for way in ways:
        assert settle_tasks in way.effects
    assert ENDED_BY_LEAVING[S(state)] is kind


def test_only_those_states_have_a_task() -> None:
    assert {(state.value, kind) for state, kind in ENDED_BY_LEAVING.items()} == set(LEAVING)


def test_every_way_to_the_list_and_to_an_offer_is_timed() -> None:
    for (start, to), move in PEOPLES.items():
        assert (note_waiting in move.effects) is (to is S.waiting), (start, to)
        assert (note_offer in move.effects) is (to is S.offered), (start, to)


# --- triage ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("referred", "safety_need", "due"),
    [
        ("2026-11-16T09:00+00:00", False, "2026-11-18T17:00+00:00"),  # Monday
        ("2026-11-20T09:00+00:00", False, "2026-11-24T17:00+00:00"),  # Friday
        ("2026-12-24T09:00+00:00", False, "2026-12-30T17:00+00:00"),  # Christmas Eve
        ("2027-03-26T12:00+00:00", False, "2027-03-31T16:00+00:00"),  # Good Friday, into summer
        ("2026-11-16T09:00+00:00", True, "2026-11-16T23:59:59+00:00"),
        ("2026-11-21T22:00+00:00", True, "2026-11-21T23:59:59+00:00"),  # a Saturday too
        ("2026-06-15T23:30+00:00", True, "2026-06-16T22:59:59+00:00"),  # Tuesday on the wall
        ("2027-03-28T00:30+00:00", True, "2027-03-28T22:59:59+00:00"),  # the 23-hour day
        ("2026-10-25T00:30+00:00", True, "2026-10-25T23:59:59+00:00"),  # the 25-hour day
    ],
)
def test_triage_is_due(referred: str, safety_need: bool, due: str) -> None:
    now = datetime.fromisoformat(referred)
    found = triage_due(now, LONDON, safety_need=safety_need)
    assert found == datetime.fromisoformat(due)
    assert found.tzinfo is UTC


MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS)
def test_a_safety_need_is_triaged_on_the_same_local_day(now: datetime) -> None:
    due = triage_due(now, LONDON, safety_need=True)
    assert due.astimezone(LONDON).date() == now.astimezone(LONDON).date()
    assert due > now - timedelta(seconds=1)


@given(MOMENTS)
def test_without_one_triage_is_due_at_five_on_the_second_working_day(now: datetime) -> None:
    due = triage_due(now, LONDON, safety_need=False).astimezone(LONDON)
    assert (due.hour, due.minute) == (17, 0)
    assert is_working_day(due.date())
    today = now.astimezone(LONDON).date()
    between = [today + timedelta(days=n) for n in range(1, (due.date() - today).days + 1)]
    assert sum(map(is_working_day, between)) == 2


def test_a_triage_day_is_a_date_and_never_far() -> None:
    due = triage_due(datetime(2026, 12, 24, tzinfo=UTC), LONDON, safety_need=False)
    assert due.date() - date(2026, 12, 24) == timedelta(days=6)


# --- what a mentor sees ----------------------------------------------------------------------

SEEN = {"accepted", "waiting", "offered", "engaged"}


@pytest.mark.parametrize("status", list(MenteeStatus))
def test_towards_a_mentor_every_reason_why_not_is_one_word(status: MenteeStatus) -> None:
    expected = status.value if status.value in SEEN else "unavailable"
    assert seen_by_mentor(status) is MenteeSeen(expected)
