"""Everything the doctor looks at, in order."""

from collections.abc import Callable, Iterator

from core.config.config import Config
from core.doctor.addresses import examine_addresses
from core.doctor.certificates import examine_certificate
from core.doctor.client_documents import examine_documents
from core.doctor.clock import examine_clock, state_at_a_start
from core.doctor.database import RESTORE, examine_database
from core.doctor.disk import examine_disk
from core.doctor.files import examine_files
from core.doctor.finding import Finding, Verdict, good, note, problem
from core.doctor.logo import examine_logo
from core.doctor.master_key import examine_master_key
from core.doctor.passkeys import examine_passkeys
from core.doctor.processes import find_socket_listener
from core.doctor.upstream import examine_upstream
from core.domain.administration.clock import ClockState
from core.domain.errors import StoreUnavailable
from core.store.refusal import StoreRefused
from core.store.sqlite.driver import LIBRARY_VERSION, require_safe_library
from core.store.sqlite.folder import DATABASE
from core.store.sqlite.outside import look_from_outside
from core.store.sqlite.replacement import holds_database


class CoreSilent(Exception):
    """The core that runs does not answer as it should; one line."""


#: Asks the core that runs for its clock. Raises CoreSilent.
AskClock = Callable[[], ClockState]


def examine(config: Config, ask_clock: AskClock) -> Iterator[Finding]:
    """One finding after another; nothing is changed, and a core that runs goes on."""
    yield _examine_library()
    core, clock, answers = find_socket_listener(config.grpc.admin_socket), None, False
    if core is None:
        yield note("Core", "no core is running")
        clock = _find_clock(config)
    else:
        try:
            clock, answers = ask_clock(), True
            yield good("Core", f"a core is running: {core}")
        except CoreSilent as silence:
            yield problem("Core", f"{silence}: restart it")
    yield from _looked_at("Files", examine_files(config))
    yield from _looked_at("Database", _examine_data(config))
    if clock is not None:
        yield from examine_clock(clock, running=core is not None)
    has_database = holds_database(config.database_folder)
    yield from _looked_at("Disk", examine_disk(config.database_folder, has_database=has_database))
    yield from _looked_at("Certificate", examine_certificate(config))
    yield from examine_logo(config)
    yield from _looked_at("Client documents", examine_documents(config))
    yield from _looked_at("Sign-in", examine_upstream(config))
    yield from examine_passkeys(config)
    yield from _looked_at("Addresses", examine_addresses(config, core, answers=answers))


def _looked_at(subject: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings, and one more where the system does not let us look."""
    try:
        yield from findings
    except OSError as error:
        place = f"{error.filename} cannot be looked at" if error.filename else "it cannot be looked at"
        yield problem(subject, f"{place}: {error.strerror}; call the doctor as the user who runs the core")


def _examine_library() -> Finding:
    try:
        require_safe_library()
    except StoreRefused as refusal:
        return problem("SQLite", str(refusal))
    return good("SQLite", f"SQLite {LIBRARY_VERSION}")


def _examine_data(config: Config) -> Iterator[Finding]:
    """The database, and the master key that has to fit it."""
    folder, signing_keys = config.database_folder, None
    try:
        if (folder / DATABASE).exists():
            with look_from_outside(folder / DATABASE) as view:
                findings = examine_database(folder / DATABASE, view)
                yield from findings
                # What the next start changes in the schema first cannot be read before it.
                if findings[0].verdict is not Verdict.PROBLEM and not view.is_of_an_older_program():
                    signing_keys = view.list_signing_keys(now=0)
        elif holds_database(folder):
            yield note("Database", f"a restore into {folder} was cut off; the next start finishes it")
        else:
            yield note("Database", f"{folder / DATABASE} is not there yet; the first start makes it")
    except (StoreRefused, StoreUnavailable) as refusal:
        yield problem("Database", f"{refusal}: {RESTORE}")
    yield from examine_master_key(config, signing_keys, has_database=holds_database(folder))


def _find_clock(config: Config) -> ClockState | None:
    """What a start would find; None where there is no database that can tell."""
    try:
        with look_from_outside(config.database_folder / DATABASE) as view:
            return state_at_a_start(view.persisted_time())
    except (StoreRefused, StoreUnavailable):
        return None
