"""What the configuration names and does not hold: files of TLS, of clients' documents, of the master key."""

from core.config.config import Config
from core.config.errors import ConfigError
from core.domain.administration.keys import MasterKeyKeeper
from core.domain.clients.metadata_document import MetadataDocument
from core.domain.randomness import Randomness
from core.metrics.tracing import Tracing
from core.outbound.document_files import DocumentFileRefused, read_document_files
from core.rpc.certificates import CertificatePaths, CertificateRefused, Certificates
from core.store.master_key_file import MasterKeyFile, MasterKeyFromEnvironment


def certificate_paths(config: Config) -> CertificatePaths | None:
    """Where TLS finds its files; None for plaintext."""
    files = config.grpc.certificate
    return None if files is None else CertificatePaths(files.certificate, files.key, files.client_ca)


def load_certificates(config: Config) -> Certificates | None:
    """What TLS is made of; None for plaintext.

    Raises:
        ConfigError: a file cannot be used.
    """
    paths = certificate_paths(config)
    if paths is None:
        return None
    try:
        return Certificates(paths)
    except CertificateRefused as refusal:
        name = f"Grpc.{refusal.setting}"
        raise ConfigError(f"{config.found[name].place}: {name}: {refusal}") from None


def load_documents(config: Config) -> list[MetadataDocument]:
    """The documents of clients that the operator has put into files.

    Raises:
        ConfigError: one cannot be used.
    """
    try:
        return read_document_files(config.client_documents.files)
    except DocumentFileRefused as refusal:
        found = config.found["ClientDocuments.File"]
        raise ConfigError(f"{found.places[refusal.number]}: {found.setting.name}: {refusal}") from None


def load_tracing(config: Config) -> Tracing | None:
    """Where spans go; None: nothing is traced."""
    if config.tracing.endpoint is None:
        return None
    # Loaded where it is wanted: it takes longer than any other part of the core.
    from core.metrics.otlp import OtlpTracing

    return OtlpTracing(config.tracing.endpoint)


def load_master_keys(
    config: Config, randomness: Randomness, *, may_create: bool
) -> tuple[MasterKeyKeeper, dict[int, bytes]]:
    """The master keys by number, and where they are kept; where there is no file, it may be made.

    Raises:
        MasterKeyRefused: they cannot be used.
    """
    if config.keys.master_key is not None:
        return MasterKeyFromEnvironment(), {1: config.keys.master_key}
    file = MasterKeyFile(config.keys.master_key_file)
    return file, file.load(randomness, may_create=may_create)
