"""Refusals: what the service says no with. Each class knows its HTTP status and its stable code.

A service raises one; the handlers of `app/problems.py` answer `application/problem+json`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypedDict, Unpack

NOT_SAVED = "NOT SAVED, tell an officer now"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One mistake in what was sent: the field's path, a stable code and a sentence."""

    field: str
    code: str
    message: str


class Beside(TypedDict, total=False):
    """What a refusal may say besides, member by member of the problem."""

    clashes: list[dict[str, Any]]
    left_out: list[dict[str, Any]]
    gaps: list[dict[str, Any]]
    state: str
    line: int
    column: int
    byte: int


class Refused(Exception):
    """A request the service understood and will not carry out."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "The request was refused"
    headers: Mapping[str, str] = {}

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **extra: Unpack[Beside],
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or f"{self.title}."
        self.errors = tuple(errors)
        self.extra = extra
        if headers is not None:
            self.headers = headers


class Unauthenticated(Refused):
    status, code, title = 401, "unauthenticated", "A valid bearer token is needed"
    headers = {"WWW-Authenticate": "Bearer"}


class TokenRevoked(Unauthenticated):
    code, title = "token_revoked", "The token was revoked: sign in again"


class NotAllowed(Refused):
    status, code, title = 403, "not_allowed", "Your role may not do this"


class OwnRecord(Refused):
    status, code, title = (
        403,
        "own_record",
        "Nobody changes their own role or ends their own access",
    )


class NotOnDuty(Refused):
    code, title = "not_on_duty", "Only someone on duty can take this over"


class NursesOnly(Refused):
    status, code, title = 403, "nurses_only", "This is for a nurse or the mental health lead"


class NotFound(Refused):
    status, code, title = 404, "not_found", "Nothing here that you may see"


class TicketRefused(NotFound):
    code, title = "ticket_refused", "The ticket opens nothing: get another"


class ReleaseNeeded(Refused):
    status, code, title = 403, "release_needed", "Two people must release it first"


class MoveNotInTable(Refused):
    status, code, title = 409, "move_not_in_table", "There is no such move from the present state"


class GuardsUnmet(Refused):
    status, code, title = 409, "guards_unmet", "The move's conditions are not met"


class MoveNotYours(Refused):
    status, code, title = 403, "move_not_yours", "This move belongs to another role"


class Conflicting(Refused):
    status, code, title = 409, "conflict", "The request conflicts with what is recorded"


class AlreadyExists(Conflicting):
    code, title = "already_exists", "There is one already"


class UnknownReference(Conflicting):
    code, title = "unknown_reference", "A thing referred to does not exist here"


class Clash(Conflicting):
    code, title = "clash", "The plan clashes with another"


class RoomTaken(Clash):
    code, title = "room_taken", "The room is taken at that time"


class DutyPartTaken(Refused):
    code, title = "duty_part_taken", "Somebody has taken that part of the duty"


class MentorTaken(Clash):
    code, title = "mentor_taken", "The mentor is taken at that time"


class MenteeTaken(Clash):
    code, title = "mentee_taken", "A mentee is taken at that time"


class NotPlanned(Conflicting):
    code, title = "not_planned", "The session is no longer a plan"


class SeriesOver(Conflicting):
    code, title = "series_over", "The series is completed or ended"


class InSeries(Conflicting):
    code, title = "in_series", "The session is one of a series: change it there"


class NothingToChange(Conflicting):
    code, title = "nothing_to_change", "No meeting that is to come would be otherwise"


class NotCalledOff(Conflicting):
    code, title = "not_called_off", "Only a meeting that was called off is planned anew"


class NotAGroup(Conflicting):
    code, title = "not_a_group", "Nobody walks in to a session that is no group"


class NotHeld(Conflicting):
    code, title = "not_held", "The session is not held"


class NoteLocked(Conflicting):
    code, title = "note_locked", "The note is locked"


class NoteOpen(Conflicting):
    code, title = "note_open", "The note is still open: write it there"


class NotStanding(Conflicting):
    code, title = "not_standing", "The release may not be collected"


class TooEarly(Conflicting):
    code, title = "reapply_later", "The date to apply again has not come"


class NotHere(Conflicting):
    code, title = "not_here", "The person is not in this prison"


class NotAMentee(Conflicting):
    code, title = "not_a_mentee", "Whoever asks for a mentor is a mentee of the scheme: refer them"


class SecondPersonNeeded(Conflicting):
    code, title = "second_person_needed", "A second person must confirm this"


class NotPairable(Conflicting):
    code, title = "not_pairable", "These two cannot be brought together now"


class NotPlaceable(Conflicting):
    code, title = "not_placeable", "The one cannot shadow the other now"


class NotCompetent(Conflicting):
    code, title = "not_competent", "Only a module that is signed off is refreshed"


class CohortOver(Conflicting):
    code, title = "cohort_over", "The cohort is completed or cancelled"


class DayMarkedAlready(Conflicting):
    code, title = "day_marked", "Attendance of that day is marked already"


class NotOpen(Conflicting):
    code, title = "not_open", "It is not open to this now"


class RotaSolving(Conflicting):
    code, title = "rota_solving", "The rota is being worked out"


class CoverageGaps(Conflicting):
    code, title = "coverage_gaps", "The rota leaves hours uncovered that were not accepted so"


class NobodyWaiting(Conflicting):
    code, title = "nobody_waiting", "Nobody who may have a mentor is without one"


class HoldNeeded(Conflicting):
    code, title = "hold_needed", "Only under a legal hold is a chronology told"


class ExportNotReady(Conflicting):
    code, title = "export_not_ready", "The file is not written yet"


class ExportGone(Refused):
    status, code, title = 410, "export_gone", "The file of this export is there no more"


class RangeUnmet(Refused):
    status, code, title = 416, "range_unmet", "The file has no such part"


class SheetTooLong(Conflicting):
    code, title = "sheet_too_long", "This is more than a sheet holds"


class LastResortNeeded(Conflicting):
    code, title = "last_resort_needed", "The prison has no last resort to page"


class ApplicationSent(Conflicting):
    code, title = "application_sent", "The application was handed in: its words stand"


class NotInApplication(Conflicting):
    code, title = "not_in_application", "The application is not open to this"


class CampaignOver(Conflicting):
    code, title = "campaign_over", "The campaign is closed or cancelled"


class InterviewNotYours(Refused):
    status, code, title = 403, "interview_not_yours", "An interview is its interviewer's to change"


class AddressNotYours(Refused):
    status, code, title = 403, "address_not_yours", "An address is its owner's to prove and to use"


class PartNotYours(Refused):
    status, code, title = 403, "part_not_yours", "This part is for another to sign"


class SignedAlready(Conflicting):
    code, title = "signed_already", "Nobody signs two parts"


class WithdrawnAlready(Conflicting):
    code, title = "withdrawn_already", "This sign-off was withdrawn before"


class Stale(Refused):
    status, code, title = 412, "stale", "The resource has changed since you read it"


class TooLarge(Refused):
    status, code, title = 413, "too_large", "The body is too large"


class BadRequest(Refused):
    status, code, title = 400, "bad_request", "The request does not say what it asks for"


class Invalid(Refused):
    status, code, title = 422, "invalid", "Something in the request is not valid"

    @classmethod
    def field(cls, field: str, code: str, message: str) -> "Invalid":
        return cls(message, errors=[FieldError(field, code, message)])


class KeyReused(Refused):
    status, code, title = 422, "idempotency_key_reused", "The key was used for another request"


class MatchNeeded(Refused):
    status, code, title = 428, "if_match_needed", "Send If-Match with the ETag you read"


class TooManyRequests(Refused):
    status, code, title = 429, "too_many_requests", "Too many requests in a short time"
    headers = {"Retry-After": "60"}


class TooManyPairChecks(TooManyRequests):
    code, title = "too_many_pair_checks", "Too many pairs were tried that cannot be"


class TooManyExports(TooManyRequests):
    code, title = "too_many_exports", "Several exports of yours are being made already"


class HeadersTooLarge(Refused):
    status, code, title = 431, "headers_too_large", "The headers are too large"


class UriTooLong(Refused):
    status, code, title = 414, "uri_too_long", "The address is too long"


class Busy(Refused):
    status, code, title = 503, "busy", "The service cannot save this now; try again"
    headers = {"Retry-After": "2"}


# The database keeps the same promises under these constraint names.
CONSTRAINTS: dict[str, type[Refused]] = {
    "ex_session_room_during": RoomTaken,
    "ex_session_mentor_during": MentorTaken,
    "ex_participation_mentee_during": MenteeTaken,
    "ex_shift_mentor_during": MentorTaken,
    "uq_rota_solve_open": RotaSolving,
    "uq_export_job_release": ReleaseNeeded,
    "ex_duty_override_duty_during": DutyPartTaken,
}


def from_constraint(name: str | None, sqlstate: str | None) -> Refused:
    """The refusal for a violated constraint. Sharded databases append `_<shard>`; it is dropped."""
    known = CONSTRAINTS.get(re.sub(r"_\d+$", "", name or ""))
    if known is not None:
        return known()
    if sqlstate == "23503":
        return UnknownReference()
    if sqlstate == "23505":
        return AlreadyExists()
    return Conflicting()


def field_errors(mistakes: Iterable[Any]) -> list[FieldError]:
    """The mistakes by field path. What was sent is never echoed."""
    found = []
    for each in mistakes:
        where = [str(part) for part in each["loc"]]
        if where and where[0] in {"body", "query", "path", "header"}:
            where = where[1:] or where
        if each["type"] == "json_invalid":
            where = ["body"]
        message = str(each["msg"]).removeprefix("Value error, ")
        name, colon, rest = message.partition(": ")
        if each["type"] == "value_error" and colon and name.replace("_", "").isalpha():
            within = [] if where in (["body"], ["query"]) else where
            where, message = [*within, name], rest
        found.append(FieldError(".".join(where), each["type"], message))
    return found
