"""E-mail by SMTP: content-free, under a Message-ID that stays the same when it is sent again.

A server that takes a message says so, and no more: whether it arrived is not known (`sent`), until
what did not comes back (`bounces.py`).
"""

import re
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import aiosmtplib

from app import clock
from app.channels import ChannelSettings, SmtpSecurity
from app.integrations.notify import PageMessage, Undeliverable
from app.models.addresses import ChannelKind
from app.models.deliveries import DeliveryCode

PATIENCE_SECONDS = 20.0
REFERENCE_HEADER = "X-Wellwing-Reference"
_QUEUED_AS = re.compile(r"queued as <?([\w.-]{1,60})", re.IGNORECASE)
_NOBODY_THERE = {550, 551, 553}


class SmtpCarrier:
    """Sends pages through one server, each on a connection of its own."""

    kind = ChannelKind.email
    patience = PATIENCE_SECONDS

    def __init__(self, config: ChannelSettings) -> None:
        assert config.smtp_from is not None, "checked by Settings"
        self._config = config
        self._from = config.smtp_from
        self._tls = ssl.create_default_context(cafile=config.smtp_ca_file)

    async def send(self, page: PageMessage) -> str | None:
        """Hand one over. The reference is the server's number for it, where it says one."""
        try:
            refused, said = await self._handed_over(self._message(page), page.to)
        except aiosmtplib.SMTPException as error:
            raise _why(error) from None
        except (OSError, TimeoutError):
            raise Undeliverable(DeliveryCode.unreachable) from None
        if refused:
            code = next(iter(refused.values())).code
            raise _of_recipient(code)
        found = _QUEUED_AS.search(said)
        return found[1] if found else None

    async def _handed_over(
        self, message: EmailMessage, to: str
    ) -> tuple[dict[str, aiosmtplib.SMTPResponse], str]:
        config = self._config
        password = config.smtp_password.get_secret_value() if config.smtp_password else None
        return await aiosmtplib.send(
            message,
            sender=self._from,
            recipients=[to],
            hostname=config.smtp_host,
            port=config.smtp_port,
            username=config.smtp_user,
            password=password,
            use_tls=config.smtp_security is SmtpSecurity.tls,
            start_tls=config.smtp_security is SmtpSecurity.starttls,
            tls_context=None if config.smtp_security is SmtpSecurity.none else self._tls,
            timeout=PATIENCE_SECONDS / 2,
        )

    def _message(self, page: PageMessage) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        try:
            message["To"] = page.to
        except ValueError:  # a new line or the like: it is no address
            raise Undeliverable(DeliveryCode.no_such_address, for_good=True) from None
        message["From"] = self._from
        message["Subject"] = page.subject or f"{page.prison_id}: you are needed"
        message["Message-ID"] = f"<{page.id}@{self._from.rpartition('@')[2]}>"
        if page.reference:  # comes back with what is not delivered
            message[REFERENCE_HEADER] = page.reference
        message["Date"] = format_datetime(clock.real_now())
        message["Auto-Submitted"] = "auto-generated"  # no holiday reply, please
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(f"{page.text}\n")
        return message


def _of_recipient(code: int) -> Undeliverable:
    if code in _NOBODY_THERE:
        return Undeliverable(DeliveryCode.no_such_address, for_good=True)
    if code >= 500:
        return Undeliverable(DeliveryCode.refused, for_good=True)
    return Undeliverable(DeliveryCode.put_off)


def _why(error: aiosmtplib.SMTPException) -> Undeliverable:
    """The coarse reason. Its own words may hold an address, and are not kept."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return _of_recipient(error.recipients[0].code)
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return Undeliverable(DeliveryCode.not_authorised)
    if isinstance(error, aiosmtplib.SMTPNotSupported):  # no STARTTLS: never without
        return Undeliverable(DeliveryCode.refused)
    if isinstance(error, aiosmtplib.SMTPSenderRefused | aiosmtplib.SMTPHeloError):
        return Undeliverable(DeliveryCode.not_authorised)
    if isinstance(error, aiosmtplib.SMTPDataError) and error.code >= 500:
        return Undeliverable(DeliveryCode.refused, for_good=True)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return Undeliverable(DeliveryCode.put_off)
    return Undeliverable(DeliveryCode.unreachable)
