"""What the experience survey asks, as `app/reference/experience.toml` has it, and what an answer to
it raises. Pure."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from app.errors import FieldError
from app.models.survey_rounds import SurveyAudience, SurveyDefinition, SurveyItemRead

FILE = Path(__file__).parents[2] / "reference" / "experience.toml"
FORMS, SENT = "forms", "sent"
"""The counter of all who answered."""
ANSWERED = "answered"
"""Of a question with choices: the counter of those who chose any."""
Counter = tuple[str, str]


class Item(BaseModel):
    """One question: on the scale, or with choices."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    choices: dict[str, str] = {}


class Survey(BaseModel):
    """One version of what an audience is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    audience: SurveyAudience
    version: int
    title: str
    items: dict[str, Item]


@lru_cache
def scale() -> tuple[str, ...]:
    """The words of 1, 2 and so on."""
    return tuple(tomllib.loads(FILE.read_text(encoding="utf-8"))["scale"])


@lru_cache
def surveys() -> dict[tuple[SurveyAudience, int], Survey]:
    """Every version there ever was, in the order of the file."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))["survey"]
    read = [Survey.model_validate(each) for each in found]
    return {(each.audience, each.version): each for each in read}


def in_force(audience: SurveyAudience) -> Survey:
    """The last version of what an audience is asked."""
    versions = [version for who, version in surveys() if who is audience]
    return surveys()[audience, max(versions)]


def every_definition() -> list[SurveyDefinition]:
    """What is asked, for those who put it on a screen or on paper."""
    return [
        SurveyDefinition(
            audience=each.audience,
            version=each.version,
            in_force=each is in_force(each.audience),
            title=each.title,
            scale=list(scale()),
            items=[
                SurveyItemRead(name=name, text=item.text, choices=item.choices)
                for name, item in each.items.items()
            ],
        )
        for each in surveys().values()
    ]


def counters(survey: Survey) -> Iterator[Counter]:
    """Every counter that a round of it has."""
    yield FORMS, SENT
    for name, item in survey.items.items():
        if item.choices:
            yield name, ANSWERED
        for answer in item.choices or map(str, range(1, len(scale()) + 1)):
            yield name, answer


def wrong(survey: Survey, answers: Mapping[str, int | list[str]]) -> Iterator[FieldError]:
    """What is wrong with somebody's answers."""
    if set(answers) - set(survey.items):  # whose name is the caller's own word: not repeated
        names = ", ".join(survey.items)
        yield FieldError("answers", "unknown_question", f"has these questions only: {names}")
    elif not any(value != [] for value in answers.values()):
        yield FieldError("answers", "missing", "answer at least one question")
    for name, item in survey.items.items():
        value = answers.get(name)
        if value is None:
            continue
        if item.choices and not (isinstance(value, list) and set(value) <= set(item.choices)):
            message = f"must be a list of: {', '.join(item.choices)}"
            yield FieldError(f"answers.{name}", "out_of_range", message)
        most = len(scale())
        if not item.choices and not (isinstance(value, int) and 1 <= value <= most):
            message = f"must be a whole number from 1 to {most}"
            yield FieldError(f"answers.{name}", "out_of_range", message)


def raised(answers: Mapping[str, int | list[str]]) -> Iterator[Counter]:
    """The counters that somebody's answers raise, each by one."""
    yield FORMS, SENT
    for name, value in answers.items():
        if isinstance(value, int):
            yield name, str(value)
        elif value:
            yield name, ANSWERED
            yield from ((name, each) for each in set(value))
