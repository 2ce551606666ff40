"""Which mentors fit a mentee, best first, and which may not: decided purely, every reason said.

Points say how two people fit. They say nothing about either of them: no number here grades a
person, and none is kept but in a proposal. What is asked of the database is in `match_facts.py`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from app.models.matching import FitCode, MatchBar
from app.models.people import same_wing
from app.models.profiles import Preference, Skill
from app.services.usual_times import WHENEVER, Spans, common, minutes

CONTINUITY = 30
FREE_PLACES = 20
SHARED_LANGUAGE = 15
A_PREFERENCE = 8
A_TOPIC, TOPICS_AT_MOST = 10, 2
A_SKILL, SKILLS_AT_MOST = 6, 3
USUAL_TIMES = 12
YEARS_APART = 5
IN_GROUPS = frozenset({Skill.art, Skill.music, Skill.sport, Skill.cbt_group})
LONG_AGO = datetime.min.replace(tzinfo=UTC)
Codes = frozenset[str]
Two = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Traits:
    """What a profile says of somebody. `topics` are empty unless they consent."""

    languages: Codes = frozenset()
    skills: Codes = frozenset()
    needs: Codes = frozenset()
    preferences: Codes = frozenset()
    topics: Codes = frozenset()


@dataclass(frozen=True, slots=True)
class MentorSide:
    """An active mentor. `bars`: what keeps everybody from them; `can_serve`: in any week."""

    id: UUID
    person_id: UUID
    name: str
    live: int
    places: int
    traits: Traits = Traits()
    born: date | None = None
    wing: str | None = None
    own_wing_only: bool = False
    last_paired_at: datetime | None = None
    bars: frozenset[MatchBar] = frozenset()
    can_serve: Spans = WHENEVER

    @property
    def full(self) -> bool:
        return self.live >= self.places


@dataclass(frozen=True, slots=True)
class MenteeSide:
    """A mentee. `bars`: what keeps everybody from them; `usual`: when they were met lately, a
    time as often as it was."""

    id: UUID
    person_id: UUID
    name: str
    since: datetime
    traits: Traits = Traits()
    born: date | None = None
    wing: str | None = None
    bars: frozenset[MatchBar] = frozenset()
    safety_need: bool = False
    usual: Spans = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of twos, by their persons, the mentor's first; `paired` by their episodes.
    `check_with_staff`: whom the prison keeps apart; `reported`: of whom one has complained of the
    other, or raised a concern. Both are one word."""

    check_with_staff: frozenset[Two] = frozenset()
    reported: frozenset[Two] = frozenset()
    acquainted: frozenset[Two] = frozenset()
    went_well: frozenset[Two] = frozenset()
    paired: frozenset[Two] = frozenset()


@dataclass(frozen=True, slots=True)
class Part:
    """One reason for a mentor."""

    code: FitCode
    points: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A mentor who may, and why they should."""

    mentor: MentorSide
    parts: tuple[Part, ...]

    @property
    def points(self) -> int:
        return sum(part.points for part in self.parts)

    @property
    def fit(self) -> int:
        """The points without those for free places, which change with every pairing made."""
        return sum(part.points for part in self.parts if part.code is not FitCode.free_places)


@dataclass(frozen=True, slots=True)
class Excluded:
    """A mentor who may not now, with every reason, in the order of the list."""

    mentor: MentorSide
    bars: tuple[MatchBar, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Every active mentor as one mentee might get them."""

    mentee: MenteeSide
    candidates: tuple[Candidate, ...] = ()
    excluded: tuple[Excluded, ...] = field(default=())


def continuity(mentor: MentorSide, mentee: MenteeSide, facts: Facts) -> int:
    """They were a pair before, and it ended well."""
    return CONTINUITY if (mentor.person_id, mentee.person_id) in facts.went_well else 0


def free_places(mentor: MentorSide, mentee: MenteeSide, facts: Facts) -> int:
    """The share of the mentor's places that are free."""
    return FREE_PLACES * max(mentor.places - mentor.live, 0) // mentor.places


def shared_language(mentor: MentorSide, mentee: MenteeSide, facts: Facts) -> int:
    return SHARED_LANGUAGE if mentor.traits.languages & mentee.traits.languages else 0


def preferences(mentor: MentorSide, mentee: MenteeSide, facts: Facts) -> int:
    """Each preference that the mentor meets. Lived experience has a part of its own."""
    asked = mentee.traits.preferences
    return A_PREFERENCE * sum(meets(mentor, mentee) for code, meets in MET.items() if code in asked)


def lived_experience(mentor: MentorSide, mentee: MenteeSide, facts: Facts) -> int:
    """What both have been through, where the mentee asks for it and both consent."""
    if Preference.lived_experience not in mentee.traits.preferences:
        return 0
    return A_TOPIC * min(len(mentor.traits.topics & mentee.traits.topics), TOPICS_AT_MOST)


def skills(mentor: MentorSide, mentee: MenteeSide, facts: Facts) -> int:
    return A_SKILL * min(len(mentor.traits.skills & mentee.traits.needs), SKILLS_AT_MOST)


