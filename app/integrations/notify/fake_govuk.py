"""A GOV.UK Notify of one's own, with the real one's wire format: for tests and for trying out."""

import base64
import hmac
import re
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app import clock
from app.services.deliveries.routing import E_MAIL, POSTCODE, TELEPHONE

CLOCK_TOLERANCE_SECONDS = 30
_REFUSALS = {
    429: (
        "RateLimitError",
        "Exceeded rate limit for key type LIVE",
    ),
    500: ("Exception", "Internal server error"),
}
_HEADS: dict[str, dict[str, Any]] = {
    "sms": {"from_number": "GOVUK"},
    "email": {"subject": "You are needed", "from_email": "pages@notifications.service.gov.uk"},
    "letter": {"subject": "You are needed"},
}


def _wrong_number(said: dict[str, Any]) -> str | None:
    number = re.sub(r"[ ()-]", "", str(said.get("phone_number", "")))
    return None if TELEPHONE.fullmatch(number) else "phone_number Not enough digits"


def _wrong_email(said: dict[str, Any]) -> str | None:
    right = E_MAIL.fullmatch(str(said.get("email_address", "")))
    return None if right else "email_address Not a valid email address"


def _wrong_letter(said: dict[str, Any]) -> str | None:
    given = said.get("personalisation", {})
    lines = [given[name] for name in sorted(given) if name.startswith("address_line_")]
    if len(lines) < 3:
        return "Address must be at least 3 lines"
    if len(lines) > 7:
        return "Address must be no more than 7 lines"
    right = POSTCODE.fullmatch(lines[-1])
    return None if right else "Last line of address must be a real UK postcode or another country"


_CHECKS = {"sms": _wrong_number, "email": _wrong_email, "letter": _wrong_letter}


class FakeNotify:
    """One service with one key; `fails` are the statuses of the next refusals."""

    def __init__(self, *templates: str) -> None:
        self.service, self.secret = str(uuid4()), str(uuid4())
        self.templates = templates
        self.messages: list[dict[str, Any]] = []
        self.fails: list[int] = []
        self.app = Starlette(
            routes=[
                Route("/v2/notifications/{kind}", self._take, methods=["POST"]),
                Route("/v2/notifications", self._list, methods=["GET"]),
                Route("/v2/notifications/{id}", self._one, methods=["GET"]),
            ]
        )

    @property
    def key(self) -> str:
        """As the real one shows it."""
        return f"pages-{self.service}-{self.secret}"

    async def _take(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        kind, said = request.path_params["kind"], orjson.loads(await request.body())
        if kind not in _CHECKS:
            return _error(404, "NoResultFound", "The requested URL was not found on the server.")
        if (wrong := _CHECKS[kind](said)) is not None:
            return _error(400, "ValidationError", wrong)
        if said.get("template_id") not in self.templates:
            return _error(400, "BadRequestError", "Template not found")
        if "text" not in said.get("personalisation", {}):
            return _error(400, "BadRequestError", "Missing personalisation: text")
        message = self._message(kind, said)
        self.messages.append(message)
        where = f"{request.base_url}v2/notifications/{message['id']}"
        content = {"body": message["body"]} | _HEADS[kind]
        answer = {name: message[name] for name in ("id", "reference", "template")}
        return JSONResponse(
            {**answer, "uri": where, "content": content, "scheduled_for": None}, status_code=201
        )

    def _message(self, kind: str, said: dict[str, Any]) -> dict[str, Any]:
        """A message as the API shows it afterwards."""
        lines = {
            name.removeprefix("address_"): line
            for name, line in said["personalisation"].items()
            if name.startswith("address_line_")
        }
        blank = dict.fromkeys([f"line_{number}" for number in range(1, 8)])
        uri = f"https://api.notifications.service.gov.uk/services/{self.service}/templates/"
        now = clock.spell(clock.real_now())
        return {
            "id": str(uuid4()),
            "reference": said.get("reference"),
            "email_address": said.get("email_address"),
            "phone_number": said.get("phone_number"),
            **blank,
            **lines,
            "postcode": None,
            "postage": "second" if kind == "letter" else None,
            "type": kind,
            "status": "accepted" if kind == "letter" else "created",
            "template": {
                "id": said["template_id"],
                "version": 1,
                "uri": uri + said["template_id"],
            },
            "body": said["personalisation"]["text"],
            "subject": _HEADS[kind].get("subject"),
            "created_at": now,
            "created_by_name": None,
            "sent_at": now,
            "completed_at": None,
            "scheduled_for": None,
        }

    async def _list(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        wanted = request.query_params.get("reference")
        found = [each for each in self.messages if wanted in {None, each["reference"]}]
        return JSONResponse({"notifications": found[::-1], "links": {"current": str(request.url)}})

    async def _one(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        wanted = request.path_params["id"]
        try:
            UUID(wanted)
        except ValueError:
            return _error(400, "ValidationError", "id is not a valid UUID")
        found = [each for each in self.messages if each["id"] == wanted]
        return JSONResponse(found[0]) if found else _error(404, "NoResultFound", "No result found")

    def _refused(self, request: Request) -> Response | None:
        """The next failure there is to be, or what is wrong with the token."""
        if self.fails:
            status = self.fails.pop(0)
            return _error(status, *_REFUSALS[status])
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        signed, _, signature = token.rpartition(".")
        right = hmac.digest(self.secret.encode(), signed.encode(), "sha256")
        if not hmac.compare_digest(_bytes(signature), right):
            return _error(403, "AuthError", "Invalid token: API key not found")
        claims = orjson.loads(_bytes(signed.split(".")[1]))
        if claims["iss"] != self.service:
            return _error(403, "AuthError", "Invalid token: service not found")
        if abs(clock.real_now().timestamp() - claims["iat"]) > CLOCK_TOLERANCE_SECONDS:
            words = "Error: Your system clock must be accurate to within 30 seconds"
            return _error(403, "AuthError", words)
        return None

    def receipt(self, message: dict[str, Any], status: str) -> dict[str, Any]:
        """What the real one sends to a callback when a message has come to an end."""
        return {
            "id": message["id"],
            "reference": message["reference"],
            "to": message.get("phone_number") or message.get("email_address"),
            "status": status,
            "created_at": "2026-11-26T03:00:00.000000Z",
            "completed_at": "2026-11-26T03:00:02.000000Z",
            "sent_at": "2026-11-26T03:00:01.000000Z",
            "notification_type": message["type"],
            "template_id": self.templates[0],
            "template_version": 1,
        }

    async def calls_back(
        self, http: httpx.AsyncClient, secret: str, message: dict[str, Any], status: str
    ) -> httpx.Response:
        """Send a receipt to the service."""
        return await http.post(
            "/v1/deliveries/notify-receipts",
            json=self.receipt(message, status),
            headers={"Authorization": f"Bearer {secret}"},
        )


def _bytes(spelt: str) -> bytes:
    return base64.urlsafe_b64decode(spelt + "=" * (-len(spelt) % 4))


def _error(status: int, error: str, message: str) -> Response:
    body = {"status_code": status, "errors": [{"error": error, "message": message}]}
    return JSONResponse(body, status_code=status)
