"""The people of a mentor's sessions as PostgreSQL puts them together for a list; one by one it is
`app/services/sessions/__init__.py`, and a test holds the two together."""

from typing import Any

from sqlalchemy import String, case, cast, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import JSON, aggregate_order_by
from sqlmodel import col

from app.models.participations import GroupMember, MyMenteesPart
from app.models.people import Person
from app.models.sessions import Participation, Session
from app.models.staff import Role
from app.scope import narrowed
from app.services.scheduling import GROUPS
from app.ties import my_mentees


def of_mentor(person_id: Any) -> Any:
    """The participations of a mentor's session as a JSON array. In a group by first names, alike
    ones numbered; whoever is not their own mentee without an id by which to be known elsewhere.
    `person_id`: of a participation's mentee."""

    def named(name: str) -> Any:
        return (
            select(getattr(Person, name))
            .where(
                col(Person.prison_id) == col(Participation.prison_id), col(Person.id) == person_id
            )
            .correlate(Participation)
            .scalar_subquery()
        )

    group = cast(col(Session.kind), String).in_([each.value for each in sorted(GROUPS)])
    part = (
        narrowed(Participation, Role.mentor)
        .where(col(Participation.session_id) == col(Session.id))
        .with_only_columns(
            col(Participation.id),
            col(Participation.version),
            col(Participation.mentee_id),
            col(Participation.status),
            case((group, named("first_name")), else_=named("display_name")).label("name"),
            group.label("of_a_group"),
            col(Participation.mentee_id).in_(my_mentees()).label("own"),
        )
        .offset(literal_column("0"))
        .correlate(Session)
        .subquery("part")
    )
    alike = func.count().over(partition_by=part.c.name)
    number = func.row_number().over(partition_by=part.c.name, order_by=part.c.id)
    numbered = select(part, alike.label("alike"), number.label("number")).subquery("numbered")
    row = numbered.c
    shown_as = case(
        (row.of_a_group & (row.alike > 1), row.name + " " + cast(row.number, String)),
        else_=row.name,
    )
    known = {"display_name": shown_as}

    def built(shape: type[GroupMember]) -> Any:
        pairs = [
            part
            for name in shape.model_fields
            for part in (name, known[name] if name in known else row[name])
        ]
        return func.json_build_object(*pairs)

    each = case((row.of_a_group & ~row.own, built(GroupMember)), else_=built(MyMenteesPart))
    ordered: Any = aggregate_order_by(each, row.name, row.id)
    whole = func.coalesce(func.json_agg(ordered), cast(literal("[]"), JSON))
    return select(whole).select_from(numbered).scalar_subquery()
