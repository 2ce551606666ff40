"""What a rule of the board is: whose it is, of which rows, since when, and by when."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Select,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
)
from sqlmodel import SQLModel, col

from app.models.board import BoardBand, BoardRule
from app.models.inbox import InboxRule
from app.models.moves import History
from app.models.staff import Role
from app.scope import narrowed
from app.ties import HERE

SW, C, G, WD, M = (
    Role.support_worker,
    Role.clinician,
    Role.governor,
    Role.wing_duty,
    Role.mentor,
)
SOON: Any = bindparam("soon", type_=Date)
"""The day a month from today."""
NURSES = (Role.nurse, Role.mental_health_lead)


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows of `model` that the roles see and where `when` holds wait for them.

    `noun` is the resource's address; `thing` the row to open there, where it is another than the
    one found; `person` whose name is shown; `when` may ask who looks.
    """

    rule: BoardRule | InboxRule
    band: BoardBand
    roles: tuple[Role, ...]
    model: type[SQLModel]
    noun: str
    when: ColumnElement[bool] | Callable[[Role], ColumnElement[bool]]
    since: Any
    due: Any = None
    person: Any = None
    thing: Any = None


def told(rule: Rule, role: Role) -> Select[Any]:
    """The rule as a select whose columns every rule has alike."""
    when = rule.when(role) if callable(rule.when) else rule.when
    row_id = rule.model.id  # type: ignore[attr-defined]
    due, person = rule.due, rule.person
    return (
        narrowed(rule.model, role)
        .where(when)
        .with_only_columns(
            literal(rule.rule.value).label("rule"),
            literal(rule.band.value).label("band"),
            row_id.label("row_id"),
            literal(rule.noun).label("thing_noun"),
            (row_id if rule.thing is None else rule.thing).label("thing_id"),
            (cast(null(), Uuid) if person is None else person).label("person_id"),
            rule.since.label("since"),
            (cast(null(), DateTime(timezone=True)) if due is None else due).label("due_at"),
        )
    )


def entered(model: Any) -> Any:
    """When a row came into the state it is in, by its history; else when it was recorded."""
    moved = select(func.max(col(History.occurred_at))).where(
        col(History.prison_id) == HERE,
        col(History.thing_id) == model.id,
        col(History.to_state) == model.status,
        col(History.from_state).is_distinct_from(col(History.to_state)),
    )
    return func.coalesce(moved.correlate(model).scalar_subquery(), model.recorded_at)


def person_of(parent: Any, parent_id: Any, child: Any) -> Any:
    """The person behind a mentor or a mentee that a row points to."""
    found = select(parent.person_id).where(parent.prison_id == HERE, parent.id == parent_id)
    return found.correlate(child).scalar_subquery()


def in_state(
    model: Any, noun: str, rule: BoardRule, roles: tuple[Role, ...], *states: Any, **rest: Any
) -> Rule:
    """A mentor or a mentee in one of these states waits for the roles. `when`: what must hold
    besides, which may ask who looks."""
    return Rule(
        rule,
        rest.pop("band", BoardBand.waiting),
        roles,
        model,
        noun,
        when=both(col(model.status).in_(states), rest.pop("when", None)),
        since=rest.pop("since", entered(model)),
        person=col(model.person_id),
        **rest,
    )


def both(state: ColumnElement[bool], more: Any) -> Any:
    """In the state, and whatever else is asked for; that may ask who looks."""
    if callable(more):
        return lambda role: and_(state, more(role))
    return state if more is None else and_(state, more)
