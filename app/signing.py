"""The key that signs what leaves the service, so that a copy can be told from a forgery."""

import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from app.config import ConfigurationError, Settings


class Signer:
    """An Ed25519 key: the site's own, or, in development, one kept under `var_dir`."""

    def __init__(self, config: Settings) -> None:
        """Load the key. Raises ConfigurationError where there is none that can be used."""
        if config.signing_pem:
            self._key = _private_key(config.signing_pem.encode())
        elif config.production:
            raise ConfigurationError("WELLWING_SIGNING_KEY must hold an Ed25519 key as PEM.")
        else:
            self._key = _private_key(_stored(config.var_dir / "development-signing-key.pem"))

    def sign(self, data: bytes) -> bytes:
        """The signature of `data`, 64 bytes; the same each time."""
        return self._key.sign(data)

    def public_pem(self) -> bytes:
        """The public key, to be given to whoever verifies."""
        public = self._key.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def signed(data: bytes, signature: bytes, public_pem: bytes) -> bool:
    """Whether the signature of `data` was made with the key that belongs to `public_pem`.

    Raises ValueError for what is no Ed25519 public key.
    """
    key = load_pem_public_key(public_pem)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 public key")
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _private_key(pem: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError("WELLWING_SIGNING_KEY must hold an Ed25519 key as PEM.")
    return key


def _stored(path: Path) -> bytes:
    """The development key in `path`, made when there is none; two processes get the same one."""
    if not path.exists():
        made = Ed25519PrivateKey.generate()
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent) as draft:  # its mode is 0600
            draft.write(pem)
            draft.flush()
            with suppress(FileExistsError):  # linking is atomic
                path.hardlink_to(draft.name)
    return path.read_bytes()
