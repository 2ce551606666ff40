"""Keys through an issuer's discovery document: a real issuer over HTTP, with all its moods."""

import asyncio
import gzip
import json
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from jose import jwt

from app import clock
from app.config import ConfigurationError, Environment, Settings
from app.tokens import DISCOVERY, JwksClient, TokenRefused, Verifier, verifier_for
from tests.tokens.test_tokens import Pair

NIL = timedelta(0)


class Issuer:
    """An issuer on loopback: its discovery document, its key sets, and a token of its own."""

    def __init__(self) -> None:
        self.pair = Pair("one")
        self.url = ""
        self.documents: dict[str, Any] = {}
        self.raw: dict[str, bytes] = {}
        self.asked: Counter[str] = Counter()
        self.server: asyncio.Server | None = None
        self.tls: ssl.SSLContext | None = None
        self.port = 0

    async def opens(self) -> None:
        self.server = await asyncio.start_server(self.answer, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = self.at("/issuer")
        if not self.documents:
            self.documents["/issuer" + DISCOVERY] = {
                "issuer": self.url,
                "jwks_uri": self.at("/keys"),
            }
            self.publishes(self.pair)

    async def closes(self) -> None:
        assert self.server is not None
        self.server.close()
        await self.server.wait_closed()

    def at(self, path: str) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}{path}"

    def publishes(self, *pairs: Pair, path: str = "/keys") -> None:
        self.documents[path] = {"keys": [pair.public for pair in pairs]}

    def says(self, **changes: Any) -> None:
        """Change the discovery document; `...` leaves a claim out."""
        document = self.documents["/issuer" + DISCOVERY] | changes
        kept = {name: value for name, value in document.items() if value is not ...}
        self.documents["/issuer" + DISCOVERY] = kept

    def answers(self, path: str, head: str, body: bytes = b"") -> None:
        """Answer at `path` with these bytes instead."""
        lines = f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self.raw[path] = lines.encode() + body

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        self.asked[path] += 1
        body = json.dumps(self.documents.get(path)).encode()
        head = f"HTTP/1.1 {'200 OK' if path in self.documents else '404 Not Found'}\r\n"
        head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(self.raw.get(path, head.encode() + body))
        writer.close()

    def settings(self, **values: Any) -> Settings:
        return Settings(_env_file=None, development_issuer=False, token_issuer=self.url, **values)

    def verifier(self, pause: timedelta = NIL, age: timedelta = NIL) -> Verifier:
        keys = JwksClient(issuer=self.url, https_only=False, pause=pause, age=age)
        return Verifier(self.settings(), keys)

    def token(self, pair: Pair | None = None, kid: str | None = None) -> str:
        now = time.time()
        claims = {"iss": self.url, "aud": "wellwing", "sub": "NURSE_1", "iat": now, "exp": now + 60}
        pair = pair or self.pair
        return jwt.encode(
            claims | {"jti": str(uuid4())}, pair.private, pair.algorithm, {"kid": kid or pair.kid}
        )


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    await issuer.opens()
    yield issuer
    await issuer.closes()


async def refusal(verifier: Verifier, token: str) -> str:
    with pytest.raises(TokenRefused) as caught:
        await verifier.verify(token)
    return caught.value.reason


async def test_an_issuer_needs_no_more_than_its_name(issuer: Issuer) -> None:
    verifier = verifier_for(issuer.settings())
    for _ in range(3):
        assert (await verifier.verify(issuer.token())).subject == "NURSE_1"
    assert issuer.asked == {"/issuer" + DISCOVERY: 1, "/keys": 1}


async def test_an_issuer_whose_name_ends_in_a_slash(issuer: Issuer) -> None:
    issuer.url += "/"
    issuer.says(issuer=issuer.url)
    assert await issuer.verifier().verify(issuer.token())


