"""Whether the files that settings name can be used, before anything is started with them."""

from datetime import datetime
from pathlib import Path

from core.config.config import Config
from core.config.errors import ConfigError
from core.loading import certificate_paths, load_documents
from core.rpc.certificates import CertificatePaths, CertificateRefused, find_expiry

#: In bytes; the facade takes no more.
_LONGEST_LOGO = 256 * 1024
_LOGO = "Pages.Logo"
#: The settings of `CertificatePaths`, in its order.
_FILES = ("CertificateFile", "CertificateKeyFile", "ClientCAFile")
_PNG = b"\x89PNG\r\n\x1a\n"


def require_named_files(config: Config) -> None:
    """Those of both processes.

    Raises:
        ConfigError: one cannot be used; the line says where the setting stands.
    """
    require_files_of_facade(config)
    services = certificate_paths(config)
    if services is not None:
        require_certificate(config, "Grpc", services)
    load_documents(config)


def require_files_of_facade(config: Config) -> None:
    """The certificate of https and the logo: the facade is told their paths alone, not where those were set.

    Raises:
        ConfigError: one cannot be used.
    """
    files = config.server.certificate
    if files is not None:
        require_certificate(config, "Server", CertificatePaths(files.certificate, files.key, None))
    require_logo(config)


def require_certificate(config: Config, section: str, paths: CertificatePaths) -> datetime:
    """Until when the certificate of a section is good.

    Raises:
        ConfigError: it, its key or the CA cannot be used.
    """
    try:
        return find_expiry(paths)
    except CertificateRefused as refusal:
        path = dict(zip(_FILES, paths, strict=True))[refusal.setting]
        raise _refusal(config, f"{section}.{refusal.setting}", path, str(refusal)) from None


def require_logo(config: Config) -> None:
    """An image that the facade would show, where one is set.

    Raises:
        ConfigError: it cannot be shown.
    """
    path = config.pages.logo
    if path is None:
        return
    try:
        with path.open("rb") as reading:
            body = reading.read(_LONGEST_LOGO + 1)
    except OSError as error:
        raise _refusal(config, _LOGO, path, f"allowed is a file that can be read: {error.strerror}") from None
    if len(body) > _LONGEST_LOGO:
        raise _refusal(config, _LOGO, path, "allowed are 256 KB; this is more")
    if body.startswith(_PNG):
        return
    from py_svg_hush import filter_svg

    try:
        filter_svg(body)
    except ValueError:
        raise _refusal(config, _LOGO, path, "allowed is an image in SVG or PNG") from None


def _refusal(config: Config, name: str, path: Path | None, reason: str) -> ConfigError:
    return ConfigError(f"{config.found[name].place}: {name}: {path}: {reason}")
