"""Subject access over HTTP, as HMPPS's subject access service asks every service for it."""

from datetime import date, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter, ValidationError

from app import clock
from app.access import MaySubjectAccess
from app.db import ReadDb
from app.errors import BadRequest, FieldError
from app.models.base import PrisonerNumber
from app.models.subject_access import SubjectAccessQuery, SubjectAccessRead
from app.problems import refusals
from app.services import subject_access

router = APIRouter(tags=["subject_access"])
_NUMBER: TypeAdapter[str] = TypeAdapter(PrisonerNumber)
NOT_SERVED = 209  # HMPPS's own: this service knows no one by such an identifier


_ANSWERS: dict[int | str, dict[str, Any]] = {
    204: {"description": "Nothing is held about this person."},
    NOT_SERVED: {"description": "Case reference numbers are not served here."},
}


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return clock.spell(value)
    return value.isoformat() if isinstance(value, date) else str(value)


@router.get(
    "/subject-access-request",
    response_model=SubjectAccessRead,
    responses={**_ANSWERS, **refusals(BadRequest)},
)
async def subject_access_request(
    who: MaySubjectAccess, db: ReadDb, query: Annotated[SubjectAccessQuery, Query()]
) -> Response:
    """Everything held about one prisoner, for the answer to their request; third parties apart."""
    if (query.prn is None) == (query.crn is None):
        message = "give either prn or crn"
        raise BadRequest(message, errors=[FieldError("prn", "prn_or_crn", message)])
    if query.prn is None:
        return Response(status_code=NOT_SERVED)
    try:
        number = _NUMBER.validate_python(query.prn)
    except ValidationError:
        message = "is not a prisoner number"
        raise BadRequest(errors=[FieldError("prn", "prisoner_number", message)]) from None
    found = await subject_access.answer(db, who, number, query.fromDate, query.toDate)
    if found is None:
        return Response(status_code=204)
    body = orjson.dumps({"content": found}, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)
    return Response(body, media_type="application/json")
