"""Who may read what of a chronology: the matrix of `app/visibility.py`, as at an instant.

What may be seen of a concern depends on its clocks, so it is decided here on the concern as it
stood; the same answer whenever it is asked. Only that nobody reads of themselves is decided on
today's record as well.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.access import Actor
from app.concern_scope import TASKS_OF
from app.models.base import Disclosure
from app.models.complaints import ComplaintAbout
from app.models.concerns import (
    ActionForGovernor,
    ActionRead,
    AddendumRead,
    ConcernKind,
    ConcernRead,
)
from app.models.releases import Release
from app.models.safety_plans import SafetyItemRead
from app.models.staff import Role
from app.services.chronology.facts import PAGED_ABOUT, Doc, Facts, Row, carries
from app.services.concerns.routing import READ_BY_CLINICIANS
from app.services.escalation import Immediacy
from app.services.mentors import kind_of_move
from app.visibility import MATRIX

# Where a table's audience stands in the matrix. A table that is missing is told to no one reader;
# a test holds the list against the tables.
RESOURCES = {
    "person": "people",
    "mentor": "mentors",
    "observation": "mentors.observations",
    "clearance": "clearances",
    "training": "trainings",
    "placement": "placements",
    "assessment": "mentors.assessments",
    "cohort_member": "cohorts.members",
    "attendance": "cohorts.attendance",
    "mentee": "mentees",
    "supervision": "supervisions",
    "check_in": "check_ins",
    "pairing": "pairings",
    "session": "sessions",
    "enrolment": "enrolments",
    "series_plan": "series.plans",
    "participation": "sessions.participations",
    "concern": "concerns",
    "caseload": "caseloads",
    "clinical_note": "clinical_notes",
    "safety_plan": "safety_plans",
    "acct_pointer": "acct_pointers",
    "sharing_permission": "permissions",
    "explanation": "mentees.explanations",
    "task": "tasks",
    "break_glass": "break_glass",
    "death": "deaths",
    "legal_hold": "legal_holds",
    "release": "releases",
    "statement": "statements",
    "character_reference": "character_references",
    "interview": "interviews",
    "profile": "profiles",
    "acquaintance": "acquaintances",
    "prison_event": "prison_events",
    "welfare_check": "lockdowns.welfare_checks",
    "match_proposal_pair": "match_proposals.pairs",
    "goal": "goals",
    "questionnaire": "questionnaires",
    "life_event": "life_events",
    "complaint": "complaints",
    "wing_place": "wing_places",
    "contact_request": "contact_requests",
    "shift": "shifts",
    "availability": "availabilities",
    "effort": "efforts",
    "outreach_part": "outreach_visits",
}
# What the service did by itself, and whom the prison kept apart: told in a bundle only.
OF_THE_SERVICE = {
    "delivery",
    "outcome_cohort_member",
    "expiry",
    "non_association",
    "lockdown_session",
    "contact_offer",
    "handover_item",
}
PAGE = frozenset({*PAGED_ABOUT, "staff_id", "address", "why"})
# Tables of which not every row is within reach of those who read the others, as their nouns.
SOMETIMES = {"concern": "concerns", "break_glass": "break_glass", "complaint": "complaints"}
PARTS: dict[str, dict[Role, Any]] = {
    "action": {Role.governor: ActionForGovernor, Role.mental_health_lead: ActionRead},
    "addendum": {Role.governor: AddendumRead, Role.mental_health_lead: AddendumRead},
    "safety_item": {Role.mental_health_lead: SafetyItemRead},
}
_CLOCKS = (
    ("acknowledged_at", "acknowledge_by"),
    ("seen_at", "seen_by"),
    ("decided_at", "decide_by"),
)
_OF_CLINICIANS = {"clinical_note", "safety_item"}


def _shape(resource: str, role: Role) -> Any:
    audiences = MATRIX.get(resource, {})
    return audiences.get(role) or audiences.get(role.family)


def _instant(value: Any) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def governors_only(doc: Doc) -> bool:
    """About staff, or a security matter."""
    about_staff = doc["about_staff_id"] is not None or doc["about_staff_as_told"] is not None
    return about_staff or doc["kind"] == ConcernKind.security_matter


def complaint_for_governors(doc: Doc) -> bool:
    """About staff, or about a mentor whom nobody had named."""
    unnamed = doc["about"] == ComplaintAbout.mentor and doc["about_mentor_id"] is None
    return doc["about"] == ComplaintAbout.staff or doc["about_staff_id"] is not None or unnamed


def breached(doc: Doc, as_at: datetime) -> bool:
    """Whether one of the concern's clocks had run out."""
    ended = _instant(doc["closed_at"]) or as_at
    return any((_instant(doc[done]) or ended) > datetime.fromisoformat(doc[by])
               for done, by in _CLOCKS)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader in their role; or, without a role, the two persons who release a bundle, to whom
    everything is told but concerns about either of them."""

    role: Role | None
    staff_ids: frozenset[str]
    subjects: frozenset[str]

    def fields(self, row: Row) -> Collection[str] | None:
        """The fields of a row within reach; None: the row itself is not. Of a bundle: every one."""
        if self.role is None:
            return EVERY_FIELD
        if row.noun == "notification":
            return PAGE
        if row.noun in PARTS:
            found = PARTS[row.noun].get(self.role)
        elif row.noun == "concern" and self._reviews(row.then):
            found = ConcernRead
        else:
            found = _shape(RESOURCES.get(row.noun, ""), self.role)
        return None if found is None else frozenset(found.model_fields)

    def _reviews(self, doc: Doc) -> bool:
        """Governors review what is about a mentor or about staff, and read all of it."""
        return self.role is Role.governor and (doc["about_mentor"] or governors_only(doc))

    def visible(self, facts: Facts) -> dict[UUID, Row]:
        """The rows within reach."""
        concerns = {
            str(row.id)
            for row in facts.rows.values()
            if row.noun == "concern" and self._sees_concern(row, facts)
        }
        glasses = {
            str(row.id)
            for row in facts.rows.values()
            if row.noun == "break_glass" and self._sees_glass(row)
        }
        complaints = {
            str(row.id)
            for row in facts.rows.values()
            if row.noun == "complaint" and self._sees_complaint(row)
        }
        things = {"concerns": concerns, "break_glass": glasses, "complaints": complaints}
        seen = {
            row.id: row
            for row in facts.rows.values()
            if self.fields(row) is not None and self._sees(row, things)
        }
        known = {str(other) for other in seen}
        told = {
            each: row
            for each, row in seen.items()
            if row.noun != "notification" or _about(row) & known
        }
        return {each: row for each, row in told.items() if carries(row, told)}

    def _sees(self, row: Row, things: Mapping[str, set[str]]) -> bool:
        """`things`: the ids within reach, of the nouns of which not every row is."""
        doc, noun = row.then, SOMETIMES.get(row.noun)
        if noun is not None:
            return str(row.id) in things[noun]
        if row.noun in {"action", "addendum"}:
            return doc["concern_id"] in things["concerns"]
        if row.noun == "task":
            return self._sees_task(doc, things)
        return self._unrestricted(row.noun, doc.get("disclosure"), doc.get("author_staff_id"))

    def _sees_concern(self, row: Row, facts: Facts) -> bool:
        for doc in (row.today, row.then):
            if {doc["about_staff_id"], doc["about_line_id"]} & self.staff_ids:
                return False
        doc = row.then
        if self.role is None:
            return True
        if self.role is Role.governor:
            urgent = doc["immediacy"] == Immediacy.now or self._reviews(doc)
            return urgent or breached(doc, facts.as_at) or self._was_paged(row, facts)
        routed = governors_only(doc) or doc["about_mentor"]
        return not routed or doc["kind"] in READ_BY_CLINICIANS

    def _sees_complaint(self, row: Row) -> bool:
        """None about themselves or a mentor of theirs, then or today; about staff governors."""
        for doc in (row.today, row.then):
            if {doc["about_staff_id"], *doc["about_line_ids"]} & self.staff_ids:
                return False
        return self.role in {None, Role.governor} or not complaint_for_governors(row.then)

    def _was_paged(self, row: Row, facts: Facts) -> bool:
        return any(
            page.then["concern_id"] == str(row.id) and page.then["staff_id"] in self.staff_ids
            for page in facts.rows.values()
            if page.noun == "notification"
        )

    def _sees_glass(self, row: Row) -> bool:
        """A governor does not read of a glass of their own; the lead sees all."""
        return self.role is not Role.governor or row.then["staff_id"] not in self.staff_ids

    def _sees_task(self, doc: Doc, things: Mapping[str, set[str]]) -> bool:
        source = doc["thing_noun"]
        if source in things and doc["thing_id"] not in things[source]:
            return False
        if self.role is None or self.role is Role.governor:
            return True
        return doc["for_role"] in TASKS_OF[self.role] or doc["for_staff_id"] in self.staff_ids

    def _unrestricted(self, noun: str, disclosure: str | None, author: str | None) -> bool:
        """What a clinician wrote as restricted is theirs."""
        if self.role is None or noun not in _OF_CLINICIANS:
            return True
        return disclosure != Disclosure.restricted or author in self.staff_ids | self.subjects

    def reads_text(self, row: Row, field: str, disclosure: Disclosure, author: str) -> bool:
        """Whether a version of a text is within reach. Words added go with what they are added
        to."""
        within = self.fields(row) or ()
        of = {"session": "note", "clinical_note": "text"}.get(row.noun, field)
        named = of if field == "addendum" else field
        return named in within and self._unrestricted(row.noun, disclosure, author)

    def of_move(
        self, row: Row, actor_role: Role, from_state: str | None, to_state: str
    ) -> Collection[str]:
        """Which of a move's `reason` and `note` are within reach."""
        if self.role is None:
            return EVERY_FIELD
        resource = f"{RESOURCES.get(row.noun, '')}.history"
        if row.noun == "concern" and self._reviews(row.then):
            resource = "concerns.reviewed.history"
        if row.noun == "mentor":
            resource += kind_of_move(actor_role, from_state, to_state)
        found = _shape(resource, self.role)
        if found is not None:
            return frozenset(found.model_fields)
        outcome = {"note"} if "outcome" in (self.fields(row) or ()) else set()
        return {"reason", *outcome}


class _EveryField(Collection[str]):
    """Holds every name."""

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Any:
        raise TypeError("every field, and no list of them")

    def __len__(self) -> int:
        raise TypeError("every field, and no count of them")

    def __bool__(self) -> bool:
        return True


EVERY_FIELD = _EveryField()


def _about(row: Row) -> set[str]:
    return {row.then[name] for name in PAGED_ABOUT if row.then[name] is not None}


def reader_of(actor: Actor) -> Reader:
    """One reader, in their own role."""
    return Reader(actor.role, frozenset({str(actor.staff_id)}), frozenset({actor.subject}))


def releasing(release: Release) -> Reader:
    """The two persons of a release."""
    both = {str(release.requested_by), str(release.released_by)}
    return Reader(None, frozenset(both), frozenset())
