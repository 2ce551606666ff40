"""The telephones of the tour: a GOV.UK Notify of its own, with the real one's wire format."""

import asyncio
import re
import socket
import threading
import time
from typing import Any

import httpx
import uvicorn

from app.integrations.notify.fake_govuk import FakeNotify
from app.tour.teller import NotAsTold

TEMPLATE = "0198c0de-0000-7000-8000-00000000007e"
SECRET = "a secret of the tour's callbacks"  # noqa: S105 - of a provider that is on this machine
PATIENCE = 30.0  # seconds of real time for a text to arrive


class Phones:
    """Every telephone there is, and whoever carries texts to them."""

    def __init__(self) -> None:
        self._notify = FakeNotify(TEMPLATE)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._server = uvicorn.Server(uvicorn.Config(self._notify.app, log_config=None))

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a service that sends its texts here."""
        port = self._listener.getsockname()[1]
        return {
            "WELLWING_NOTIFY_URL": f"http://127.0.0.1:{port}",
            "WELLWING_NOTIFY_API_KEY": self._notify.key,
            "WELLWING_NOTIFY_SMS_TEMPLATE": TEMPLATE,
            "WELLWING_NOTIFY_CALLBACK_SECRET": SECRET,
        }

    def start(self) -> None:
        """Take texts from now on, until the process ends."""
        run = {"sockets": [self._listener]}
        threading.Thread(target=self._server.run, kwargs=run, daemon=True).start()

    async def text(self, number: str, words: str) -> dict[str, Any]:
        """The text to a number that holds these words; waits until it is there."""
        began = time.perf_counter()
        while time.perf_counter() - began < PATIENCE:
            for each in self._notify.messages:
                if each.get("phone_number") == number and words in each["body"]:
                    return each
            await asyncio.sleep(0.05)
        raise NotAsTold(f"no text to {number} within {PATIENCE:.0f} s")

    async def code(self, number: str) -> str:
        """The code that was sent to a number to prove it."""
        text = await self.text(number, "is the code")
        found = re.search(r"\b[0-9]{6}\b", text["body"])
        if found is None:
            raise NotAsTold("the text holds no code")
        return found[0]

    async def tells(self, http: httpx.AsyncClient, text: dict[str, Any], status: str) -> None:
        """What the provider says became of a text."""
        answer = await self._notify.calls_back(http, SECRET, text, status)
        if not answer.is_success:
            raise NotAsTold(f"a receipt was answered {answer.status_code}")
