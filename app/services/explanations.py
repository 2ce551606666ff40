"""Explanations of confidentiality: the versions that ship with the code, and those given.

`app/reference/confidentiality.toml` holds the words. What a person was told stays as it was: every
explanation given is a row, with its version and language.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import FieldError, Invalid
from app.models.base import Output
from app.models.explanations import (
    Explanation,
    ExplanationCreate,
    ExplanationText,
    ExplanationVersion,
)
from app.scope import visible
from app.services import outbox
from app.visibility import shape

WORDS = Path(__file__).parents[1] / "reference" / "confidentiality.toml"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the explanation, its words by language."""

    version: str
    valid_from: date
    texts: dict[str, ExplanationText]


@lru_cache
def versions() -> tuple[Version, ...]:
    """Every version, the oldest first."""
    found = tomllib.loads(WORDS.read_text(encoding="utf-8"))["versions"]
    made = [
        Version(
            each["version"],
            each["valid_from"],
            {
                language: ExplanationText(
                    language=language,
                    text=words["text"].strip(),
                    easy_read=words["easy_read"].strip(),
                )
                for language, words in each.items()
                if isinstance(words, dict)
            },
        )
        for each in found
    ]
    return tuple(sorted(made, key=lambda each: each.valid_from))


def in_force(known: Sequence[Version], today: date) -> str | None:
    """The version in force on a day: the newest that holds by then."""
    holding = [each.version for each in known if each.valid_from <= today]
    return holding[-1] if holding else None


def is_current(version: str | None) -> bool:
    """Whether someone to whom this version was explained has heard the one in force."""
    return version is not None and version == in_force(versions(), clock.now().date())


def every_version() -> list[ExplanationVersion]:
    """Every version with its words, the newest first."""
    current = in_force(versions(), clock.now().date())
    return [
        ExplanationVersion(
            version=each.version,
            valid_from=each.valid_from,
            current=each.version == current,
            texts=list(each.texts.values()),
        )
        for each in reversed(versions())
    ]


def check_known(version: str, language: str) -> None:
    """There is such a version, in this language. Raises Invalid, naming the field."""
    known = {each.version: each.texts for each in versions()}
    name, choices = "explained_version", sorted(known)
    if version in known:
        name, choices = "explained_language", sorted(known[version])
        if language in choices:
            return
    message = f"must be one of: {', '.join(choices)}"
    raise Invalid(message, errors=[FieldError(name, "unknown", message)])


async def record(
    db: AsyncSession, actor: Actor, person_id: UUID, body: ExplanationCreate
) -> Explanation:
    """Keep that this actor explained confidentiality to a person; earlier ones stay."""
    check_known(body.explained_version, body.explained_language)
    if body.explained_at > clock.now():
        raise Invalid.field("explained_at", "in_the_future", "must not be in the future")
    explanation = Explanation(
        prison_id=actor.prison_id,
        person_id=person_id,
        explained_by=actor.staff_id,
        **body.model_dump(),
    )
    db.add(explanation)
    outbox.say(
        db, actor.prison_id, "explanation.given", explanation.id, version=body.explained_version
    )
    await db.flush()
    return explanation


async def given_to(db: AsyncSession, actor: Actor, person_id: UUID) -> list[Output]:
    """Every explanation given to a person, oldest first."""
    found = visible(Explanation, actor).where(col(Explanation.person_id) == person_id)
    rows = await db.execute(found.order_by(col(Explanation.explained_at), col(Explanation.id)))
    each = shape("mentees.explanations", actor.role)
    return [each.model_validate(row) for row in rows.scalars()]
