"""Who may do what, on one page: the roles and scopes, and the permissions (`app/rights.py`) that
they hold."""

from collections.abc import Iterable

from app.models.clients import ClientScope
from app.models.staff import Role
from app.rights import Permission
from app.tokens import SUBJECT_ACCESS

P = Permission

_EVERYONE = {P.self_read, P.concern_raise, P.concern_read, P.stream_open}
_STAFF = _EVERYONE | {
    P.prison_read,
    P.place_read,
    P.staff_read,
    P.duty_read,
    P.notification_read,
    P.address_read,
    P.address_write,
    P.audit_read,
    P.acct_read,
    P.task_read,
    P.task_move,
    P.death_report,
    P.room_use_read,
    P.lockdown_read,
    P.escalation_read,
    P.duty_hand_over,
    P.print_outage,
}
_INVESTIGATION = {P.hold_write, P.chronology_read, P.release_read, P.release_write}
_CARE = _STAFF | {
    P.person_read,
    P.mentor_read,
    P.mentor_move,
    P.mentor_correct,
    P.training_read,
    P.mentee_read,
    P.mentee_refer,
    P.mentee_write,
    P.mentee_history,
    P.pairing_read,
    P.session_read,
    P.concern_work,
    P.concern_seen,
    P.concern_review,
    P.concern_move,
    P.permission_read,
    P.permission_write,
    P.safety_plan_read,
    P.text_version_read,
    P.session_addenda_read,
    P.hold_read,
}
_CLINICIAN = _CARE | {P.training_write, P.duty_write, P.acct_write}
_CLINICIAN |= {P.break_glass_open, P.break_glass_read}
_CLINICIAN |= {P.caseload_read, P.caseload_write, P.clinical_note_read, P.clinical_note_write}
_CLINICIAN |= {P.safety_plan_write, P.questionnaire_read, P.questionnaire_write}

