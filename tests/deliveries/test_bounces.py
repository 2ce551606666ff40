"""What comes back of e-mail: a page that a server took, and that reached nobody all the same."""

from pathlib import Path

import pytest

from app.config import Settings
from app.integrations.notify.bounces import MOST_BYTES, undelivered
from app.services.deliveries import bounces
from tests.concerns.conftest import Night
from tests.deliveries.conftest import Post
from tests.deliveries.test_sending import HERE, carried, pages, proves, rows, sends

REPORT = """\
Return-Path: <>
From: MAILER-DAEMON@mail.example (Mail Delivery System)
To: pages@wellwing.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mail.example.
<n.mockham@prison.example>: User unknown

--B
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example
Arrival-Date: Thu, 26 Nov 2026 03:00:00 +0000 (UTC)

Final-Recipient: rfc822; n.mockham@prison.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 <n.mockham@prison.example>: User unknown

--B
Content-Description: Undelivered Message
Content-Type: {returned}

From: pages@wellwing.example
To: n.mockham@prison.example
X-Wellwing-Reference: {reference}
Subject: SLI: you are needed

SLI: a concern needs you, reference CABC.

--B--
"""
REFERENCE = "SLI.01a215fc-049d-7037-9dc0-da96b4b82171"


def report(
    reference: str = REFERENCE,
    action: str = "failed",
    status: str = "5.1.1",
    returned: str = "message/rfc822",
) -> bytes:
    said = {"action": action, "status": status, "returned": returned, "reference": reference}
    return REPORT.format(**said).encode()


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers"])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_a_report_names_the_page_that_was_not_delivered(returned: str, ends: bytes) -> None:
    assert undelivered(report(returned=returned).replace(b"\n", ends)) == REFERENCE


@pytest.mark.parametrize(
    "raw",
    [
        report(action="delayed", status="4.4.1"),
        report(action="delivered", status="2.0.0"),
        report().replace(b"X-Wellwing-Reference", b"X-Another"),
        b"Subject: On leave\nX-Wellwing-Reference: " + REFERENCE.encode() + b"\n\nBack in May.\n",
        b"Content-Type: multipart/report\n\n",
        b"\xff\xfe\x00",
        b"",
    ],
)
def test_whatever_else_comes_is_no_report(raw: bytes) -> None:
    assert undelivered(raw) is None


@pytest.fixture
def box(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / "box" / name).mkdir(parents=True)
    return tmp_path / "box"


def comes(box: Path, raw: bytes, name: str = "1.mail") -> None:
    (box / "new" / name).write_bytes(raw)


async def test_what_comes_back_is_a_page_that_reached_nobody(
    night: Night, post: Post, box: Path
) -> None:
    await proves(night, night.wing.clinician)
    await night.raises(immediacy="within_24h")
    await pages(night)
    await sends(night, post.carrier())
    assert (await carried(night.wing.clinician))["page"]["status"] == "sent"
    reference = str(post.to(HERE)[0]["X-Wellwing-Reference"])
    for number in range(2):  # a server may say it twice
        comes(box, report(reference), f"{number}.mail")
    comes(box, b"Subject: Hello\n\nfrom a human", "3.mail")
    comes(box, b"x" * (MOST_BYTES + 1), "4.mail")
    assert await bounces.read(night.wing.db, box) == 2
    found = await carried(night.wing.clinician)
    assert (found["page"]["status"], found["email"]["code"]) == ("failed", "not_delivered")
    marked = await rows(night, "SELECT 1 FROM history WHERE reason = 'page_not_delivered'")
    assert len(marked) == 1
    assert await sends(night, post.carrier()) == 0
    said = await rows(night, "SELECT concat(reason, note) FROM history WHERE noun = 'deliveries'")
    assert not [each for (each,) in said if "mockham" in each], "a report's words are not kept"
    assert list((box / "new").iterdir()) == []
    assert len(list((box / "cur").iterdir())) == 4
    assert await bounces.read(night.wing.db, box) == 0


async def test_a_report_of_nothing_of_ours_is_put_away(night: Night, box: Path) -> None:
    comes(box, report("ZZZ.01a215fc-049d-7037-9dc0-da96b4b82171"))
    comes(box, report("nonsense"), "2.mail")
    await bounces.read(night.wing.db, box)
    assert list((box / "new").iterdir()) == []


async def test_a_report_that_cannot_be_noted_stays(night: Night, box: Path) -> None:
    comes(box, report())
    (box / "cur").rmdir()
    with pytest.raises(OSError, match="cur"):
        await bounces.read(night.wing.db, box)
    assert len(list((box / "new").iterdir())) == 1


def test_a_folder_that_is_no_maildir_is_refused(tmp_path: Path, box: Path) -> None:
    given = {"smtp_host": "mail.example", "smtp_from": "a@b.example"}
    with pytest.raises(ValueError, match="smtp_bounces"):
        Settings(_env_file=None, **given, smtp_bounces=tmp_path)
    assert Settings(_env_file=None, **given, smtp_bounces=box).smtp_bounces == box
