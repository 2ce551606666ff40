"""Bearer tokens: real keys, real signatures, a real key set over HTTP."""

import asyncio
import base64
import hashlib
import hmac
import json
import stat
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from jose import jwk, jwt

from app import clock
from app.config import ConfigurationError, Environment, Settings
from app.tokens import (
    SUBJECT_ACCESS,
    Claims,
    DevelopmentIssuer,
    JwksClient,
    TokenRefused,
    Verifier,
    verifier_for,
)

PERSON = UUID("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")
HTTPS = "https://issuer.example/jwks"


def given_settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


SETTINGS = given_settings()


class Pair:
    """A key pair of some issuer; `token()` is valid unless told otherwise."""

    def __init__(self, kid: str = "one", algorithm: str = "RS256") -> None:
        self.kid, self.algorithm = kid, algorithm
        self.raw = (
            rsa.generate_private_key(public_exponent=65537, key_size=2048)
            if algorithm == "RS256"
            else ec.generate_private_key(ec.SECP256R1())
        )
        pem = self.raw.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.private = jwk.construct(pem, algorithm)
        self.public = self.private.public_key().to_dict() | {"kid": kid, "use": "sig"}

    def token(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        now = time.time()
        body = {
            "iss": SETTINGS.token_issuer,
            "aud": SETTINGS.token_audience,
            "sub": "NURSE_1",
            "iat": now,
            "exp": now + 600,
            "roles": ["clinician"],
            "prisons": ["MDI"],
        } | claims
        body = {name: value for name, value in body.items() if value is not ...}
        headers = {"kid": self.kid} | (header or {})
        headers = {name: value for name, value in headers.items() if value is not ...}
        return jwt.encode(body, self.private, self.algorithm, headers)


class KeySet:
    """A key source that holds what it was given."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys = {key["kid"]: key for key in keys}
        self.asked = 0

    async def key(self, kid: str) -> dict[str, Any] | None:
        self.asked += 1
        return self.keys.get(kid)


class Receiver:
    """An issuer's key set on loopback."""

    def __init__(self) -> None:
        self.keys: list[Any] = []
        self.body: bytes | None = None
        self.status = "200 OK"
        self.delay = 0.0
        self.asked = 0
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        await asyncio.sleep(self.delay)
        body = json.dumps({"keys": self.keys}).encode() if self.body is None else self.body
        head = f"HTTP/1.1 {self.status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


@pytest.fixture(scope="module")
def other() -> Pair:
    return Pair("two")


@pytest.fixture
def verifier(pair: Pair) -> Verifier:
    return Verifier(SETTINGS, KeySet(pair.public))


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentIssuer:
    return DevelopmentIssuer(tmp_path_factory.mktemp("var"), SETTINGS)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks"
    async with server:
        yield receiver


async def refusal(verifier: Verifier, token: str) -> str:
    with pytest.raises(TokenRefused) as caught:
        await verifier.verify(token)
    assert verifier.cached(token) is None
    return caught.value.reason


def segment(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


# What a good token says


async def test_a_good_token_says_who_is_asking(pair: Pair, verifier: Verifier) -> None:
    now = int(time.time())
    said = {"person_id": str(PERSON), "client_id": "app", "iat": now, "exp": now + 600, "jti": "t"}
    claims = await verifier.verify(pair.token(**said))
    assert claims == Claims(
        subject="NURSE_1",
        roles=frozenset({"clinician"}),
        prisons=frozenset({"MDI"}),
        person_id=PERSON,
        client_id="app",
        expires_at=claims.expires_at,
        issued_at=claims.issued_at,
        token_id="t",
    )
    assert (claims.issued_at.timestamp(), claims.expires_at.timestamp()) == (now, now + 600)
    assert claims.expires_at.utcoffset() == timedelta(0)


async def test_es256_is_accepted() -> None:
    pair = Pair("ec", "ES256")
    assert (await Verifier(SETTINGS, KeySet(pair.public)).verify(pair.token())).subject == "NURSE_1"


async def test_a_list_of_audiences_is_accepted(pair: Pair, verifier: Verifier) -> None:
    token = pair.token(aud=["elsewhere", SETTINGS.token_audience])
    assert (await verifier.verify(token)).subject == "NURSE_1"


@pytest.mark.parametrize(
    ("said", "roles"),
    [
        (["clinician", "governor"], {"clinician", "governor"}),
        ("clinician governor", {"clinician", "governor"}),
        (["ROLE_WELLWING_CLINICIAN"], {"clinician"}),
        (["Governor", 7, None], {"governor"}),
        ("", set()),
        (..., set()),
        ({"clinician": True}, set()),
    ],
)
async def test_roles(pair: Pair, verifier: Verifier, said: Any, roles: set[str]) -> None:
    assert (await verifier.verify(pair.token(roles=said))).roles == roles


@pytest.mark.parametrize(
    ("said", "prisons"),
    [
        (["MDI", "LEI"], {"MDI", "LEI"}),
        ("MDI", {"MDI"}),
        ("MDI,LEI WWI", {"MDI", "LEI", "WWI"}),
        (["MDI", "mdi", "MDIX", "MDI\n", "", 5, "*", "M'I"], {"MDI"}),
        (..., set()),
        (True, set()),
    ],
)
async def test_prisons(pair: Pair, verifier: Verifier, said: Any, prisons: set[str]) -> None:
    assert (await verifier.verify(pair.token(prisons=said))).prisons == prisons


@pytest.mark.parametrize("said", ["A1234BC", "", 7, True, [str(PERSON)]])
async def test_a_person_is_a_uuid_or_refused(pair: Pair, verifier: Verifier, said: Any) -> None:
    assert await refusal(verifier, pair.token(person_id=said)) == "token_claims"


# HMPPS Auth


async def test_hmpps_authorities_count_only_with_our_prefix(pair: Pair) -> None:
    hmpps = Verifier(given_settings(claim_roles="authorities"), KeySet(pair.public))
    authorities = ["ROLE_WELLWING_CLINICIAN", "ROLE_CLINICIAN", "ROLE_PRISON", "governor"]
    claims = await hmpps.verify(pair.token(authorities=authorities, roles=["governor"]))
    assert claims.roles == {"clinician"}


async def test_the_names_of_claims_are_settings(pair: Pair) -> None:
    names = given_settings(
        claim_subject="user_name", claim_prisons="caseload", claim_person="person"
    )
    token = pair.token(user_name="JSMITH", caseload="LEI", person=str(PERSON))
    verifier = Verifier(names, KeySet(pair.public))
    claims = await verifier.verify(token)
    assert (claims.subject, claims.person_id) == ("JSMITH", PERSON)
    assert claims.prisons == {"LEI"}
    assert await refusal(verifier, pair.token(user_name="JSMITH", sub=...)) == "token_claims"


@pytest.mark.parametrize("claim_subject", ["sub", "user_name"])
async def test_a_client_cannot_assert_who_it_speaks_for(pair: Pair, claim_subject: str) -> None:
    hmpps = Verifier(given_settings(claim_subject=claim_subject), KeySet(pair.public))
    # What HMPPS Auth issues when a client asks for a token "for" a user: `sub` is that user.
    token = pair.token(
        grant_type="client_credentials", client_id="batch", user_name="GOVERNOR", sub="GOVERNOR"
    )
    assert (await hmpps.verify(token)).subject == "batch"
    nameless = pair.token(grant_type="client_credentials", user_name="GOVERNOR")
    assert await refusal(hmpps, nameless) == "token_claims"


async def test_who_speaks_for_themselves(pair: Pair, verifier: Verifier) -> None:
    """A machine by HMPPS's grant or as its own subject (RFC 9068); anything else is a person."""
    for said, machine, subject in (
        ({"grant_type": "client_credentials", "client_id": "batch"}, True, "batch"),
        ({"client_id": "batch", "sub": "batch"}, True, "batch"),
        ({"client_id": "batch"}, False, "NURSE_1"),
        ({"grant_type": "password", "client_id": "batch", "sub": "batch"}, False, "batch"),
        ({}, False, "NURSE_1"),
    ):
        claims = await verifier.verify(pair.token(**said))
        assert (claims.machine, claims.subject) == (machine, subject), said


@pytest.mark.parametrize(
    ("said", "scopes"),
    [
        ("concerns.read fhir.read", {"concerns.read", "fhir.read"}),
        (["concerns.read", 7, None], {"concerns.read"}),
        (..., set()),
        ({"concerns.read": True}, set()),
    ],
)
async def test_scopes(pair: Pair, verifier: Verifier, said: Any, scopes: set[str]) -> None:
    assert (await verifier.verify(pair.token(scope=said))).scopes == scopes


async def test_subject_access_is_a_role_of_machines_whatever_the_prefix(pair: Pair) -> None:
    hmpps = Verifier(given_settings(claim_roles="authorities"), KeySet(pair.public))
    ours = Verifier(SETTINGS, KeySet(pair.public))
    machine = {"grant_type": "client_credentials", "client_id": "sar"}
    for verifier, said in (
        (hmpps, {"authorities": ["ROLE_SAR_DATA_ACCESS", "ROLE_CLINICIAN"]}),
        (ours, {"roles": ["sar_data_access"]}),
        (ours, {"roles": ["ROLE_SAR_DATA_ACCESS"]}),
    ):
        assert SUBJECT_ACCESS in (await verifier.verify(pair.token(**machine, **said))).roles
        assert SUBJECT_ACCESS not in (await verifier.verify(pair.token(**said))).roles
    both = pair.token(**machine, authorities=["ROLE_SAR_DATA_ACCESS", "ROLE_CLINICIAN"])
    assert (await hmpps.verify(both)).roles == {SUBJECT_ACCESS}


# Refusals


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": ...}, "token_issuer"),
        ({"iss": "https://other.example"}, "token_issuer"),
        ({"iss": [SETTINGS.token_issuer]}, "token_issuer"),
        ({"aud": ...}, "token_audience"),
        ({"aud": "other"}, "token_audience"),
        ({"aud": ["other"]}, "token_audience"),
        ({"aud": {SETTINGS.token_audience: 1}}, "token_audience"),
        ({"exp": ...}, "token_claims"),
        ({"exp": "4000000000"}, "token_claims"),
        ({"exp": True}, "token_claims"),
        ({"exp": float("inf")}, "token_claims"),
        ({"exp": float("nan")}, "token_claims"),
        ({"exp": 10**30}, "token_claims"),
        ({"exp": 1_000_000_000}, "token_expired"),
        ({"nbf": 4_000_000_000}, "token_not_yet_valid"),
        ({"iat": 4_000_000_000}, "token_not_yet_valid"),
        ({"nbf": "soon"}, "token_claims"),
        ({"iat": ...}, "token_claims"),
        ({"exp": time.time() + 25 * 3600}, "token_lives_too_long"),
        ({"jti": ""}, "token_claims"),
        ({"jti": 7}, "token_claims"),
        ({"sub": "a\ud800"}, "token_claims"),
        ({"sub": ...}, "token_claims"),
        ({"sub": ""}, "token_claims"),
        ({"sub": 7}, "token_claims"),
    ],
)
async def test_claims_that_are_refused(
    pair: Pair, verifier: Verifier, claims: dict[str, Any], reason: str
) -> None:
    assert await refusal(verifier, pair.token(**claims)) == reason