def usual_times(mentor: MentorSide, mentee: MenteeSide, facts: Facts) -> int:
    """The share of the mentee's usual times at which the mentor can serve; nothing for anybody
    where the mentee has none yet."""
    whole = minutes(mentee.usual)
    return USUAL_TIMES * common(mentee.usual, mentor.can_serve) // whole if whole else 0


def years_older(mentor: MentorSide, mentee: MenteeSide) -> float | None:
    """By how many years the mentor is older; None when a date of birth is not known."""
    if mentor.born is None or mentee.born is None:
        return None
    return (mentee.born - mentor.born).days / 365.25


def _older(mentor: MentorSide, mentee: MenteeSide) -> bool:
    years = years_older(mentor, mentee)
    return years is not None and years >= YEARS_APART


def _younger(mentor: MentorSide, mentee: MenteeSide) -> bool:
    years = years_older(mentor, mentee)
    return years is not None and years <= -YEARS_APART


def _of_an_age(mentor: MentorSide, mentee: MenteeSide) -> bool:
    years = years_older(mentor, mentee)
    return years is not None and abs(years) < YEARS_APART


MET: dict[Preference, Callable[[MentorSide, MenteeSide], bool]] = {
    Preference.same_language: lambda mentor, mentee: bool(
        mentor.traits.languages & mentee.traits.languages
    ),
    Preference.older_mentor: _older,
    Preference.younger_mentor: _younger,
    Preference.similar_age: _of_an_age,
    Preference.group_first: lambda mentor, mentee: bool(mentor.traits.skills & IN_GROUPS),
    Preference.quiet_person: lambda mentor, mentee: Skill.quiet_company in mentor.traits.skills,
}
FIT: tuple[tuple[FitCode, Callable[[MentorSide, MenteeSide, Facts], int]], ...] = (
    (FitCode.continuity, continuity),
    (FitCode.free_places, free_places),
    (FitCode.shared_language, shared_language),
    (FitCode.preferences, preferences),
    (FitCode.lived_experience, lived_experience),
    (FitCode.skills, skills),
    (FitCode.usual_times, usual_times),
)
MOST: dict[FitCode, int] = {
    FitCode.continuity: CONTINUITY,
    FitCode.free_places: FREE_PLACES,
    FitCode.shared_language: SHARED_LANGUAGE,
    FitCode.preferences: A_PREFERENCE * len(MET),
    FitCode.lived_experience: A_TOPIC * TOPICS_AT_MOST,
    FitCode.skills: A_SKILL * SKILLS_AT_MOST,
    FitCode.usual_times: USUAL_TIMES,
}


def between(mentor: MentorSide, mentee: MenteeSide, facts: Facts) -> Iterable[MatchBar]:
    """What keeps these two apart."""
    people = (mentor.person_id, mentee.person_id)
    paired = (mentor.id, mentee.id) in facts.paired
    if mentor.person_id == mentee.person_id:
        yield MatchBar.same_person
    if not paired and (people in facts.check_with_staff or people in facts.reported):
        yield MatchBar.check_with_staff  # of a pair it would tell that something came up since
    if people in facts.acquainted:
        yield MatchBar.knows_each_other
    if paired:
        yield MatchBar.already_paired
    if mentor.own_wing_only and not same_wing(mentor.wing, mentee.wing):
        yield MatchBar.own_wing_only


def bars(mentor: MentorSide, mentee: MenteeSide, facts: Facts) -> tuple[MatchBar, ...]:
    """Everything that keeps the two from being paired now, in the order of the list."""
    found = {*mentor.bars, *between(mentor, mentee, facts)}
    if mentor.full:
        found.add(MatchBar.mentor_full)
    return tuple(bar for bar in MatchBar if bar in found)


def fit(mentor: MentorSide, mentee: MenteeSide, facts: Facts) -> tuple[Part, ...]:
    """Every part that speaks for the mentor, in the order of the list."""
    found = (Part(code, points(mentor, mentee, facts)) for code, points in FIT)
    return tuple(part for part in found if part.points)


def _order(candidate: Candidate) -> tuple[int, int, datetime, UUID]:
    """The most points, then the fewest mentees, then who waited longest for one, then the id."""
    mentor = candidate.mentor
    return (-candidate.points, mentor.live, mentor.last_paired_at or LONG_AGO, mentor.id)


def rank(mentee: MenteeSide, mentors: Sequence[MentorSide], facts: Facts) -> Ranking:
    """The mentors for one mentee. The same facts give the same answer, in whatever order they
    come; where something keeps everybody from the mentee there is none."""
    if mentee.bars:
        return Ranking(mentee)
    against = {mentor: bars(mentor, mentee, facts) for mentor in mentors}
    candidates = [
        Candidate(mentor, fit(mentor, mentee, facts)) for mentor in mentors if not against[mentor]
    ]
    excluded = [Excluded(mentor, against[mentor]) for mentor in mentors if against[mentor]]
    return Ranking(
        mentee,
        tuple(sorted(candidates, key=_order)),
        tuple(sorted(excluded, key=lambda each: (each.mentor.name, each.mentor.id))),
    )
