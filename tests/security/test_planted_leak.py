"""A leak planted on purpose is found: the canary test would not sleep through a real one."""

import base64
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Response

from app.access import MayReadPerson
from app.config import Settings
from app.db import Database, ReadDb
from app.main import create_app
from app.tokens import verifier_for
from tests.security.canaries import ECHO, Viewer, word
from tests.security.crawler import Answer, Crawl, Leaked, check, filter_values, operations
from tests.security.planting import World

pytestmark = pytest.mark.xdist_group("world")  # one worker plants what they share

NUMBER = word("person", "number", "mentee")


async def numbers_of_all(actor: MayReadPerson, db: ReadDb) -> dict[str, list[str]]:
    """A route somebody forgot to narrow: it tells mentors everybody's number."""
    sql = "SELECT number FROM person WHERE prison_id = $1"
    found = await db.fetch(actor.prison_id, sql, actor.prison_id)
    return {"items": [row["number"] for row in found]}


async def size_of_all(actor: MayReadPerson, db: ReadDb) -> Response:
    """The same in a header."""
    found = await numbers_of_all(actor, db)
    return Response(headers={"ETag": f'"{"-".join(found["items"])}"'})


@pytest.fixture(params=[numbers_of_all, size_of_all])
def leaky(request: pytest.FixtureRequest, settings: Settings, db: Database) -> Iterator[FastAPI]:
    """The API with one route too many."""
    made = create_app(settings.model_copy(update={"rate_limit_subject": ""}))
    made.state.database, made.state.verifier = db, verifier_for(settings)
    path = "/v1/prisons/{prison_id}/people-numbers"
    made.add_api_route(path, request.param, response_model=None)
    return made


async def test_a_route_that_tells_mentors_a_number_fails_their_crawl(
    world: World, leaky: FastAPI
) -> None:
    leaking = [each for each in operations(leaky.openapi()) if each.path.endswith("-numbers")]
    assert len(leaking) == 1
    values = await filter_values(world.home.db)
    for viewer, may in ((Viewer.mentor, False), (Viewer.support_worker, True)):
        crawl = Crawl(leaky, leaking, viewer, world.viewers[viewer], world.ids, values)
        if may:
            await crawl.everything()
        else:
            with pytest.raises(Leaked, match=r"mentor sees .*person\.number"):
                await crawl.everything()


def _sealed(text: str) -> str:
    return base64.urlsafe_b64encode(b"0123456789abcdef" + text.encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "answer",
    [
        Answer("GET /x", 200, {}, f'{{"items":[{{"number":"{NUMBER}"}}]}}'),
        Answer("GET /x", 200, {}, f'{{"number":"{NUMBER.lower()}"}}'),
        Answer("GET /x", 422, {}, f'{{"detail":"{NUMBER} is not known"}}'),
        Answer("GET /x", 200, {"etag": f'"{NUMBER}"'}, ""),
        Answer("GET /x", 201, {"location": f"people/{NUMBER}"}, ""),
        Answer("GET /x", 200, {}, f'{{"items":[],"next":"{_sealed(NUMBER)}"}}'),
        Answer("GET /x", 200, {"link": f'</x?cursor={_sealed(NUMBER)}>; rel="next"'}, ""),
        Answer("GET /x", 422, {}, f'{{"detail":"{ECHO.word}"}}'),
    ],
)
def test_a_word_is_found_wherever_an_answer_hides_it(answer: Answer) -> None:
    with pytest.raises(Leaked):
        check(Viewer.mentor, answer)
