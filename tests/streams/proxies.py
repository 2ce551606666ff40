"""Proxies in front of a served API: nginx as the operations guide sets it up, and a plain one that
gathers what it passes on unless it is asked not to."""

import asyncio
import re
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"
GATHERED_BYTES = 4096
# What nginx asks for outside a site: folders of its own, nothing of the system's.
_AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{ }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    gzip on;
    gzip_proxied any;
    gzip_types *;
    gzip_min_length 0;
{site}
}}
"""


def _certificate(folder: Path) -> ssl.SSLContext:
    """A certificate of its own for `localhost`, and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "wellwing.pem").write_bytes(made.public_bytes(pem))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "wellwing.key").write_bytes(key.private_bytes(pem, *plain))
    return ssl.create_default_context(cafile=str(folder / "wellwing.pem"))


def site(folder: Path, upstream: str, port: int) -> str:
    """The guide's own lines, with this API, this port and this certificate."""
    found = re.search(r"```nginx\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found
    told = found[1]
    for theirs, ours in (
        ("127.0.0.1:8000", urlsplit(upstream).netloc),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("/etc/nginx/", f"{folder}/"),
    ):
        assert theirs in told
        told = told.replace(theirs, ours)
    return told


@asynccontextmanager
async def nginx(folder: Path, upstream: str) -> AsyncIterator[tuple[str, ssl.SSLContext]]:
    """nginx in front of an API: its address, and what trusts its certificate."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    trusting = _certificate(folder)
    (folder / "nginx.conf").write_text(
        _AROUND.format(folder=folder, site=site(folder, upstream, port))
    )
    command = (str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr")
    with (folder / "stderr").open("wb") as said:
        process = await asyncio.create_subprocess_exec(*command, stderr=said)
    try:
        async with asyncio.timeout(20):
            while True:
                assert process.returncode is None, (folder / "stderr").read_text()
                with suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.05)
        yield f"https://localhost:{port}", trusting
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


@asynccontextmanager
async def gathering(upstream: str, *, heeds: bool) -> AsyncIterator[str]:
    """A proxy that passes an answer on once it has gathered enough of it; `heeds`: unless the
    answer asks for no buffering, as nginx does of itself."""
    to = urlsplit(upstream)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection(to.hostname, to.port)
        ours.write(await reader.readuntil(b"\r\n\r\n"))
        head = await theirs.readuntil(b"\r\n\r\n")
        writer.write(head)
        at_once = heeds and b"x-accel-buffering: no" in head.lower()
        gathered = b""
        with suppress(ConnectionError):
            while some := await theirs.read(GATHERED_BYTES):
                gathered += some
                if at_once or len(gathered) >= GATHERED_BYTES:
                    writer.write(gathered)
                    await writer.drain()
                    gathered = b""
            writer.write(gathered)
        ours.close()
        writer.close()

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        server.close()


class Line:
    """A line between two that can be cut: nobody says goodbye on it."""

    def __init__(self, upstream: str) -> None:
        self._to = urlsplit(upstream)
        self._ends: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        for each in self._ends:
            each.transport.abort()

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection(self._to.hostname, self._to.port)
        self._ends |= {writer, ours}
        with suppress(ConnectionError):
            await asyncio.gather(_pour(reader, ours), _pour(theirs, writer))
        self._ends -= {writer, ours}


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while some := await source.read(GATHERED_BYTES):
        sink.write(some)
        await sink.drain()
    sink.close()


@asynccontextmanager
async def cuttable(upstream: str) -> AsyncIterator[tuple[str, Line]]:
    """A line to an API: its address, and what cuts it."""
    line = Line(upstream)
    server = await asyncio.start_server(line.join, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", line
        line.cut()
        server.close()
