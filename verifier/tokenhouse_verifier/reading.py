"""Reading the core's answers, of which many have the same user, client, scopes, audience and groups."""

from typing import NamedTuple

from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.cache import Cache, size_of
from tokenhouse_verifier.contract.validation_pb2 import ValidateTokenResponse

#: What answers have in common: how much of it is kept, and up to which length, in bytes.
_MOST_COMMON = 1024
_LONGEST_COMMON = 512


class _Common(NamedTuple):
    values: tuple[str, str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    #: About how many bytes a token takes that has them, without its grant's name.
    size: int


class Reader:
    """Reads under its owner's lock.

    A token that was renewed differs from the one before it in four fields. Without those, its answer is the same to the
    byte, so the others are taken over as they were read before: reading is most of what an answer costs.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._common: dict[bytes, _Common] = {}

    def read(self, answer: ValidateTokenResponse) -> tuple[AccessToken, int]:
        """The token, and about how many bytes it takes in the cache. The answer is used up."""
        expires_at, grant_id = answer.expires_at, answer.grant_id
        answer.expires_at = answer.issued_at = answer.revision = 0
        answer.token_id = answer.grant_id = ""
        written = answer.SerializeToString()
        values, size = self._common.get(written) or self._learn(written, answer)
        # What a NamedTuple's own constructor does, in a quarter of its time.
        return tuple.__new__(AccessToken, (*values, expires_at, grant_id)), size + len(grant_id)

    def clear(self) -> None:
        """Keep nothing."""
        self._common.clear()

    def _learn(self, written: bytes, answer: ValidateTokenResponse) -> _Common:
        find, share = self._cache.shared.get, self._cache.share
        subject, username, client_id = answer.subject, answer.username, answer.client_id
        # A list of all at once is quicker to come by than one after the other.
        scope, audience, groups = tuple(answer.scope[:]), tuple(answer.audience[:]), tuple(answer.groups[:])
        values = (
            find(subject) or share(subject),
            find(username) or share(username),
            find(client_id) or share(client_id),
            find(scope) or share(scope),
            find(audience) or share(audience),
            find(groups) or share(groups),
        )
        size = size_of(tuple.__new__(AccessToken, (*values, 0, "")), len(written))
        common: _Common = tuple.__new__(_Common, (values, size))
        if len(written) <= _LONGEST_COMMON:
            if len(self._common) >= _MOST_COMMON:
                self._common.clear()
            self._common[written] = common
        return common
