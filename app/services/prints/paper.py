"""Sheets on paper: A4, black and white, set by Typst in a process of its own.

What stands on a sheet goes there as JSON, and is set as text: nothing that somebody is called is
ever read as source. The process has no environment, writes no file, and is killed when it is slow.
"""

import asyncio
import json
import re
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from unicodedata import category
from zoneinfo import ZoneInfo

from app.config import settings
from app.errors import Busy
from app.services.prints.page import Layout, beside, long_day, wall
from app.services.prints.words import FOLDER, words
from app.services.working_days import local_date
from app.turns import Turns

TEMPLATE = FOLDER / "sheet.typ"
TYPESETTER = Path(__file__).with_name("typesetter.py")
SECONDS = 15.0
TURNS = Turns(at_once=2, most_waiting=6)
# What turns the direction of the text beside it, and what begins a new line. The two that join
# letters or keep them apart belong to how some names are written, and `page.beside` uses another.
_TURNS = re.compile(
    "[\u061c\u200b\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff\x00-\x1f\x7f-\x9f]"
)
_LONG = re.compile(r"[^\s-]{20,}")
_PIECE = 6


class NotSet(RuntimeError):
    """A sheet could not be set: a mistake of ours, and no word of what stands on it."""


async def pdf(
    layout: Layout, printed_by: str, at: datetime, zone: ZoneInfo, seconds: float = SECONDS
) -> bytes:
    """The sheet as PDF. Equal sheets of one minute are equal bytes. Raises Busy when it is slow,
    and when so many wait that those who come for something else would find no connection."""
    when = f"{long_day(local_date(at, zone))} at {wall(at, zone)}"
    said = words()
    given = {
        "template": str(TEMPLATE),
        "fonts": [str(settings().print_fonts)] if settings().print_fonts else [],
        "at": int(at.timestamp()) // 60 * 60,
        "data": readable(
            {
                **asdict(layout),
                "printed": f"Printed by {beside(printed_by)} on {when}",
                "lacking": said.notice["lacking"],
                "classification": said.classification,
                "handling": said.handling,
                "found": said.found,
            }
        ),
    }
    async with TURNS.take():
        try:
            async with asyncio.timeout(seconds):
                return await typeset(given)
        except TimeoutError:
            raise Busy("The sheet takes too long to print; ask for less of it.") from None


async def typeset(given: dict[str, object]) -> bytes:
    """What the typesetter makes of it. Raises NotSet."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(TYPESETTER),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # it would quote what stands on the sheet
        cwd=FOLDER,
        env={},
    )
    try:
        made, _ = await process.communicate(json.dumps(given).encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0 or not made.startswith(b"%PDF-"):
        raise NotSet(f"the typesetter ended with {process.returncode}")
    return made


def readable(told: object) -> object:
    """The same, with no sign that turns the text beside it round, and with places at which a very
    long word may be broken: nothing runs into the next column, or off the page."""
    if isinstance(told, str):
        return _LONG.sub(lambda found: _broken(found[0]), _TURNS.sub(" ", told))
    if isinstance(told, dict):
        return {key: readable(each) for key, each in told.items()}
    return [readable(each) for each in told] if isinstance(told, list) else told


def _broken(word: str) -> str:
    """In pieces, no sign of which is parted from the letter that it is written on."""
    pieces = [""]
    for sign in word:
        if len(pieces[-1]) >= _PIECE and not category(sign).startswith("M"):
            pieces.append("")
        pieces[-1] += sign
    return "\u200b".join(pieces)
