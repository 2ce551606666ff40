"""Exports over HTTP, for machine clients."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Response

from app.access import MayExportIdentifiable, MayExportPseudonymised
from app.config import settings
from app.db import Db, ReadDb
from app.errors import ReleaseNeeded
from app.export_reply import DECLARED, ExportReply
from app.models.exports import (
    DictionaryRead,
    ExportAsked,
    ExportDataset,
    ExportQuery,
)
from app.problems import refusals
from app.replies import reply
from app.services import exports

router = APIRouter(prefix="/v1/prisons/{prison_id}/exports", tags=["exports"])
LINES = "application/x-ndjson"
PACKAGE = "application/vnd.datapackage+json"
_EXAMPLE = (
    '{"pseudonym":"0f3c9a52d17be86644a1c0de","age_band":"30-39","status":"engaged",'
    '"referred_by":"support_worker","safety_need":false,"referred_on":"2026-11-02",'
    '"engaged_on":"2026-11-05","ended_on":null,"attended":3,"dna":0,"cancelled":1,"pairings":1}'
)
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One episode a line; the last line is the trailer, with the count of rows"
        " and the SHA-256 of the lines before it: a file without it was cut off.",
        "headers": {"X-Export-ID": {"schema": {"type": "string"}, "description": "Its id."}},
        "content": {LINES: {"schema": {"type": "string"}, "example": _EXAMPLE}},
    }
}


_PACKAGE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The package, as `datapackage.json` has it.",
        "content": {
            PACKAGE: {
                "schema": {"type": "object"},
                "example": {"name": "wellwing-exports", "resources": [{"path": "sessions.csv"}]},
            }
        },
    }
}


def _secret() -> bytes:
    return settings().secret_key.get_secret_value().encode()


def _file(made: tuple[UUID, bytes]) -> Response:
    export_id, lines = made
    return Response(lines, media_type=LINES, headers={"X-Export-ID": str(export_id)})


@router.get("/episodes", response_class=Response, responses={**_ANSWER, **refusals()})
async def export_episodes(
    actor: MayExportPseudonymised, db: Db, query: Annotated[ExportQuery, Query()]
) -> Response:
    """Episodes of support under pseudonyms that are of this export alone; no text, no names."""
    return _file(await exports.episodes(db, actor, query, _secret()))


@router.post(
    "/identifiable-episodes",
    response_class=Response,
    responses={**_ANSWER, **refusals(ReleaseNeeded)},
)
async def export_identifiable_episodes(
    actor: MayExportIdentifiable, db: Db, body: ExportQuery
) -> Response:
    """The same with names and numbers. Two people must have released it; each release is taken
    once, also by an answer that is lost on its way."""
    return _file(await exports.identifiable_episodes(db, actor, body, _secret()))


@router.get("/dictionary", response_model=DictionaryRead, responses=refusals())
async def read_export_dictionary(actor: MayExportPseudonymised) -> Response:
    """Every dataset that can be exported, and what each of its columns holds."""
    return reply(exports.dictionary())


@router.get("/datapackage", response_class=Response, responses={**_PACKAGE, **refusals()})
async def read_export_datapackage(actor: MayExportPseudonymised) -> Response:
    """The same as a Frictionless data package: the CSV files, each with its Table Schema."""
    return Response(orjson.dumps(exports.package()), media_type=PACKAGE)


@router.get("/{dataset}", response_class=Response, responses={**DECLARED, **refusals()})
async def export_dataset(
    actor: MayExportPseudonymised,
    db: ReadDb,
    dataset: ExportDataset,
    query: Annotated[ExportAsked, Query()],
) -> Response:
    """All rows of a dataset, or what has changed since an earlier export, under pseudonyms.

    The answer is written while one snapshot of the database is read, however many rows there are.
    """
    wanted = exports.asked(actor, dataset, query, _secret())
    return ExportReply(db, actor, wanted, _secret())


@router.post(
    "/{dataset}/identifiable",
    response_class=Response,
    responses={**DECLARED, **refusals(ReleaseNeeded)},
)
async def export_identifiable_dataset(
    actor: MayExportIdentifiable, db: Db, reads: ReadDb, dataset: ExportDataset, body: ExportAsked
) -> Response:
    """Mentors or mentees with names and numbers; the other datasets hold none.

    Two people must have released it; each release is taken once, also by an answer that is lost on
    its way.
    """
    wanted = exports.asked(actor, dataset, body, _secret(), identifiable=True)
    await exports.released(db, actor)
    return ExportReply(reads, actor, wanted, _secret())
