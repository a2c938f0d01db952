"""Floods of HTTP/2 frames at the services' port: everybody else is answered meanwhile, and afterwards."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from tests.attacks.http2 import FLOODS, flood
from tests.rpc.road import Road
from tests.serving import Serving

_CONNECTIONS, _FRAMES = 3, 2_000
#: How often a neighbour asks meanwhile, in seconds.
_PAUSE = 0.02


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    """A core, and a client that has a token there."""
    with Serving(tmp_path_factory.mktemp("flooded")) as serving:
        begun = Road(serving)
        begun.begin()
        yield begun


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_frames_stops_nobody(road: Road, name: str) -> None:
    """RFC 9113 §10.5, CVE-2023-44487, CVE-2025-8671, CVE-2024-27316: on the next connection tokens are validated, and
    grants begin and go on."""
    token = road.connect().access_token
    port = road.serving.config.grpc.listen.port
    with ThreadPoolExecutor(_CONNECTIONS) as attackers:
        floods = [attackers.submit(flood, port, name, _FRAMES) for _ in range(_CONNECTIONS)]
        while wait(floods, _PAUSE).not_done:
            assert road.validate(token).active
        assert max(sent.result() for sent in floods) > 0
    assert road.validate(road.connect().access_token).active
