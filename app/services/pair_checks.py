"""Whether two may meet, and which mentors fit a mentee, as staff are told it.

"Check with staff" is said for what may not be told (the prison keeps them apart, one has a concern
about the other) and for harmless things of the ordinary course, so that it alone tells nothing
(docs/decisions/0008). Clinicians are told yes or no.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.base import Output
from app.models.matching import FitCode, MatchBar, MayMeet, PairCheck
from app.models.mentees import Mentee
from app.models.pairings import Pairing, PairingCreate
from app.models.staff import Role
from app.services import match_facts, matching, pairings
from app.services.matching import Excluded, Part, Ranking
from app.services.pairings import Pair
from app.services.reference import words_of
from app.visibility import shape

NEWLY_BACK = timedelta(days=7)
JUST_PARTED = timedelta(days=28)
NO_MATTER = {MatchBar.mentor_full}  # that a mentor has no free place keeps nobody from meeting


async def check(db: AsyncSession, actor: Actor, body: PairCheck) -> MayMeet:
    """Whether these two may meet; the audit keeps who was asked about. Raises Invalid, naming the
    field, for an unknown id."""
    db.info.setdefault("touched", set()).update({body.mentor_id, body.mentee_id})
    asked = PairingCreate(mentor_id=body.mentor_id, mentee_id=body.mentee_id)
    pair = await pairings.load_pair(db, asked, actor.prison_id)
    told = await match_facts.may_tell(db, pair.mentor, pair.mentee, actor.staff_id)
    bars = await match_facts.bars_of(db, pair.mentor, pair.mentee, reports=told)
    pair = replace(pair, apart=bars)
    codes = {error.code for error in pairings.unpairable(pair)} - NO_MATTER
    for_clinicians = actor.family is Role.clinician
    if codes - {MatchBar.check_with_staff} or (codes and for_clinicians):
        return MayMeet.no
    if not for_clinicians and (codes or await _to_be_asked_about(db, pair)):
        return MayMeet.check_with_staff
    return MayMeet.yes


async def _to_be_asked_about(db: AsyncSession, pair: Pair) -> bool:
    """The harmless reasons: staff set the mark, one of them is newly back in the prison, they were
    a pair until lately."""
    now, marked = clock.now(), pair.mentee.check_first_until
    backs = [person.came_back_at for person in (pair.mentors_person, pair.mentees_person)]
    if marked is not None and marked > now:
        return True
    if any(back is not None and back > now - NEWLY_BACK for back in backs):
        return True
    parted = select(func.count()).where(
        col(Pairing.prison_id) == pair.mentor.prison_id,
        col(Pairing.mentor_id) == pair.mentor.id,
        col(Pairing.mentee_id) == pair.mentee.id,
        col(Pairing.ended_at) > now - JUST_PARTED,
    )
    return bool((await db.execute(parted)).scalar_one())


async def candidates(db: AsyncSession, actor: Actor, mentee: Mentee) -> Ranking:
    """Every active mentor as this mentee might get them, as far as the actor may know."""
    board = await match_facts.load(db, mentee.prison_id, [mentee], actor.staff_id)
    return matching.rank(board.mentees[0], board.mentors, board.facts)


def tells_of_a_pair(ranking: Ranking) -> bool:
    """Whether somebody learns of two who may not meet from it."""
    return any(MatchBar.check_with_staff in each.bars for each in ranking.excluded)


def shown(ranking: Ranking, actor: Actor) -> Output:
    """The candidates, every part and every reason in easy words."""
    return shape("mentees.match_candidates", actor.role).model_validate(
        {
            "mentee_id": ranking.mentee.id,
            "reasons": _reasons(bar for bar in MatchBar if bar in ranking.mentee.bars),
            "candidates": [
                {
                    "mentor_id": each.mentor.id,
                    "display_name": each.mentor.name,
                    "points": each.points,
                    "parts": parts_shown(kept(each.parts)),
                    "live_pairings": each.mentor.live,
                    "places": each.mentor.places,
                }
                for each in ranking.candidates
            ],
            "excluded": [_excluded(each) for each in ranking.excluded],
        }
    )


def kept(parts: Iterable[Part]) -> list[dict[str, Any]]:
    """Parts as a proposal keeps them."""
    return [{"code": part.code.value, "points": part.points} for part in parts]


def parts_shown(parts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Kept parts with their words."""
    return [
        {
            **part,
            "most": matching.MOST[FitCode(part["code"])],
            "words": words_of("fit_code", part["code"]),
        }
        for part in parts
    ]


def _excluded(each: Excluded) -> dict[str, Any]:
    return {
        "mentor_id": each.mentor.id,
        "display_name": each.mentor.name,
        "reasons": _reasons(each.bars),
    }


def _reasons(bars: Iterable[MatchBar]) -> list[dict[str, Any]]:
    return [{"code": bar, "words": words_of("match_bar", bar.value)} for bar in bars]
