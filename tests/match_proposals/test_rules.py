"""Which mentors fit a mentee and which may not, without a database: tables of cases."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from app.models.match_proposals import UnmatchedWhy
from app.models.matching import FitCode, MatchBar
from app.models.profiles import Preference
from app.services.match_proposals import why_not
from app.services.matching import (
    FIT,
    MET,
    Excluded,
    Facts,
    MenteeSide,
    MentorSide,
    Ranking,
    Traits,
    bars,
    fit,
    rank,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
B, F = MatchBar, FitCode


def traits(**codes: str) -> Traits:
    """Codes by name, each a text of words."""
    return Traits(**{name: frozenset(words.split()) for name, words in codes.items()})


def a_mentor(number: int = 1, **fields: Any) -> MentorSide:
    usual = {"live": 0, "places": 6, "traits": Traits(), **fields}
    return MentorSide(UUID(int=number), UUID(int=100 + number), f"M {number}", **usual)


def a_mentee(**fields: Any) -> MenteeSide:
    return MenteeSide(UUID(int=50), UUID(int=150), "Jo Sample", NOW, **fields)


TOGETHER = (UUID(int=101), UUID(int=150))


def codes(mentor: MentorSide, mentee: MenteeSide, facts: Facts = Facts()) -> dict[FitCode, int]:
    return {part.code: part.points for part in fit(mentor, mentee, facts)}


def test_every_part_and_every_preference_has_its_rule() -> None:
    assert [code for code, _ in FIT] == list(FitCode)
    assert set(MET) | {Preference.lived_experience} == set(Preference)


@pytest.mark.parametrize(
    ("mentor", "mentee", "points"),
    [
        ({"live": 6}, {}, {}),
        ({}, {}, {F.free_places: 20}),
        ({"live": 3}, {}, {F.free_places: 10}),
        ({"live": 5}, {}, {F.free_places: 3}),
        (
            {"live": 6, "traits": traits(languages="en pl")},
            {"traits": traits(languages="pl ro")},
            {F.shared_language: 15},
        ),
        ({"live": 6, "traits": traits(languages="en")}, {"traits": traits(languages="pl")}, {}),
        (
            {"live": 6, "traits": traits(skills="art music sport faith listening")},
            {"traits": traits(needs="art music sport faith")},
            {F.skills: 18},
        ),
        (
            {"live": 6, "traits": traits(skills="art")},
            {"traits": traits(needs="art literacy")},
            {F.skills: 6},
        ),
    ],
)
def test_what_speaks_for_a_mentor(
    mentor: dict[str, Any], mentee: dict[str, Any], points: dict[FitCode, int]
) -> None:
    assert codes(a_mentor(**mentor), a_mentee(**mentee)) == points


@pytest.mark.parametrize(
    ("preference", "born", "skills", "met"),
    [
        ("older_mentor", date(1980, 1, 1), "", True),
        ("older_mentor", date(1986, 1, 1), "", False),
        ("older_mentor", None, "", False),
        ("younger_mentor", date(1996, 1, 1), "", True),
        ("younger_mentor", date(1994, 1, 1), "", False),
        ("similar_age", date(1992, 1, 1), "", True),
        ("similar_age", date(1980, 1, 1), "", False),
        ("similar_age", None, "", False),
        ("group_first", None, "cbt_group", True),
        ("group_first", None, "listening", False),
        ("quiet_person", None, "quiet_company", True),
        ("quiet_person", None, "sport", False),
    ],
)
def test_which_preferences_a_mentor_meets(
    preference: str, born: date | None, skills: str, met: bool
) -> None:
    mentor = a_mentor(live=6, born=born, traits=traits(skills=skills))
    mentee = a_mentee(born=date(1990, 1, 1), traits=traits(preferences=preference))
    assert codes(mentor, mentee) == ({F.preferences: 8} if met else {})


def test_lived_experience_counts_where_it_is_asked_for_and_both_consent() -> None:
    mentor = a_mentor(live=6, traits=traits(topics="bereavement anxiety low_mood"))
    asks = traits(preferences="lived_experience", topics="bereavement anxiety low_mood")
    assert codes(mentor, a_mentee(traits=asks)) == {F.lived_experience: 20}
    assert codes(mentor, a_mentee(traits=replace(asks, preferences=frozenset()))) == {}
    assert codes(mentor, a_mentee(traits=replace(asks, topics=frozenset()))) == {}
    assert codes(a_mentor(live=6), a_mentee(traits=asks)) == {}


def test_a_pair_that_went_well_before_is_known() -> None:
    facts = Facts(went_well=frozenset({TOGETHER}))
    assert codes(a_mentor(live=6), a_mentee(), facts) == {F.continuity: 30}
    assert codes(a_mentor(2, live=6), a_mentee(), facts) == {}


@pytest.mark.parametrize(
    ("mentor", "mentee", "facts", "found"),
    [
        ({}, {}, {}, []),
        ({"live": 6}, {}, {}, [B.mentor_full]),
        ({"live": 9}, {}, {}, [B.mentor_full]),
        ({}, {}, {"check_with_staff": {TOGETHER}}, [B.check_with_staff]),
        ({}, {}, {"acquainted": {TOGETHER}}, [B.knows_each_other]),
        ({}, {}, {"paired": {(UUID(int=1), UUID(int=50))}}, [B.already_paired]),
        ({"bars": frozenset({B.no_one_to_one})}, {}, {}, [B.no_one_to_one]),
        ({"bars": frozenset({B.supervision_overdue})}, {}, {}, [B.supervision_overdue]),
        ({"own_wing_only": True, "wing": "D"}, {"wing": "D"}, {}, []),
        ({"own_wing_only": True, "wing": "D"}, {"wing": "E"}, {}, [B.own_wing_only]),
        ({"own_wing_only": True, "wing": "D"}, {"wing": None}, {}, [B.own_wing_only]),
        ({"own_wing_only": True, "wing": None}, {"wing": None}, {}, [B.own_wing_only]),
        ({"wing": "D"}, {"wing": "E"}, {}, []),
        (
            {"live": 6, "bars": frozenset({B.mentor_not_here})},
            {},
            {"check_with_staff": {TOGETHER}, "acquainted": {TOGETHER}},
            [B.mentor_not_here, B.mentor_full, B.check_with_staff, B.knows_each_other],
        ),
    ],
)
def test_what_keeps_two_apart(
    mentor: dict[str, Any],
    mentee: dict[str, Any],
    facts: dict[str, set[Any]],
    found: Sequence[MatchBar],
) -> None:
    known = Facts(**{name: frozenset(twos) for name, twos in facts.items()})
    assert list(bars(a_mentor(**mentor), a_mentee(**mentee), known)) == list(found)


def test_nobody_is_their_own_mentor() -> None:
    mentor = replace(a_mentor(), person_id=a_mentee().person_id)
    assert list(bars(mentor, a_mentee(), Facts())) == [B.same_person]


def test_the_best_stands_first_and_ties_are_settled_the_same_way_every_time() -> None:
    mentors = [
        a_mentor(1, traits=traits(languages="pl")),
        a_mentor(2, places=6, live=0),
        a_mentor(3, places=6, live=0, last_paired_at=NOW - timedelta(days=9)),
        a_mentor(4, places=6, live=0, last_paired_at=NOW - timedelta(days=90)),
        a_mentor(5, places=12, live=1),
        a_mentor(6, places=6, live=0),
    ]
    mentee = a_mentee(traits=traits(languages="pl"))
    for some in permutations(mentors):
        found = [each.mentor.id.int for each in rank(mentee, some, Facts()).candidates]
        assert found == [1, 2, 6, 4, 3, 5]


def test_with_equal_points_the_mentor_with_fewer_mentees_comes_first() -> None:
    mentors = [a_mentor(1, places=12, live=6), a_mentor(2, places=6, live=3)]
    found = rank(a_mentee(), mentors, Facts()).candidates
    assert [(each.mentor.id.int, each.points) for each in found] == [(2, 10), (1, 10)]


def test_who_may_not_is_listed_apart_with_every_reason_and_no_points() -> None:
    mentors = [a_mentor(1, live=6), a_mentor(2)]
    ranking = rank(a_mentee(), mentors, Facts(check_with_staff=frozenset({TOGETHER})))
    assert [each.mentor.id.int for each in ranking.candidates] == [2]
    assert [each.bars for each in ranking.excluded] == [(B.mentor_full, B.check_with_staff)]


def test_a_mentee_who_may_not_be_given_anybody_gets_no_list_at_all() -> None:
    for bar in (B.mentee_not_accepted, B.mentee_not_here):
        ranking = rank(a_mentee(bars=frozenset({bar})), [a_mentor()], Facts())
        assert (ranking.candidates, ranking.excluded) == ((), ())


@pytest.mark.parametrize(
    ("excluded", "why"),
    [
        ([], UnmatchedWhy.no_capacity),
        ([(B.mentor_full,)], UnmatchedWhy.no_capacity),
        ([(B.mentor_full,), (B.check_with_staff,)], UnmatchedWhy.no_capacity),
        ([(B.check_with_staff,)], UnmatchedWhy.every_candidate_excluded),
        ([(B.mentor_full, B.knows_each_other)], UnmatchedWhy.every_candidate_excluded),
    ],
)
def test_why_somebody_has_no_mentor(
    excluded: Sequence[tuple[MatchBar, ...]], why: UnmatchedWhy
) -> None:
    against = tuple(Excluded(a_mentor(number), each) for number, each in enumerate(excluded))
    assert why_not(Ranking(a_mentee(), (), against)) is why
    assert why_not(Ranking(a_mentee(bars=frozenset({B.mentee_not_here})))) is (
        UnmatchedWhy.every_candidate_excluded
    )