async def test_small_differences_of_clocks_are_forgiven_at_the_start_only(
    pair: Pair, verifier: Verifier
) -> None:
    now = time.time()
    assert await verifier.verify(pair.token(nbf=now + 20, iat=now + 20))
    assert await refusal(verifier, pair.token(nbf=now + 60)) == "token_not_yet_valid"
    assert await refusal(verifier, pair.token(exp=now - 0.5)) == "token_expired"


@pytest.mark.parametrize("spelling", ["none", "None", "NONE", "", None, 7, ["RS256"], "HS256"])
@pytest.mark.parametrize("signature", ["", segment(b"x" * 256)])
async def test_unsigned_and_oddly_signed(
    pair: Pair, verifier: Verifier, spelling: Any, signature: str
) -> None:
    _, payload, _ = pair.token().split(".")
    token = f"{segment({'alg': spelling, 'kid': pair.kid})}.{payload}.{signature}"
    assert await refusal(verifier, token) in {"token_algorithm", "token_malformed"}


async def test_the_public_key_is_not_a_shared_secret(pair: Pair, verifier: Verifier) -> None:
    public = pair.raw.public_key()
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(pair.public).encode(),
    ]
    _, payload, _ = pair.token().split(".")
    for secret in secrets:
        signed = f"{segment({'alg': 'HS256', 'kid': pair.kid})}.{payload}"
        signature = segment(hmac.new(secret, signed.encode(), hashlib.sha256).digest())
        assert await refusal(verifier, f"{signed}.{signature}") == "token_algorithm"


