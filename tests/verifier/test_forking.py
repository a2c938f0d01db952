"""Servers that fork their workers: before the first token nothing is to be done, after it the child says what."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.faults.core_process import CoreProcess
from tests.faults.road import Road
from tests.repository.checkout import ROOT
from tests.serving import ISSUER

#: What every program begins with. `verify` prints how it went; who hangs is killed by the alarm and says where it was,
#: a child before its parent.
_BEGIN = """
import asyncio, ctypes, faulthandler, gc, os, signal, sys, threading, time
from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.errors import NotVerified
from tokenhouse_verifier.verifier import TokenVerifier

target, audience, form, *tokens = sys.argv[1:]
faulthandler.register(signal.SIGALRM, chain=True)
signal.alarm(60)

def make(**arguments):
    chosen = TokenVerifier if form == "threads" else AsyncTokenVerifier
    return chosen(target, audience=audience, timeout=20, **arguments)

def verify(who, verifier, token):
    try:
        verified = verifier.verify(token) if form == "threads" else asyncio.run(verifier.verify(token))
    except NotVerified as refusal:
        print(who, type(refusal).__name__, refusal.description, flush=True)
    else:
        print(who, verified.username, flush=True)

def follow(verifier):
    while not verifier.is_following:
        time.sleep(0.005)

def fork_in_c():
    # As a program does that embeds Python and does not tell it.
    return ctypes.PyDLL(None).fork()

def in_child(act, fork=os.fork):
    if (child := fork()) == 0:
        signal.alarm(45)
        try:
            act()
        except Exception as error:
            print("child failed", repr(error), flush=True)
        sys.exit(0)
    _, status = os.waitpid(child, 0)
    print("child ended", os.waitstatus_to_exitcode(status), flush=True)
"""


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreProcess]:
    """A core that is a process of its own."""
    with CoreProcess(tmp_path_factory.mktemp("core")) as started:
        yield started


@pytest.fixture(scope="module")
def tokens(core: CoreProcess) -> list[str]:
    """Good ones."""
    app = Road(core)
    app.log_in()
    return [app.connect().access_token for _ in range(2)]


@pytest.fixture(params=["threads", "loop"])
def run(request: pytest.FixtureRequest, core: CoreProcess, tokens: list[str]) -> "Run":
    """Runs a program that uses a verifier."""
    return Run(core.target, str(request.param), tokens)


class Run:
    """A program of its own, for one form of the verifier."""

    def __init__(self, target: str, form: str, tokens: list[str]) -> None:
        self._arguments = [target, ISSUER, form, *tokens]

    def __call__(self, program: str) -> list[str]:
        """What it prints; it has to end well, and to complain of nothing."""
        command = [sys.executable, "-c", _BEGIN + program, *self._arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout.splitlines()


def test_a_server_that_forks_first_needs_no_hook(run: Run) -> None:
    """A verifier that was made before the fork, and has verified nothing, works in parent and child."""
    program = """
verifier = make()
in_child(lambda: (verify("child", verifier, tokens[0]), follow(verifier), verify("child", verifier, tokens[0])))
verify("parent", verifier, tokens[0])
"""
    assert run(program) == ["child admin", "child admin", "child ended 0", "parent admin"]


def test_a_later_fork_is_noticed_and_the_hook_named(run: Run) -> None:
    """Not from the parent's memory and not over its connection: unavailable at once, until after_fork() was called."""
    program = """
verifier = make()
verify("parent", verifier, tokens[0])
follow(verifier)
verify("parent", verifier, tokens[0])

def child():
    began = time.monotonic()
    verify("child", verifier, tokens[0])
    verify("child", verifier, tokens[1])
    print("at once", time.monotonic() - began < 10)
    verifier.after_fork()
    verify("child", verifier, tokens[0])
    follow(verifier)
    verify("child", verifier, tokens[0])
    verifier.after_fork()
    verify("child", verifier, tokens[1])

for _ in range(3):
    in_child(child)
    verify("parent", verifier, tokens[1])
print("following", verifier.is_following)
"""
    unavailable = run(program)
    child = unavailable[2:10]
    assert unavailable[:2] == ["parent admin"] * 2
    assert all("Unavailable" in line and "after_fork()" in line and "post_fork" in line for line in child[:2])
    assert child[2:] == ["at once True", *["child admin"] * 3, "child ended 0", "parent admin"]
    assert unavailable[2:] == [*child * 3, "following True"]


