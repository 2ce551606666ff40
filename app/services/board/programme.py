"""The board's rules about those who wait: applicants, mentors, mentees, and second persons."""

from typing import Any

from sqlalchemy import and_, func
from sqlmodel import col

from app.models.board import BoardBand, BoardRule
from app.models.clients import Client
from app.models.legal_holds import HoldStatus, LegalHold
from app.models.mentees import Mentee, MenteeStatus
from app.models.mentors import Mentor, MentorStatus
from app.models.pairings import Pairing, PairingStatus
from app.models.releases import Release, ReleaseStatus
from app.models.sessions import Session, SessionStatus
from app.models.staff import Role, Staff
from app.models.trainings import Training, TrainingStatus
from app.services.board.rules import NURSES, SOON, SW, C, G, M, Rule, entered, person_of
from app.ties import MY_MENTOR, MY_STAFF, MY_SUBJECT

_waiting = BoardBand.waiting


def _mentor(rule: BoardRule, roles: tuple[Role, ...], *states: MentorStatus, **rest: Any) -> Rule:
    """A mentor in one of these states waits for the roles."""
    when = col(Mentor.status).in_(states)
    return Rule(
        rule,
        rest.pop("band", _waiting),
        roles,
        Mentor,
        "mentors",
        when=and_(when, rest.pop("when")) if "when" in rest else when,
        since=entered(Mentor),
        person=col(Mentor.person_id),
        **rest,
    )


def _mentee(rule: BoardRule, roles: tuple[Role, ...], *states: MenteeStatus, **rest: Any) -> Rule:
    """A mentee in one of these states waits for the roles."""
    return Rule(
        rule,
        rest.pop("band", _waiting),
        roles,
        Mentee,
        "mentees",
        when=col(Mentee.status).in_(states),
        since=entered(Mentee),
        person=col(Mentee.person_id),
        **rest,
    )


def _training(rule: BoardRule, status: TrainingStatus) -> Rule:
    return Rule(
        rule,
        _waiting,
        NURSES,
        Training,
        "trainings",
        when=col(Training.status) == status,
        since=entered(Training),
        person=person_of(Mentor, col(Training.mentor_id), Training),
    )


APPLICATIONS = (
    _mentor(BoardRule.application_to_screen, (SW,), MentorStatus.submitted),
    _mentor(BoardRule.application_to_interview, (SW, C), MentorStatus.screened),
    _mentor(BoardRule.application_to_put_forward, (SW,), MentorStatus.interviewed),
    _mentor(BoardRule.appeal_to_put_forward, (SW,), MentorStatus.appealed),
    _mentor(BoardRule.application_to_decide, (G,), MentorStatus.governor_review),
    _mentor(BoardRule.mentor_to_make_active, (G,), MentorStatus.ready_for_sign_off),
)
MENTORS = (
    _mentor(BoardRule.suspension_to_review, (G,), MentorStatus.suspended, band=BoardBand.safety),
    _mentor(
        BoardRule.clearance_runs_out,
        (SW, G),
        MentorStatus.active,
        when=col(Mentor.clearance_to) < SOON,
    ),
    _mentor(
        BoardRule.end_to_correct,
        (SW, C, G),
        *sorted({MentorStatus.transferred, MentorStatus.released, MentorStatus.deceased}),
        when=and_(
            col(Mentor.correction_asked_by).is_not(None),
            col(Mentor.correction_asked_by) != MY_SUBJECT,
        ),
    ),
    _training(BoardRule.training_to_assess, TrainingStatus.attended),
    _training(BoardRule.training_to_sign_off, TrainingStatus.assessed),
)
MENTEES = (
    _mentee(
        BoardRule.referral_to_triage,
        (SW,),
        MenteeStatus.referred,
        MenteeStatus.self_referred,
        due=col(Mentee.triage_by),
    ),
    _mentee(BoardRule.mentee_to_place, (SW,), MenteeStatus.triage, MenteeStatus.accepted),
    _mentee(BoardRule.offer_to_answer, (SW,), MenteeStatus.offered),
    _mentee(BoardRule.mentee_stepped_up, (C,), MenteeStatus.stepped_up, band=BoardBand.safety),
    Rule(
        BoardRule.pairing_to_reassign,
        _waiting,
        (SW,),
        Pairing,
        "pairings",
        when=col(Pairing.status) == PairingStatus.to_reassign,
        since=entered(Pairing),
        person=person_of(Mentee, col(Pairing.mentee_id), Pairing),
    ),
)
SECOND_PERSONS = (
    Rule(
        BoardRule.hold_to_confirm,
        _waiting,
        (G, Role.mental_health_lead),
        LegalHold,
        "legal-holds",
        when=and_(
            col(LegalHold.status) == HoldStatus.lift_asked,
            col(LegalHold.lift_asked_by) != MY_SUBJECT,
        ),
        since=entered(LegalHold),
        person=col(LegalHold.person_id),
    ),
    Rule(
        BoardRule.release_to_decide,
        _waiting,
        (G, Role.mental_health_lead),
        Release,
        "releases",
        when=and_(
            col(Release.status) == ReleaseStatus.requested,
            col(Release.requested_by) != MY_STAFF,
        ),
        since=col(Release.recorded_at),
        due=col(Release.expires_at),
        person=col(Release.person_id),
    ),
    Rule(
        BoardRule.staff_to_confirm,
        _waiting,
        (G, Role.mental_health_lead),
        Staff,
        "staff",
        when=and_(
            col(Staff.confirmation_asked_by).is_not(None),
            col(Staff.confirmation_asked_by) != MY_STAFF,
        ),
        since=col(Staff.recorded_at),
    ),
    Rule(
        BoardRule.client_to_confirm,
        _waiting,
        (G, Role.mental_health_lead),
        Client,
        "clients",
        when=and_(
            func.cardinality(col(Client.pending_scopes)) > 0,
            col(Client.asked_by).is_distinct_from(MY_SUBJECT),
        ),
        since=col(Client.recorded_at),
    ),
)
MENTORS_OWN = (
    Rule(
        BoardRule.session_today,
        _waiting,
        (M,),
        Session,
        "sessions",
        when=and_(col(Session.live)),
        since=col(Session.recorded_at),
        due=col(Session.starts_at),
    ),
    Rule(
        BoardRule.note_to_write,
        _waiting,
        (M,),
        Session,
        "sessions",
        when=and_(col(Session.mentor_id) == MY_MENTOR, col(Session.status) == SessionStatus.held),
        since=col(Session.ends_at),
        due=col(Session.locks_at),
    ),
)
PROGRAMME: tuple[Rule, ...] = (
    *APPLICATIONS,
    *MENTORS,
    *MENTEES,
    *SECOND_PERSONS,
    *MENTORS_OWN,
)