async def test_an_algorithm_outside_the_settings(pair: Pair) -> None:
    only_es256 = Verifier(given_settings(token_algorithms=["ES256"]), KeySet(pair.public))
    assert await refusal(only_es256, pair.token()) == "token_algorithm"


async def test_the_key_must_fit_the_algorithm(pair: Pair) -> None:
    curve = Pair("one", "ES256")
    assert await refusal(Verifier(SETTINGS, KeySet(curve.public)), pair.token()) == (
        "token_algorithm"
    )
    assert await refusal(Verifier(SETTINGS, KeySet(pair.public)), curve.token()) == (
        "token_algorithm"
    )
    reserved = pair.public | {"alg": "RS512"}
    assert await refusal(Verifier(SETTINGS, KeySet(reserved)), pair.token()) == "token_algorithm"


async def test_the_key_is_chosen_by_kid_alone(pair: Pair, other: Pair) -> None:
    both = Verifier(SETTINGS, KeySet(pair.public, other.public))
    assert await refusal(both, pair.token({"kid": "foreign"})) == "token_unknown_key"
    assert await refusal(both, pair.token({"kid": ...})) == "token_unknown_key"
    assert await refusal(both, pair.token({"kid": 1})) == "token_unknown_key"
    assert await refusal(both, pair.token({"kid": other.kid})) == "token_signature"
    assert (await both.verify(other.token())).subject == "NURSE_1"


