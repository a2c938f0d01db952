"""Tokens that a service sees for the first time: through the verifier's coalescer, or one plain call for each."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import grpc.aio
from tokenhouse.v1 import validation_pb2, validation_pb2_grpc
from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.verifier import TokenVerifier

from tests.bench.machine import cpu_seconds
from tests.bench.verifying.process import answer, tasks
from tests.bench.verifying.ready import remember, remember_async

_PATIENCE = 30.0
_OPTIONS = (("grpc.enable_http_proxy", 0),)


def measure(form: str, way: str, at_a_time: int, pid: int, tokens: list[str], times: int, **task: Any) -> Any:
    """Every token in turn, so many times, `at_a_time` of them together; how long each took, and what the core used, in
    seconds."""
    task["tokens"] = tokens * times
    if form == "threads":
        return (_threads_verify if way == "verifier" else _threads_call)(at_a_time, pid, **task)
    return asyncio.run((_tasks_verify if way == "verifier" else _tasks_call)(at_a_time, pid, **task))


def _threads_verify(at_a_time: int, pid: int, target: str, audience: str, known: str, tokens: list[str]) -> Any:
    with TokenVerifier(target, audience=audience, timeout=_PATIENCE, max_entries=64) as verifier:
        remember(verifier, [known])
        return _in_threads(verifier.verify, tokens, at_a_time, pid)


def _threads_call(at_a_time: int, pid: int, target: str, audience: str, known: str, tokens: list[str]) -> Any:
    with grpc.insecure_channel(target, _OPTIONS) as channel:
        stub = validation_pb2_grpc.ValidationServiceStub(channel)

        def validate(token: str) -> None:
            request = validation_pb2.ValidateTokenRequest(token=token, audience=audience)
            assert stub.ValidateToken(request, timeout=_PATIENCE).active

        validate(known)
        return _in_threads(validate, tokens, at_a_time, pid)


async def _tasks_verify(at_a_time: int, pid: int, target: str, audience: str, known: str, tokens: list[str]) -> Any:
    async with AsyncTokenVerifier(target, audience=audience, timeout=_PATIENCE, max_entries=64) as verifier:
        await remember_async(verifier, [known])
        return await _in_tasks(verifier.verify, tokens, at_a_time, pid)


async def _tasks_call(at_a_time: int, pid: int, target: str, audience: str, known: str, tokens: list[str]) -> Any:
    async with grpc.aio.insecure_channel(target, _OPTIONS) as channel:
        stub = validation_pb2_grpc.ValidationServiceStub(channel)

        async def validate(token: str) -> None:
            request = validation_pb2.ValidateTokenRequest(token=token, audience=audience)
            assert (await stub.ValidateToken(request, timeout=_PATIENCE)).active

        await validate(known)
        return await _in_tasks(validate, tokens, at_a_time, pid)


def _in_threads(verify: Callable[[str], object], tokens: Sequence[str], at_a_time: int, pid: int) -> dict[str, Any]:
    def verify_each(mine: Sequence[str]) -> list[float]:
        taken = []
        for token in mine:
            begun = time.perf_counter()
            verify(token)
            taken.append(time.perf_counter() - begun)
        return taken

    with ThreadPoolExecutor(at_a_time) as threads:
        used, begun = cpu_seconds([pid]), time.perf_counter()
        taken = list(threads.map(verify_each, [tokens[first::at_a_time] for first in range(at_a_time)]))
        return _told(taken, time.perf_counter() - begun, cpu_seconds([pid]) - used)


async def _in_tasks(
    verify: Callable[[str], Awaitable[object]], tokens: Sequence[str], at_a_time: int, pid: int
) -> dict[str, Any]:
    async def verify_each(mine: Sequence[str]) -> list[float]:
        taken = []
        for token in mine:
            begun = time.perf_counter()
            await verify(token)
            taken.append(time.perf_counter() - begun)
        return taken

    used, begun = cpu_seconds([pid]), time.perf_counter()
    taken = await asyncio.gather(*(verify_each(tokens[first::at_a_time]) for first in range(at_a_time)))
    return _told(taken, time.perf_counter() - begun, cpu_seconds([pid]) - used)


def _told(taken: Sequence[list[float]], seconds: float, used: float) -> dict[str, Any]:
    return {"seconds": seconds, "cpu_seconds": used, "taken": [each for mine in taken for each in mine]}


if __name__ == "__main__":
    for given in tasks():
        answer(measure(**given))
