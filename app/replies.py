"""Replies: one resource with its ETag, and answers kept under an Idempotency-Key."""

import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import CurrentActor
from app.db import Db
from app.errors import KeyReused, MatchNeeded, Stale
from app.models.operations import IdempotencyKey
from app.services.idempotency import claim

JSON = "application/json"


def etag(version: int) -> str:
    return f'"{version}"'


def reply(shape: BaseModel, *, status: int = 200, location: str | None = None) -> Response:
    """One resource as JSON; its version is the ETag."""
    response = Response(shape.model_dump_json(), status_code=status, media_type=JSON)
    version = getattr(shape, "version", None)
    if version is not None:
        response.headers["ETag"] = etag(version)
    if location is not None:
        response.headers["Location"] = location
    return response


def check_match(version: int, if_match: str | None, *, needed: bool) -> None:
    """Hold If-Match against the row's version: 428 when needed and absent, 412 when stale."""
    if if_match is None:
        if needed:
            raise MatchNeeded()
        return
    if if_match.strip() != "*" and etag(version) not in [
        tag.strip().removeprefix("W/") for tag in if_match.split(",")
    ]:
        raise Stale()


class Replayed(Exception):
    """The request was answered before under this key; `response` is that answer again."""

    def __init__(self, response: Response) -> None:
        self.response = response


class Once:
    """Keeps the answer of a creating POST under its Idempotency-Key, in the same transaction."""

    def __init__(self, db: AsyncSession, kept: IdempotencyKey | None) -> None:
        self._db = db
        self._kept = kept
        self.reused_for: UUID | None = None

    async def created(
        self,
        shape: BaseModel,
        *,
        thing_id: UUID | None = None,
        location: str | None = None,
        status: int = 201,
    ) -> Response:
        """201 with the new resource; 202 where the work on it is still to come."""
        response = reply(shape, status=status, location=location)
        if self._kept is not None:
            self._kept.thing_id = thing_id or getattr(shape, "id", None)
            self._kept.status = response.status_code
            self._kept.headers = {
                name: value
                for name, value in response.headers.items()
                if name in {"etag", "location"}
            }
            self._kept.body = bytes(response.body)
            await self._db.flush()
        return response


class OnceFor:
    """The dependency. With `keep_reuse` a reused key is left to the route, which loses nothing."""

    def __init__(self, *, keep_reuse: bool = False) -> None:
        self.keep_reuse = keep_reuse

    async def __call__(
        self,
        request: Request,
        db: Db,
        actor: CurrentActor,
        key: Annotated[
            str | None,
            Header(
                alias="Idempotency-Key",
                min_length=1,
                max_length=200,
                description="Same key and body: the same answer, also after a crash.",
            ),
        ] = None,
    ) -> Once:
        if self.keep_reuse:
            db.info["urgent"] = True
        if key is None:
            return Once(db, None)
        # An answer is in the shape of the role that got it: another role does not get it again.
        role = "" if self.keep_reuse else actor.role.value
        asked = f"{request.method}\n{request.url.path}\n{role}\n".encode()
        digest = hashlib.sha256(asked + await request.body()).digest()
        row, mine = await claim(db, actor.prison_id, actor.subject, key, digest)
        if mine:
            return Once(db, row)
        if row.request_hash == digest:
            assert row.status is not None, "a key is kept with its answer"
            response = Response(row.body, status_code=row.status, media_type=JSON)
            response.headers.update({**(row.headers or {}), "Idempotency-Replayed": "true"})
            raise Replayed(response)
        if not self.keep_reuse:
            raise KeyReused()
        once = Once(db, None)
        once.reused_for = row.thing_id or row.id  # the key's own id: of no thing that was made
        return once


JustOnce = Annotated[Once, Depends(OnceFor())]
OnceOrMore = Annotated[Once, Depends(OnceFor(keep_reuse=True))]


async def replayed(_: Request, error: Exception) -> Response:
    """The handler that answers a request already answered."""
    assert isinstance(error, Replayed)
    return error.response
