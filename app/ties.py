"""What ties an actor to a person: a pairing, a caseload, a broken glass, a permission to share.

`app/scope.py` narrows by these. The actor is left open as bind parameters (see `Actor.scope`).
"""

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, literal, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.models.break_glass import BreakGlass
from app.models.caseloads import Caseload
from app.models.mentees import MENTEE_ENDED, Mentee
from app.models.pairings import Pairing, PairingStatus
from app.models.people import Person, Presence
from app.models.permissions import PermissionStatus, Purpose, Recipient, SharingPermission

HERE: BindParameter[Any] = bindparam("actor_prison")
MY_SUBJECT: BindParameter[Any] = bindparam("actor_subject")
MY_STAFF: BindParameter[Any] = bindparam("actor_staff")
MY_PERSON: BindParameter[Any] = bindparam("actor_person")
MY_MENTOR: BindParameter[Any] = bindparam("actor_mentor")
NOW: BindParameter[Any] = bindparam("actor_now")


def my_mentees() -> Any:
    """Mentees of the mentor's live pairings, as long as they are this prison's."""
    return select(col(Pairing.mentee_id)).where(
        col(Pairing.prison_id) == HERE,
        col(Pairing.mentor_id) == MY_MENTOR,
        col(Pairing.status) == PairingStatus.live,
        still_here(col(Pairing.mentee_id)),
    )


def still_here(mentee_id: Any) -> ColumnElement[bool]:
    """Whether a mentee's person has not left the prison."""
    mentee = aliased(Mentee)
    staying = select(col(mentee.id)).where(
        col(mentee.prison_id) == HERE, not_left(col(mentee.person_id))
    )
    return col(mentee_id).in_(staying)


def glass_broken(person_column: Any) -> ColumnElement[bool]:
    """Whether the actor has broken the glass of that person's records, and it is still open."""
    in_force = select(col(BreakGlass.person_id)).where(
        col(BreakGlass.prison_id) == HERE,
        col(BreakGlass.staff_id) == MY_STAFF,
        col(BreakGlass.ended_at).is_(None),
        col(BreakGlass.begins_at) <= NOW,
        col(BreakGlass.expires_at) > NOW,
    )
    return col(person_column).in_(in_force)


def not_revoked(person: Any, recipient: Recipient, purpose: Purpose) -> ColumnElement[bool]:
    """Whether a person has not taken back their permission to share, or has given it anew.

    It hides what was shared by permission. What is told for safety never asks it."""

    def stands(status: PermissionStatus) -> ColumnElement[bool]:
        found = select(literal(1)).where(
            col(SharingPermission.prison_id) == HERE,
            col(SharingPermission.person_id) == person,
            col(SharingPermission.recipient) == recipient,
            col(SharingPermission.purpose) == purpose,
            col(SharingPermission.status) == status,
        )
        return found.exists()

    return or_(stands(PermissionStatus.given), ~stands(PermissionStatus.revoked))


def not_left(person: Any) -> ColumnElement[bool]:
    """Whether a person is still this prison's: access ends with their transfer or release."""
    staying = select(col(Person.id)).where(
        col(Person.prison_id) == HERE, col(Person.presence) != Presence.left
    )
    return col(person).in_(staying)


def my_patient(person: Any) -> ColumnElement[bool]:
    """Whether a person is on the actor's own caseload now."""
    mine = select(col(Caseload.person_id)).where(
        col(Caseload.prison_id) == HERE,
        col(Caseload.staff_id) == MY_STAFF,
        col(Caseload.ended_at).is_(None),
    )
    return and_(col(person).in_(mine), not_left(person))


def in_support(person: Any) -> ColumnElement[bool]:
    """Whether a person is a mentee of the scheme now."""
    live = select(col(Mentee.person_id)).where(
        col(Mentee.prison_id) == HERE, col(Mentee.status).not_in(sorted(MENTEE_ENDED))
    )
    return and_(col(person).in_(live), not_left(person))


def in_my_care(person: Any) -> ColumnElement[bool]:
    """Whether a clinician may read and write clinically of a person: a mentee, a patient of their
    own, or one whose glass they broke."""
    return or_(in_support(person), my_patient(person), glass_broken(person))
