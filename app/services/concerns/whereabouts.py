"""Whether whoever a concern is about has left the prison."""

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import col

from app.models.concerns import Concern
from app.models.deaths import Death, DeathStatus
from app.models.mentees import MENTEE_ENDED, Mentee, MenteeStatus
from app.models.mentors import MENTOR_ENDED, Mentor, MentorStatus
from app.models.moves import History
from app.models.people import Person, Presence

LEFT_BEFORE = timedelta(days=30)
"""An episode that ended longer before the concern tells nothing of where the person is."""


def _ended(model: type[Mentor] | type[Mentee], left: list[str]) -> ColumnElement[bool]:
    """Whether an episode of the person was moved to one of these ends lately."""
    theirs = select(col(model.id)).where(
        col(model.prison_id) == col(Concern.prison_id),
        col(model.person_id) == col(Concern.subject_person_id),
        col(model.status).in_(left),
    )
    moved = select(col(History.id)).where(
        col(History.prison_id) == col(Concern.prison_id),
        col(History.thing_id).in_(theirs.correlate(Concern)),
        col(History.to_state).in_(left),
        col(History.recorded_at) >= col(Concern.raised_at) - LEFT_BEFORE,
    )
    return moved.correlate(Concern).exists()


def _live(model: type[Mentor] | type[Mentee], ended: frozenset[str]) -> ColumnElement[bool]:
    found = select(col(model.id)).where(
        col(model.prison_id) == col(Concern.prison_id),
        col(model.person_id) == col(Concern.subject_person_id),
        col(model.status).not_in(sorted(ended)),
    )
    return found.correlate(Concern).exists()


def has_left() -> ColumnElement[bool]:
    """By the prison's own system; or, where nobody has said otherwise, by how their episodes here
    ended. The dead have not left: nobody elsewhere looks after them."""
    person = select(col(Person.id)).where(
        col(Person.prison_id) == col(Concern.prison_id),
        col(Person.id) == col(Concern.subject_person_id),
        col(Person.presence) == Presence.left,
        col(Person.merged_into).is_(None),
    )
    dead = select(col(Death.id)).where(
        col(Death.prison_id) == col(Concern.prison_id),
        col(Death.person_id) == col(Concern.subject_person_id),
        col(Death.status) == DeathStatus.reported,
    )
    mentor_ends = [MentorStatus.transferred.value, MentorStatus.released.value]
    mentee_ends = [MenteeStatus.transferred.value, MenteeStatus.released.value]
    by_episodes = and_(
        col(Concern.not_left_reason).is_(None),
        or_(_ended(Mentor, mentor_ends), _ended(Mentee, mentee_ends)),
        ~_live(Mentor, MENTOR_ENDED),
        ~_live(Mentee, MENTEE_ENDED),
    )
    gone = or_(person.correlate(Concern).exists(), by_episodes)
    return and_(gone, ~dead.correlate(Concern).exists())