def test_a_fork_that_python_is_not_told_of_is_noticed(run: Run) -> None:
    """uWSGI forks so by default: nothing remembered is good in the child, and gRPC, which may hang, is not used."""
    program = """
# Where another thread has just asked for the interpreter, such a child waits for that thread, which it does not have:
# nobody asks before this time is up, in seconds.
sys.setswitchinterval(600)
verifier = make()
verify("parent", verifier, tokens[0])
follow(verifier)
verify("parent", verifier, tokens[0])

def child():
    print("child follows", verifier.is_following, flush=True)
    verify("child", verifier, tokens[0])
    verifier.after_fork()
    verify("child", verifier, tokens[1])

in_child(child, fork_in_c)
in_child(lambda: verifier.after_fork(), fork_in_c)
in_child(lambda: None, fork_in_c)
verify("parent", verifier, tokens[1])
print("following", verifier.is_following)
"""
    told = run(program)
    assert told[:3] == ["parent admin", "parent admin", "child follows False"]
    assert all("Unavailable" in line and "py-call-uwsgi-fork-hooks" in line for line in told[3:5])
    assert told[5:] == [*["child ended 0"] * 3, "parent admin", "following True"]


def test_no_thread_of_grpc_s_is_left_when_the_process_is_forked(run: Run) -> None:
    """One that still holds a lock of a call would leave it held in the child, whose garbage collection waits for it."""
    program = """
from tokenhouse_verifier import forking
verifier = make(max_entries=1)
for number in range(40):
    verify("parent", verifier, tokens[number % 2])
    follow(verifier)
    # What a fork calls first.
    forking._hold()
    print(*(thread.name for thread in threading.enumerate()), flush=True)
    forking._go_on()
"""
    assert run(program) == ["parent admin", "MainThread"] * 40


def test_a_fork_after_closing_waits_until_the_connection_is_taken_down(run: Run) -> None:
    """gRPC does that in threads of its own: a child that was forked meanwhile could not use it."""
    program = """
verifier = make()
verify("parent", verifier, tokens[0])
verifier.close() if form == "threads" else asyncio.run(verifier.close())
closed = time.monotonic()
in_child(lambda: verify("child", make(), tokens[1]))
print("waited", time.monotonic() - closed > 0.2)
"""
    assert run(program) == ["parent admin", "child admin", "child ended 0", "waited True"]


def test_a_fork_under_load(core: CoreProcess, tokens: list[str]) -> None:
    """Forked while threads verify and the stream is read: no lock that somebody held is waited for."""
    run = Run(core.target, "threads", tokens)
    program = """
verifier = make(max_entries=1)
verify("parent", verifier, tokens[0])
stop = threading.Event()

def load(token):
    while not stop.is_set():
        verifier.verify(token)

threads = [threading.Thread(target=load, args=(token,)) for token in tokens * 2]
for thread in threads:
    thread.start()

def child():
    verify("child", verifier, tokens[0])
    verifier.after_fork()
    verify("child", verifier, tokens[0])

for _ in range(10):
    in_child(child)
stop.set()
for thread in threads:
    thread.join()
verify("parent", verifier, tokens[1])
"""
    told = run(program)
    assert [line for line in told if "Unavailable" not in line] == [
        "parent admin",
        *["child admin", "child ended 0"] * 10,
        "parent admin",
    ]
    assert sum("after_fork()" in line for line in told) == 10


def test_a_child_of_a_child(run: Run) -> None:
    """Each fork is noticed anew."""
    program = """
verifier = make()
verify("parent", verifier, tokens[0])

def child():
    verifier.after_fork()
    verify("child", verifier, tokens[0])
    in_child(lambda: (verify("grandchild", verifier, tokens[0]), verifier.after_fork(),
                      verify("grandchild", verifier, tokens[0])))
    verify("child", verifier, tokens[1])

in_child(child)
"""
    told = run(program)
    assert [line.split()[0:2] for line in told] == [
        ["parent", "admin"],
        ["child", "admin"],
        ["grandchild", "Unavailable"],
        ["grandchild", "admin"],
        ["child", "ended"],
        ["child", "admin"],
        ["child", "ended"],
    ]


def test_a_program_that_closes_nothing_ends_well(run: Run) -> None:
    """The thread and the connection hold up no exit, and say nothing."""
    assert run('verify("program", make(), tokens[0])') == ["program admin"]


def test_nor_does_one_that_verifies_first_when_it_ends(run: Run) -> None:
    """An exit handler may ask: what it began is left to the end of the process."""
    program = """
import atexit
atexit.register(verify, "end", make(), tokens[0])
"""
    assert run(program) == ["end admin"]


def test_a_verifier_that_nobody_has_any_more_ends(run: Run) -> None:
    """Its threads too, and without being told."""
    program = """
verifier = make()
verify("program", verifier, tokens[0])
follow(verifier)
del verifier
gc.collect()
while any(thread.name.startswith("tokenhouse-") for thread in threading.enumerate()):
    time.sleep(0.01)
print("ended")
"""
    assert run(program) == ["program admin", "ended"]
