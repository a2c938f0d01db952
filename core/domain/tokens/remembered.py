"""A memory that is bounded and forgets what has not been asked for lately."""

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Keeps the last `most` / 2 things that were put or found, and never more than `most`; for any thread.

    Two dictionaries: when the newer one is half of it all, the older one is dropped. Threads that do so at the same
    moment forget more than they had to, which costs whoever asks again a little work and nobody a right answer.
    """

    def __init__(self, most: int) -> None:
        self._half = most // 2
        self._newer: dict[K, V] = {}
        self._older: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._newer) + len(self._older)

    def find(self, key: K) -> V | None:
        """What was put under the key, unless it is forgotten."""
        found = self._newer.get(key)
        if found is None and (found := self._older.get(key)) is not None:
            self.put(key, found)
        return found

    def put(self, key: K, value: V) -> None:
        """Remember."""
        if len(self._newer) >= self._half:
            self._older, self._newer = self._newer, {}
        self._newer[key] = value
