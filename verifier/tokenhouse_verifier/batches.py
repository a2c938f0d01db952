"""Questions as the core is asked them, one alone or a batch, and what its answers come to."""

from collections.abc import Sequence
from typing import NamedTuple

from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.contract.validation_pb2 import (
    StreamValidateTokensRequest,
    StreamValidateTokensResponse,
    ValidateTokenRequest,
    ValidateTokenResponse,
    ValidateTokenResult,
    ValidateTokensRequest,
    ValidateTokensResponse,
)
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

    def moment(self) -> Moment:
        """What is known now, of questions that are sent at once."""
        return self._memory.moment()

    def compose(self, questions: Sequence[Question], asked: Moment) -> ValidateTokensRequest:
        """The batch, for a call."""
        batch = ValidateTokensRequest()
        self._add(batch, questions, asked)
        return batch

    def compose_for_stream(self, questions: Sequence[Question], asked: Moment) -> StreamValidateTokensRequest:
        """The batch, for a stream."""
        batch = StreamValidateTokensRequest()
        self._add(batch, questions, asked)
        return batch

    def _add(
        self,
        batch: ValidateTokensRequest | StreamValidateTokensRequest,
        questions: Sequence[Question],
        asked: Moment,
    ) -> None:
        add, audience, revision = batch.requests.add, self._audience, asked.revision
        for token, _ in questions:
            add(token=token, audience=audience, min_revision=revision)

    def compose_one(self, question: Question, asked: Moment) -> ValidateTokenRequest:
        """A question that goes alone: a batch of one takes a tenth longer."""
        return ValidateTokenRequest(token=question.token, audience=self._audience, min_revision=asked.revision)

    def settle(
        self,
        questions: Sequence[Question],
        response: ValidateTokensResponse | StreamValidateTokensResponse,
        asked: Moment,
    ) -> list[AccessToken | Exception]:
        """What each answer comes to: a token, or what to raise."""
        if len(response.results) != len(questions):
            raise Unavailable(f"{len(questions)} questions, {len(response.results)} answers")
        required = self._required
        answers: list[tuple[bytes, ValidateTokenResponse]] = []
        #: By the place of the question.
        refused: dict[int, Exception] = {}
        for question, result in zip(questions, response.results, strict=True):
            answer = result.response
            if not answer.active:
                refused[len(answers) + len(refused)] = self._refuse(question, result, asked)
            elif required and self.lacks(answer.scope):
                refused[len(answers) + len(refused)] = InsufficientScope.needed(self._challenge)
            else:
                answers.append((question[1], answer))
        settled: list[AccessToken | Exception] = [token or Outdated() for token in self._memory.settle(asked, answers)]
        for place, refusal in refused.items():
            settled.insert(place, refusal)
        return settled

    def settle_one(self, question: Question, answer: ValidateTokenResponse, asked: Moment) -> AccessToken | Exception:
        """What the answer to a question that went alone comes to."""
        if not answer.active:
            return self._inactive(question, asked)
        if self._required and self.lacks(answer.scope):
            return InsufficientScope.needed(self._challenge)
        (token,) = self._memory.settle(asked, ((question.digest, answer),))
        return Outdated() if token is None else token

    def behind(self, asked: Moment) -> Exception:
        """What it comes to that the core knows less than it once told: its database was restored from a backup."""
        if self._memory.revision == asked.revision:
            self._memory.forget()
        return Outdated()

    def lacks(self, scopes: Sequence[str]) -> bool:
        """Whether one of the required scopes is not among these."""
        return not all(scope in scopes for scope in self._required)

    def _refuse(self, question: Question, result: ValidateTokenResult, asked: Moment) -> Exception:
        """What an answer that is no yes comes to."""
        if not result.HasField("error"):
            return self._inactive(question, asked)
        if result.error.reason != "REVISION_NOT_REACHED":
            return Unavailable(f"the authorization server cannot answer: {result.error.reason}")
        return self.behind(asked)

    def _inactive(self, question: Question, asked: Moment) -> Exception:
        self._memory.refuse(asked, question.digest)
        return InvalidToken.inactive(self._challenge)
