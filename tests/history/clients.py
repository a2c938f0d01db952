"""Clients that do things at random, side by side, with each other's codes and tokens; what they see is written down."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import TypeVar

import grpc
import httpx
from tokenhouse.v1 import user_admin_pb2

from core.domain.tokens.grant_token import TokenKind, find_grant_token
from tests.faults.again import is_away, until_answered
from tests.faults.http_road import HttpRoad, Refused
from tests.faults.road import Held
from tests.history.board import Board, Code, Tokens
from tests.history.calls import Call, History, Kind, Outcome, name_of
from tests.serving import DEADLINE

T = TypeVar("T")

#: What is done next, and how often of a hundred times.
_STEPS = {
    "consent": 16,
    "redeem": 18,
    "refresh": 29,
    "refresh anything": 3,
    "validate": 26,
    "revoke": 7.5,
    "disable": 0.5,
}


class RandomClient:
    """One browser and its clients. All clients with the same `board` meet there."""

    def __init__(self, user: str, road: HttpRoad, board: Board, history: History, seed: str) -> None:
        self._user = user
        self._road = road
        self._board = board
        self._history = history
        self._random = Random(seed)

    def run(self, steps: int) -> None:
        """Take so many steps."""
        for _ in range(steps):
            (step,) = self._random.choices(list(_STEPS), list(_STEPS.values()))
            self._take(step)

    def look_back(self) -> None:
        """Ask for every token that there ever was, use the newest of each grant once more, then its code again."""
        codes, everything = self._board.everything()
        newest: dict[str, Tokens] = {}
        for tokens in everything:
            newest.setdefault(tokens.grant, tokens)
            self._validate(tokens)
        for tokens in newest.values():
            self._refresh(tokens)
        for code in codes:
            self._redeem(code)
            if code.grant in newest:
                self._validate(newest[code.grant])

    def _take(self, step: str) -> None:
        if step == "consent":
            self._consent()
        elif step == "redeem" and (code := self._board.take_code(self._random)):
            self._redeem(code)
        elif step == "disable":
            self._disable()
        else:
            choose = self._board.choose_any if step in ("validate", "refresh anything") else self._board.choose_live
            if tokens := choose(self._random):
                act = {"validate": self._validate, "revoke": self._revoke}.get(step, self._refresh)
                act(tokens)

    def _consent(self) -> None:
        client_id = until_answered(self._road.register)
        call, code = self._call(Kind.CONSENT, lambda: self._road.consent(client_id))
        if code is not None:
            token = find_grant_token(code, TokenKind.CODE)
            assert token is not None
            grant = token.grant_id.hex()
            self._history.add(replace(call, grant=grant, received=name_of(code)))
            self._board.put_code(Code(self._user, client_id, code, grant))
        else:
            self._history.add(call)
        if call.outcome is Outcome.NO:
            # Somebody has disabled the user.
            self._enable()

    def _redeem(self, code: Code) -> None:
        call, held = self._call(Kind.REDEEM, lambda: self._road.redeem(code.client_id, code.code))
        self._note(replace(call, user=code.user, grant=code.grant, presented=name_of(code.code)), held)

    def _refresh(self, tokens: Tokens) -> None:
        before = tokens.held
        call, held = self._call(Kind.REFRESH, lambda: self._road.refresh(before))
        presented, generation = name_of(before.refresh_token), before.generation
        self._note(
            replace(call, user=tokens.user, grant=tokens.grant, presented=presented, generation=generation), held
        )

    def _note(self, call: Call, held: Held | None) -> None:
        if held is None:
            self._history.add(call)
            if call.outcome is Outcome.NO:
                self._board.drop(call.grant)
            return
        self._history.add(replace(call, received=name_of(held.refresh_token)))
        self._board.put_tokens(Tokens(call.user, call.grant, held))

    def _validate(self, tokens: Tokens) -> None:
        call, active = self._call(Kind.VALIDATE, lambda: self._road.is_active(tokens.held))
        outcome = Outcome.NO if active is False else call.outcome
        presented = name_of(tokens.held.access_token)
        self._history.add(replace(call, outcome=outcome, user=tokens.user, grant=tokens.grant, presented=presented))

    def _revoke(self, tokens: Tokens) -> None:
        revoke = self._random.choice([self._road.revoke, self._road.revoke_as_operator])
        call, _ = self._call(Kind.REVOKE, lambda: revoke(tokens.held))
        self._history.add(replace(call, user=tokens.user, grant=tokens.grant))
        self._board.drop(tokens.grant)

    def _disable(self) -> None:
        call, _ = self._call(Kind.DISABLE, lambda: self._road.disable(self._user))
        self._history.add(call)
        self._enable()

    def _enable(self) -> None:
        request = user_admin_pb2.EnableUserRequest(username=self._user)
        until_answered(lambda: self._road.core.users.EnableUser(request, timeout=DEADLINE))
        # Where somebody is faster in disabling the user again, the next step finds out.
        with suppress(grpc.RpcError):
            until_answered(lambda: self._road.log_in(self._user))

    def _call(self, kind: Kind, call: Callable[[], T]) -> tuple[Call, T | None]:
        """The call as it is written down, and what came back."""
        outcome, value, start = Outcome.YES, None, time.monotonic_ns()
        try:
            value = call()
        except (Refused, grpc.RpcError, httpx.TransportError) as error:
            outcome = Outcome.UNKNOWN if is_away(error) else Outcome.NO
        return Call(kind, outcome, start, time.monotonic_ns(), self._user), value
