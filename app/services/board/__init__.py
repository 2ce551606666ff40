"""The board: who needs something from me today, in order (here), and by which rules: `rules.py`
says what a rule is, the other files list them.

Every rule is a select over rows that the actor may see anyway (`app/scope.py`), and all of a role's
rules are one statement: the board tells nobody more than the lists do. First comes what may be
about a life, then somebody's safety, then whoever waits; in each, what has been due longest. What
has no time set counts from when it began to wait.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, Subquery, bindparam, case, false, func, or_, select, union_all
from sqlmodel import col

from app import clock
from app.access import Actor
from app.db import Database
from app.models.base import TIMESTAMP, Output
from app.models.board import BoardBand
from app.models.people import Person
from app.models.staff import Role
from app.paging import Compiled, compiled
from app.scope import narrowed
from app.services.board.mentees import MENTEES_RULES
from app.services.board.mentors import MENTORS_RULES
from app.services.board.plans import PLANS_RULES
from app.services.board.rota import ROTA_RULES
from app.services.board.rules import Rule, told
from app.services.board.safety import SAFETY
from app.services.board.second_persons import SECOND_PERSONS
from app.services.reference import labels
from app.services.working_days import local_date, utc
from app.visibility import shape

RULES: tuple[Rule, ...] = (
    *SAFETY,
    *ROTA_RULES,
    *MENTORS_RULES,
    *MENTEES_RULES,
    *PLANS_RULES,
    *SECOND_PERSONS,
)
A_MONTH = timedelta(days=30)
_NOW: Any = bindparam("actor_now", type_=TIMESTAMP)
_HORIZON: Any = bindparam("horizon", type_=TIMESTAMP)
_AHEAD: Any = bindparam("ahead", type_=TIMESTAMP)
SAFETY_AHEAD = timedelta(days=3)
"""What touches safety is on the board so long before it is due, whatever is asked for."""
_ZONE = "SELECT zone FROM prison WHERE id = $1"


def rules_of(role: Role, rules: Sequence[Rule] = RULES) -> list[Rule]:
    """The rules that put something on this role's board; nurses and their lead find the clinicians'
    too."""
    as_clinician = role.family if role.family is Role.clinician else role
    return [rule for rule in rules if role in rule.roles or as_clinician in rule.roles]


def found_by(rules: Sequence[Rule], role: Role) -> tuple[Subquery, Select[Any]]:
    """What these rules find for a role, and the same as it is shown: with the names the role may
    read, and whether its time is over."""
    found = union_all(*(told(rule, role) for rule in rules)).subquery("found")
    people = (
        narrowed(Person, role)
        .with_only_columns(col(Person.id), col(Person.display_name))
        .subquery("people")
    )
    overdue = func.coalesce(found.c.due_at < _NOW, false()).label("overdue")
    shown = select(found, people.c.display_name, overdue)
    return found, shown.select_from(found.outerjoin(people, people.c.id == found.c.person_id))


@lru_cache(maxsize=len(Role))
def _statement(role: Role) -> Compiled:
    """Everything on a role's board, in order."""
    found, shown = found_by(rules_of(role), role)
    bands = {band.value: number for number, band in enumerate(BoardBand)}
    due = found.c.due_at
    ahead = func.greatest(_HORIZON, _AHEAD)
    soon = {BoardBand.life.value: ahead, BoardBand.safety.value: ahead}
    return compiled(
        shown.add_columns(func.count().over().label("total"))
        .where(or_(due.is_(None), due < case(soon, value=found.c.band, else_=_HORIZON)))
        .order_by(
            case(bands, value=found.c.band),
            func.coalesce(due, found.c.since),
            found.c.rule,
            found.c.thing_id,
        )
        .limit(bindparam("most"))
    )


def end_of_day(now: datetime, zone: ZoneInfo, ahead: int) -> datetime:
    """The midnight that ends the prison's day, so many days ahead, as UTC."""
    day = local_date(now, zone) + timedelta(days=ahead + 1)
    return utc(datetime.combine(day, time(), zone))


async def read(db: Database, actor: Actor, *, ahead: int, most: int) -> tuple[Output, list[Any]]:
    """The board of this actor, and the ids on it for the audit. `ahead`: days beyond today within
    which something falls due; `most`: how many items at most."""
    zone = await db.fetchrow(actor.prison_id, _ZONE, actor.prison_id)
    assert zone is not None
    now = clock.now()
    prison = ZoneInfo(zone["zone"])
    horizon = end_of_day(now, prison, ahead)
    statement = _statement(actor.role)
    values = {**actor.scope(), "actor_now": now, "horizon": horizon, "most": most}
    values["ahead"] = now + SAFETY_AHEAD
    values["soon"] = local_date(now, prison) + A_MONTH
    rows = await db.fetch(actor.prison_id, statement.sql, *statement.arguments(values))
    board = {
        "total": rows[0]["total"] if rows else 0,
        "items": [_item(row) for row in rows],
    }
    return shape("board", actor.role).model_validate(board), [row["thing_id"] for row in rows]


def _item(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "why": labels()["board_rule"][row["rule"]]["label"]}
