"""A program that calls a core many times at once, over many connections, and prints how the calls ended."""

import json
import sys
from collections import Counter
from contextlib import ExitStack
from typing import Any

import grpc
from tokenhouse.v1 import validation_pb2

from tests.patience import PATIENCE

_CONNECTIONS = 20
_METHOD = "/tokenhouse.v1.ValidationService/ValidateTokens"


def main(target: str, calls: int) -> None:
    """`calls` batches at once; a JSON object of status names and numbers on standard output."""
    body = validation_pb2.ValidateTokensRequest(
        requests=[validation_pb2.ValidateTokenRequest(token="x" * 130, audience="https://a.example")] * 128
    ).SerializeToString()
    local = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    with ExitStack() as stack:
        channels = [stack.enter_context(grpc.insecure_channel(target, local)) for _ in range(_CONNECTIONS)]
        for channel in channels:
            grpc.channel_ready_future(channel).result(PATIENCE)
        methods: list[Any] = [
            channel.unary_unary("/tokenhouse.v1.ValidationService/ValidateTokens") for channel in channels
        ]
        futures = [methods[number % _CONNECTIONS].future(body, timeout=PATIENCE) for number in range(calls)]
        ended = Counter(future.code().name for future in futures)
    json.dump(ended, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
