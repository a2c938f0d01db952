"""Tokens of every key there was, good and bad, validated all the time while the signing key is rotated."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self

import httpx
import jwt
from tokenhouse.v1 import key_admin_pb2, validation_pb2

from tests.faults.again import until_answered
from tests.faults.core_process import CoreProcess
from tests.faults.facade_process import FacadeProcess
from tests.faults.http_road import HttpRoad, http_client
from tests.faults.road import Held, Road
from tests.faults.stubs import Stubs
from tests.patience import PATIENCE
from tests.running import wait_until
from tests.serving import DEADLINE, ISSUER

#: What the core gets for a rotation that takes no hour.
SIGNS_SOON = {"TOKENHOUSE_KEYS_SIGNINGKEYPUBLICATIONPERIOD": "1s"}
_VALIDATING = 2
_BATCH = 128


@dataclass
class Verdicts:
    """What came out."""

    validations: int = 0
    #: Tokens that a library of others verified with the JWK Set it fetched right then.
    verified: int = 0
    #: Answers that were not the right ones.
    wrong: list[str] = field(default_factory=list)


class RotatingKeys:
    """For a `with`: from its begin to its end."""

    def __init__(self, core: CoreProcess, facade: FacadeProcess) -> None:
        self.verdicts = Verdicts()
        self._core = core
        self._facade = facade
        self._over = Event()
        self._door = Lock()
        #: Tokens, and whether each is good.
        self._tokens: list[tuple[str, bool]] = []
        road = Road(core)
        road.log_in()
        self._session = road.session
        self._keep(road.connect().access_token)
        acts = [self._issue, *[self._validate] * _VALIDATING]
        self._threads = [Thread(target=self._guard, args=(act,)) for act in acts]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def rotate(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Have another key published, do something, and wait until the key signs."""
        request = key_admin_pb2.RotateSigningKeyRequest()
        key_id = self._core.keys.RotateSigningKey(request, timeout=DEADLINE).key.key_id
        meanwhile()
        wait_until(lambda: self._signs(key_id), "the published key to sign")

    def _signs(self, key_id: str) -> bool:
        keys = self._core.keys.ListKeys(key_admin_pb2.ListKeysRequest(), timeout=DEADLINE).keys
        return any(key.key_id == key_id and key.state == "signing" for key in keys)

    def wait_for(self, validations: int, verified: int) -> None:
        """Until there have been so many more."""
        until = self.verdicts.validations + validations, self.verdicts.verified + verified
        over = Event()
        while self.verdicts.validations < until[0] or self.verdicts.verified < until[1]:
            if not all(thread.is_alive() for thread in self._threads):
                raise RuntimeError(f"{self.verdicts}")
            over.wait(0.005)

    def _guard(self, act: Callable[[Stubs], None]) -> None:
        stubs = self._core.patient_stubs()
        try:
            act(stubs)
        except Exception as error:
            self.verdicts.wrong.append(f"{act.__name__}: {error!r}")
        finally:
            stubs.disconnect()

    def _issue(self, stubs: Stubs) -> None:
        with http_client(self._facade.url) as http:
            road = HttpRoad(stubs, http=http, session=self._session)
            while not self._over.is_set():
                held = road.refresh(_connect(road))
                self._verify(http, held.access_token)
                good = held.access_token
                self._keep(good, *_forgeries(good, random.choice(self._tokens)[0]))
                ended = _connect(road)
                road.revoke(ended)
                self._keep(bad=(ended.access_token,))

    def _verify(self, http: httpx.Client, token: str) -> None:
        keys = jwt.PyJWKSet.from_dict(http.get("/oauth/v1/jwks").json())
        key_id = jwt.get_unverified_header(token)["kid"]
        jwt.decode(token, keys[key_id].key, algorithms=["ES256"], audience=ISSUER, issuer=ISSUER)
        self.verdicts.verified += 1

    def _keep(self, good: str = "", *forged: str, bad: tuple[str, ...] = ()) -> None:
        kept = [(good, True)] if good else []
        with self._door:
            self._tokens += kept + [(token, False) for token in (*forged, *bad)]

    def _validate(self, stubs: Stubs) -> None:
        while not self._over.is_set():
            asked = random.choices(self._tokens, k=_BATCH)
            request = validation_pb2.ValidateTokensRequest(
                requests=[validation_pb2.ValidateTokenRequest(token=token, audience=ISSUER) for token, _ in asked]
            )
            answer = until_answered(partial(stubs.validation.ValidateTokens, request, timeout=DEADLINE))
            for (token, good), result in zip(asked, answer.results, strict=True):
                if not result.HasField("response") or result.response.active is not good:
                    self.verdicts.wrong.append(f"{token[:40]}… should be {good}: {result.error.reason}")
            with self._door:
                self.verdicts.validations += len(asked)


def _connect(road: HttpRoad) -> Held:
    client_id = until_answered(road.register)
    return road.redeem(client_id, until_answered(partial(road.consent, client_id)))


def _forgeries(token: str, other: str) -> tuple[str, ...]:
    """A changed signature, another token's header, whose key may be another, and another token's claims."""
    header, claims, signature = token.split(".")
    other_header, other_claims, _ = other.split(".")
    changed = signature[:20] + ("A" if signature[20] != "A" else "B") + signature[21:]
    forged = [f"{header}.{claims}.{changed}", f"{other_header}.{claims}.{signature}"]
    forged.append(f"{header}.{other_claims}.{signature}")
    return tuple(each for each in forged if each != token)
