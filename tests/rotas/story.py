"""What happens around a rota, for tests that tell it."""

from datetime import date, timedelta
from typing import Any

from app import clock
from app.services.rotas import solving
from app.services.working_days import local_date
from tests.story import Caller, Wing


def day(number: int) -> date:
    """So many days from today."""
    return local_date(clock.now()) + timedelta(days=number)


def names_of(days: int) -> list[str]:
    """The weekdays of the next so many days, from tomorrow."""
    return [day(number).strftime("%A").lower() for number in range(1, days + 1)]


async def needs(
    wing: Wing, start: str, end: str, role: str = "mentor_on_shift", days: int = 2, needed: int = 1
) -> list[Any]:
    """Demand at these hours of the next days."""
    return [
        await wing.support_worker.post(
            "rota-demands",
            {
                "day": name,
                "from_time": start,
                "to_time": end,
                "role": role,
                "needed": needed,
                "valid_from": str(day(0)),
            },
        )
        for name in names_of(days)
    ]


async def drafted(wing: Wing, days: int = 2) -> str:
    """The path of a rota for the next days."""
    body = {"first_day": str(day(1)), "last_day": str(day(days))}
    return f"rotas/{(await wing.support_worker.post('rotas', body))['id']}"


async def solved(wing: Wing, days: int = 2, mode: str = "anew") -> str:
    """The path of a rota that a worker has worked out."""
    path = await drafted(wing, days)
    await wing.support_worker.post(f"{path}/solve", {"mode": mode}, 202)
    assert await solving.take_one(wing.db, wing.prison_id)
    return path


async def published(wing: Wing, days: int = 2, mode: str = "anew") -> str:
    """The path of a rota that stands."""
    path = await solved(wing, days, mode)
    await wing.support_worker.post(f"{path}/publish", {}, 200)
    return path


async def shifts(caller: Caller, **query: Any) -> list[Any]:
    """The shifts this caller finds that stand, in order."""
    asked = "&".join(f"{name}={value}" for name, value in {"stands": "true", **query}.items())
    return list((await caller.get(f"shifts?{asked}"))["items"])


async def away(caller: Caller, number: int, **more: Any) -> Any:
    """A mentor is away the whole day, so many days from today."""
    body = {"kind": "away", "on_day": str(day(number)), "from_time": "00:00", "to_time": "00:00"}
    return await caller.post("availabilities", {**body, **more})
