"""Exports over HTTP, for machine clients: one JSON object a line, the last one the trailer."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.access import MayExportIdentifiable, MayExportPseudonymised
from app.config import settings
from app.db import Db
from app.errors import ReleaseNeeded
from app.models.exports import ExportQuery
from app.problems import refusals
from app.services import exports

router = APIRouter(prefix="/v1/prisons/{prison_id}/exports", tags=["exports"])
LINES = "application/x-ndjson"
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
