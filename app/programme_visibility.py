"""The programme's part of the visibility matrix: the shape in which each role is answered it.
`app/visibility.py` takes it in."""

from collections.abc import Mapping

from app.models.assessments import AssessmentForMentor, AssessmentRead
from app.models.base import Output
from app.models.cohorts import AttendanceRead, CohortRead, CohortRow, DayMarked, MemberRead
from app.models.mentors import ShadowingRead
from app.models.modules import ModuleRead, ModuleRow
from app.models.moves import HistoryForMentor, HistoryRead
from app.models.placements import PlacementObservation, PlacementRead, PlacementRow
from app.models.staff import Role
from app.models.trainings import TrainingMatrix

Audiences = Mapping[Role, type[Output]]
CARE = (Role.support_worker, Role.clinician)
STAFF = (*CARE, Role.governor)
SCHEME = (*STAFF, Role.mentor)

_HISTORY: Audiences = {**dict.fromkeys(STAFF, HistoryRead), Role.mentor: HistoryForMentor}

PROGRAMME: dict[str, Audiences] = {
    "mentors.assessments": {
        **dict.fromkeys(STAFF, AssessmentRead),
        Role.mentor: AssessmentForMentor,
    },
    "mentors.shadowing": dict.fromkeys(SCHEME, ShadowingRead),
    "placements": dict.fromkeys(SCHEME, PlacementRead),
    "placements.row": dict.fromkeys(SCHEME, PlacementRow),
    "placements.history": _HISTORY,
    "placements.observations": dict.fromkeys(SCHEME, PlacementObservation),
    "modules": dict.fromkeys(SCHEME, ModuleRead),
    "modules.row": dict.fromkeys(SCHEME, ModuleRow),
    "modules.history": _HISTORY,
    "cohorts": dict.fromkeys(SCHEME, CohortRead),
    "cohorts.row": dict.fromkeys(SCHEME, CohortRow),
    "cohorts.history": _HISTORY,
    "cohorts.day": {Role.clinician: DayMarked},
    "cohorts.members": dict.fromkeys(SCHEME, MemberRead),
    "cohorts.attendance": dict.fromkeys(SCHEME, AttendanceRead),
    "trainings.matrix": dict.fromkeys(SCHEME, TrainingMatrix),
}
