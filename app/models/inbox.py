"""The inbox: what waits for me, in every prison where I am somebody."""

from enum import StrEnum

from app.models.base import PrisonId
from app.models.board import BoardItem, BoardItemForMentor, BoardRule


class InboxRule(StrEnum):
    """Why something is in an inbox that stands on no board."""

    page_to_read = "page_to_read"
    concern_to_accept = "concern_to_accept"
    action_to_accept = "action_to_accept"
    told_back = "told_back"


class InboxItemForMentor(BoardItemForMentor):
    """One thing that waits for a prisoner, in one of their prisons."""

    prison_id: PrisonId
    rule: BoardRule | InboxRule  # type: ignore[assignment]


class InboxItem(BoardItem):
    """One thing that waits for a member of staff, in one of their prisons."""

    prison_id: PrisonId
    rule: BoardRule | InboxRule  # type: ignore[assignment]
