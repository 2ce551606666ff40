"""A signed bundle: a ZIP whose manifest names the digest of each file, and is signed.

The same content gives the same bytes. Whoever receives one checks it without the service
(`wellwing bundle verify`).
"""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from typing import Any

import orjson

from app.signing import Signer, signed

MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "manifest.sig", "public_key.pem"
_EVERY_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest a ZIP can tell


def make(files: Mapping[str, bytes], facts: Mapping[str, Any], signer: Signer) -> bytes:
    """A bundle of `files`, its manifest made of `facts` and of the digest of each file."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    manifest = orjson.dumps({**facts, "files": digests}, option=orjson.OPT_INDENT_2)
    every = {
        **files,
        MANIFEST: manifest,
        SIGNATURE: signer.sign(manifest),
        PUBLIC_KEY: signer.public_pem(),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in every.items():
            entry = zipfile.ZipInfo(name, _EVERY_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            bundle.writestr(entry, data)
    return packed.getvalue()


def faults(data: bytes, public_pem: bytes | None = None) -> list[str]:
    """What is wrong with a bundle, a sentence each, naming the file; empty when it is whole.

    `public_pem`: the key it must be signed with; else the one it holds, which proves only that
    it was not changed since it was signed by whoever holds that key.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as bundle:
            names = bundle.namelist()
            files = {name: bundle.read(name) for name in names}
    except (zipfile.BadZipFile, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        return [f"This is no whole ZIP file: {error}."]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        return [f"{name}: stands there twice." for name in twice]
    missing = [name for name in (MANIFEST, SIGNATURE, PUBLIC_KEY) if name not in files]
    if missing:
        return [f"{name}: is missing." for name in missing]
    return [*_unsigned(files, public_pem), *_changed(files)]


def _unsigned(files: Mapping[str, bytes], public_pem: bytes | None) -> list[str]:
    found = []
    key = public_pem or files[PUBLIC_KEY]
    if public_pem is not None and public_pem.strip() != files[PUBLIC_KEY].strip():
        found.append(f"{PUBLIC_KEY}: is another key than the one given.")
    try:
        good = signed(files[MANIFEST], files[SIGNATURE], key)
    except ValueError:
        return [*found, f"{PUBLIC_KEY}: is no Ed25519 public key."]
    return found if good else [*found, f"{MANIFEST}: is not what was signed ({SIGNATURE})."]


def _changed(files: Mapping[str, bytes]) -> list[str]:
    try:
        named: dict[str, str] = dict(orjson.loads(files[MANIFEST])["files"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return [f"{MANIFEST}: cannot be read."]
    found = []
    for name, digest in named.items():
        if name not in files:
            found.append(f"{name}: is missing.")
        elif hashlib.sha256(files[name]).hexdigest() != digest:
            found.append(f"{name}: was changed.")
    known = {*named, MANIFEST, SIGNATURE, PUBLIC_KEY}
    return found + [f"{name}: is not in the manifest." for name in files if name not in known]
