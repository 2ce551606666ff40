"""Campaigns: calls for applications, from the day one opens to the last day to apply."""

from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import field_validator, model_validator
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.models.base import Day, Identified, Input, Name, Versioned, choice, given
from app.models.moves import MoveOption


class CampaignStatus(StrEnum):
    draft = "draft"
    open = "open"
    closed = "closed"
    cancelled = "cancelled"


class Campaign(Versioned, table=True):
    """A call for applications, with a number of places."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("closes_on >= opens_on", name="closes_after_it_opens"),
        CheckConstraint("places >= 1", name="has_a_place"),
        Index("ix_campaign_opens", "prison_id", "opens_on", "id"),
    )

    title: str = Field(max_length=100)
    opens_on: date
    closes_on: date
    places: int
    status: CampaignStatus = Field(
        default=CampaignStatus.draft, sa_type=choice(CampaignStatus, "status")
    )


class CampaignCreate(Input):
    """A call for applications, first as a draft."""

    title: Name = Field(schema_extra={"examples": ["Mentors for Delta wing, winter"]})
    opens_on: Day = Field(schema_extra={"examples": ["2026-12-01"]})
    closes_on: Day = Field(
        description="The last day to apply.", schema_extra={"examples": ["2026-12-21"]}
    )
    places: int = Field(
        ge=1,
        le=100,
        description="How many may be approved in it.",
        schema_extra={"examples": [4]},
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.closes_on < self.opens_on:
            raise ValueError("closes_on: must not be before opens_on")
        return self


class CampaignUpdate(Input):
    """What changes of a campaign that is not over. What is left out stays as it is."""

    title: Name | None = Field(
        default=None, schema_extra={"examples": ["Mentors for Delta wing, winter"]}
    )
    opens_on: Day | None = Field(default=None, schema_extra={"examples": ["2026-12-01"]})
    closes_on: Day | None = Field(default=None, schema_extra={"examples": ["2026-12-21"]})
    places: int | None = Field(default=None, ge=1, le=100, schema_extra={"examples": [4]})

    _given = field_validator("title", "opens_on", "closes_on", "places")(given)


class CampaignForPrisoner(Identified):
    """A campaign that is open, as those see it who may apply."""

    title: str
    opens_on: date
    closes_on: date = Field(description="The last day to apply.")
    places: int
    status: CampaignStatus


class CampaignRow(CampaignForPrisoner):
    """A campaign in a list, as staff see it."""

    applications: int = Field(description="All that name it, in whatever state.")
    places_left: int = Field(description="Its places, less those who were approved in it.")


class CampaignRead(CampaignRow):
    """A campaign, with what the caller may do next."""

    moves: list[MoveOption] = []
