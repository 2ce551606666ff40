"""The hand-over sheet for an outage on paper and as a table: who has which post, the open concerns
by their references, and lines to write on until the service is back."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from app.models.prints import ConcernWaitsFor, OutageConcern, OutageDuty, OutageSheet
from app.services.prints.page import (
    Block,
    Cell,
    Column,
    Gap,
    Layout,
    Line,
    Row,
    beside,
    day_and_wall,
)
from app.services.prints.words import words
from app.services.reference import labels

LINES = 8  # to write on, of each kind
SPACE = "\u00a0"


def table(sheet: OutageSheet, zone: ZoneInfo) -> Iterator[Row]:
    """A row a duty and a row a concern, the heading first."""
    yield ["part", "what", "from", "until", "who", "call", "state", "next"]
    for duty in sheet.on_duty:
        until = day_and_wall(duty.ends_at, zone) if duty.ends_at else ""
        since = day_and_wall(duty.starts_at, zone)
        who = duty.name or words().outage["gap"]
        yield [
            words().on_call,
            _label("post", duty.post),
            since,
            until,
            who,
            duty.contact or "",
            "",
            "",
        ]
    for each in sheet.concerns:
        yield [
            each.reference,
            _label("immediacy", each.immediacy),
            "",
            "",
            "",
            "",
            _label("concern_status", each.status),
            "; ".join(_steps(each, zone)),
        ]
    yield from ([each, *[""] * 7] for each in _left_out(sheet))


def _left_out(sheet: OutageSheet) -> list[str]:
    """What the sheet does not hold: nobody is to think that it is all."""
    said, lines = words().outage, []
    if sheet.on_duty_left_out:
        lines.append(f"{said['on_duty_left_out']}: {sheet.on_duty_left_out}.")
    if sheet.concerns_left_out:
        lines.append(f"{said['concerns_left_out']}: {sheet.concerns_left_out}.")
    return lines


def laid_out(sheet: OutageSheet, zone: ZoneInfo) -> Layout:
    """The sheet for whoever is on duty, to be read and written on by hand."""
    said = words()
    blocks = [_duties(sheet, zone), _concerns(sheet, zone)]
    blocks += [
        _by_hand("done", ["at", "reference", "what", "whose"], {"what": 6, "whose": 3}),
        _by_hand(
            "raised",
            ["at", "about", "said", "how_soon", "told", "taken_by"],
            {"about": 3, "said": 6, "told": 3, "taken_by": 3},
            lines=3,
        ),
        _by_hand("handed_over", ["at", "from_whom", "to_whom"], {"from_whom": 4, "to_whom": 4}),
    ]
    known = f"{said.outage['known']} {day_and_wall(sheet.as_at, zone)}"
    call = (
        f". {said.outage['call_back']}: {sheet.call_back_number}" if sheet.call_back_number else ""
    )
    notices = [said.notice["outage"], *_left_out(sheet), said.notice["outage_others"]]
    return Layout(said.title["outage"], f"{known}{call}", blocks, notices, landscape=True)


def _duties(sheet: OutageSheet, zone: ZoneInfo) -> Block:
    said = words()
    rows: list[list[Cell]] = [
        [_label("post", each.post), [_who(each)], each.contact or _none(each), _when(each, zone)]
        for each in sheet.on_duty
    ]
    if sheet.outside_last_resort:
        rows.append([said.outage["outside"], "", sheet.outside_last_resort, ""])
    columns = [
        Column(said.column["post"], 3),
        Column(said.column["name"], 4, bold=True),
        Column(said.column["contact"], 4, bold=True),
        Column(said.column["when"], 5),
    ]
    return Block(said.on_call, said.empty["on_call"], columns, rows)


def _who(duty: OutageDuty) -> Line:
    return duty.name if duty.name is not None else Gap(words().outage["gap"])


def _none(duty: OutageDuty) -> str:
    return "" if duty.name is None else words().outage["no_contact"]


def _when(duty: OutageDuty, zone: ZoneInfo) -> str:
    """From when until when, with the days: a night has two."""
    starts = day_and_wall(duty.starts_at, zone)
    if duty.ends_at is None:
        return f"{words().since} {starts}"
    return f"{starts} \u2013 {day_and_wall(duty.ends_at, zone)}"


def _concerns(sheet: OutageSheet, zone: ZoneInfo) -> Block:
    said = words()
    rows: list[list[Cell]] = [
        [
            each.reference,
            _label("immediacy", each.immediacy),
            _label("concern_status", each.status),
            _steps(each, zone),
            "",
            "",
        ]
        for each in sheet.concerns
    ]
    columns = [
        Column(said.column["reference"], 0, bold=True),
        Column(said.column["how_soon"], 2),
        Column(said.column["state"], 2),
        Column(said.column["next"], 5),
        Column(said.column["taken_by"], 3),
        Column(said.column["seen_at"], 3),
    ]
    return Block(said.outage["concerns"], said.empty["concerns"], columns, rows)


def _steps(concern: OutageConcern, zone: ZoneInfo) -> list[str]:
    """What is still to be done about it and by when, in order: the first is what it waits for."""
    said = words().outage
    to_do = [
        (said["acknowledge"], concern.acknowledge_by, concern.acknowledged_at),
        (said["see"], concern.seen_by, concern.seen_at),
        (said["decide"], concern.decide_by, concern.decided_at),
    ]
    steps = [f"{what} {day_and_wall(by, zone)}" for what, by, done in to_do if done is None]
    return steps if concern.waits_for is not ConcernWaitsFor.close else [said["close"]]


def _by_hand(what: str, columns: list[str], wide: dict[str, int], lines: int = 1) -> Block:
    """Empty lines under a heading; of what is long, each several lines high."""
    said = words()
    rows: list[list[Cell]] = [[[SPACE] * lines for _ in columns] for _ in range(LINES)]
    heads = [Column(said.column[each], wide.get(each, 2)) for each in columns]
    return Block(said.outage[what], "", heads, rows)


def _label(name: str, code: str) -> str:
    return beside(str(labels()[name][code]["label"]))
