"""Reads the command line, opens the listening socket, serves."""

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from facade.branding import Branding, Logo, parse_color, read_logo
from facade.log_lines import write_log_lines
from facade.serving import Descriptors, serve
from facade.settings import Settings, parse_address, parse_listen, parse_network
from facade.tls import CertificatePaths, CertificateRefused, Tls
from facade.web_server import BACKLOG

T = TypeVar("T")

#: sysexits.h EX_CONFIG: starting again will not help until somebody changes something.
EXIT_REFUSED = 78


@click.command()
@click.option("--address", required=True, help="The public address, which is also the issuer.")
@click.option("--listen", required=True, metavar="HOST:PORT", help="Where to listen for HTTP.")
@click.option("--core-socket", required=True, metavar="PATH", help="The core's socket for the facade.")
@click.option("--metrics-listen", metavar="HOST:PORT", help="Where to tell metrics, at /metrics.")
@click.option("--certificate-file", metavar="PATH", help="PEM: with it the listener speaks TLS.")
@click.option("--certificate-key-file", metavar="PATH", help="PEM: the key of the certificate.")
@click.option("--name", default="", help="What the pages call this server.")
@click.option("--logo", metavar="PATH", help="An SVG or PNG file.")
@click.option("--color", multiple=True, metavar="SCHEME:NAME=COLOR", help="In the place of the stylesheet's own.")
@click.option("--tracing-endpoint", metavar="URL", help="Where to post spans: OTLP over HTTP.")
@click.option("--tracing-sample-ratio", type=click.FloatRange(0, 1, min_open=True), default=1.0, show_default=True)
@click.option("--trusted-proxy", multiple=True, metavar="NET", help="Whose X-Forwarded-For is believed; repeatable.")
def main(
    address: str,
    listen: str,
    core_socket: str,
    metrics_listen: str | None,
    certificate_file: str | None,
    certificate_key_file: str | None,
    name: str,
    logo: str | None,
    color: tuple[str, ...],
    tracing_endpoint: str | None,
    tracing_sample_ratio: float,
    trusted_proxy: tuple[str, ...],
) -> None:
    """Serve the public HTTP side of Tokenhouse."""
    proxies = tuple(_parse(parse_network, each, "--trusted-proxy") for each in trusted_proxy)
    colors = tuple(_parse(parse_color, each, "--color") for each in color)
    branding = Branding(name, None if logo is None else _read_logo(Path(logo)), colors)
    settings = Settings(
        _parse(parse_address, address, "--address"),
        proxies,
        core_socket,
        branding,
        tracing_endpoint,
        tracing_sample_ratio,
    )
    tls = _read_certificates(certificate_file, certificate_key_file)
    host, port = _parse(parse_listen, listen, "--listen")
    metrics = None if metrics_listen is None else _parse(parse_listen, metrics_listen, "--metrics-listen")
    write_log_lines()
    held = _inherit("TOKENHOUSE_LISTEN_FD")
    descriptors = Descriptors(
        listener=held or _open("Server.Listen", host, port),
        is_held=held is not None,
        metrics_listener=None
        if metrics is None
        else _inherit("TOKENHOUSE_METRICS_LISTEN_FD") or _open("Metrics.FacadeListen", *metrics),
        status_fd=_fd("TOKENHOUSE_STATUS_FD"),
        lifeline_fd=_fd("TOKENHOUSE_LIFELINE_FD"),
    )
    serve(settings, descriptors, tls)


def _parse(parse: Callable[[str], T], text: str, option: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise click.UsageError(f"{option} {text}: {error}") from error


def _read_certificates(certificate: str | None, key: str | None) -> Tls | None:
    if certificate is None or key is None:
        return None
    try:
        return Tls(CertificatePaths(Path(certificate), Path(key)))
    except CertificateRefused as refusal:
        _refuse(f"Server.{refusal.setting}: {refusal}")


def _read_logo(path: Path) -> Logo:
    try:
        return read_logo(path)
    except ValueError as error:
        _refuse(f"Pages.Logo: {path}: {error}")


def _refuse(reason: str) -> NoReturn:
    click.echo(f"tokenhouse facade: {reason}", err=True)
    sys.exit(EXIT_REFUSED)


def _inherit(variable: str) -> socket.socket | None:
    """A socket that listens already: it outlives this process, so that no connection is refused between two of them."""
    descriptor = _fd(variable)
    return None if descriptor is None else socket.socket(fileno=descriptor)


def _open(setting: str, host: str, port: int) -> socket.socket:
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        return _listen(host, port)
    except OSError as error:
        _refuse(f"{setting}: cannot listen on {address}: {error.strerror}")
    except UnicodeError:
        _refuse(f"{setting}: cannot listen on {address}: that is no host's name")


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(where)
    listener.listen(BACKLOG)
    return listener


def _fd(variable: str) -> int | None:
    text = os.environ.pop(variable, "")
    return int(text) if text else None
