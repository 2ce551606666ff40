"""The board's rules about what one person asked for and a second one must confirm."""

from sqlalchemy import and_, func
from sqlmodel import col

from app.models.board import BoardBand, BoardRule
from app.models.clients import Client
from app.models.legal_holds import HoldStatus, LegalHold
from app.models.releases import Release, ReleaseStatus
from app.models.staff import Role, Staff
from app.services.board.rules import G, Rule, entered
from app.ties import MY_STAFF, MY_SUBJECT

_waiting = BoardBand.waiting

SECOND_PERSONS: tuple[Rule, ...] = (
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
