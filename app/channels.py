"""The settings of the channels that carry pages, besides the log. A part of `app/config.py`."""

import re
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode


class SmtpSecurity(StrEnum):
    """How the way to the mail server is kept secret. `none` only for a server on this machine."""

    starttls = "starttls"
    tls = "tls"
    none = "none"


_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_MAILDIR = ("new", "cur")
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
NOTIFY_KEY = re.compile(rf".+-({_UUID})-({_UUID})", re.IGNORECASE)
"""A key of GOV.UK Notify as it shows it: the key's name, the service's id, the secret."""


class ChannelSettings(BaseSettings):
    """What a site may set of its channels."""

    smtp_host: str | None = Field(default=None, description="Mail server. Unset: no e-mail by it.")
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: SmtpSecurity = Field(
        default=SmtpSecurity.starttls, description="`starttls`, `tls` from the start, or `none`."
    )
    smtp_ca_file: Path | None = Field(
        default=None, description="Authority of the server's certificate, besides the system's."
    )
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_from: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$",
        description="Whom pages by e-mail come from.",
    )

    smtp_bounces: Path | None = Field(
        default=None,
        description="Maildir into which comes what is sent back to SMTP_FROM. Unset: not read.",
    )

    notify_api_key: SecretStr | None = Field(
        default=None, description="Key of GOV.UK Notify, as it shows it. Unset: no texts."
    )
    notify_url: str = "https://api.notifications.service.gov.uk"
    notify_sms_template: UUID | None = Field(
        default=None, description="Its template for texts, with `((text))` and nothing else."
    )
    notify_email_template: UUID | None = Field(
        default=None, description="Its template for e-mail; it then goes before the mail server."
    )
    notify_letter_template: UUID | None = Field(
        default=None, description="Its template for letters, which carry ordinary pages alone."
    )
    notify_callback_secret: SecretStr | None = Field(
        default=None, description="Bearer secret under which Notify sends its receipts."
    )
    last_resort: str | None = Field(
        default=None,
        pattern=r"^([^@\s]+@[^@\s]+\.[^@\s]+|\+?[0-9]{8,15})$",
        description="E-mail address or number of those who answer for the service: the last resort"
        " of a prison that names none outside itself.",
    )

    last_resort_test_days: int = Field(
        default=92, ge=1, le=366, description="Days for which a test of the last resort counts."
    )

    webhook_allowed_networks: Annotated[list[str], NoDecode] = Field(
        default=[],
        description="Comma-separated private networks that webhooks may be in, as 10.20.0.0/16.",
    )
    webhook_ca_file: Path | None = Field(
        default=None, description="Authority of the certificates of webhooks, besides the system's."
    )

    heartbeat_url: SecretStr | None = Field(
        default=None,
        description="Asked for while every step is taken in time; whoever serves it alarms when it"
        " is not. Unset: nobody is told of the service's own silence.",
    )
    heartbeat_seconds: float = Field(default=30, ge=1, le=3600)

    @property
    def webhook_networks(self) -> list[IPv4Network | IPv6Network]:
        return [ip_network(each) for each in self.webhook_allowed_networks]

    @field_validator("webhook_allowed_networks", mode="before")
    @classmethod
    def _networks(cls, value: str | list[str] | None) -> list[str]:
        parts = value.split(",") if isinstance(value, str) else value
        return [each.strip() for each in parts or [] if each.strip()]

    @field_validator("webhook_allowed_networks")
    @classmethod
    def _each_a_network(cls, value: list[str]) -> list[str]:
        for each in value:
            ip_network(each)  # its ValueError says which is none
        return value

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_unset(cls, values: dict[str, object]) -> dict[str, object]:
        """A variable that is there and empty is as one that is not there."""
        ours = set(ChannelSettings.model_fields)
        return {name: each for name, each in values.items() if each != "" or name not in ours}

    @model_validator(mode="after")
    def _whole_channels(self) -> Self:
        if self.smtp_host and not self.smtp_from:
            raise ValueError("smtp_from is needed with smtp_host")
        if self.smtp_user and not self.smtp_password:
            raise ValueError("smtp_password is needed with smtp_user")
        if self.smtp_bounces and not all((self.smtp_bounces / each).is_dir() for each in _MAILDIR):
            raise ValueError("smtp_bounces must be a Maildir: a folder with `new` and `cur`")
        here = self.smtp_host in _THIS_MACHINE
        if self.smtp_host and self.smtp_security is SmtpSecurity.none and not here:
            raise ValueError("smtp_security may be none only for a server on this machine")
        return self

    @model_validator(mode="after")
    def _whole_notify(self) -> Self:
        if self.notify_api_key is None:
            return self
        if not NOTIFY_KEY.fullmatch(self.notify_api_key.get_secret_value()):
            raise ValueError("notify_api_key must be a key as GOV.UK Notify shows it")
        if self.notify_sms_template is None and self.notify_email_template is None:
            raise ValueError("notify_sms_template or notify_email_template is needed with a key")
        where = urlsplit(self.notify_url)
        if where.scheme != "https" and where.hostname not in _THIS_MACHINE:
            raise ValueError("notify_url must be an https address")
        return self

    @property
    def ways(self) -> set[str]:
        """The channels there are besides the log, as `ChannelKind` names them."""
        notify = {
            "sms": self.notify_sms_template,
            "email": self.notify_email_template,
            "letter": self.notify_letter_template,
        }
        found = {kind for kind, template in notify.items() if template and self.notify_api_key}
        return found | ({"email"} if self.smtp_host else set())

    @model_validator(mode="after")
    def _whole_heartbeat(self) -> Self:
        try:
            where = urlsplit(self.heartbeat_url.get_secret_value() if self.heartbeat_url else "")
            secret = where.scheme == "https" or where.hostname in _THIS_MACHINE
        except ValueError:
            secret = False
        if self.heartbeat_url is not None and not (secret and where.hostname):
            raise ValueError("heartbeat_url must be an https address")
        return self

    def unfit(self) -> str | None:
        """Why production may not start on these channels: where a page could get lost and nobody
        would know. None: it may."""
        if self.notify_api_key is None or self.notify_callback_secret is None:
            return (
                "WELLWING_NOTIFY_API_KEY and WELLWING_NOTIFY_CALLBACK_SECRET must be set: pages"
                " need one channel that says what arrived."
            )
        if len(self.notify_callback_secret.get_secret_value()) < 20:
            return "WELLWING_NOTIFY_CALLBACK_SECRET must have at least 20 characters."
        if self.last_resort is None:
            return "WELLWING_LAST_RESORT must be set: somebody must be there when nobody is."
        by_mail = self.notify_email_template  # a mail server does not say what arrived
        if not (by_mail if "@" in self.last_resort else self.notify_sms_template):
            return "WELLWING_LAST_RESORT must be reached by a channel that says what arrived."
        return None
