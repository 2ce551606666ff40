"""What is the same in every answer that refuses."""

from typing import Any

import httpx

from app.problems import MEDIA_TYPE

NOT_SAVED = "NOT SAVED, tell an officer now"


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem in an answer, whose whole outer form is checked."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "code", "detail", "instance", "errors"} <= set(body)
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"urn:wellwing:problem:{code}"
    assert body["instance"].startswith("urn:uuid:")
    return body


def fields(body: dict[str, Any]) -> list[str]:
    return [error["field"] for error in body["errors"]]
