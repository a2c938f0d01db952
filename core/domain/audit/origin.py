"""Who asks for what this thread is doing, and from where: what the doors know, and the rules need not pass on."""

from contextvars import ContextVar, Token
from dataclasses import dataclass
from types import TracebackType

from core.domain.audit.act import ActorKind


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts."""

    kind: ActorKind
    #: An id that is never given to somebody else: a subject, a client_id, `uid:1000`; empty for nobody.
    name: str = ""
    #: As people call them; empty where nobody does.
    shown_name: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a call comes from."""

    actor: Actor
    #: As `core.domain.limits.network.network_of` writes it; empty where it is not known.
    network: str = ""


ANONYMOUS = Actor(ActorKind.ANONYMOUS)
SERVER = Actor(ActorKind.SERVER)
_FROM_ITSELF = Origin(SERVER)
_current: ContextVar[Origin] = ContextVar("origin", default=_FROM_ITSELF)


def current_origin() -> Origin:
    """Where the call in progress comes from; the server itself where there is none."""
    return _current.get()


class ComingFrom:
    """For a `with`: what is recorded within it comes from there."""

    __slots__ = ("_before", "_origin")

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def __enter__(self) -> None:
        self._before: Token[Origin] = _current.set(self._origin)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current.reset(self._before)
