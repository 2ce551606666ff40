"""Which rows of the clinical room an actor may see; a part of `app/scope.py`.

Role and relationship and prison: a clinician sees the notes of those they care for, a mentor the
items of a safety plan that their own mentee ticked for them. Towards mentors and support workers a
plan without such an item is not there.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlmodel import SQLModel, col

from app.models.base import Disclosure
from app.models.caseloads import Caseload
from app.models.clinical_notes import ClinicalNote
from app.models.life_events import FactKind, LifeEvent
from app.models.mentees import Mentee
from app.models.permissions import Purpose, Recipient
from app.models.questionnaires import Questionnaire, QuestionnaireStatus
from app.models.safety_plans import SafetyItem, SafetyPlan
from app.models.staff import Role
from app.models.texts import TextVersion
from app.ties import (
    HERE,
    MY_PERSON,
    MY_STAFF,
    MY_SUBJECT,
    glass_broken,
    in_my_care,
    in_support,
    my_mentees,
    my_patient,
    not_left,
    not_revoked,
)

READ_BY_SUPPORT_WORKERS = [
    "session",
    "mentee",
    "statement",
    "character_reference",
    "interview",
    "supervision",
    "joint_review",
    "goal",
]


def _caseloads(role: Role) -> ColumnElement[bool]:
    return true() if role.family is Role.clinician else false()


def _whole_notes() -> ColumnElement[bool]:
    """Notes of which a clinician reads every word: their own, their patients', behind glass."""
    person = col(ClinicalNote.person_id)
    own = col(ClinicalNote.author_staff_id) == MY_STAFF
    return or_(own, my_patient(person), glass_broken(person))


def _clinical_notes(role: Role) -> ColumnElement[bool]:
    """Of a mentee who is not their patient clinicians read what is not restricted."""
    if role.family is not Role.clinician:
        return false()
    unrestricted = col(ClinicalNote.disclosure) != Disclosure.restricted
    return or_(_whole_notes(), and_(unrestricted, in_support(col(ClinicalNote.person_id))))


def _ids(model: Any, condition: ColumnElement[bool]) -> Any:
    return select(model.id).where(model.prison_id == HERE, condition)


def _text_versions(role: Role) -> ColumnElement[bool]:
    """Versions go with their thing; of a note each is as restricted as it was written, for its
    author and those who read the whole note excepted."""
    noun, thing = col(TextVersion.noun), col(TextVersion.thing_id)
    if role is Role.support_worker:
        return noun.in_(READ_BY_SUPPORT_WORKERS)
    if role is Role.mentor:  # words they added themselves to a note of theirs
        return and_(noun == "session", col(TextVersion.author_subject) == MY_SUBJECT)
    if role.family is not Role.clinician:
        return false()
    unrestricted = or_(
        col(TextVersion.disclosure) != Disclosure.restricted,
        col(TextVersion.author_subject) == MY_SUBJECT,
    )
    return or_(
        noun.in_(READ_BY_SUPPORT_WORKERS),
        thing.in_(_ids(ClinicalNote, _whole_notes())),
        and_(unrestricted, thing.in_(_ids(ClinicalNote, _clinical_notes(role)))),
        thing.in_(_ids(SafetyItem, _items_of(_plans_within_reach(role)))),
    )


def _plans_within_reach(role: Role) -> ColumnElement[bool]:
    """The plans of which a role may see some or all: by relation, and by permission to share."""
    person = col(SafetyPlan.person_id)
    if role.family is Role.clinician:
        return in_my_care(person)
    stands = and_(col(SafetyPlan.ended_at).is_(None), not_left(person))
    if role is Role.support_worker:
        return and_(stands, not_revoked(person, Recipient.support_workers, Purpose.safety_plan))
    if role is not Role.mentor:
        return false()
    theirs = select(col(Mentee.person_id)).where(
        col(Mentee.prison_id) == HERE, col(Mentee.id).in_(my_mentees())
    )
    return and_(
        stands,
        person.in_(theirs),
        person.is_distinct_from(MY_PERSON),
        not_revoked(person, Recipient.mentor, Purpose.safety_plan),
        not_revoked(person, Recipient.mentor, Purpose.peer_support),
    )


def _items_of(plans: ColumnElement[bool]) -> ColumnElement[bool]:
    return col(SafetyItem.plan_id).in_(_ids(SafetyPlan, plans))


def _ticked(role: Role) -> ColumnElement[bool]:
    """Items that stand, and that the person ticked for this role's eyes."""
    for_mentors = role.family is Role.mentor
    ticked = SafetyItem.shared_with_mentor if for_mentors else SafetyItem.shared_with_staff
    return and_(col(SafetyItem.removed_at).is_(None), col(ticked).is_(true()))


def _safety_plans(role: Role) -> ColumnElement[bool]:
    within_reach = _plans_within_reach(role)
    if role.family is Role.clinician:
        return within_reach
    some = select(col(SafetyItem.plan_id)).where(col(SafetyItem.prison_id) == HERE, _ticked(role))
    return and_(within_reach, col(SafetyPlan.id).in_(some))


def _safety_items(role: Role) -> ColumnElement[bool]:
    of_plans = _items_of(_plans_within_reach(role))
    if role.family is Role.clinician:
        return and_(of_plans, col(SafetyItem.removed_at).is_(None))
    return and_(of_plans, _ticked(role))


def _questionnaires(role: Role) -> ColumnElement[bool]:
    """Clinicians read what every mentee answered; support workers the totals that are shared."""
    if role.family is Role.clinician:
        return true()
    if role is not Role.support_worker:
        return false()
    return and_(
        col(Questionnaire.share_total),
        col(Questionnaire.total).is_not(None),
        col(Questionnaire.status) == QuestionnaireStatus.recorded,
    )


def _life_events(role: Role) -> ColumnElement[bool]:
    """Clinicians see all; support workers what people said and what staff recorded."""
    if role.family is Role.clinician:
        return true()
    if role is not Role.support_worker:
        return false()
    return col(LifeEvent.fact) != FactKind.clinical_finding


CLINICAL: dict[type[SQLModel], Callable[[Role], ColumnElement[bool]]] = {
    Caseload: _caseloads,
    ClinicalNote: _clinical_notes,
    TextVersion: _text_versions,
    Questionnaire: _questionnaires,
    LifeEvent: _life_events,
    SafetyPlan: _safety_plans,
    SafetyItem: _safety_items,
}
