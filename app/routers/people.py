"""People over HTTP."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import StringConstraints
from sqlalchemy import String, cast, func, or_
from sqlmodel import Field, col

from app.access import (
    Actor,
    MayImportPeople,
    MayMergePeople,
    MayReadChronology,
    MayReadPerson,
    MayReportDeath,
    MayWritePerson,
)
from app.config import settings
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    Conflicting,
    FieldError,
    HoldNeeded,
    Invalid,
    KeyReused,
    SecondPersonNeeded,
    Stale,
    TooLarge,
)
from app.integrations.prison import synthetic
from app.models.base import Instant, PrisonerNumber
from app.models.chronology import EventRead
from app.models.deaths import DeathCreate, DeathRead
from app.models.people import (
    ImportReport,
    MergeRead,
    MergeReceipt,
    Person,
    PersonCreate,
    PersonForMentor,
    PersonMerge,
    PersonRead,
    Presence,
)
from app.models.staff import Role
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JSON, JustOnce, reply
from app.services import chronology, people
from app.services.people import deaths, merges
from app.services.people.numbers import NUMBERS, found_by
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/people", tags=["people"])
ThisPerson = Annotated[Person, Depends(to_read(Person, "person_id"))]
PersonToMove = Annotated[Person, Depends(to_change(Person, "person_id", match=False))]
AnyPerson = PersonRead | PersonForMentor


def _begins(column: Any, value: Any) -> Any:
    return func.starts_with(func.lower(column), func.lower(cast(value, String)))


LIST = Listing(
    Person,
    MATRIX["people.row"],
    filters={
        "number": found_by,
        "presence": lambda value: col(Person.presence) == value,
        "wing": lambda value: func.split_part(col(Person.cell_location), "-", 1) == value,
        "name": lambda value: or_(
            _begins(col(Person.last_name), value), _begins(col(Person.display_name), value)
        ),
    },
    computed={"numbers": NUMBERS},
    sorts={"display_name": col(Person.display_name), "recorded_at": col(Person.recorded_at)},
)


class PersonQuery(PageQuery):
    number: PrisonerNumber | None = Field(
        default=None, description="Theirs now, or ever; in any case."
    )
    presence: Presence | None = Field(default=None, description="Here, away or left.")
    wing: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,12}$")] | None = Field(
        default=None, description="The wing's code: a cell location up to its first hyphen."
    )
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] | None = Field(
        default=None,
        min_length=2,
        description="How the last or the whole name begins, in any case; 2 letters or more.",
    )
    sort: Literal["display_name", "-display_name", "recorded_at", "-recorded_at"] = Field(
        default="display_name"
    )


def _within_reach(actor: Actor, query: PersonQuery) -> None:
    """What a mentor may not read, they may not filter or sort by either."""
    if actor.family is not Role.mentor:
        return
    hidden = sorted(query.model_fields_set & {"number", "presence", "wing"})
    if query.sort.endswith("recorded_at"):
        hidden.append("sort")
    if hidden:
        message = "is not among what you may ask for"
        raise Invalid(errors=[FieldError(name, "out_of_reach", message) for name in hidden])


@router.get("", response_model=Page[AnyPerson], responses=refusals())
async def list_people(
    actor: MayReadPerson, db: ReadDb, request: Request, query: Annotated[PersonQuery, Query()]
) -> Response:
    """Prisoners of the prison; a mentor finds only those they support, and themselves."""
    _within_reach(actor, query)
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "", status_code=201, response_model=PersonRead, responses=refusals(AlreadyExists, KeyReused)
)
async def create_person(
    actor: MayWritePerson, db: Db, body: PersonCreate, once: JustOnce
) -> Response:
    """Enter a prisoner by hand, where no prison system sends them."""
    person = await people.create(db, actor, body)
    return await once.created(await people.shown(db, person, actor), location=f"people/{person.id}")


async def _whole_body(actor: MayImportPeople, request: Request) -> bytes:
    """The body, read after the permission is proved and before a transaction is begun."""
    return await request.body()


_DOCUMENTS = {
    "requestBody": {
        "required": True,
        "description": "A document, a list of them, or a page of them; or one document a line.",
        "content": {
            "application/json": {
                "schema": {"anyOf": [{"type": "object"}, {"type": "array"}]},
                "example": synthetic.page(1),
            },
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
}


@router.post(
    "/import",
    status_code=201,
    response_model=ImportReport,
    responses=refusals(KeyReused, TooLarge),
    openapi_extra=_DOCUMENTS,
    max_body_size=settings().max_import_bytes,
)
async def import_people(
    actor: MayImportPeople,
    data: Annotated[bytes, Depends(_whole_body)],
    db: Db,
    once: JustOnce,
) -> Response:
    """Take in prisoner-search documents exactly as HMPPS answers them; a report on each of them.

    A bad document spoils no other; a file that is cut off or no JSON is refused whole, with the
    position. The same file again changes nothing.
    """
    return await once.created(await people.import_documents(db, actor, data))


@router.post("/merges", response_model=MergeRead | MergeReceipt, responses=refusals())
async def merge_people(actor: MayMergePeople, db: Db, body: PersonMerge) -> Response:
    """Two numbers are one person, as the prison system tells: everything of the removed number
    goes on under the kept one, and either finds it. The same merge again changes nothing; 404
    when neither number is known here."""
    return reply(merges.shown(await merges.merge(db, actor, body), actor))


@router.get("/{person_id}", response_model=AnyPerson, responses=refusals())
async def read_person(actor: MayReadPerson, db: Db, person: ThisPerson) -> Response:
    """One prisoner: to a mentor the name, and nothing else."""
    return reply(await people.shown(db, person, actor))


@router.post(
    "/{person_id}/death",
    status_code=201,
    response_model=DeathRead,
    responses=refusals(AlreadyExists, KeyReused, Stale),
)
async def report_death(
    actor: MayReportDeath, db: Db, person: PersonToMove, body: DeathCreate, once: JustOnce
) -> Response:
    """Report that someone has died. At once a legal hold stands, notes lock, plans and reminders
    stop, and tasks open for those around them. Open concerns keep running."""
    death = await deaths.report(db, actor, person, body)
    return await once.created(deaths.shown(death))


@router.post(
    "/{person_id}/death/correction",
    response_model=DeathRead,
    responses=refusals(Conflicting, SecondPersonNeeded, Stale),
)
async def correct_death(actor: MayReportDeath, db: Db, person: PersonToMove) -> Response:
    """Undo a wrong report of a death, as a second person. The hold stands until it is lifted."""
    return reply(deaths.shown(await deaths.correct(db, actor, person)))


@router.get(
    "/{person_id}/chronology", response_model=Page[EventRead], responses=refusals(HoldNeeded)
)
async def read_chronology(
    actor: MayReadChronology,
    db: Db,
    person: ThisPerson,
    as_at: Annotated[
        Instant | None, Query(description="As known at this instant; absent: now.")
    ] = None,
) -> Response:
    """What was recorded about someone up to an instant: who knew what when, under which policy,
    settings and software. Answered whole, and the same whenever it is asked."""
    events = await chronology.of(db, actor, person, as_at)
    return Response(chronology.as_page(events), media_type=JSON)
