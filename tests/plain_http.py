"""HTTP clients of the servers that tests start on this machine, which speak no TLS."""

import ssl
from typing import Any

import httpx

from tests.patience import PATIENCE

#: Trusts nobody. To read whom the machine trusts costs 31 ms of CPU for each client, more than most of what they ask.
NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def plain_client(base_url: str = "", **options: Any) -> httpx.Client:
    """A client of one server, or of any; with the options of httpx, which by default follows no redirect."""
    return httpx.Client(base_url=base_url, timeout=PATIENCE, trust_env=False, verify=NOBODY, **options)
