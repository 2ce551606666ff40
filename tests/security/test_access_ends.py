"""Access ends at once: with a pairing, a suspension, a transfer, a post; for tokens issued before.

Each test looks through every GET of the OpenAPI document, before and after, with one token.
"""

import re
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from fastapi import FastAPI

from app.models.staff import StaffRole
from tests.sessions.scene import Scene, a_scene, tomorrow
from tests.story import Caller, Wing

# The sheet of a week has them unless tomorrow is in the next one.
THIS_WEEK = {"prints"}


@dataclass
class Looks:
    """A wing where a mentor supports two men, and every address there is to look at them."""

    scene: Scene
    gone: dict[str, Any]  # the mentee to whom access ends
    kept: dict[str, Any]
    ids: dict[str, list[str]]
    paths: list[str]

    @property
    def wing(self) -> Wing:
        return self.scene.wing

    @property
    def mentor(self) -> Caller:
        return self.scene.mentor

    async def of(self, caller: Caller) -> dict[str, str]:
        """Every GET that answers the caller, with what it says."""
        said = {}
        for path in self.paths:
            names = re.findall(r"{(\w+)}", path)
            for values in product(*[self.ids.get(name, []) for name in names]):
                url = path.format(**dict(zip(names, values, strict=True)))
                answer = await caller.request("GET", url)
                known = {200, 403, 404, 409, 422} if "?" in url else {200, 403, 404, 409}
                assert answer.status_code in known, f"{url}: {answer.text}"
                if answer.status_code == 200:
                    said[url] = answer.text
        return said

    async def telling(self, caller: Caller | None = None) -> tuple[set[str], set[str]]:
        """The addresses that answer with anything of the one to whom access ends, and those of the
        other, by one look at everything."""
        said = await self.of(caller or self.mentor)
        return _telling_of(self.gone, said), _telling_of(self.kept, said)


def _telling_of(mentee: dict[str, Any], said: dict[str, str]) -> set[str]:
    """Where anything of a mentee is said: an id, or the name."""
    words = [mentee["id"], mentee["person_id"], f'"{mentee["display_name"]}"']
    return {url for url, text in said.items() if any(word in text for word in words)}


@pytest.fixture
async def looks(wing: Wing, app: FastAPI) -> Looks:
    scene = await a_scene(wing, mentees=2)
    both = [await wing.support_worker.get(f"mentees/{each}") for each in scene.mentees]
    planned = await scene.group(tomorrow(15))
    held = await scene.held(starts_at=tomorrow(8))
    raised = await scene.mentor.post(
        "concerns", {"subject_as_told": "the lad in the end cell", "account": "He eats nothing."}
    )
    pairings = (await wing.support_worker.get("pairings"))["items"]
    every = [planned, held]
    people = [*(each["person_id"] for each in both), str(scene.mentor.person_id)]
    ids = {
        "prison_id": [wing.prison_id],
        "mentee_id": [each["id"] for each in both],
        "person_id": people,
        "mentor_id": [str(scene.mentor.mentor_id)],
        "pairing_id": [each["id"] for each in pairings],
        "session_id": [each["id"] for each in every],
        "participation_id": [part["id"] for each in every for part in each["participations"]],
        "concern_id": [raised["id"]],
        "staff_id": [str(wing.nurse.staff_id)],
    }
    slots = "/sessions/slots"
    asked = "?mentor_id={mentor_id}&mentee_ids={mentee_id}&kind=day_to_day"
    paths = [
        path + asked if path.endswith(slots) else path
        for path, item in app.openapi()["paths"].items()
        if "get" in item and path.startswith("/v1/prisons/{prison_id}")
    ]
    return Looks(scene, both[0], both[1], ids, paths)


def _paths(urls: set[str] | dict[str, str], prison_id: str) -> set[str]:
    return {url.removeprefix(f"/v1/prisons/{prison_id}/").partition("/")[0] for url in urls}


async def _both_are_seen(looks: Looks) -> None:
    """The mentor finds both men at each of these nouns: else losing them shows nothing."""
    for urls in await looks.telling():
        seen = _paths(urls, looks.wing.prison_id)
        assert seen - THIS_WEEK == {"mentees", "people", "pairings", "sessions"}


async def _only_one_is_seen(looks: Looks) -> None:
    of_gone, of_kept = await looks.telling()
    assert of_gone == set()
    await _is_not_found(looks, looks.gone)
    seen = _paths(of_kept, looks.wing.prison_id)
    assert seen - THIS_WEEK == {"mentees", "people", "pairings", "sessions"}
    staff, _ = await looks.telling(looks.wing.support_worker)
    assert len(staff) > 4, "to staff he is there as before"


async def _is_not_found(looks: Looks, mentee: dict[str, Any]) -> None:
    await looks.mentor.get(f"mentees/{mentee['id']}", 404)
    await looks.mentor.get(f"people/{mentee['person_id']}", 404)
    listed = await looks.mentor.get("sessions", params={"mentee_id": mentee["id"]})
    assert listed["items"] == []


async def _pairing_of(looks: Looks, mentee: dict[str, Any]) -> str:
    found = await looks.wing.support_worker.get("pairings", params={"mentee_id": mentee["id"]})
    return f"pairings/{found['items'][0]['id']}"


