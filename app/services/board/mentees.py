"""The board's rules about mentees, and whoever asked for something."""

from functools import partial

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import col

from app.models.acquaintances import Acquaintance
from app.models.board import BoardBand, BoardRule
from app.models.complaints import UNANSWERED, Complaint
from app.models.enrolments import Enrolment, EnrolmentStatus
from app.models.match_proposals import MatchProposal, MatchProposalStatus
from app.models.mentees import Mentee, MenteeStatus
from app.models.pairings import Pairing, PairingStatus
from app.models.staff import Role
from app.models.tasks import Task, TaskKind, TaskStatus
from app.models.wing_places import WingPlace, WingPlaceStatus
from app.services.board.rules import SW, C, G, Rule, entered, in_state, person_of
from app.services.board.tasks import TOLD_BY_THE_THING, task_rule
from app.services.tasks.ladder import OF_SAFETY
from app.services.wing_places import IN_REACH
from app.ties import HERE, MY_STAFF

_waiting = BoardBand.waiting


def _with_a_mentor(*states: PairingStatus) -> ColumnElement[bool]:
    """Whether the mentee has a pairing in one of these states."""
    found = (
        select(col(Pairing.id))
        .where(
            col(Pairing.prison_id) == HERE,
            col(Pairing.mentee_id) == col(Mentee.id),
            col(Pairing.status).in_(states),
        )
        .correlate(Mentee)
    )
    return found.exists()


def _paired(role: Role) -> ColumnElement[bool]:
    return _with_a_mentor(PairingStatus.live)


def _asked_about() -> ColumnElement[bool]:
    """Whether a task asks to look again at who waits for a place."""
    found = (
        select(col(Task.id))
        .where(
            col(Task.prison_id) == HERE,
            col(Task.thing_id) == col(WingPlace.id),
            col(Task.kind) == TaskKind.wing_place_due,
            col(Task.status) == TaskStatus.open,
        )
        .correlate(WingPlace)
    )
    return found.exists()


def _unanswered(role: Role) -> ColumnElement[bool]:
    """Mine, or nobody's yet."""
    return and_(
        col(Complaint.status).in_(sorted(UNANSWERED)),
        or_(col(Complaint.assigned_to) == MY_STAFF, col(Complaint.assigned_to).is_(None)),
    )


_mentee = partial(in_state, Mentee, "mentees")


MENTEES = (
    _mentee(
        BoardRule.referral_to_triage,
        (SW,),
        MenteeStatus.referred,
        MenteeStatus.self_referred,
        due=col(Mentee.triage_by),
    ),
    _mentee(BoardRule.mentee_to_place, (SW,), MenteeStatus.triage, MenteeStatus.accepted),
    _mentee(
        BoardRule.mentor_to_find,
        (SW,),
        MenteeStatus.engaged,
        when=lambda role: ~_with_a_mentor(PairingStatus.live, PairingStatus.to_reassign),
    ),
    _mentee(BoardRule.offer_to_make, (SW,), MenteeStatus.waiting, when=_paired),
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
WHO_ASKED = (
    Rule(
        BoardRule.proposal_to_decide,
        _waiting,
        (SW,),
        MatchProposal,
        "match-proposals",
        when=col(MatchProposal.status) == MatchProposalStatus.proposed,
        since=col(MatchProposal.recorded_at),
        due=col(MatchProposal.expires_at),
    ),
    Rule(  # put to them now: the answer's time is theirs, and none of ours to wait for
        BoardRule.place_to_answer,
        _waiting,
        (SW,),
        Enrolment,
        "enrolments",
        when=col(Enrolment.status) == EnrolmentStatus.offered,
        since=col(Enrolment.offered_at),
        person=person_of(Mentee, col(Enrolment.mentee_id), Enrolment),
    ),
    Rule(
        BoardRule.complaint_to_answer,
        _waiting,
        (SW, C, G),
        Complaint,
        "complaints",
        when=_unanswered,
        since=col(Complaint.recorded_at),
        due=col(Complaint.due_at),
        person=col(Complaint.raised_by_person_id),
    ),
    Rule(
        BoardRule.wing_place_to_decide,
        _waiting,
        (SW,),
        WingPlace,
        "wing-places",
        when=or_(
            col(WingPlace.status) == WingPlaceStatus.requested,
            and_(col(WingPlace.status) == WingPlaceStatus.waiting, _asked_about(), ~IN_REACH),
        ),
        since=col(WingPlace.requested_at),
        person=col(WingPlace.person_id),
    ),
    Rule(
        BoardRule.wing_place_to_give,
        _waiting,
        (SW,),
        WingPlace,
        "wing-places",
        when=and_(col(WingPlace.status) == WingPlaceStatus.waiting, IN_REACH),
        since=col(WingPlace.requested_at),
        person=col(WingPlace.person_id),
    ),
    Rule(
        BoardRule.wing_place_to_take_up,
        _waiting,
        (SW,),
        WingPlace,
        "wing-places",
        when=col(WingPlace.status) == WingPlaceStatus.allocated,
        since=col(WingPlace.allocated_at),
        person=col(WingPlace.person_id),
    ),
    Rule(
        BoardRule.acquaintance_to_resolve,
        _waiting,
        (SW, C),
        Acquaintance,
        "acquaintances",
        when=and_(
            col(Acquaintance.other_person_id).is_(None), col(Acquaintance.withdrawn_at).is_(None)
        ),
        since=col(Acquaintance.declared_at),
        person=col(Acquaintance.person_id),
    ),
    task_rule(
        BoardRule.task_to_do,
        _waiting,
        col(Task.kind).not_in(sorted(OF_SAFETY | TOLD_BY_THE_THING)),
    ),
)
MENTEES_RULES: tuple[Rule, ...] = (*MENTEES, *WHO_ASKED)
