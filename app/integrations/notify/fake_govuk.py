"""A GOV.UK Notify of one's own, with the real one's wire format: for tests and for trying out."""

import base64
import hmac
import re
from typing import Any
from uuid import uuid4

import httpx
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app import clock
from app.services.deliveries.routing import E_MAIL, TELEPHONE

CLOCK_TOLERANCE_SECONDS = 30
_REFUSALS = {
    429: (
        "RateLimitError",
        "Exceeded rate limit for key type LIVE",
    ),
    500: ("Exception", "Internal server error"),
}


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
        name, form = {"sms": ("phone_number", TELEPHONE), "email": ("email_address", E_MAIL)}[kind]
        if not form.fullmatch(re.sub(r"[ ()-]", "", str(said.get(name, "")))):
            words = "Not enough digits" if kind == "sms" else "Not a valid email address"
            return _error(400, "ValidationError", f"{name} {words}")
        if said.get("template_id") not in self.templates:
            return _error(400, "BadRequestError", "Template not found")
        if "text" not in said.get("personalisation", {}):
            return _error(400, "BadRequestError", "Missing personalisation: text")
        message = {
            "id": str(uuid4()),
            "reference": said.get("reference"),
            name: said[name],
            "type": kind,
            "status": "created",
            "body": said["personalisation"]["text"],
        }
        self.messages.append(message)
        uri = f"{request.base_url}v2/notifications/{message['id']}"
        answer = {"id": message["id"], "reference": message["reference"], "uri": uri}
        return JSONResponse({**answer, "content": {"body": message["body"]}}, status_code=201)

    async def _list(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        wanted = request.query_params.get("reference")
        found = [each for each in self.messages if wanted in {None, each["reference"]}]
        return JSONResponse({"notifications": found, "links": {"current": str(request.url)}})

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
