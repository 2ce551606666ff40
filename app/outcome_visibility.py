"""What was asked, counted and taken out: the shape in which each role is answered it.
`app/visibility.py` takes it in."""

from app.models.board_packs import BoardPack
from app.models.export_jobs import ExportJobRead, ExportJobRow, ExportLinkMade
from app.models.exports import EXPORTED, NAMED, EpisodeExport, IdentifiableEpisodeExport
from app.models.incident_counts import IncidentCountRead, IncidentCountRow
from app.models.life_events import LifeEventRead, LifeEventRow
from app.models.moves import HistoryRead
from app.models.outcome_cohorts import OutcomeCohortRead, OutcomeCohortRow
from app.models.publications import PublicationRead, PublicationRow
from app.models.questionnaires import (
    QuestionnaireDue,
    QuestionnaireForStaff,
    QuestionnaireRead,
    QuestionnaireRow,
)
from app.models.report_tables import Report
from app.models.reports import OutcomeReport
from app.models.staff import Role
from app.models.survey_rounds import SurveyCodesMade, SurveyRoundRead, SurveyRoundRow
from app.programme_visibility import CARE, Audiences

OUTCOMES: dict[str, Audiences] = {
    "questionnaires": {
        Role.support_worker: QuestionnaireForStaff,
        Role.clinician: QuestionnaireRead,
    },
    "questionnaires.row": {
        Role.support_worker: QuestionnaireForStaff,
        Role.clinician: QuestionnaireRow,
    },
    "questionnaires.due": {Role.clinician: QuestionnaireDue},
    "questionnaires.history": {Role.clinician: HistoryRead},
    "life_events": dict.fromkeys(CARE, LifeEventRead),
    "life_events.row": dict.fromkeys(CARE, LifeEventRow),
    "life_events.history": dict.fromkeys(CARE, HistoryRead),
    "outcome_cohorts": dict.fromkeys((*CARE, Role.governor), OutcomeCohortRead),
    "outcome_cohorts.row": dict.fromkeys((*CARE, Role.governor), OutcomeCohortRow),
    "outcome_cohorts.history": dict.fromkeys((*CARE, Role.governor), HistoryRead),
    "incident_counts": dict.fromkeys((*CARE, Role.governor), IncidentCountRead),
    "incident_counts.row": dict.fromkeys((*CARE, Role.governor), IncidentCountRow),
    "incident_counts.history": dict.fromkeys((*CARE, Role.governor), HistoryRead),
    "survey_rounds": dict.fromkeys((*CARE, Role.governor), SurveyRoundRead),
    "survey_rounds.row": dict.fromkeys((*CARE, Role.governor), SurveyRoundRow),
    "survey_rounds.codes": dict.fromkeys(CARE, SurveyCodesMade),
    "survey_rounds.history": dict.fromkeys((*CARE, Role.governor), HistoryRead),
    "publications": dict.fromkeys((*CARE, Role.governor), PublicationRead),
    "publications.row": dict.fromkeys((*CARE, Role.governor), PublicationRow),
    "publications.history": dict.fromkeys((*CARE, Role.governor), HistoryRead),
    "reports.outcomes": dict.fromkeys((*CARE, Role.governor), OutcomeReport),
    "reports.board_pack": dict.fromkeys((*CARE, Role.governor), BoardPack),
    "reports.tables": dict.fromkeys((*CARE, Role.governor), Report),
    "export_jobs": {Role.machine: ExportJobRead},
    "export_jobs.row": {Role.machine: ExportJobRow},
    "export_jobs.link": {Role.machine: ExportLinkMade},
    "exports.row": {Role.machine: EpisodeExport},
    **{f"exports.{name}.row": {Role.machine: row} for name, row in EXPORTED.items()},
    "exports.identifiable.row": {Role.machine: IdentifiableEpisodeExport},
    **{f"exports.identifiable.{name}.row": {Role.machine: row} for name, row in NAMED.items()},
}
