"""Profiles: what helps to bring a mentor and a mentee together, and nothing else about them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self, TypeVar
from uuid import UUID

from pydantic import AfterValidator, model_validator
from sqlalchemy import CheckConstraint, Column, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.models.base import TIMESTAMP, Identified, Input, Instant, Versioned, reference
from app.models.languages import Language

CodeT = TypeVar("CodeT", bound=StrEnum)


class Skill(StrEnum):
    """What a mentor is good at, and a mentee would like help with."""

    art = "art"
    literacy = "literacy"
    sport = "sport"
    music = "music"
    cbt_group = "cbt_group"
    listening = "listening"
    quiet_company = "quiet_company"
    faith = "faith"
    older_men = "older_men"
    young_adults = "young_adults"
    family = "family"
    daily_routine = "daily_routine"


class Preference(StrEnum):
    """Whom a mentee would like as mentor."""

    same_language = "same_language"
    older_mentor = "older_mentor"
    younger_mentor = "younger_mentor"
    similar_age = "similar_age"
    lived_experience = "lived_experience"
    group_first = "group_first"
    quiet_person = "quiet_person"


class LivedTopic(StrEnum):
    """What someone has been through and, by their consent, may be brought together over."""

    self_harm = "self_harm"
    bereavement = "bereavement"
    addiction = "addiction"
    anxiety = "anxiety"
    low_mood = "low_mood"
    first_time_in_prison = "first_time_in_prison"
    long_sentence = "long_sentence"


def _codes() -> Any:
    """A column of codes of a closed list, which the table's CHECK holds it to."""
    return Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))


def _among(column: str, kind: type[StrEnum]) -> CheckConstraint:
    names = ", ".join(f"'{code.value}'" for code in kind)
    return CheckConstraint(f"{column} <@ ARRAY[{names}]::text[]", name=column)


class Profile(Versioned, table=True):
    """One person's profile. Topics stand only as long as the consent to them."""

    __tablename__ = "profile"
    __table_args__ = (
        reference("person", "person_id"),
        UniqueConstraint("prison_id", "person_id", name="uq_profile_person"),
        _among("languages", Language),
        _among("skills", Skill),
        _among("needs", Skill),
        _among("preferences", Preference),
        _among("lived_experience", LivedTopic),
        CheckConstraint(
            "lived_experience_consent_at IS NOT NULL OR lived_experience = '{}'", name="consented"
        ),
    )

    person_id: UUID
    languages: list[str] = Field(default_factory=list, sa_column=_codes())
    skills: list[str] = Field(default_factory=list, sa_column=_codes())
    needs: list[str] = Field(default_factory=list, sa_column=_codes())
    preferences: list[str] = Field(default_factory=list, sa_column=_codes())
    lived_experience: list[str] = Field(default_factory=list, sa_column=_codes())
    lived_experience_consent_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    lived_experience_revoked_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    recorded_by: str = Field(max_length=200)


def _once_each(codes: list[CodeT]) -> list[CodeT]:
    return sorted(set(codes))


Codes = Annotated[list[CodeT], AfterValidator(_once_each)]


class ProfilePut(Input):
    """A profile as it is from now on. What somebody has been through is kept only while they
    consent; without a time of consent it is taken away."""

    languages: Codes[Language] = Field(
        default=[],
        max_length=20,
        description="Spoken well enough to be understood; ISO 639-1.",
        schema_extra={"examples": [["en", "pl"]]},
    )
    skills: Codes[Skill] = Field(
        default=[],
        max_length=20,
        description="What the person, as mentor, is good at.",
        schema_extra={"examples": [["art", "listening"]]},
    )
    needs: Codes[Skill] = Field(
        default=[],
        max_length=20,
        description="What the person, as mentee, would like help with.",
        schema_extra={"examples": [["literacy"]]},
    )
    preferences: Codes[Preference] = Field(
        default=[],
        max_length=10,
        description="Whom the person, as mentee, would like as mentor. `lived_experience` takes"
        " their consent.",
        schema_extra={"examples": [["same_language", "quiet_person"]]},
    )
    lived_experience: Codes[LivedTopic] = Field(
        default=[],
        max_length=10,
        description="What the person has been through and wants to be brought together over.",
        schema_extra={"examples": [["bereavement"]]},
    )
    lived_experience_consent_at: Instant | None = Field(
        default=None,
        description="When they consented to that; null: they do not, or no longer.",
        schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]},
    )

    @model_validator(mode="after")
    def _by_consent_only(self) -> Self:
        asked = self.lived_experience or Preference.lived_experience in self.preferences
        if asked and self.lived_experience_consent_at is None:
            raise ValueError("lived_experience_consent_at: this is kept by consent only")
        return self


class ProfileOwn(Identified):
    """One's own profile."""

    person_id: UUID
    languages: list[Language]
    skills: list[Skill]
    needs: list[Skill]
    preferences: list[Preference]
    lived_experience: list[LivedTopic]
    lived_experience_consent_at: Instant | None


class ProfileRead(ProfileOwn):
    """A profile, as support workers and clinicians see it."""

    lived_experience_revoked_at: Instant | None
    recorded_by: str = Field(description="The `sub` of who entered it last.")
