"""The visibility matrix on one page: the shape in which each role is answered each resource.

A field out of an audience's reach is absent from its shape. The rows somebody may see are narrowed
in `app/scope.py`; whether they may ask at all is in `app/access.py`.
"""

from collections.abc import Mapping

from sqlmodel import SQLModel

from app.errors import NotAllowed
from app.models.staff import Role

Audiences = Mapping[Role, type[SQLModel]]

# "mentees" is the single resource, "mentees.row" the same in a list. A role finds its own shape or
# its family's; a role that finds none is not answered.
MATRIX: dict[str, Audiences] = {}


def shape(resource: str, role: Role) -> type[SQLModel]:
    """The shape in which this role is answered the resource. Raises NotAllowed without one."""
    audiences = MATRIX[resource]
    found = audiences.get(role) or audiences.get(role.family)
    if found is None:
        raise NotAllowed()
    return found
