"""GOV.UK Notify: texts, e-mails and letters, and what became of each.

Its API takes one template a channel with one placeholder, `((text))`, so that nothing is said there
that is not said here; a letter's has its address besides. A token lives half a minute and is made
for each request: HS256 by the key's secret, `iss` the service's id.
"""

import base64
import hmac
from typing import Any, Self
from urllib.parse import quote

import httpx
import orjson

from app import clock
from app.channels import NOTIFY_KEY, ChannelSettings
from app.integrations.notify import Fate, PageMessage, Receipted, Undeliverable
from app.models.addresses import ChannelKind
from app.models.deliveries import DeliveryCode

PATIENCE_SECONDS = 25.0
A_MINUTE, TEN_MINUTES = 60.0, 600.0
_TO = {ChannelKind.sms: "phone_number", ChannelKind.email: "email_address"}
_NO_ADDRESS = (*_TO.values(), "Address ", "Must be a real", "Last line", "The last line")
_FATES = {
    "created": Fate.on_its_way,
    "sending": Fate.on_its_way,
    "pending": Fate.on_its_way,
    "sent": Fate.on_its_way,  # to a number abroad: no more is ever said
    "delivered": Fate.arrived,
    "permanent-failure": Fate.not_arrived,
    "temporary-failure": Fate.not_arrived,  # it has tried for three days
    "technical-failure": Fate.not_sent,
    # of letters
    "accepted": Fate.on_its_way,
    "received": Fate.on_its_way,  # by the printer, who sends it on: nobody says that it arrived
    "pending-virus-check": Fate.on_its_way,
    "virus-scan-failed": Fate.not_arrived,
    "validation-failed": Fate.not_arrived,
    "cancelled": Fate.not_arrived,
}


def fate_of(status: str) -> Fate | None:
    """What one of Notify's words means; None for a word that is not known."""
    return _FATES.get(status)


def token(key: str) -> str:
    """A token of this moment. `key` was held against NOTIFY_KEY by Settings."""
    parts = NOTIFY_KEY.fullmatch(key)
    assert parts is not None, "checked by Settings"
    head = {"typ": "JWT", "alg": "HS256"}
    said = {"iss": parts[1], "iat": int(clock.real_now().timestamp())}
    signed = b".".join(_spelt(orjson.dumps(each)) for each in (head, said))
    return b".".join((signed, _spelt(hmac.digest(parts[2].encode(), signed, "sha256")))).decode()


def _spelt(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


class NotifyCarrier:
    """Sends pages as one kind of message."""

    patience = PATIENCE_SECONDS

    def __init__(self, config: ChannelSettings, kind: ChannelKind, template: str) -> None:
        assert config.notify_api_key is not None, "checked by Settings"
        self.kind = kind
        self._template = template
        self._key = config.notify_api_key.get_secret_value()
        self._http = httpx.AsyncClient(
            base_url=config.notify_url, timeout=PATIENCE_SECONDS / 3, follow_redirects=False
        )

    @classmethod
    def each(cls, config: ChannelSettings) -> list[Self]:
        """A carrier for each template that the settings name."""
        if config.notify_api_key is None:
            return []
        templates = {
            ChannelKind.sms: config.notify_sms_template,
            ChannelKind.email: config.notify_email_template,
            ChannelKind.letter: config.notify_letter_template,
        }
        return [cls(config, kind, str(which)) for kind, which in templates.items() if which]

    async def send(self, page: PageMessage) -> str | None:
        """Hand one over; answers Notify's id of it. What it may have taken already is looked for
        first, since it drops no doubles itself."""
        if page.again and (known := await self._known(page.reference)):
            return known
        body: dict[str, Any] = {
            "template_id": self._template,
            "personalisation": {"text": page.text},
            "reference": page.reference,
        }
        if self.kind is ChannelKind.letter:
            lines = enumerate(page.to.split(", "), 1)
            body["personalisation"] |= {f"address_line_{number}": line for number, line in lines}
        else:
            body[_TO[self.kind]] = page.to
        answer = await self._ask("POST", f"/v2/notifications/{self.kind.value}", json=body)
        if answer.status_code != httpx.codes.CREATED:
            raise _why(answer)
        number = _said(answer).get("id")
        return Receipted(number) if number else None

    async def fate(self, reference: str) -> Fate:
        """What became of one that was handed over, by Notify's id of it."""
        answer = await self._ask("GET", f"/v2/notifications/{quote(reference, safe='')}")
        if answer.status_code != httpx.codes.OK:
            raise _why(answer)
        return fate_of(str(_said(answer).get("status"))) or Fate.on_its_way

    async def _known(self, reference: str) -> str | None:
        answer = await self._ask("GET", "/v2/notifications", params={"reference": reference})
        if answer.status_code != httpx.codes.OK:
            raise _why(answer)
        found = _said(answer).get("notifications") or []
        taken = [each for each in found if fate_of(str(each.get("status"))) is not Fate.not_sent]
        return Receipted(taken[0]["id"]) if taken else None

    async def _ask(self, method: str, path: str, **said: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token(self._key)}"}
        try:
            return await self._http.request(method, path, headers=headers, **said)
        except httpx.HTTPError:
            raise Undeliverable(DeliveryCode.unreachable) from None


def _said(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _why(answer: httpx.Response) -> Undeliverable:
    """The coarse reason. Notify's own words may hold the address, and are not kept."""
    errors = [each for each in _said(answer).get("errors") or [] if isinstance(each, dict)]
    if answer.status_code == httpx.codes.BAD_REQUEST:
        told = [str(each.get("message", "")) for each in errors]
        if any(each.startswith(_NO_ADDRESS) for each in told):
            return Undeliverable(DeliveryCode.no_such_address, for_good=True)
        return Undeliverable(DeliveryCode.refused)  # the template, or the key: to be mended
    if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return Undeliverable(DeliveryCode.not_authorised)
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        of_the_day = any(each.get("error") == "TooManyRequestsError" for each in errors)
        wait = TEN_MINUTES if of_the_day else A_MINUTE
        return Undeliverable(DeliveryCode.rate_limited, retry_after=wait)
    if answer.is_server_error:
        return Undeliverable(DeliveryCode.put_off)
    return Undeliverable(DeliveryCode.refused)
