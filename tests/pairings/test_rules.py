"""Who may be brought together, without a database."""

from dataclasses import replace
from itertools import product
from uuid import uuid4

import pytest

from app import clock
from app.models.matching import MatchBar
from app.models.mentees import Mentee, MenteeStatus, ReferredBy
from app.models.mentors import Commitment, Mentor, MentorStatus
from app.models.pairings import PairingStatus
from app.models.people import Person, Presence, Source
from app.models.staff import Role
from app.services.pairings import PAIRING, Pair, unpairable

S = PairingStatus
MAY_HAVE_A_MENTOR = {"accepted", "waiting", "offered", "engaged", "paused"}


def a_person(presence: Presence = Presence.here) -> Person:
    return Person(
        prison_id="SLI",
        identity_id=uuid4(),
        number="A1234BC",
        first_name="Jo",
        last_name="Sampleford",
        display_name="Jo Sampleford",
        presence=presence,
        source=Source.manual,
    )


def a_pair(
    mentor: MentorStatus = MentorStatus.active, mentee: MenteeStatus = MenteeStatus.accepted
) -> Pair:
    mentors_person, mentees_person = a_person(), a_person()
    return Pair(
        Mentor(
            prison_id="SLI",
            person_id=mentors_person.id,
            status=mentor,
            commitment=Commitment.voluntary,
        ),
        mentors_person,
        Mentee(
            prison_id="SLI",
            person_id=mentees_person.id,
            status=mentee,
            referred_by=ReferredBy.support_worker,
            triage_by=clock.now(),
        ),
        mentees_person,
    )


def codes(pair: Pair) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in unpairable(pair)]


@pytest.mark.parametrize("status", list(MentorStatus))
def test_only_an_active_mentor_is_paired(status: MentorStatus) -> None:
    refused = [] if status is MentorStatus.active else [("mentor_id", "mentor_not_active")]
    assert codes(a_pair(mentor=status)) == refused


@pytest.mark.parametrize("status", list(MenteeStatus))
def test_a_mentee_is_paired_from_acceptance_to_the_end_of_support(status: MenteeStatus) -> None:
    may = status.value in MAY_HAVE_A_MENTOR
    assert codes(a_pair(mentee=status)) == ([] if may else [("mentee_id", "mentee_not_accepted")])


@pytest.mark.parametrize(("mentors", "mentees"), list(product(Presence, Presence)))
def test_both_are_in_the_prison(mentors: Presence, mentees: Presence) -> None:
    pair = replace(a_pair(), mentors_person=a_person(mentors), mentees_person=a_person(mentees))
    found = codes(pair)
    assert (("mentor_id", "mentor_not_here") in found) is (mentors is not Presence.here)
    assert (("mentee_id", "mentee_not_here") in found) is (mentees is not Presence.here)


def test_nobody_is_their_own_mentor() -> None:
    pair = a_pair()
    pair.mentee.person_id = pair.mentor.person_id
    assert codes(pair) == [("mentee_id", "same_person")]


def test_every_reason_is_named_at_once() -> None:
    pair = a_pair(MentorStatus.suspended, MenteeStatus.triage)
    pair.mentee.person_id = pair.mentor.person_id
    away = a_person(Presence.away)
    assert len(codes(replace(pair, mentors_person=away, mentees_person=away))) == 5


def test_the_table_of_moves() -> None:
    assert set(PAIRING.moves) == {
        (S.live, S.to_reassign),
        (S.to_reassign, S.live),
        (S.live, S.ended),
        (S.to_reassign, S.ended),
    }
    assert PAIRING.moves[S.to_reassign, S.live].by == {Role.support_worker}


def test_an_end_takes_a_reason() -> None:
    for start in (S.live, S.to_reassign):
        assert "goals_met" in PAIRING.moves[start, S.ended].reasons


def test_a_mentor_whose_supervision_is_owed_is_given_nobody_new() -> None:
    owed = replace(a_pair(), supervision_owed_since=clock.now().date())
    assert codes(owed) == [("mentor_id", "supervision_overdue")]


@pytest.mark.parametrize("bar", [MatchBar.no_one_to_one, MatchBar.own_wing_only])
def test_a_condition_the_mentor_works_on_is_theirs(bar: MatchBar) -> None:
    assert codes(replace(a_pair(), apart=frozenset({bar}))) == [("mentor_id", bar.value)]