# Of the programme: what support workers and clinicians share, then each of their own.
_PROGRAMME = {
    P.campaign_read,
    P.statement_read,
    P.character_reference_read,
    P.character_reference_write,
    P.interview_read,
    P.interview_write,
    P.adoption_read,
    P.placement_read,
    P.observation_assess,
    P.module_read,
    P.cohort_read,
    P.supervision_read,
    P.supervision_write,
    P.supervision_sign,
    P.joint_review_read,
    P.joint_review_write,
    P.check_in_read,
    P.check_in_write,
    P.board_read,
    P.waiting_list_read,
    P.demand_read,
    P.complaint_raise,
    P.complaint_read,
    P.complaint_work,
    P.goal_read,
    P.goal_write,
    P.wing_place_read,
    P.wing_place_request,
    P.outreach_read,
    P.outreach_write,
    P.effort_read,
    P.effort_write,
    P.profile_read,
    P.profile_write,
    P.acquaintance_read,
    P.acquaintance_write,
    P.acquaintance_resolve,
    P.pair_check,
    P.match_read,
    P.prison_event_read,
    P.series_read,
    P.enrolment_read,
    P.print_sheet,
    P.print_week,
    P.calendar_feed_read,
    P.calendar_feed_write,
}
_SUPPORT_WORKERS = {
    P.questionnaire_read,
    P.campaign_write,
    P.statement_write,
    P.clearance_read,
    P.placement_write,
    P.wing_place_write,
    P.person_merge,
    P.non_association_import,
    P.match_write,
    P.prison_event_write,
    P.prison_event_import,
    P.welfare_check,
    P.series_write,
    P.enrolment_write,
}
_CLINICIANS = {
    P.module_write,
    P.cohort_write,
}
_GOVERNORS = {
    P.page_test_read,
    P.page_test_write,
    P.webhook_read,
    P.webhook_write,
    P.campaign_read,
    P.campaign_write,
    P.statement_read,
    P.character_reference_read,
    P.interview_read,
    P.mentor_decide,
    P.adoption_read,
    P.adoption_sign,
    P.clearance_read,
    P.placement_read,
    P.module_read,
    P.cohort_read,
    P.supervision_read,
    P.joint_review_read,
    P.check_in_read,
    P.board_read,
    P.waiting_list_read,
    P.demand_read,
    P.complaint_raise,
    P.complaint_read,
    P.complaint_work,
    P.wing_place_read,
    P.outreach_read,
    P.effort_read,
    P.calendar_feed_read,
}
# A prisoner, for themselves; and a mentor besides.
_PRISONERS = {
    P.campaign_read,
    P.statement_read,
    P.statement_write,
    P.complaint_raise,
    P.complaint_read,
    P.goal_read,
    P.goal_write,
    P.wing_place_read,
    P.wing_place_request,
    P.profile_read,
    P.profile_write,
    P.acquaintance_read,
    P.acquaintance_write,
}
_MENTORS = {
    P.series_read,
    P.placement_read,
    P.observation_assess,
    P.module_read,
    P.cohort_read,
    P.supervision_read,
    P.supervision_sign,
    P.check_in_read,
    P.board_read,
    P.effort_read,
    P.effort_write,
    P.print_week,
}
_WING = {
    P.welfare_check,
    P.prison_event_read,
    P.prison_event_write,
    P.adoption_read,
    P.board_read,
    P.complaint_raise,
    P.print_sheet,
    P.print_week,
    P.calendar_feed_read,
    P.calendar_feed_write,
    P.wing_place_read,
    P.wing_place_request,
}
# Of the rota: those who run the scheme read it, support workers make it, mentors have their own.
_READ_ROTA = {P.availability_read, P.rota_read, P.shift_read}
_PROGRAMME |= _READ_ROTA
_GOVERNORS |= _READ_ROTA
_SUPPORT_WORKERS |= {P.availability_write, P.rota_write, P.shift_write}
_MENTORS |= {P.availability_read, P.availability_write, P.shift_read, P.shift_write}
_WING |= {P.shift_read}
# Whoever reads shifts has them on paper, as far as they read them.
for _readers in (_PROGRAMME, _GOVERNORS, _MENTORS, _WING):
    _readers.add(P.print_rota)
# Of who is paged about concerns: clinicians and governors draft it, two of them put it in force.
_GOVERNORS |= {P.escalation_write}
_CLINICIANS |= {P.escalation_write}
# Of asking for a mentor: everyone on the scheme asks, whoever it is put to answers, officers let
# people meet. Governors read the figures.
_ASK = {P.contact_read, P.contact_ask, P.contact_answer}
_OFFICERS = {*_ASK, P.contact_authorise, P.on_duty_read}
_PROGRAMME |= {*_ASK, P.contact_figures, P.attendance_figures, P.on_duty_read}
_SUPPORT_WORKERS |= _OFFICERS
_WING |= _OFFICERS
_PRISONERS |= _ASK
_MENTORS |= {P.on_duty_read}
_GOVERNORS |= {P.on_duty_read, P.contact_figures, P.attendance_figures}
# How soon people came: for those who run the scheme, and those who answer for it.
_PROGRAMME |= {P.concern_figures, P.report_read, P.outcome_cohort_write}
_GOVERNORS |= {P.concern_figures, P.report_read, P.outcome_cohort_write}
_CLINICIAN |= _PROGRAMME | _CLINICIANS

# What each scope of a machine client opens (`fhir.read`: the FHIR façade's routes, when they come).
SCOPES: dict[ClientScope, frozenset[Permission]] = {
    ClientScope.concerns_read: frozenset({P.concern_read}),
    ClientScope.export_pseudonymised: frozenset({P.export_pseudonymised, P.export_job_use}),
    ClientScope.export_identifiable: frozenset({P.export_identifiable, P.export_job_use}),
    ClientScope.fhir_read: frozenset({P.fhir_read}),
    ClientScope.events_write: frozenset(
        {P.person_import, P.person_merge, P.non_association_import, P.prison_event_import}
    ),
}

