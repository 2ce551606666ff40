"""The data dictionary, made of the row models: in our own words and as Frictionless says it."""

from typing import Any

from app.models.exports import (
    ColumnRead,
    DatasetRead,
    DictionaryRead,
    ExportDataset,
)
from app.services.exports.columns import ColumnType, Kind, columns_of
from app.services.exports.datasets import DATASETS, Dataset


def dictionary() -> DictionaryRead:
    """Every dataset and its columns."""
    return DictionaryRead(datasets=[_dataset(each) for each in DATASETS.values()])


def _dataset(of: Dataset) -> DatasetRead:
    plain = columns_of(of, False)
    known = {each.name for each in plain}
    named = [each for each in columns_of(of, True) if each.name not in known]
    return DatasetRead(
        name=of.name,
        description=(of.row.__doc__ or "").strip(),
        key=of.key,
        day_of=of.day_of,
        kind_of=of.kind_of,
        columns=[_column(each) for each in plain],
        named_columns=[_column(each) for each in named],
    )


def _column(of: ColumnType) -> ColumnRead:
    return ColumnRead(
        name=of.name,
        type=of.kind,
        description=of.description,
        required=of.required,
        codes=list(of.codes) if of.codes else None,
        pseudonym=of.pseudonym,
    )


def package() -> dict[str, Any]:
    """The CSV files as one Frictionless data package."""
    return {
        "profile": "tabular-data-package",
        "name": "wellwing-exports",
        "title": "What Wellwing exports, under pseudonyms",
        "resources": [resource(name) for name in DATASETS],
    }


def resource(name: ExportDataset) -> dict[str, Any]:
    """One CSV file, with its Table Schema."""
    return {
        "name": name.value,
        "path": f"{name}.csv",
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "description": (DATASETS[name].row.__doc__ or "").strip(),
        "schema": schema(name),
    }


def schema(name: ExportDataset, *, named: bool = False) -> dict[str, Any]:
    """The Table Schema of a dataset. Only its key stands in a row that was removed, so nothing
    else is required of every row."""
    of = DATASETS[name]
    return {
        "fields": [_field(each, of.key) for each in columns_of(of, named)],
        "missingValues": [""],
        "primaryKey": of.key,
    }


def _field(of: ColumnType, key: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": of.name, "type": of.kind.value}
    if of.description:
        found["description"] = of.description
    if of.kind is Kind.datetime:
        found["format"] = "any"
    constraints: dict[str, Any] = {}
    if of.name in {key, "removed"}:
        constraints["required"] = True
    if of.codes:
        constraints["enum"] = list(of.codes)
    if of.pseudonym:
        constraints["pattern"] = "x[0-9a-f]{24}"
    if constraints:
        found["constraints"] = constraints
    return found
