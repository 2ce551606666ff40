"""Of what a stream tells, and in which words to whom.

A role is told of a change only where its own shape of the thing shows one: what it does not see
there is not told by an event's type, nor by when it comes.
"""

from dataclasses import dataclass

from sqlmodel import SQLModel

from app.grants import GRANTS, P
from app.models.concerns import Concern, ConcernStatus
from app.models.notifications import Notification
from app.models.staff import Role
from app.models.tasks import Task
from app.rights import Permission


@dataclass(frozen=True, slots=True)
class Noun:
    """What a topic's first word stands for: rows, their address, and who may read them."""

    model: type[SQLModel]
    address: str
    permission: Permission


# The trigger of `alembic/versions/2026_11_26_stream.py` wakes streams for these alone (tested).
NOUNS: dict[str, Noun] = {
    "concern": Noun(Concern, "concerns", P.concern_read),
    "notification": Noun(Notification, "notifications", P.notification_read),
    "task": Noun(Task, "tasks", P.task_read),
}
CHANGED = "concern.changed"
# What changes the receipt of whoever raised it: received, acted, told back.
_OF_THE_RECEIPT = frozenset(
    f"concern.{what}" for what in ("raised", "acknowledged", "seen", "fed_back", "merged_duplicate")
)
# What a wing officer's shape shows of a concern: its state and its clocks.
_OF_THE_CLOCKS = frozenset(
    f"concern.{what}" for what in (*ConcernStatus, "seen", "decided", "subject_resolved")
)


def noun_of(topic: str) -> Noun:
    return NOUNS[topic.partition(".")[0]]


def type_for(role: Role, topic: str) -> str | None:
    """The event's type as this role is told of it; None where it is not told."""
    if noun_of(topic).permission not in GRANTS[role]:
        return None
    if not topic.startswith("concern."):
        return topic
    if role.family is Role.mentor:
        return CHANGED if topic in _OF_THE_RECEIPT else None
    if role is Role.wing_duty:
        return topic if topic in _OF_THE_CLOCKS else None
    return topic