async def test_with_the_end_of_a_pairing(looks: Looks) -> None:
    await _both_are_seen(looks)
    pairing = await _pairing_of(looks, looks.gone)
    await looks.wing.support_worker.move(pairing, "ended", reason="other")
    await _only_one_is_seen(looks)
    await looks.mentor.get(pairing, 404)


async def test_and_comes_back_with_a_new_pairing(looks: Looks) -> None:
    pairing = await _pairing_of(looks, looks.gone)
    await looks.wing.support_worker.move(pairing, "ended", reason="other")
    await looks.wing.pairs(looks.mentor, looks.gone["id"])
    await _both_are_seen(looks)


async def test_with_a_pause_until_the_pairings_are_live_again(looks: Looks) -> None:
    await _both_are_seen(looks)
    path = f"mentors/{looks.mentor.mentor_id}"
    await looks.wing.support_worker.move(path, "paused", reason="welfare")
    assert await looks.telling() == (set(), set())
    for mentee in (looks.gone, looks.kept):
        await _is_not_found(looks, mentee)
    assert (await looks.mentor.get("pairings"))["items"] == []
    await looks.wing.support_worker.move(path, "active")
    await looks.wing.support_worker.move(await _pairing_of(looks, looks.kept), "live")
    await _only_one_is_seen(looks)


async def test_with_a_suspension_but_for_receipts(looks: Looks) -> None:
    before = await looks.of(looks.mentor)
    assert len(before) > 20
    path = f"mentors/{looks.mentor.mentor_id}"
    await looks.wing.support_worker.move(path, "suspended", reason="conduct")
    after = await looks.of(looks.mentor)
    assert _paths(after, looks.wing.prison_id) == {"concerns"}
    assert after == {url: text for url, text in before.items() if "/concerns" in url}


@pytest.mark.parametrize("end", ["transferred", "released"])
async def test_with_a_mentor_who_goes(looks: Looks, end: str) -> None:
    await looks.wing.support_worker.move(f"mentors/{looks.mentor.mentor_id}", end)
    assert await looks.telling() == (set(), set())
    await looks.mentor.get("mentees", 403)
    await looks.wing.presence(str(looks.mentor.person_id), "left")
    assert await looks.of(looks.mentor) == {}


@pytest.mark.parametrize("end", ["transferred", "released"])
async def test_with_a_mentee_who_goes(looks: Looks, end: str) -> None:
    await _both_are_seen(looks)
    await looks.wing.support_worker.move(f"mentees/{looks.gone['id']}", end)
    await _only_one_is_seen(looks)


async def test_with_a_mentee_whom_the_prison_no_longer_holds(looks: Looks) -> None:
    """The import says so before anybody has moved the mentee or ended the pairing."""
    await _both_are_seen(looks)
    await looks.wing.presence(looks.gone["person_id"], "left")
    await _only_one_is_seen(looks)
    await looks.mentor.get(await _pairing_of(looks, looks.gone), 404)


async def test_with_a_session_that_is_given_to_another_mentor(looks: Looks) -> None:
    planned = looks.ids["session_id"][0]
    await looks.mentor.get(f"sessions/{planned}")
    other = await looks.scene.one_more()
    body = {"mentor_id": str(other.mentor_id)}
    await looks.wing.support_worker.patch(f"sessions/{planned}", body)
    await looks.mentor.get(f"sessions/{planned}", 404)
    assert planned not in "".join((await looks.of(looks.mentor)).values())


@pytest.mark.parametrize("role", [StaffRole.support_worker, StaffRole.nurse, StaffRole.governor])
async def test_with_a_post_that_is_left(looks: Looks, role: StaffRole) -> None:
    leaver = await looks.wing.hires(role)
    assert len(await looks.of(leaver)) > 20
    await looks.wing.governor.patch(f"staff/{leaver.staff_id}", {"active": False})
    assert await looks.of(leaver) == {}


async def test_with_a_role_that_became_less(looks: Looks) -> None:
    """The token still says support worker; the row says wing officer, who reads no notes."""
    officer = await looks.wing.hires(StaffRole.support_worker)
    concern, held = looks.ids["concern_id"][0], looks.ids["session_id"][1]
    assert "account" in await officer.get(f"concerns/{concern}")
    assert "note" in await officer.get(f"sessions/{held}")
    await looks.wing.governor.patch(f"staff/{officer.staff_id}", {"role": "wing_duty"})
    assert "account" not in await officer.get(f"concerns/{concern}")
    assert "note" not in await officer.get(f"sessions/{held}")
    assert not {"mentees", "pairings", "mentors"} & _paths(
        await looks.of(officer), looks.wing.prison_id
    )


async def test_with_a_role_of_another_family(looks: Looks) -> None:
    """A token for a clinician opens nothing for a governor: it must be asked for anew."""
    was = await looks.wing.hires(StaffRole.nurse)
    assert await looks.of(was)
    await looks.wing.governor.patch(f"staff/{was.staff_id}", {"role": "support_worker"})
    assert await looks.of(was) == {}