async def test_a_wrong_key_under_the_right_kid(pair: Pair, verifier: Verifier) -> None:
    assert await refusal(verifier, Pair(pair.kid).token()) == "token_signature"


async def test_a_changed_payload(pair: Pair, verifier: Verifier) -> None:
    head, _, signature = pair.token().split(".")
    _, payload, _ = pair.token(roles=["governor"]).split(".")
    assert await refusal(verifier, f"{head}.{payload}.{signature}") == "token_signature"


async def test_keys_and_duties_in_the_header_are_not_followed(
    pair: Pair, other: Pair, verifier: Verifier, receiver: Receiver
) -> None:
    receiver.keys = [other.public | {"kid": pair.kid}]
    brought = {"kid": pair.kid, "jwk": other.public, "jku": receiver.url, "x5u": receiver.url}
    assert await refusal(verifier, other.token(brought)) == "token_signature"
    assert receiver.asked == 0
    assert await refusal(verifier, pair.token({"crit": ["b64"], "b64": False})) == "token_malformed"
    assert await refusal(verifier, pair.token({"crit": []})) == "token_malformed"


async def test_a_long_token_is_refused_unread(pair: Pair) -> None:
    keys = KeySet(pair.public)
    assert await refusal(Verifier(SETTINGS, keys), pair.token(pad="x" * 8200)) == "token_malformed"
    assert keys.asked == 0


async def test_one_token_has_one_spelling(pair: Pair, verifier: Verifier) -> None:
    token = pair.token()
    for spelling in (token + "=", token + "\n", f" {token}", token.replace(".", ".!"), f"{token}."):
        assert await refusal(verifier, spelling) == "token_malformed"