# Permissions outside any prison that a machine's token itself carries, as a role.
AUTHORITIES: dict[str, frozenset[Permission]] = {SUBJECT_ACCESS: frozenset({P.subject_access})}


def machine_with(scopes: Iterable[ClientScope]) -> frozenset[Permission]:
    return frozenset({P.self_read}).union(*(SCOPES[scope] for scope in scopes))


GRANTS: dict[Role, frozenset[Permission]] = {
    Role.support_worker: frozenset(
        _CARE
        | _PROGRAMME
        | _SUPPORT_WORKERS
        | {P.place_write, P.person_write, P.person_import, P.duty_write}
        | {P.mentor_apply, P.mentor_evidence}
        | {P.pairing_write, P.session_book, P.session_record}
        | {P.session_lockdown, P.session_addend}
    ),
    Role.wing_duty: frozenset(
        _STAFF
        | _WING
        | {P.person_read, P.concern_work, P.concern_seen, P.session_read, P.session_record}
        | {P.mentee_refer}
    ),
    Role.mentor: frozenset(
        _EVERYONE
        | _PRISONERS
        | _MENTORS
        | {P.place_read, P.person_read, P.mentor_read, P.mentor_apply, P.mentor_move}
        | {P.training_read, P.mentee_read, P.pairing_read}
        | {P.session_read, P.session_book, P.session_record, P.session_note, P.safety_plan_read}
        | {P.session_addend, P.session_addenda_read, P.mentee_refer}
    ),
    Role.suspended_mentor: frozenset(_EVERYONE),  # and sees of concerns their own receipts
    Role.applicant: frozenset(
        _EVERYONE | _PRISONERS | {P.mentor_read, P.mentor_apply, P.mentor_move, P.mentee_refer}
    ),
    Role.clinician: frozenset(_CLINICIAN),
    Role.nurse: frozenset(_CLINICIAN),
    Role.mental_health_lead: frozenset(
        _CLINICIAN
        | {P.staff_write, P.adoption_sign}
        | {P.client_read, P.client_confirm, P.revocation_write}
        | _INVESTIGATION
    ),
    Role.governor: frozenset(
        _STAFF
        | _GOVERNORS
        | {P.client_read, P.client_write, P.client_confirm, P.revocation_read, P.revocation_write}
        | {P.prison_write, P.place_write, P.person_read, P.staff_write, P.duty_write}
        | {P.mentor_read, P.mentor_move, P.mentor_clear, P.mentor_correct, P.training_read}
        | {P.mentee_read, P.mentee_history, P.pairing_read}
        | {P.concern_work, P.concern_seen, P.concern_review, P.concern_move}
        | {P.break_glass_read, P.break_glass_review}
        | {P.audit_export, P.retention_read, P.hold_read}
        | _INVESTIGATION
    ),
    Role.machine: machine_with(SCOPES),  # at most: each client within its scopes
    Role.system: frozenset(),
}

# Operations that need no token, each with its reason (tested against the OpenAPI document).
PUBLIC = {
    "health": "load balancers",
    "channel_health": "who watches the service must see whether its last resort is reached",
    "escalation_health": "the dead man's switch must be readable when all else fails",
    "metrics": "what health tells, in numbers, for the machine that watches",
    "jwks": "public keys of the development issuer",
    "openid_configuration": "where those keys are",
    "take_notify_receipt": "a provider sends no token of ours: the site's secret for it is one",
    "read_stream": "a browser's EventSource sends no token: the ticket in its address is one, once",
    "read_linked_export_file": "a program that has no token: the address it was given is one",
    "read_calendar": "a calendar sends no token: the secret in its address is one",
    "issue_development_token": "absent from production",
    "move_development_clock": "absent from production",
    "read_development_clock": "absent from production",
}
