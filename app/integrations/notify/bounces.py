"""What comes back of e-mail: reports that a page was not delivered (RFC 3464), in a Maildir.

A mail server, or whatever fetches mail, puts what is sent to the pages' sender into the folder. Of
a report only the page's own reference is read: it names who was not reached, and says why.
"""

import os
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from pathlib import Path

from app.integrations.notify.smtp import REFERENCE_HEADER

MOST_BYTES = 1_000_000
A_TURN = 50


def undelivered(raw: bytes) -> str | None:
    """The reference of the page that a report says was not delivered; None for whatever else: a
    delay, a holiday reply, a letter from a human."""
    message = message_from_bytes(raw, policy=compat32)
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    parts = [each for each in message.walk() if each is not message]
    actions = {
        str(block.get("Action", "")).strip().lower()
        for each in parts
        if each.get_content_type() == "message/delivery-status"
        for block in _blocks(each)
    }
    if "failed" not in actions:
        return None
    return next((found for each in parts if (found := _reference(each))), None)


def _blocks(status: Message) -> list[Message]:
    payload = status.get_payload()
    return [each for each in payload if isinstance(each, Message)] if status.is_multipart() else []


def _reference(part: Message) -> str | None:
    """The reference in what is returned of the page: its head, whole or alone."""
    if part.get_content_type() == "text/rfc822-headers":
        head = part.get_payload(decode=True)
        part = message_from_bytes(head if isinstance(head, bytes) else b"", policy=compat32)
    found = part.get(REFERENCE_HEADER)
    return str(found).strip() if found else None


def waiting(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """What has come: each file, and the reference of the page it is a report of."""
    for path in sorted((folder / "new").iterdir())[:A_TURN]:
        small = path.is_file() and path.stat().st_size <= MOST_BYTES
        yield path, undelivered(path.read_bytes()) if small else None


def put_away(path: Path) -> None:
    """Mark as read. What it was stays for whoever looks after the mailbox."""
    os.replace(path, path.parent.parent / "cur" / f"{path.name.partition(':')[0]}:2,S")
