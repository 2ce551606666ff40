"""Made-up prisoners in exactly the shape of HMPPS's prisoner-search answers: demo, tour and tests.

The same index and seed always give the same person. Nobody can be mistaken for a real one:
surnames are invented (Testwick, Sampleford), numbers stand in a block at the very end (Z0001ZZ).
"""

from datetime import date, timedelta
from hashlib import blake2b
from string import ascii_uppercase
from typing import Any

_words = str.split
FIRST_NAMES = _words(
    "Adam Aiden Albert Alfie Amir Andre Arthur Ben Billy Callum Carl Charlie Connor Craig Curtis "
    "Damian Daniel Darren Dean Dev Dylan Eddie Elliot Errol Ethan Femi Finn Frank Gareth George "
    "Glen Harry Hassan Idris Isaac Jack Jamal Jason Jerome Joel Kai Karl Kieran Kofi Lee Leon Liam "
    "Lloyd Marcus Mason Miles Nathan Noel Omar Owen Patrick Raj Reece Rhys Samir Sean Tariq Tyrone "
    "Zac"
)
LAST_NAMES = [
    stem + ending
    for stem in _words("Test Sample Mock Demo Dummy Example Fixture Specimen")
    for ending in _words("wick ford ham ton ley by worth stead")
]
PAIRS = len(FIRST_NAMES) * len(LAST_NAMES)  # distinct full names: 4,096
NUMBERS = 9999 * 26  # distinct prisoner numbers

_AGES_ON = date(2026, 1, 1)  # fixed: a document must not change with the day it is made
_STRIDE = 1009  # coprime to PAIRS, so that the walk over the pairs meets each once
_TYPES = {"XIT": "X", "HA": "H", "HA1": "H"}


def page(
    count: int, seed: int = 1, prison_id: str = "SLI", start: int = 0, wing: str = "A"
) -> dict[str, Any]:
    """One whole Spring page with the people `start` to `start + count - 1`."""
    unsorted = {"empty": True, "sorted": False, "unsorted": True}
    size = max(count, 1)
    return {
        "content": [document(start + n, seed, prison_id, wing) for n in range(count)],
        "pageable": {
            "sort": unsorted,
            "offset": 0,
            "pageSize": size,
            "pageNumber": 0,
            "paged": True,
            "unpaged": False,
        },
        "totalElements": count,
        "totalPages": 1 if count else 0,
        "last": True,
        "size": size,
        "number": 0,
        "sort": dict(unsorted),
        "first": True,
        "numberOfElements": count,
        "empty": count == 0,
    }


def document(index: int, seed: int = 1, prison_id: str = "SLI", wing: str = "A") -> dict[str, Any]:
    """The person `index` (from 0, below NUMBERS) as one prisoner document, in the prison and IN.

    Born 1954 to 2003, so aged 22 to 71 on 1 January 2026; names repeat after PAIRS people, cells
    after 400. Raises ValueError for an index out of range.
    """
    if not 0 <= index < NUMBERS:
        raise ValueError(f"index must be between 0 and {NUMBERS - 1}")
    block, serial = divmod(index, 9999)
    pair = (index * _STRIDE + seed * 7919) % PAIRS
    first, last = FIRST_NAMES[pair % len(FIRST_NAMES)], LAST_NAMES[pair // len(FIRST_NAMES)]
    dice = int.from_bytes(blake2b(f"{seed}:{index}".encode(), digest_size=8).digest(), "big")
    born = _AGES_ON - timedelta(days=22 * 366 + dice % (49 * 365))
    received = _AGES_ON - timedelta(days=30 + dice % 1000)
    prison = "Swaleside (HMP)" if prison_id == "SLI" else f"Sample {prison_id} (HMP)"
    middle = {"middleNames": "SYNTHETIC"} if dice % 5 == 0 else {}
    return {
        "prisonerNumber": f"Z{serial + 1:04d}Z{ascii_uppercase[-1 - block]}",
        "pncNumber": f"99/{index:07d}Z",
        "pncNumberCanonicalShort": f"99/{index:07d}Z",
        "pncNumberCanonicalLong": f"1999/{index:07d}Z",
        "croNumber": f"{index:06d}/99Z",
        "bookingId": str(9_000_000 + index),
        "bookNumber": f"Z{index:06d}",
        "firstName": first.upper(),
        **middle,
        "lastName": last.upper(),
        "dateOfBirth": born.isoformat(),
        "gender": "Male",
        "ethnicity": "Prefer not to say",
        "youthOffender": False,
        "status": "ACTIVE IN",
        "lastMovementTypeCode": "ADM",
        "lastMovementReasonCode": "INT",
        "inOutStatus": "IN",
        "prisonId": prison_id,
        "prisonName": prison,
        "cellLocation": f"{wing}-{index // 100 % 4 + 1}-{index % 100 + 1:03d}",
        "aliases": _aliases(first, last, born, dice),
        "alerts": _alerts(index + seed),
        "legalStatus": "SENTENCED",
        "imprisonmentStatus": "SENT",
        "imprisonmentStatusDescription": "Synthetic sentence",
        "recall": False,
        "indeterminateSentence": False,
        "receptionDate": received.isoformat(),
        "locationDescription": prison,
        "restrictedPatient": False,
        "currentIncentive": {
            "level": {"code": "STD", "description": "Standard"},
            "dateTime": f"{received}T10:30:00",
            "nextReviewDate": (received + timedelta(days=365)).isoformat(),
        },
    }


def _aliases(first: str, last: str, born: date, dice: int) -> list[dict[str, Any]]:
    """One person in eight has an alias: the same name the wrong way round."""
    if dice % 8:
        return []
    return [
        {
            "firstName": last.upper(),
            "lastName": first.upper(),
            "dateOfBirth": born.isoformat(),
            "gender": "Male",
            "ethnicity": "Prefer not to say",
        }
    ]


def _alerts(turn: int) -> list[dict[str, Any]]:
    """One in 33 has no access to IT, one in 47 an open ACCT, one in 53 one just closed, which
    leaves the expired alert behind. Counted, not drawn: every page of 53 shows each."""
    alerts = []
    if turn % 33 == 32:
        alerts.append(_alert("XIT"))
    if turn % 47 == 46:
        alerts.append(_alert("HA"))
    if turn % 53 == 52:
        alerts += [_alert("HA", live=False), _alert("HA1")]
    return alerts


def _alert(code: str, live: bool = True) -> dict[str, Any]:
    return {"alertType": _TYPES[code], "alertCode": code, "active": live, "expired": not live}
