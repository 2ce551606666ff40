"""What an export is asked for, checked; and what is known of it at its end."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from app import clock
from app.access import Actor
from app.errors import Invalid
from app.models.base import new_id
from app.models.exports import NAMED, ExportAsked, ExportCompression, ExportDataset, ExportFormat
from app.services.exports.columns import columns_of
from app.services.exports.cursors import Cursor
from app.services.exports.datasets import DATASETS

_NOUNS = (
    "mentors",
    "mentees",
    "sessions",
    "participations",
    "questionnaires",
    "shifts",
    "concerns",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One export: which rows of which dataset, how they are written, under whose pseudonyms.

    `series` makes the pseudonyms; `since` says from where on changes are told.
    """

    dataset: ExportDataset
    format: ExportFormat = ExportFormat.csv
    compression: ExportCompression = ExportCompression.none
    first_day: date | None = None
    last_day: date | None = None
    kind: str | None = None
    since: Cursor | None = None
    identifiable: bool = False
    export_id: UUID = field(default_factory=new_id)
    series: UUID | None = None
    began: date | None = None

    def cursor(self, xid: int, numbered_by: str) -> Cursor:
        """The cursor of this export, whose snapshot showed all transactions below a number. Raises
        Invalid where `since` is of numbers that are not these: nobody knows what changed since."""
        since = self.since
        if since is not None and (since.numbered_by != numbered_by or since.xid > xid):
            message = "the database was restored, or taken over, since then: begin anew"
            raise Invalid.field("changed_since", "restored", message)
        began = self.began or clock.now().date()
        return Cursor(self.series_id, began, xid, numbered_by, self.dataset, self.identifiable)

    @property
    def series_id(self) -> UUID:
        return self.series or self.export_id

    @property
    def file_name(self) -> str:
        """What the file is called; without compression of the whole where that is within."""
        ending = {ExportCompression.gzip: ".gz", ExportCompression.zstd: ".zst"}
        within = self.format is ExportFormat.parquet
        return f"{self.dataset}.{self.format}{'' if within else ending.get(self.compression, '')}"


@dataclass(slots=True)
class Told:
    """What is known of an export: the cursor once it has begun, the rest at its end.

    `pid` is the database's process that writes it, `sha256` of the bytes that left. An export that
    was broken off has `whole` false.
    """

    export_id: UUID | None = None
    pid: int | None = None
    cursor: str | None = None
    rows: int = 0
    size: int = 0
    sha256: str | None = None
    whole: bool = False


def asked(
    actor: Actor,
    dataset: ExportDataset,
    query: ExportAsked,
    secret: bytes,
    *,
    identifiable: bool = False,
) -> Wanted:
    """What was asked, checked. Raises Invalid, naming the field."""
    if query.prison_id is not None and query.prison_id != actor.prison_id:
        raise Invalid.field("prison_id", "another_prison", "an export is of the prison of its path")
    if identifiable and dataset not in NAMED:
        raise Invalid.field("dataset", "no_names", f"only {' and '.join(NAMED)} have names")
    _check_kind(dataset, query.kind)
    series, began, since = None, None, None
    if (told := query.changed_since or query.same_as) is not None:
        name = "changed_since" if query.changed_since else "same_as"
        cursor = Cursor.read(told, name, actor, secret, named=identifiable)
        series, began = cursor.series, cursor.began
        if query.changed_since:
            if cursor.dataset != dataset:
                message = f"this cursor is one of {cursor.dataset}"
                raise Invalid.field("changed_since", "another_dataset", message)
            since = cursor
    return Wanted(
        dataset,
        query.format,
        query.compression,
        query.first_day,
        query.last_day,
        query.kind,
        since,
        identifiable,
        series=series,
        began=began,
    )


def _check_kind(dataset: ExportDataset, kind: str | None) -> None:
    if kind is None:
        return
    found = DATASETS[dataset]
    of = next(each for each in columns_of(found, False) if each.name == found.kind_of)
    codes = of.codes or _NOUNS
    if kind not in codes:
        raise Invalid.field("kind", "unknown", f"not one of {', '.join(codes)}")
