"""Reference: the code lists, with words for people."""

from app.models.base import Output


class CodeRead(Output):
    """One code: `label` for staff, `easy_read` in plain words for everyone."""

    code: str
    label: str
    easy_read: str


class ReferenceRead(Output):
    """Every closed list of the API by its name; codes stand in the order of the list."""

    lists: dict[str, list[CodeRead]]