async def test_an_address_of_the_keys_that_we_were_told_is_not_asked_for(issuer: Issuer) -> None:
    verifier = verifier_for(issuer.settings(jwks_url=issuer.at("/keys")))
    assert await verifier.verify(issuer.token())
    assert issuer.asked == {"/keys": 1}


async def test_an_empty_address_of_the_keys_is_none(issuer: Issuer) -> None:
    assert issuer.settings(jwks_url="").jwks_url is None


# Keys change


async def test_keys_rotate(issuer: Issuer) -> None:
    verifier, new = issuer.verifier(age=timedelta(hours=1)), Pair("two")
    assert await verifier.verify(issuer.token())
    issuer.publishes(issuer.pair, new)
    assert await verifier.verify(issuer.token(new))
    issuer.publishes(new)
    assert await verifier.verify(issuer.token(new))
    assert await refusal(verifier, issuer.token(kid="three")) == "token_unknown_key"
    assert await refusal(verifier, issuer.token()) == "token_unknown_key"


async def test_keys_that_moved_are_followed(issuer: Issuer) -> None:
    verifier, new = issuer.verifier(), Pair("two")
    assert await verifier.verify(issuer.token())
    issuer.publishes(new, path="/new-keys")
    issuer.says(jwks_uri=issuer.at("/new-keys"))
    assert await verifier.verify(issuer.token(new))
    assert await refusal(verifier, issuer.token()) == "token_unknown_key"


async def test_a_storm_of_unknown_kids_asks_once_a_minute(issuer: Issuer) -> None:
    verifier = verifier_for(issuer.settings())
    storm = [refusal(verifier, issuer.token(kid=f"made-up-{number}")) for number in range(50)]
    assert set(await asyncio.gather(*storm)) == {"token_unknown_key"}
    assert await verifier.verify(issuer.token())
    assert issuer.asked == {"/issuer" + DISCOVERY: 1, "/keys": 1}


# The issuer is away


async def test_an_issuer_down_at_the_start_is_asked_again(issuer: Issuer) -> None:
    verifier = issuer.verifier()
    await issuer.closes()
    assert await refusal(verifier, issuer.token()) == "token_keys_unavailable"
    await issuer.opens()
    assert await verifier.verify(issuer.token())


async def test_an_issuer_down_at_the_start_is_asked_once_a_minute(issuer: Issuer) -> None:
    verifier = verifier_for(issuer.settings())
    issuer.answers("/issuer" + DISCOVERY, "503 Unavailable")
    for _ in range(5):
        assert await refusal(verifier, issuer.token()) == "token_keys_unavailable"
    assert issuer.asked == {"/issuer" + DISCOVERY: 1}


async def test_known_keys_go_on_when_the_issuer_goes_down(issuer: Issuer) -> None:
    verifier = issuer.verifier()
    assert await verifier.verify(issuer.token())
    await issuer.closes()
    assert await verifier.verify(issuer.token())
    assert await refusal(verifier, issuer.token(Pair("two"))) == "token_keys_unavailable"
    await issuer.opens()


# What is not believed, at first (no keys at all) and later (the known keys go on)

PACKED = gzip.compress(b'{"keys": []}' + b" " * 1_000_000)
NOT_BELIEVED: dict[str, tuple[str, str, bytes]] = {
    "a redirect": (DISCOVERY, "302 Found\r\nLocation: /elsewhere", b""),
    "a redirect of the keys": ("/keys", "307 Temporary Redirect\r\nLocation: /elsewhere", b""),
    "a huge document": (DISCOVERY, "200 OK", b'{"issuer": "' + b"x" * 300_000 + b'"}'),
    "a huge set of keys": ("/keys", "200 OK", b'{"keys": ["' + b"x" * 300_000 + b'"]}'),
    "a packed document": ("/keys", "200 OK\r\nContent-Encoding: gzip", PACKED),
    "a deep document": (DISCOVERY, "200 OK", b"[" * 100_000),
    "no document": (DISCOVERY, "200 OK", b"<html>"),
    "no object": (DISCOVERY, "200 OK", b"[]"),
    "a failure": (DISCOVERY, "500 Internal Server Error", b"{}"),
}


