"""Bearer tokens: who is asking. Nothing outside this package knows python-jose.

What a token says (`claims.py`), whether it is the issuer's (`verify.py`), the issuer's keys
(`keys.py`), and the issuer of development (`issuer.py`).
"""

from app.config import DEVELOPMENT_ISSUER, ConfigurationError, Settings
from app.tokens.claims import SUBJECT_ACCESS, Claims, TokenRefused
from app.tokens.issuer import DevelopmentIssuer
from app.tokens.keys import DISCOVERY, JwksClient
from app.tokens.verify import KeySource, Verifier

__all__ = [
    "DISCOVERY",
    "SUBJECT_ACCESS",
    "Claims",
    "DevelopmentIssuer",
    "JwksClient",
    "KeySource",
    "TokenRefused",
    "Verifier",
    "verifier_for",
]


def verifier_for(settings: Settings) -> Verifier:
    """The verifier the settings ask for; its `keys` is the DevelopmentIssuer when that is on.

    Raises ConfigurationError when there is nobody to trust.
    """
    if settings.development_issuer:
        return Verifier(settings, DevelopmentIssuer(settings.var_dir, settings))
    url, issuer, https_only = settings.jwks_url, settings.token_issuer, settings.production
    if url is not None:
        return Verifier(settings, JwksClient(url, https_only=https_only))
    if issuer == DEVELOPMENT_ISSUER:
        raise ConfigurationError("Set WELLWING_TOKEN_ISSUER, or WELLWING_DEVELOPMENT_ISSUER=true.")
    return Verifier(settings, JwksClient(issuer=issuer, https_only=https_only))
