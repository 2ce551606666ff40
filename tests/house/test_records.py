"""What is held about a person is listed table by table, and no table is missed."""

from uuid import uuid4

from app.models.base import EXEMPT_TABLES, metadata
from app.records import NOBODYS, TOLD_OF_OTHERS, theirs
from app.services.chronology.readers import OF_THE_SERVICE, PARTS, RESOURCES
from app.visibility import MATRIX


def test_every_table_with_a_prison_is_somebodys_or_nobodys_for_a_reason() -> None:
    scoped = {table.name for table in metadata.sorted_tables} - set(EXEMPT_TABLES)
    somebodys = {model.__tablename__ for model in theirs("AAA", uuid4())}
    assert somebodys | set(NOBODYS) == scoped
    assert not somebodys & set(NOBODYS)
    assert all(NOBODYS.values())


def test_what_was_somebodys_once_is_sought_in_the_same_tables() -> None:
    assert set(theirs("AAA", uuid4(), ever=True)) == set(theirs("AAA", uuid4()))


def test_a_chronology_has_an_audience_for_every_table() -> None:
    """In the matrix, with the thing it is part of, or by a rule of its own."""
    told = {model.__tablename__ for model in theirs("AAA", uuid4())}
    of_others = {model.__tablename__ for model in TOLD_OF_OTHERS}
    assert told - of_others == {*RESOURCES, *PARTS, *OF_THE_SERVICE, "notification"}
    assert set(RESOURCES.values()) <= set(MATRIX)