@pytest.mark.parametrize("what", NOT_BELIEVED)
async def test_such_an_answer_is_not_believed(issuer: Issuer, what: str) -> None:
    path, head, body = NOT_BELIEVED[what]
    knowing = issuer.verifier()
    assert await knowing.verify(issuer.token())
    issuer.answers(path.replace(DISCOVERY, "/issuer" + DISCOVERY), head, body)
    issuer.documents["/elsewhere"] = issuer.documents["/keys"]
    assert await refusal(issuer.verifier(), issuer.token()) == "token_keys_unavailable"
    assert await knowing.verify(issuer.token())
    assert issuer.asked["/elsewhere"] == 0


async def test_what_never_ends_is_read_no_further_than_a_key_set_is_long(issuer: Issuer) -> None:
    sent = 0

    async def pours(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while sent < 50_000_000:
                writer.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
                await writer.drain()
                sent += 65536
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(pours, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = JwksClient(issuer=url, https_only=False)
    with pytest.raises(TokenRefused):
        await client.key("one")
    server.close()
    await server.wait_closed()
    assert sent < 20_000_000


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://other.example"},
        {"issuer": ...},
        {"issuer": None},
        {"jwks_uri": ...},
        {"jwks_uri": ["http://127.0.0.1/keys"]},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "/keys"},
        {"jwks_uri": "http://[::1"},
    ],
)
async def test_the_document_of_another_issuer_is_not_believed(
    issuer: Issuer, changes: dict[str, Any]
) -> None:
    issuer.says(**changes)
    assert await refusal(issuer.verifier(), issuer.token()) == "token_keys_unavailable"
    assert issuer.asked["/keys"] == 0


async def test_a_name_that_differs_by_a_slash_is_another_issuers(issuer: Issuer) -> None:
    issuer.says(issuer=issuer.url + "/")
    assert await refusal(issuer.verifier(), issuer.token()) == "token_keys_unavailable"


# Production


@pytest.mark.parametrize("name", ["http://issuer.example", "issuer.example", "", "https://"])
def test_production_asks_no_issuer_that_proves_nothing(name: str) -> None:
    production = Settings(
        _env_file=None,
        environment=Environment.production,
        development_issuer=False,
        token_issuer=name,
        database_url="postgresql://x",
        secret_key="x" * 32,
    )
    with pytest.raises(ConfigurationError, match="WELLWING_TOKEN_ISSUER"):
        verifier_for(production)
    if name != "https://":
        with pytest.raises(ConfigurationError, match="WELLWING_TOKEN_ISSUER"):
            production.check_production()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An issuer")])
    here = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(clock.real_now() - timedelta(days=1))
        .not_valid_after(clock.real_now() + timedelta(days=1))
        .add_extension(here, critical=False)
        .sign(key, SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = tmp_path / "issuer.pem"
    file.write_bytes(pem + made.public_bytes(Encoding.PEM))
    return file


async def test_production_takes_keys_over_https_only(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the keys that a document names which itself came over https."""
    issuer, plain = Issuer(), Issuer()
    issuer.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    issuer.tls.load_cert_chain(certificate)
    await issuer.opens()
    await plain.opens()
    production = issuer.settings(environment=Environment.production)
    assert await refusal(verifier_for(production), issuer.token()) == "token_keys_unavailable"
    assert not issuer.asked, "its certificate is nobody's whom we trust"
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert await verifier_for(production).verify(issuer.token())
    plain.publishes(issuer.pair)
    issuer.says(jwks_uri=plain.at("/keys"))
    assert await refusal(verifier_for(production), issuer.token()) == "token_keys_unavailable"
    assert not plain.asked
    for each in (issuer, plain):
        await each.closes()
