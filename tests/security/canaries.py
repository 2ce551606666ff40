"""The canaries: a word of its own for every confidential field of every table, and who may see it.

The audiences are written down from `docs/visibility.md`'s source, the matrix of the domain, and not
from the code: a word seen by anybody else is a leak, one not seen by somebody named here is a
mistake of this list.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Viewer(StrEnum):
    """Everybody who looks. Each stands somewhere else towards the records of the world."""

    support_worker = "support_worker"
    accused_worker = "accused_worker"
    supervisor = "supervisor"
    wing_duty = "wing_duty"
    clinician = "clinician"
    nurse = "nurse"
    mental_health_lead = "mental_health_lead"
    governor = "governor"
    accused_governor = "accused_governor"
    mentor = "mentor"
    other_mentor = "other_mentor"
    suspended_mentor = "suspended_mentor"
    applicant = "applicant"
    mentee = "mentee"
    foreign_governor = "foreign_governor"
    machine = "machine"
    anonymous = "anonymous"
    nobody = "nobody"


V = Viewer
WORKERS = frozenset({V.support_worker, V.accused_worker, V.supervisor})
CLINICIANS = frozenset({V.clinician, V.nurse, V.mental_health_lead})
GOVERNORS = frozenset({V.governor, V.accused_governor})
CARE = WORKERS | CLINICIANS
STAFF = CARE | GOVERNORS | {V.wing_duty}
MENTORS = frozenset({V.mentor, V.other_mentor})
FOREIGN = frozenset({V.foreign_governor})
NONE: frozenset[Viewer] = frozenset()
OF_THE_STAFF = (
    V.support_worker,
    V.accused_worker,
    V.supervisor,
    V.wing_duty,
    V.clinician,
    V.nurse,
    V.mental_health_lead,
    V.governor,
    V.accused_governor,
)
ON_DUTY = (V.support_worker, V.wing_duty, V.clinician, V.governor, V.mental_health_lead)


@dataclass(frozen=True, slots=True)
class Canary:
    """One planted word; `variant` says in which row of the table it stands."""

    table: str
    column: str
    variant: str
    word: str
    mark: str
    seen_by: frozenset[Viewer]
    why: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column} ({self.variant})"


CANARIES: dict[tuple[str, str], dict[str, Canary]] = {}
"""By table and column, and there by the row it stands in."""


def _put(
    table: str,
    column: str,
    seen_by: Mapping[str, frozenset[Viewer]],
    why: str,
    shaped: Iterable[str] = (),
) -> None:
    """Register a word for each row; `shaped` where only values of a certain shape are taken."""
    given = list(shaped)
    for position, (variant, viewers) in enumerate(seen_by.items()):
        mark = f"canary{sum(len(each) for each in CANARIES.values()):03}q"
        word = given[position] if given else f"{mark}_{table}_{column}"[:40]
        canary = Canary(table, column, variant, word, word.lower() if given else mark, viewers, why)
        CANARIES.setdefault((table, column), {})[variant] = canary


def word(table: str, column: str, variant: str) -> str:
    """The word to plant."""
    return CANARIES[table, column][variant].word


# People. Mentors see the names of whom they support; nobody but staff sees what identifies them.
_NAMED = {
    "mentee": STAFF | {V.mentor},
    "other_mentee": STAFF | {V.other_mentor},
    "stranger": STAFF,
    "mentor": STAFF | {V.mentor},
    "other_mentor": STAFF | {V.other_mentor},
    "suspended_mentor": STAFF | {V.mentor},  # his host, while he shadows
    "applicant": STAFF | {V.applicant},
    "deceased": STAFF,
    "foreign": FOREIGN,
}
_IDENTIFIED = {who: FOREIGN if who == "foreign" else STAFF for who in _NAMED}
_put(
    "person",
    "first_name",
    {**_NAMED, "other_mentee": _NAMED["other_mentee"] | {V.mentor}},  # comes to his group
    "the display name, to those who must meet; in a group the first name alone",
)
_put("person", "last_name", _NAMED, "the display name, to those who must meet")
_put("person", "middle_names", _IDENTIFIED, "staff; no mentor needs it")
_put("person", "number", _IDENTIFIED, "identity misuse", [f"Z482{n}QQ" for n in range(9)])
_put(
    "person",
    "date_of_birth",
    _IDENTIFIED,
    "identity misuse",
    [f"1951-03-0{n + 1}" for n in range(9)],
)
_put(
    "person",
    "cell_location",
    _IDENTIFIED,
    "debt, bullying, targeting",
    [f"Z-9-99{n}" for n in range(9)],
)

# Staff. Who is on call is known to mentors by name.
_LED = {V.nurse: frozenset({V.mentor})}
_put("staff", "subject", {who.value: STAFF for who in OF_THE_STAFF}, "colleagues")
_put(
    "staff",
    "name",
    {
        who.value: STAFF | (MENTORS if who in ON_DUTY else NONE) | _LED.get(who, NONE)
        for who in OF_THE_STAFF
    },
    "colleagues, mentors of those on call, and those whose course they lead",
)
_put("staff", "contact", {who.value: STAFF for who in OF_THE_STAFF}, "colleagues")

_put("webhook", "name", {"webhook": GOVERNORS}, "where events go")
_put(
    "webhook", "url", {"webhook": GOVERNORS}, "where events go", ["https://canary.webhook.example/"]
)
_put(
    "address",
    "value",
    {who.value: frozenset({who}) for who in OF_THE_STAFF},
    "a private number is its owner's alone",
    [f"canary.address.{n}@prison.example" for n in range(9)],
)

# Places and settings: no secret within a prison, but none of another prison's business.
_put("wing", "name", {"dedicated": STAFF | MENTORS, "other": STAFF | MENTORS}, "places")
_put("room", "name", {"room": STAFF | MENTORS}, "places")
for _column in ("name", "call_back_number", "outside_last_resort"):
    _put("prison", _column, {"prison": STAFF}, "settings of the scheme")
_put(
    "client",
    "client_id",
    {"machine": GOVERNORS | {V.mental_health_lead, V.machine}},
    "who lets them in, and themselves",
)
_put("client", "name", {"machine": GOVERNORS | {V.mental_health_lead}}, "who lets them in")
_put("revocation", "token_id", {"token": GOVERNORS}, "governors see the prison's")

# Mentors.
_put(
    "mentor",
    "motivation",
    {"mentor": CARE | GOVERNORS, "other_mentor": CARE | GOVERNORS},
    "those who decide on the application",
)
_put("mentor", "clearance_from", {"mentor": WORKERS | GOVERNORS}, "own: coarse", ["2025-11-07"])
_put("mentor", "clearance_to", {"mentor": WORKERS | GOVERNORS}, "own: coarse", ["2029-03-19"])
_put("mentor", "pay_reference", {"mentor": WORKERS | GOVERNORS}, "who keep it right", ["QZ/4829-7"])
_put(
    "clearance",
    "extended_to",
    {"other_mentor": WORKERS | GOVERNORS},
    "with the days of the clearance",
    ["2029-04-11"],
)
_put("observation", "learnt", {"suspended_mentor": CARE | GOVERNORS}, "who decide on them")

# Applications: who decides reads them; the applicant his own words and nothing else.
_APPLY = MENTORS | {V.applicant, V.mentee}
_put(
    "campaign",
    "title",
    {"open": CARE | GOVERNORS | _APPLY, "draft": CARE | GOVERNORS},
    "who may apply must know; a draft is staff's",
)
_put("outcome_cohort", "name", {"year": CARE | GOVERNORS}, "whose figures are counted")
_put(
    "statement",
    "text",
    {
        "applicant": CARE | GOVERNORS | {V.applicant},
        "mentor": CARE | GOVERNORS | {V.mentor},
        "suspended_mentor": CARE | GOVERNORS,
    },
    "one's own words, and those who decide on them",
)
for _column in ("referee_name", "text"):
    _put(
        "character_reference",
        _column,
        {"mentor": CARE | GOVERNORS, "applicant": CARE | GOVERNORS},
        "said in confidence to those who decide",
    )
_put("interview", "notes", {"mentor": CARE, "suspended_mentor": CARE}, "who asked; no governor")
for _column in ("named_person", "scheme_version"):
    _put("adoption", _column, {"senior_manager": STAFF}, "who answers for the scheme")
# How mentors are looked after.
_put(
    "supervision",
    "shared_note",
    {"mentor": CARE | {V.mentor}, "other_mentor": CARE | {V.other_mentor}},
    "the shared part of one's own",
)
_put("supervision", "next_steps", {"mentor": CARE | {V.mentor}}, "the shared part of one's own")
_put("supervision", "staff_note", {"mentor": CARE, "other_mentor": CARE}, "candour")
_put(
    "supervision",
    "mentor_signature_reason",
    {"mentor": CARE | {V.mentor}},
    "the mentor's own words",
)
_put(
    "handover",
    "notes",
    {"clinician": CLINICIANS, "support_worker": frozenset({V.support_worker, V.supervisor})},
    "the two of it; of the clinicians' post every clinician",
)
_put("joint_review", "summary", {"month": CARE}, "governors see whether and when")
_put(
    "check_in",
    "said",
    {"mentor": frozenset({V.mentor}), "other_mentor": frozenset({V.other_mentor, V.nurse})},
    "their own, and of a clinician whose patient they are",
)
_put(
    "assessment", "note", {"suspended_mentor": CARE | GOVERNORS}, "candour: not to who is assessed"
)
_put("module", "title", {"own": CARE | GOVERNORS | MENTORS}, "what mentors learn")
_put("series", "title", {"series": CARE | {V.mentor}}, "staff who care, and who leads it")
_put("cohort", "title", {"course": CARE | GOVERNORS | {V.mentor}}, "staff, and who is in it")

# Mentees.
_put("mentee", "referral_reason", {"mentee": CARE, "other_mentee": CARE}, "minimum necessary")
_put(
    "mentee",
    "agreed_line",
    {"mentee": CARE | {V.mentor}, "other_mentee": CARE | {V.other_mentor}},
    "the line the mentee agreed",
)
_put(
    "acct_pointer",
    "opened_on",
    {"mentee": STAFF, "stranger": STAFF},
    "operational need; towards mentors `check_with_staff`",
    ["2026-03-29", "2026-04-13"],
)
_put("acct_pointer", "next_review_on", {"mentee": STAFF}, "as above", ["2027-02-13"])

# Sessions.
_put(
    "session",
    "note",
    {"mentor": CARE | {V.mentor}, "other_mentor": CARE | {V.other_mentor}},
    "one's own; no other mentor's",
)

# Moves made, and why.
_put(
    "history",
    "note",
    {
        "mentee": CARE,
        "mentor": CARE | GOVERNORS,
        "mentor_decision": GOVERNORS,
        "mentor_pause": CLINICIANS,
        "session": CARE,
        "concern": CARE,
        "training": CARE | GOVERNORS,
        "goal": CARE,
        "complaint": CARE | GOVERNORS,
        "wing_place": CARE,
        "enrolment": CARE,
    },
    "why a decision was made is its maker's; stories are for care",
)

# Goals and coping plans: theirs, and their mentor's as far as they share them.
_put(
    "goal",
    "text",
    {"shared": CARE | {V.mentee, V.mentor}, "kept": CARE | {V.mentee}},
    "what the mentee shares, and with whom",
)

# Complaints: by whom they are about, and to whoever made them.
_COMPLAINTS = {
    "service": CARE | GOVERNORS | {V.mentee},
    "about_worker": GOVERNORS | {V.applicant},
    "about_governor": frozenset({V.governor, V.other_mentor}),
    "about_mentor": (CARE - {V.supervisor}) | GOVERNORS | {V.mentee},
}
_put("complaint", "account", _COMPLAINTS, "routed past those it is about")
_put(
    "complaint",
    "about_as_told",
    {"about_governor": _COMPLAINTS["about_governor"]},
    "routed past those it is about",
)
for _column in ("wanted", "answer"):
    _put("complaint", _column, {"service": _COMPLAINTS["service"]}, "with the account")

# Concerns: by what they are about.
_ABOUT_MENTOR = WORKERS - {V.supervisor}
_ACCOUNTS = {
    "day": CARE | {V.mentor},
    "now": CARE | GOVERNORS | {V.other_mentor},
    "about_worker": GOVERNORS | {V.other_mentor},
    "about_governor": frozenset({V.governor, V.other_mentor}),
    "about_mentor": _ABOUT_MENTOR | GOVERNORS,
    "safeguarding": CLINICIANS | GOVERNORS | {V.other_mentor},
    "security": GOVERNORS,
}
_WING = frozenset({V.wing_duty})
_put("concern", "account", _ACCOUNTS, "routed past those it is about")
_put(
    "concern",
    "subject_as_told",
    {
        "day": _ACCOUNTS["day"] | _WING,
        "now": _ACCOUNTS["now"] | _WING,
        "about_governor": _ACCOUNTS["about_governor"],
        "security": GOVERNORS,
    },
    "whom to see",
)
_put("concern", "about_staff_as_told", {"about_governor": frozenset({V.governor})}, "governors")
_REVIEWED = {"day": CARE, "about_worker": GOVERNORS}
for _column in ("needs", "protects", "told"):
    _put("concern", _column, _REVIEWED, "the review, to those who review it")
for _column in (
    *("handed_over_to", "not_seen_reason", "decision", "acct_reason", "lower_reason"),
    *("not_left_reason", "receiving_side", "received_there_by"),
):
    _put("concern", _column, {"day": CARE}, "the review, to those who review it")
_put("concern", "feedback_text", {"day": CARE | {V.mentor}}, "what the mentor is told back")
_put("concern", "feedback_told_by", {"day": NONE}, "kept, and shown to nobody")
_put(
    "addendum",
    "account",
    {"day": CARE, "now": CARE | GOVERNORS, "about_worker": GOVERNORS},
    "with the account",
)
_put("action", "what", {"day": CARE, "now": CARE | GOVERNORS}, "governors see actions and timers")
_put("action", "outcome", {"day": CARE}, "the review")

# Broken glass, and what came of it.
_put(
    "break_glass",
    "reason",
    {"stranger": GOVERNORS | {V.clinician, V.mental_health_lead}},
    "their own, their lead, and governors who review it",
)
_put(
    "break_glass",
    "review_note",
    {"stranger": GOVERNORS | {V.mental_health_lead}},
    "the judgement of governors",
)
_put("task", "outcome", {"follow_up": frozenset({V.mental_health_lead})}, "to whom it fell")

# The clinical room.
_put(
    "clinical_note",
    "text",
    {
        "patient": CLINICIANS,
        "restricted": frozenset({V.clinician}),
        "stranger": frozenset({V.clinician}),
    },
    "clinicians who care for the person; what is restricted, those whose patient it is",
)
_put(
    "text_version",
    "text",
    {"addendum": CLINICIANS, "former_note": CARE},
    "as what it was said of",
)
_put(
    "safety_plan", "review_on", {"mentee": CARE}, "where something of it is shared", ["2027-03-21"]
)
_put(
    "safety_item",
    "text",
    {
        "unshared": CLINICIANS,
        "shared_with_mentor": CLINICIANS | {V.mentor},
        "shared_with_staff": CARE,
    },
    "what the person ticked, for whom they ticked it",
)
_put("former_value", "former", {"prison": GOVERNORS | {V.mental_health_lead}}, "chronologies")

_put(
    "release",
    "purpose",
    {"bundle": GOVERNORS | {V.mental_health_lead}},
    "the two sides that let something out",
)

# Matching. What somebody said of whom they know is theirs and care's; numbers kept apart, nobody's.
_put(
    "acquaintance",
    "other_as_told",
    {"mentor": CARE | {V.mentor}, "applicant": CARE | {V.applicant}, "told_to_staff": CARE},
    "their own words, to themselves and to those who match",
)
_put("non_association", "number_low", {"pair": NONE}, "a list of enemies", ["B4820AA"])
_put("non_association", "number_high", {"pair": NONE}, "a list of enemies", ["C4820AA"])

_put("prison_event", "source_id", {"court": NONE}, "followed by, and never shown", ["4820484"])

ECHO = Canary("request", "body", "sent", "canary999q_echo", "canary999q", NONE, "nothing is echoed")
EVERY = [*[each for some in CANARIES.values() for each in some.values()], ECHO]
_BY_MARK = {each.mark: each for each in EVERY}
_NUMBERED = r"canary\d{3}q"
_MARKS = re.compile(
    "|".join([_NUMBERED, *(re.escape(each) for each in _BY_MARK if not re.match(_NUMBERED, each))])
)


def found_in(text: str) -> set[Canary]:
    """Every canary whose word stands in a text, in any case."""
    return {_BY_MARK[mark] for mark in set(_MARKS.findall(text.lower()))}


# Text, dates and bytes of the tables that hold no canary, each with its reason.
_AUTHOR = "a subject of staff, planted as staff.subject"
_CODE = "a code of ours"
_RECKONED = "reckoned from days of ours"
NOT_PLANTED: dict[tuple[str, str], str] = {
    ("address", "ended_by"): _AUTHOR,
    ("page_test", "address"): "prison.outside_last_resort",
    ("page_test", "asked_by"): _AUTHOR,
    ("page_test", "confirmed_by"): _AUTHOR,
    ("page_test", "reference"): _CODE,
    ("webhook", "topics"): "a closed list",
    ("webhook_delivery", "topic"): _CODE,
    ("webhook_delivery", "tries"): "times, codes and numbers",
    ("delivery", "provider_reference"): "a provider's number for a message",
    ("calendar_feed", "secret_digest"): "a digest",
    ("calendar_feed", "ended_by"): _AUTHOR,
    ("check_in", "limits"): "a closed list",
    ("check_in", "next_on"): _RECKONED,
    ("check_in", "recorded_by"): _AUTHOR,
    ("joint_review", "due_on"): _RECKONED,
    ("joint_review", "month"): _RECKONED,
    ("supervision", "counts_from"): _RECKONED,
    ("supervision", "due_on"): _RECKONED,
    ("supervision", "first_due_on"): _RECKONED,
    ("supervision", "mentor_signature_recorded_by"): _AUTHOR,
    ("effort", "done_on"): "never before a record begins, so today: whose it is, the oracle tests",
    ("audit_entry", "client"): "the client's name in a token: not free text, and tested for words",
    ("audit_entry", "code"): _CODE,
    ("audit_entry", "operation"): "an operationId",
    ("audit_entry", "request_id"): "a UUID",
    ("audit_entry", "sha256"): "a hash",
    ("audit_entry", "subject"): _AUTHOR,
    ("audit_link", "digest"): "a digest",
    ("adoption", "signed_by"): _AUTHOR,
    ("adoption", "withdrawn_by"): _AUTHOR,
    ("campaign", "opens_on"): "a day of the title's, shown with it",
    ("campaign", "closes_on"): "a day of the title's, shown with it",
    ("character_reference", "received_on"): "a day of the text's, shown with it",
    ("addendum", "as_sent"): "the whole body of words kept under a key used before: never shown",
    ("addendum", "said_by"): _AUTHOR,
    ("break_glass", "reference"): _CODE,
    ("break_glass", "reviewed_by"): _AUTHOR,
    ("clearance", "conditions"): "a closed list",
    ("clearance", "decided_by"): _AUTHOR,
    ("clearance", "extended_by"): _AUTHOR,
    ("clearance", "valid_from"): "the day planted as mentor.clearance_from",
    ("clearance", "valid_to"): "the day planted as mentor.clearance_to",
    ("client", "asked_by"): _AUTHOR,
    ("client", "scopes"): "a closed list",
    ("client", "pending_scopes"): "a closed list",
    ("concern", "acknowledged_by"): _AUTHOR,
    ("concern", "clinician_signed_by"): _AUTHOR,
    ("concern", "decided_by"): _AUTHOR,
    ("concern", "immediacy_as_said"): "a closed list",
    ("concern", "lower_by"): _AUTHOR,
    ("concern", "policy"): "numbers of minutes",
    ("concern", "raised_by_subject"): "a prisoner's subject is of their person's id",
    ("concern", "recorded_by"): _AUTHOR,
    ("concern", "reference"): _CODE,
    ("concern", "seen_by_subject"): _AUTHOR,
    ("explanation", "explained_language"): "a closed list",
    ("explanation", "explained_version"): "a closed list",
    ("complaint", "answered_by"): _AUTHOR,
    ("complaint", "recorded_by"): _AUTHOR,
    ("complaint", "reference"): _CODE,
    ("goal", "recorded_by"): _AUTHOR,
    ("goal", "set_on"): "a day, shown with the text beside it",
    ("outcome_cohort", "digest"): "a digest",
    ("outcome_cohort", "frozen_by"): _AUTHOR,
    ("outcome_cohort", "recorded_by"): _AUTHOR,
    ("outcome_cohort", "referred_from"): "a day of the name's, shown with it",
    ("outcome_cohort", "referred_to"): "a day of the name's, shown with it",
    ("life_event", "first_day"): "a day, shown with what happened on it",
    ("life_event", "last_day"): "a day, shown with what happened on it",
    ("life_event", "recorded_by"): _AUTHOR,
    ("incident_count", "month"): "a month, shown with its number",
    ("incident_count", "recorded_by"): _AUTHOR,
    ("survey_round", "opened_on"): "a day on which many are asked",
    ("survey_round", "closed_on"): "a day on which many are asked",
    ("survey_round", "recorded_by"): _AUTHOR,
    ("survey_code", "digest"): "a digest",
    ("survey_tally", "question"): _CODE,
    ("survey_tally", "answer"): _CODE,
    ("publication", "digest"): "a digest",
    ("publication", "recorded_by"): _AUTHOR,
    ("publication", "first_day"): "the first day of a month, or of a cohort's name",
    ("publication", "last_day"): "the last day of a month, or of a cohort's name",
    ("publication", "tables"): "rounded counts under codes and titles",
    ("questionnaire", "answers"): "points, and words of a closed list",
    ("questionnaire", "asked_on"): "a day, shown with the answers beside it",
    ("questionnaire", "recorded_by"): _AUTHOR,
    ("history", "actor_subject"): _AUTHOR,
    ("history", "from_state"): _CODE,
    ("history", "noun"): _CODE,
    ("history", "reason"): _CODE,
    ("history", "to_state"): _CODE,
    ("export_job", "next_cursor"): "a place in the order of commits",
    ("export_job", "sha256"): "a digest",
    ("export_job", "changed_since"): "a place in the order of commits",
    ("export_job", "same_as"): "a place in the order of commits",
    ("export_job", "kind"): _CODE,
    ("export_job", "first_day"): "a day that its client asked for",
    ("export_job", "last_day"): "a day that its client asked for",
    ("export_job", "subject"): "the client's name, planted as client.client_id",
    ("export_job", "token_id"): "a token's number, shown to nobody",
    ("stream_ticket", "secret_digest"): "a digest",
    ("stream_ticket", "subject"): _AUTHOR,
    ("stream_ticket", "token_id"): "a token's number, shown to nobody",
    ("idempotency_key", "body"): "an answer, given again to its own caller alone",
    ("idempotency_key", "headers"): "an answer's, as above",
    ("idempotency_key", "key"): "chosen by the caller, shown to nobody",
    ("idempotency_key", "request_hash"): "a digest",
    ("idempotency_key", "subject"): _AUTHOR,
    ("mentee", "explained_language"): "a closed list",
    ("mentee", "explained_version"): "a closed list",
    ("mentor", "clearance_conditions"): "a closed list",
    ("mentee", "recorded_by"): _AUTHOR,
    ("mentor", "conditions"): "a closed list",
    ("mentor", "correction_asked_by"): _AUTHOR,
    ("mentor", "declined_by"): _AUTHOR,
    ("mentor", "reapply_on"): "reckoned from a day of ours",
    ("notification", "address"): "prison.outside_last_resort",
    ("notification", "text"): "a sentence of ours, tested to hold no word",
    ("notification", "why"): _CODE,
    ("outbox", "payload"): "ids and codes, tested to hold no word",
    ("outbox", "topic"): _CODE,
    ("person", "display_name"): "first and last name",
    ("person_identity", "numbers"): "person.number",
    ("prison", "id"): "three capitals",
    ("prison", "zone"): "a time zone",
    ("regime", "slots"): "times of the day",
    ("revocation", "revoked_by"): _AUTHOR,
    ("revocation", "subject"): _AUTHOR,
    ("task", "done_by"): _AUTHOR,
    ("task", "reference"): _CODE,
    ("text_version", "author_subject"): _AUTHOR,
    ("text_version", "field"): _CODE,
    ("text_version", "noun"): _CODE,
    ("turned_away", "recorded_by"): _AUTHOR,
    ("training", "curriculum"): "a version",
    ("training", "module"): _CODE,
    ("training", "refresher_for"): "reckoned from the day of the sign-off",
    ("training", "title"): "module.title, or the curriculum's",
    ("assessment", "recorded_by"): _AUTHOR,
    ("cohort", "modules"): "codes of modules",
    ("cohort_day", "module"): _CODE,
    ("module", "code"): _CODE,
    ("occurrence", "day"): "the day of a session",
    ("series", "first_day"): "the day of a session",
    ("series", "last_day"): "a day with the first, shown with it",
    ("placement", "starts_on"): "a day between the approval and today",
    ("module", "required_from"): "the day of a change of ours",
    ("training", "expires_on"): "reckoned from the day of the sign-off",
    ("wing", "code"): "the first part of a cell",
    ("acquaintance", "recorded_by"): _AUTHOR,
    ("acquaintance", "withdrawn_by"): _AUTHOR,
    ("prison", "kinds_outside_regime"): "a closed list",
    ("room", "kinds"): "a closed list",
    ("regime_exception", "on_date"): "a day of the place, as the others",
    ("regime_exception", "slots"): "times of the place, as the others",
    ("lockdown", "declared_by"): _AUTHOR,
    ("lockdown", "lifted_by"): _AUTHOR,
    ("lockdown_session", "mentee_ids"): "ids",
    ("welfare_check", "concern_ids"): "ids",
    ("welfare_check", "looked_in_by"): _AUTHOR,
    ("prison_event", "recorded_by"): _AUTHOR,
    ("prison_event", "cancelled_by"): _AUTHOR,
    ("match_proposal", "made_by"): _AUTHOR,
    ("availability", "on_day"): "a day of one's own, as the weekdays beside it",
    ("escalation_policy", "policy"): "targets, codes and minutes",
    ("duty_override", "during"): "its starts_at and ends_at",
    ("duty", "pattern_day"): "the day of starts_at",
    ("duty_pattern", "first_day"): "a day of the prison's",
    ("duty_pattern", "last_day"): "a day of the prison's",
    ("duty_pattern", "made_until"): "a day of the prison's",
    ("duty_pattern", "weekdays"): "numbers",
    ("rota", "first_day"): "days of the prison's",
    ("rota", "last_day"): "days of the prison's",
    ("rota", "accepted_gaps"): "times, roles and counts",
    ("rota_demand", "valid_from"): "a day of the prison's",
    ("rota_demand", "valid_to"): "a day of the prison's",
    ("rota_solve", "asked_by"): _AUTHOR,
    ("rota_solve", "cost"): "numbers",
    ("rota_solve", "gaps"): "times, roles, codes and counts",
    ("shift", "day"): "the day of starts_at",
    ("shift", "during"): "its starts_at and ends_at",
    ("match_proposal_pair", "parts"): "codes and points",
    ("match_proposal_pair", "refused_for"): _CODE,
    ("profile", "languages"): "a closed list",
    ("profile", "lived_experience"): "a closed list",
    ("profile", "needs"): "a closed list",
    ("profile", "preferences"): "a closed list",
    ("profile", "recorded_by"): _AUTHOR,
    ("profile", "skills"): "a closed list",
    ("acct_pointer", "closed_on"): "a day as the other two, shown with them",
    ("audit_entry", "ids"): "ids",
    ("contact_request", "warnings"): "a closed list",
    ("contact_request", "recorded_by"): _AUTHOR,
    ("complaint", "about_line_ids"): "ids",
    ("death", "corrected_by"): _AUTHOR,
    ("death", "reported_by"): _AUTHOR,
    ("former_value", "noun"): _CODE,
    ("former_value", "subject"): _AUTHOR,
    ("legal_hold", "lift_asked_by"): _AUTHOR,
    ("legal_hold", "lifted_by"): _AUTHOR,
    ("legal_hold", "placed_by"): _AUTHOR,
    ("participation", "during"): "a clock",
    ("release", "audit_digest"): "a digest",
    ("session", "during"): "a clock",
    ("software_start", "build"): "a version",
    ("software_start", "reference_digests"): "digests",
    ("software_start", "settings_digest"): "a digest",
    ("software_start", "software_version"): "a version",
}
