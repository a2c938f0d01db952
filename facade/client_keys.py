"""What a client's request is asked again for: its keys had to be fetched first."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tokenhouse.v1.client_credentials_pb2 import ClientCredentials
from tokenhouse.v1.client_keys_pb2 import FetchClientKeysRequest

from facade.core_client import CoreClient
from facade.errors import Refusal

R = TypeVar("R")


async def with_client_keys(core: CoreClient, client: ClientCredentials, ask: Callable[[], Awaitable[R]]) -> R:
    """What `ask` gives; where the core wants the client's keys for it, once more when they have been fetched."""
    try:
        return await ask()
    except Refusal as refusal:
        if refusal.reason != "CLIENT_KEYS_WANTED":
            raise
    await core.fetch_client_keys(FetchClientKeysRequest(client=client))
    return await ask()
