"""The columns of a dataset, from its row model: what type each has, in every format."""

import types
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Union, get_args, get_origin

from pydantic import AwareDatetime, StringConstraints

from app.models.base import Output
from app.models.exports import Pseudonym
from app.services.exports.datasets import Dataset

_PATTERN = next(each for each in get_args(Pseudonym) if isinstance(each, StringConstraints)).pattern


class Kind(StrEnum):
    """The type of a column, as Frictionless calls it."""

    string = "string"
    integer = "integer"
    number = "number"
    boolean = "boolean"
    date = "date"
    datetime = "datetime"
    object = "object"


_KINDS: dict[Any, Kind] = {
    bool: Kind.boolean,
    int: Kind.integer,
    float: Kind.number,
    datetime: Kind.datetime,
    AwareDatetime: Kind.datetime,
    date: Kind.date,
    str: Kind.string,
}


@dataclass(frozen=True, slots=True)
class ColumnType:
    """One column: its name, type and words."""

    name: str
    kind: Kind
    description: str | None
    required: bool
    codes: tuple[str, ...] | None
    pseudonym: bool


@lru_cache
def columns_of(dataset: Dataset, named: bool) -> tuple[ColumnType, ...]:
    """The columns of the dataset in their order; `removed` stands last."""
    shape = dataset.shape(named)
    names = [name for name in dataset.columns if name in shape.model_fields]
    return tuple(_column(shape, name) for name in (*names, "removed"))


def _column(shape: type[Output], name: str) -> ColumnType:
    given = shape.model_fields[name]
    annotation, required = given.annotation, True
    metadata = list(given.metadata)
    if get_origin(annotation) in {Union, types.UnionType}:
        required = False
        [annotation] = [each for each in get_args(annotation) if each is not types.NoneType]
    if get_args(annotation) and get_origin(annotation) is not dict:
        metadata += get_args(annotation)[1:]
        annotation = get_args(annotation)[0]
    codes = None
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        codes, annotation = tuple(each.value for each in annotation), str
    kind = Kind.object if get_origin(annotation) is dict else _KINDS[annotation]
    pseudonym = any(getattr(each, "pattern", None) == _PATTERN for each in metadata)
    return ColumnType(name, kind, given.description, required, codes, pseudonym)
