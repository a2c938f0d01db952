"""Batches of questions as the core is asked them, and what its answers come to."""

from collections.abc import Sequence
from typing import NamedTuple

from tokenhouse.v1.validation_pb2 import ValidateTokenResult, ValidateTokensRequest, ValidateTokensResponse

from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.errors import Challenge, InsufficientScope, InvalidToken, Unavailable
from tokenhouse_verifier.memory import Memory, Moment


class Question(NamedTuple):
    """A token to ask about."""

    token: str
    #: Its SHA-256.
    digest: bytes

    def __repr__(self) -> str:
        return "Question(…)"


class Outdated(Exception):
    """The answer is older than what is known by now: ask again."""


class Batches:
    """Composes and settles; any thread may."""

    def __init__(self, memory: Memory, audience: str, required: Sequence[str], challenge: Challenge) -> None:
        self._memory = memory
        self._audience = audience
        self._required = tuple(required)
        self._challenge = challenge

    def size(self, question: Question) -> int:
        """About how many bytes it takes in a batch."""
        return len(question.token) + len(self._audience) + 24

    def compose(self, questions: Sequence[Question]) -> tuple[ValidateTokensRequest, Moment]:
        """The batch, to be sent at once, and what is known at this moment."""
        asked = self._memory.moment()
        batch = ValidateTokensRequest()
        add, audience, revision = batch.requests.add, self._audience, asked.revision
        for token, _ in questions:
            add(token=token, audience=audience, min_revision=revision)
        return batch, asked

    def settle(
        self, questions: Sequence[Question], response: ValidateTokensResponse, asked: Moment
    ) -> list[AccessToken | Exception]:
        """What each answer comes to: a token, or what to raise."""
        if len(response.results) != len(questions):
            raise Unavailable(f"{len(questions)} questions, {len(response.results)} answers")
        outcomes: list[AccessToken | Exception | None] = [None] * len(questions)
        active: list[int] = []
        for number, result in enumerate(response.results):
            if result.response.active:
                outcomes[number] = self._lack(result.response.scope)
                active.append(number)
            else:
                outcomes[number] = self._refuse(questions[number], result, asked)
        good = [number for number in active if outcomes[number] is None] if self._required else active
        answers = [(questions[number].digest, response.results[number].response) for number in good]
        for number, token in zip(good, self._memory.settle(asked, answers), strict=True):
            outcomes[number] = token
        return [Outdated() if outcome is None else outcome for outcome in outcomes]

    def lacks(self, scopes: Sequence[str]) -> bool:
        """Whether one of the required scopes is not among these."""
        return not all(scope in scopes for scope in self._required)

    def not_good(self) -> InvalidToken:
        """The core's no, which does not say why."""
        return InvalidToken("the token is expired, revoked, or not for this service", self._challenge)

    def _lack(self, scopes: Sequence[str]) -> InsufficientScope | None:
        if not self._required or not self.lacks(scopes):
            return None
        return InsufficientScope(f"the scopes needed are {' '.join(self._required)}", self._challenge)

    def _refuse(self, question: Question, result: ValidateTokenResult, asked: Moment) -> Exception:
        """What an answer that is no yes comes to."""
        if not result.HasField("error"):
            self._memory.refuse(asked, question.digest)
            return self.not_good()
        if result.error.reason != "REVISION_NOT_REACHED":
            return Unavailable(f"the authorization server cannot answer: {result.error.reason}")
        # The core knows less than it once told: its database was restored from a backup.
        if self._memory.revision == asked.revision:
            self._memory.forget()
        return Outdated()