@pytest.mark.parametrize(
    "payload", [b"[]", b'"x"', b"{", b"\xff\xfe\xfd", b"[" * 5000, b"7" * 4900]
)
async def test_a_signed_payload_that_is_no_object(
    pair: Pair, verifier: Verifier, payload: bytes
) -> None:
    signed = f"{segment({'alg': 'RS256', 'kid': pair.kid})}.{segment(payload)}"
    token = f"{signed}.{segment(pair.private.sign(signed.encode()))}"
    assert await refusal(verifier, token) == "token_malformed"


async def test_a_damaged_key_is_no_key(pair: Pair) -> None:
    for damage in ({"n": ...}, {"n": 7}, {"n": "!"}, {"e": "AA"}):
        keys = KeySet({k: v for k, v in (pair.public | damage).items() if v is not ...})
        assert await refusal(Verifier(SETTINGS, keys), pair.token()) == "token_unknown_key"


@hypothesis_settings(max_examples=80, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.text(st.characters()),
        st.binary().map(lambda raw: raw.decode("latin-1")),
        st.lists(st.binary().map(segment), min_size=2, max_size=4).map(".".join),
        st.tuples(
            st.dictionaries(
                st.sampled_from(["alg", "kid", "typ", "crit"]),
                st.sampled_from(["RS256", "ES256", "none", "one", None, 1, ["RS256"], {}]),
            ).map(segment),
            st.recursive(st.none() | st.integers() | st.text(), st.lists).map(segment),
            st.binary().map(segment),
        ).map(".".join),
    )
)
def test_rubbish_is_refused_and_nothing_else(token: str) -> None:
    verifier = Verifier(SETTINGS, KeySet(RUBBISH_KEY))
    assert verifier.cached(token) is None
    with pytest.raises(TokenRefused) as caught:
        # No await here ever suspends, so no loop is needed.
        verifier.verify(token).send(None)
    assert caught.value.reason.startswith("token_")
    assert str(caught.value) == caught.value.reason


RUBBISH_KEY = Pair("one", "ES256").public


async def test_a_refusal_never_repeats_the_token(pair: Pair, verifier: Verifier) -> None:
    token = pair.token(sub="A1234BC", aud="other")
    with pytest.raises(TokenRefused) as caught:
        await verifier.verify(token)
    assert caught.value.args == ("token_audience",)


# The cache


async def test_a_verified_token_is_remembered(pair: Pair) -> None:
    keys = KeySet(pair.public)
    verifier = Verifier(SETTINGS, keys)
    token = pair.token()
    assert verifier.cached(token) is None
    claims = await verifier.verify(token)
    assert await verifier.verify(token) is claims
    assert verifier.cached(token) is claims
    assert keys.asked == 1


async def test_a_remembered_token_expires(pair: Pair, verifier: Verifier) -> None:
    token = pair.token(exp=time.time() + 0.3)
    await verifier.verify(token)
    assert verifier.cached(token)
    await asyncio.sleep(0.35)
    assert verifier.cached(token) is None
    assert await refusal(verifier, token) == "token_expired"


async def test_the_services_moved_time_does_not_move_tokens(pair: Pair, verifier: Verifier) -> None:
    before = clock.offset()
    try:
        clock.forward(days=40)
        assert await verifier.verify(pair.token())
    finally:
        clock.set_offset(before)


async def test_refusals_are_not_remembered(pair: Pair) -> None:
    keys = KeySet()
    verifier = Verifier(SETTINGS, keys)
    token = pair.token()
    assert await refusal(verifier, token) == "token_unknown_key"
    keys.keys[pair.kid] = pair.public
    assert await verifier.verify(token)


async def test_the_cache_forgets_the_least_used(pair: Pair) -> None:
    verifier = Verifier(SETTINGS, KeySet(pair.public), size=2)
    first, second, third = (pair.token(jti=name) for name in "abc")
    await verifier.verify(first)
    await verifier.verify(second)
    assert verifier.cached(first)
    await verifier.verify(third)
    assert verifier.cached(first)
    assert verifier.cached(second) is None
    assert verifier.cached(third)


