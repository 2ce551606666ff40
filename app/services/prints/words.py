"""The words that stand on paper and in calendars, from `app/reference/print/words.toml`."""

import tomllib
from functools import lru_cache
from pathlib import Path

from app.models.base import Output

FOLDER = Path(__file__).parents[2] / "reference" / "print"


class Words(Output):
    """All of them; a test holds the sheets against it."""

    classification: str
    handling: str
    found: str
    activity: str
    no_room: str
    no_cell: str
    other_times: str
    on_call: str
    all_day: str
    since: str
    until: str
    notice: dict[str, str]
    title: dict[str, str]
    empty: dict[str, str]
    rota: dict[str, str]
    outage: dict[str, str]
    column: dict[str, str]


@lru_cache
def words() -> Words:
    return Words.model_validate(tomllib.loads((FOLDER / "words.toml").read_text("utf-8")))
