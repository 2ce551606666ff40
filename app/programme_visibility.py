"""The programme's part of the visibility matrix: the shape in which each role is answered it.
`app/visibility.py` takes it in."""

from collections.abc import Mapping

from app.models.base import Output
from app.models.clearances import ClearanceRead, ClearanceRow, ExpiringRow
from app.models.staff import Role

Audiences = Mapping[Role, type[Output]]
CARE = (Role.support_worker, Role.clinician)
STAFF = (*CARE, Role.governor)
SCHEME = (*STAFF, Role.mentor)

PROGRAMME: dict[str, Audiences] = {
    "clearances": {Role.support_worker: ClearanceRow, Role.governor: ClearanceRead},
    "clearances.row": {Role.support_worker: ClearanceRow, Role.governor: ClearanceRead},
    "clearances.expiring": dict.fromkeys((Role.support_worker, Role.governor), ExpiringRow),
}
