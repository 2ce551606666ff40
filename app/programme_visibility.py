"""The programme's part of the visibility matrix: the shape in which each role is answered it.
`app/visibility.py` takes it in."""

from collections.abc import Mapping

from app.models.base import Output
from app.models.efforts import EffortRead, EffortSummary
from app.models.moves import HistoryCoarse, HistoryForMentor, HistoryRead
from app.models.outreach_visits import OutreachCoverage, OutreachVisitRead
from app.models.people import MergeRead, MergeReceipt
from app.models.staff import Role
from app.models.wing_places import WingOccupancy, WingPlaceOwn, WingPlaceRead, WingPlaceRow

Audiences = Mapping[Role, type[Output]]
CARE = (Role.support_worker, Role.clinician)
STAFF = (*CARE, Role.governor)
SCHEME = (*STAFF, Role.mentor)

PROGRAMME: dict[str, Audiences] = {
    "wing_places": {**dict.fromkeys(STAFF, WingPlaceRead), Role.mentor: WingPlaceOwn},
    "wing_places.row": {**dict.fromkeys(STAFF, WingPlaceRow), Role.mentor: WingPlaceOwn},
    "wing_places.history": {
        **dict.fromkeys(CARE, HistoryRead),
        Role.wing_duty: HistoryCoarse,  # who reads no notes reads none here either
        Role.governor: HistoryCoarse,
        Role.mentor: HistoryForMentor,
    },
    "wing_places.occupancy": dict.fromkeys(STAFF, WingOccupancy),
    "outreach_visits": dict.fromkeys(STAFF, OutreachVisitRead),
    "outreach_visits.row": dict.fromkeys(STAFF, OutreachVisitRead),
    "outreach_visits.coverage": dict.fromkeys(STAFF, OutreachCoverage),
    "efforts": dict.fromkeys((*CARE, Role.mentor), EffortRead),
    "efforts.row": dict.fromkeys((*CARE, Role.mentor), EffortRead),
    "efforts.summary": dict.fromkeys(SCHEME, EffortSummary),
    "people.merges": {Role.support_worker: MergeRead, Role.machine: MergeReceipt},
}