# The development issuer


async def test_the_development_issuer_is_believed(issuer: DevelopmentIssuer) -> None:
    token = issuer.issue("GOV", ["governor"], ["MDI", "LEI"], PERSON, timedelta(minutes=5), acr="x")
    claims = await Verifier(SETTINGS, issuer).verify(token)
    assert (claims.subject, claims.person_id) == ("GOV", PERSON)
    assert claims.roles == {"governor"}
    assert claims.prisons == {"MDI", "LEI"}
    left = claims.expires_at - clock.real_now()
    assert timedelta(minutes=4) < left <= timedelta(minutes=5, seconds=1)


async def test_the_development_issuer_speaks_hmpps(tmp_path: Path) -> None:
    verifier = verifier_for(given_settings(claim_roles="authorities", var_dir=tmp_path))
    assert isinstance(verifier.keys, DevelopmentIssuer)
    token = verifier.keys.issue("U", {"support_worker"}, {"MDI"})
    assert jwt.get_unverified_claims(token)["authorities"] == ["ROLE_WELLWING_SUPPORT_WORKER"]
    assert (await verifier.verify(token)).roles == {"support_worker"}


async def test_extra_claims_replace_and_remove(issuer: DevelopmentIssuer) -> None:
    verifier = Verifier(SETTINGS, issuer)
    assert await refusal(verifier, issuer.issue("U", [], [], aud=None)) == "token_audience"
    assert await refusal(verifier, issuer.issue("U", [], [], iss="x")) == "token_issuer"
    past = issuer.issue("U", [], [], lifetime=timedelta(seconds=-5))
    assert await refusal(verifier, past) == "token_expired"


def test_the_private_key_stays_private(tmp_path: Path) -> None:
    issuer = DevelopmentIssuer(tmp_path / "var", SETTINGS)
    path = tmp_path / "var" / "development-issuer.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    (public,) = issuer.jwks()["keys"]
    assert set(public) == {"kty", "kid", "use", "alg", "n", "e"}


async def test_issuers_over_one_folder_share_the_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        issuers = list(pool.map(lambda _: DevelopmentIssuer(tmp_path, SETTINGS), range(4)))
    assert all(issuer.jwks() == issuers[0].jwks() for issuer in issuers)
    assert await Verifier(SETTINGS, issuers[1]).verify(issuers[0].issue("U", [], []))


def test_the_development_issuer_never_runs_in_production(tmp_path: Path) -> None:
    production = given_settings(environment=Environment.production)
    with pytest.raises(ConfigurationError):
        DevelopmentIssuer(tmp_path, production)
    with pytest.raises(ConfigurationError):
        DevelopmentIssuer(tmp_path, given_settings(token_algorithms=["ES256"]))
    assert list(tmp_path.iterdir()) == []


# The key set of a real issuer


async def test_keys_are_fetched_once(pair: Pair, other: Pair, receiver: Receiver) -> None:
    receiver.keys, receiver.delay = [pair.public, other.public], 0.05
    verifier = Verifier(SETTINGS, JwksClient(receiver.url, https_only=False))
    tokens = [each.token(jti=str(n)) for each in (pair, other) for n in range(5)]
    assert len(await asyncio.gather(*map(verifier.verify, tokens))) == 10
    assert receiver.asked == 1


async def test_keys_rotate(pair: Pair, other: Pair, receiver: Receiver) -> None:
    receiver.keys = [pair.public]
    verifier = Verifier(SETTINGS, JwksClient(receiver.url, https_only=False, pause=timedelta(0)))
    assert await verifier.verify(pair.token())
    receiver.keys = [other.public]
    assert await verifier.verify(other.token())
    assert receiver.asked == 2
    assert await refusal(verifier, pair.token(jti="withdrawn")) == "token_unknown_key"


