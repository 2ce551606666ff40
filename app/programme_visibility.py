"""The programme's part of the visibility matrix: the shape in which each role is answered it.
`app/visibility.py` takes it in."""

from collections.abc import Mapping

from app.models.base import Output
from app.models.complaints import ComplaintOwn, ComplaintRead, ComplaintReceipt, ComplaintRow
from app.models.demand import DemandRead, TurnedAwayRead
from app.models.goals import GoalForMentor, GoalRead
from app.models.mentees import MenteeReceipt
from app.models.moves import HistoryForMentor, HistoryRead
from app.models.staff import Role
from app.models.texts import VersionRead
from app.models.waiting_list import WaitingRead

Audiences = Mapping[Role, type[Output]]
CARE = (Role.support_worker, Role.clinician)
STAFF = (*CARE, Role.governor)
SCHEME = (*STAFF, Role.mentor)

PROGRAMME: dict[str, Audiences] = {
    "mentees.receipt": dict.fromkeys((Role.wing_duty, Role.mentor), MenteeReceipt),
    "waiting_list": dict.fromkeys(STAFF, WaitingRead),
    "goals": {**dict.fromkeys(CARE, GoalRead), Role.mentor: GoalForMentor},
    "goals.row": {**dict.fromkeys(CARE, GoalRead), Role.mentor: GoalForMentor},
    "goals.history": {**dict.fromkeys(CARE, HistoryRead), Role.mentor: HistoryForMentor},
    "goals.versions": dict.fromkeys(CARE, VersionRead),
    "complaints": {**dict.fromkeys(STAFF, ComplaintRead), Role.mentor: ComplaintOwn},
    "complaints.row": {**dict.fromkeys(STAFF, ComplaintRow), Role.mentor: ComplaintOwn},
    "complaints.raised": dict.fromkeys(SCHEME, ComplaintReceipt),
    "complaints.history": dict.fromkeys(STAFF, HistoryRead),
    "demand": dict.fromkeys(STAFF, DemandRead),
    "turned_away": dict.fromkeys(CARE, TurnedAwayRead),
}
