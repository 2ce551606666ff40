"""A group or a course on a wing: what series are planned of."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app import clock
from app.services.working_days import LONDON, is_bank_holiday, local_date
from tests.sessions.scene import Scene, a_scene
from tests.story import Caller, Wing


def a_quiet_week() -> date:
    """A day next week from which on eight weekly meetings meet no bank holiday."""
    day = local_date(clock.now()) + timedelta(days=7)
    while any(is_bank_holiday(day + timedelta(weeks=week)) for week in range(-1, 9)):
        day += timedelta(days=1)
    return day


@dataclass
class Course:
    """A scene, and the series planned in it."""

    scene: Scene
    first_day: date

    @property
    def wing(self) -> Wing:
        return self.scene.wing

    @property
    def worker(self) -> Caller:
        return self.scene.support_worker

    def body(self, **fields: Any) -> dict[str, Any]:
        return {
            "title": "Sleeping better",
            "kind": "cbt_course",
            "room_id": self.scene.room,
            "mentor_id": str(self.scene.mentor.mentor_id),
            "first_day": str(self.first_day),
            "starts": "14:00:00",
            "minutes": 60,
            "meetings": 4,
            "places": 2,
            **fields,
        }

    async def plans(self, expect: int = 201, **fields: Any) -> Any:
        return await self.worker.post("series", self.body(**fields), expect)

    async def occurrences(self, series: Any, caller: Caller | None = None) -> list[Any]:
        page = await (caller or self.worker).get(f"series/{series['id']}/occurrences")
        return list(page["items"])

    async def counting(self, series: Any) -> list[Any]:
        """The occurrences that are not superseded."""
        found = await self.occurrences(series)
        return [each for each in found if each["superseded_at"] is None]

    async def session(self, occurrence: Any, caller: Caller | None = None) -> Any:
        return await (caller or self.worker).get(f"sessions/{occurrence['session_id']}")

    async def holds(self, occurrence: Any) -> Any:
        """The meeting begins, and is held."""
        begin = datetime.fromisoformat(occurrence["starts_at"])
        clock.set_offset(begin - clock.real_now() + timedelta(minutes=1))
        return await self.worker.move(f"sessions/{occurrence['session_id']}", "held")


async def a_course(wing: Wing, mentees: int = 3, capacity: int = 12) -> Course:
    return Course(await a_scene(wing, mentees, capacity), a_quiet_week())


def on_the_wall(instant: str) -> str:
    return datetime.fromisoformat(instant).astimezone(LONDON).strftime("%a %H:%M")