async def test_an_unknown_kid_asks_at_most_once_a_minute(pair: Pair, receiver: Receiver) -> None:
    receiver.keys = [pair.public]
    verifier = Verifier(SETTINGS, JwksClient(receiver.url, https_only=False))
    for _ in range(5):
        assert await refusal(verifier, pair.token({"kid": str(uuid4())})) == "token_unknown_key"
    assert await verifier.verify(pair.token())
    assert receiver.asked == 1


async def test_a_withdrawn_key_ends_with_the_age_of_the_set(pair: Pair, receiver: Receiver) -> None:
    receiver.keys = [pair.public]
    client = JwksClient(
        receiver.url, https_only=False, pause=timedelta(0), age=timedelta(milliseconds=50)
    )
    assert await client.key(pair.kid)
    receiver.keys = []
    await asyncio.sleep(0.06)
    assert await client.key(pair.kid) is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("503 Unavailable", b"{}"),
        ("302 Found", b""),
        ("200 OK", b"<html>"),
        ("200 OK", b'{"keys": 7}'),
        ("200 OK", b"[]"),
        ("200 OK", b"\xff"),
    ],
)
async def test_known_keys_outlive_an_issuer_in_trouble(
    pair: Pair, other: Pair, receiver: Receiver, status: str, body: bytes
) -> None:
    receiver.keys = [pair.public]
    nil = timedelta(0)
    client = JwksClient(receiver.url, https_only=False, pause=nil, age=nil)
    verifier = Verifier(SETTINGS, client)
    assert await verifier.verify(pair.token())
    receiver.status, receiver.body = status, body
    assert await verifier.verify(pair.token(jti="later"))
    assert await refusal(verifier, other.token()) == "token_keys_unavailable"
    assert receiver.asked == 3


async def test_an_issuer_that_is_not_there(pair: Pair, unused_port: int) -> None:
    verifier = Verifier(
        SETTINGS, JwksClient(f"http://127.0.0.1:{unused_port}/jwks", https_only=False)
    )
    assert await refusal(verifier, pair.token()) == "token_keys_unavailable"


@pytest.fixture
async def unused_port() -> int:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def test_a_request_cut_short_costs_the_others_nothing(pair: Pair, receiver: Receiver) -> None:
    receiver.keys, receiver.delay = [pair.public], 0.2
    client = JwksClient(receiver.url, https_only=False)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.key(pair.kid), 0.05)
    receiver.delay = 0.0
    assert await client.key(pair.kid)


async def test_only_named_signing_keys_are_taken(pair: Pair, receiver: Receiver) -> None:
    bare = {name: value for name, value in pair.public.items() if name not in ("kid", "use")}
    receiver.keys = [
        bare,
        bare | {"kid": "sealing", "use": "enc"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared", "use": "sig"},
        {"kty": "OKP", "kid": "odd"},
        bare | {"kid": 7},
        "not a key",
        bare | {"kid": "without_use"},
    ]
    client = JwksClient(receiver.url, https_only=False)
    for kid in ("sealing", "shared", "odd", "7", ""):
        assert await client.key(kid) is None
    assert await client.key("without_use")


# Which verifier


async def test_the_settings_choose_the_verifier(pair: Pair, receiver: Receiver) -> None:
    receiver.keys = [pair.public]
    verifier = verifier_for(given_settings(development_issuer=False, jwks_url=receiver.url))
    assert isinstance(verifier.keys, JwksClient)
    assert await verifier.verify(pair.token())
    with pytest.raises(ConfigurationError):
        verifier_for(given_settings(development_issuer=False))


@pytest.mark.parametrize("url", ["http://issuer.example/jwks", "file:///etc/passwd", "issuer", ""])
def test_production_asks_over_https_only(url: str) -> None:
    production = given_settings(
        environment=Environment.production, development_issuer=False, jwks_url=url
    )
    with pytest.raises(ConfigurationError):
        verifier_for(production)
    with pytest.raises(ConfigurationError):
        JwksClient(url)
    assert JwksClient(HTTPS)


def test_production_with_the_development_issuer_is_refused(tmp_path: Path) -> None:
    production = given_settings(environment=Environment.production, var_dir=tmp_path)
    with pytest.raises(ConfigurationError):
        verifier_for(production)
