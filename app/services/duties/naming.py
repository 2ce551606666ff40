"""Who names a last resort."""

from app.access import Actor
from app.errors import NotAllowed
from app.models.staff import Role


def governors_only(actor: Actor) -> None:
    if actor.role not in {Role.governor, Role.system}:
        raise NotAllowed("Only a governor names or ends a last resort.")
