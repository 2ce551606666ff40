"""The one statement of an export: typed rows, narrowed to what was asked, and as one format's text.

Pseudonyms are made in SQL: of a million rows they cost a second there, and minutes in Python.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.models.exports import ExportFormat
from app.services.exports.columns import ColumnType, Kind, columns_of
from app.services.exports.datasets import DATASETS, Column, Dataset, Of, Through
from app.services.exports.pseudonyms import SQL, Pseudonyms
from app.services.exports.wanted import Wanted

# A spreadsheet takes a cell that begins so for a formula; the same as `app/formats.py` says.
_FORMULA = r"^[\s\u00ad\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]"


@dataclass
class _Arguments:
    """The arguments of the statement in order, and where each stands."""

    values: list[Any] = field(default_factory=list)

    def add(self, value: Any, cast: str) -> str:
        self.values.append(value)
        return f"${len(self.values)}::{cast}"


@dataclass(frozen=True, slots=True)
class Statement:
    sql: str
    arguments: list[Any]


def statement(prison_id: str, wanted: Wanted, pseudonyms: Pseudonyms) -> Statement:
    """The rows as one format's text has them: a column each, or of NDJSON the line."""
    built = _Building(prison_id, wanted, pseudonyms)
    return Statement(built.as_text(), built.arguments.values)


class _Building:
    def __init__(self, prison_id: str, wanted: Wanted, pseudonyms: Pseudonyms) -> None:
        self.wanted = wanted
        self.dataset: Dataset = DATASETS[wanted.dataset]
        self.columns = columns_of(self.dataset, wanted.identifiable)
        self.arguments = _Arguments()
        self.prison = self.arguments.add(prison_id, "text")
        inner, outer = pseudonyms.pads()
        self.pads = {
            "inner": self.arguments.add(inner, "bytea"),
            "outer": self.arguments.add(outer, "bytea"),
        }
        self.small: dict[str, str] = {}

    def as_text(self) -> str:
        rows = self._rows()
        small = ", ".join(f"{name} AS MATERIALIZED ({sql})" for name, sql in self.small.items())
        begin = f"WITH {small} " if small else ""
        if self.wanted.format is ExportFormat.ndjson:
            return f"{begin}SELECT row_to_json(r) FROM ({rows}) r"  # noqa: S608 - of constants
        told = ", ".join(self._cell(each) for each in self.columns)
        return f"{begin}SELECT {told} FROM ({rows}) r"  # noqa: S608 - of constants

    def _cell(self, column: ColumnType) -> str:
        """A column as CSV has it: times and truths spelt as in JSON, and nothing that runs."""
        name = f"r.{column.name}"
        if column.kind is Kind.boolean:
            return f"{name}::text AS {column.name}"
        if self.wanted.format is not ExportFormat.csv:
            return name
        if column.kind is Kind.datetime:
            return f"replace({name}::text, ' ', 'T') || ':00' AS {column.name}"
        if column.name in self.dataset.said:
            safe = f"CASE WHEN {name} ~ '{_FORMULA}' THEN chr(39) || {name} ELSE {name} END"
            return f"{safe} AS {column.name}"
        return name

    def _rows(self) -> str:
        told = [each for each in self.columns if each.name != "removed"]
        made = ", ".join(f"{self._made(each.name)} AS {each.name}" for each in told)
        since = self._since()
        asked = self._asked()
        rows = f"SELECT {made}, false AS removed {self._source()} AND {since} AND {asked}"
        if self.wanted.since is None:
            return rows
        key = self._made(self.dataset.key)
        nothing = ", ".join(f"NULL AS {each.name}" for each in told[1:])
        gone = f"{self._source()} AND {since} AND ({asked}) IS NOT TRUE"
        return f"{rows} UNION ALL SELECT {key}, {nothing}, true {gone}"

    def _source(self) -> str:
        through = " ".join(
            f"LEFT JOIN of_{each.table} ON of_{each.table}.id = {each.value}"
            for each in self.dataset.columns.values()
            if isinstance(each, Through)
        )
        return (
            f"FROM {self.dataset.table} t JOIN prison z ON z.id = t.prison_id"
            f" {self.dataset.joins} {through}"
            f" WHERE t.prison_id = {self.prison} AND ({self.dataset.told})"
        )

    def _made(self, name: str) -> str:
        column: Column = self.dataset.columns[name]
        if isinstance(column, Of):
            return SQL.format(**self.pads, value=column.value)
        if isinstance(column, Through):
            key = SQL.format(**self.pads, value="id")
            whole = f"FROM {column.table} WHERE prison_id = {self.prison}"
            self.small[f"of_{column.table}"] = f"SELECT id, {key} AS key {whole}"
            return f"of_{column.table}.key"
        return column

    def _since(self) -> str:
        if self.wanted.since is None:
            return "true"
        return f"{self.dataset.changed} >= {self.arguments.add(self.wanted.since.xid, 'bigint')}"

    def _asked(self) -> str:
        asked = [f"({self.dataset.stands})"]
        day = str(self.dataset.columns[self.dataset.day_of])
        of_time = self._kind_of(self.dataset.day_of) is Kind.datetime
        if (first := self.wanted.first_day) is not None:
            asked.append(f"{day} >= {self._day(first, 0, of_time)}")
        if (last := self.wanted.last_day) is not None:
            asked.append(f"{day} < {self._day(last, 1, of_time)}")
        if self.wanted.kind is not None:
            assert self.dataset.kind_of is not None
            kind = self.dataset.columns[self.dataset.kind_of]
            asked.append(f"{kind} = {self.arguments.add(self.wanted.kind, 'text')}")
        return " AND ".join(asked)

    def _day(self, day: date, after: int, of_time: bool) -> str:
        """The day's beginning, or the next one's, by the prison's own clock."""
        begins = f"({self.arguments.add(day, 'date')} + {after})"
        return f"({begins}::timestamp AT TIME ZONE z.zone)" if of_time else begins

    def _kind_of(self, name: str) -> Kind:
        return next(each.kind for each in self.columns if each.name == name)
