"""Pages come of concerns: the same night as theirs; and a real mail server on this machine."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app import clock
from app.channels import SmtpSecurity
from app.config import Settings, settings
from app.integrations.notify.smtp import SmtpCarrier
from tests.concerns.conftest import night

__all__ = ["night"]
USER, PASSWORD = "wellwing", "a password of the mail server"
NOTIFY_KEY = f"pages-{uuid4()}-{uuid4()}"


@dataclass
class Post:
    """A mail server: what it was given, and what it is told to say to whom."""

    folder: Path
    port: int
    given: list[tuple[str, Message]] = field(default_factory=list)
    says: dict[str, str] = field(default_factory=dict)
    taken: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event | None = None

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if (answer := self.says.get(address)) is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content, policy=cast(Any, default))
        self.given += [(to, message) for to in envelope.rcpt_tos]
        self.taken.set()
        if self.go_on is not None:
            await asyncio.to_thread(self.go_on.wait, 10)
        return "250 2.0.0 Ok: queued as 4F2B1C"

    def carrier(self, **changed: Any) -> SmtpCarrier:
        given = {
            "smtp_host": "127.0.0.1",
            "smtp_port": self.port,
            "smtp_security": SmtpSecurity.starttls,
            "smtp_ca_file": self.folder / "certificate.pem",
            "smtp_user": USER,
            "smtp_password": PASSWORD,
            "smtp_from": "pages@wellwing.example",
        }
        return SmtpCarrier(Settings(_env_file=None, **{**given, **changed}))

    def to(self, address: str) -> list[Message]:
        return [message for to, message in self.given if to == address]


def _certificate(folder: Path) -> ssl.SSLContext:
    """A certificate of 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A mail server")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(clock.real_now() - timedelta(days=1))
        .not_valid_after(clock.real_now() + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, SHA256())
    )
    (folder / "certificate.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


def _knows(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
    right = isinstance(given, LoginPassword) and given.password == PASSWORD.encode()
    return AuthResult(success=right, handled=right)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    """A real SMTP server that asks for STARTTLS and a password."""
    handler = Post(tmp_path, free_port())
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=handler.port,
        tls_context=_certificate(tmp_path),
        require_starttls=True,
        authenticator=_knows,
        auth_required=True,
    )
    controller.start()
    yield handler
    if handler.go_on is not None:
        handler.go_on.set()
    controller.stop()


@pytest.fixture
def texts_and_mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The site sends texts by Notify, and mail by a server."""
    monkeypatch.setenv("WELLWING_NOTIFY_API_KEY", NOTIFY_KEY)
    monkeypatch.setenv("WELLWING_NOTIFY_SMS_TEMPLATE", str(uuid4()))
    monkeypatch.setenv("WELLWING_SMTP_HOST", "mail.example")
    monkeypatch.setenv("WELLWING_SMTP_FROM", "pages@wellwing.example")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()
