"""Internal services as operators list them, and what that needs beside it."""

from pathlib import Path

import pytest

from core.config.callers import parse_caller, parse_caller_token, show_caller, show_caller_token
from core.domain.policy import CallerToken, Service, ServiceCaller
from tests.config.writing import load_text, refusal_of

DIGEST = "5e" * 32
TLS = "[Grpc]\nCertificateFile = a\nCertificateKeyFile = b\n"


@pytest.mark.parametrize(
    ("text", "caller"),
    [
        ("a: ValidationService", ServiceCaller("a", (Service.VALIDATION,), ())),
        (
            "spiffe://example.com/ns/Prod/reports: ValidationService, ChangesService,https://a.example.com/x",
            ServiceCaller(
                "spiffe://example.com/ns/Prod/reports",
                (Service.VALIDATION, Service.CHANGES),
                ("https://a.example.com/x",),
            ),
        ),
        (
            "Reports.Internal:   http://localhost:1/ , ServerReflection",
            ServiceCaller("reports.internal", (Service.REFLECTION,), ("http://localhost:1/",)),
        ),
        ("a: ChangesService, ChangesService", ServiceCaller("a", (Service.CHANGES,), ())),
    ],
)
def test_caller(text: str, caller: ServiceCaller) -> None:
    """A name, then services of the contract and the resources that the caller is; shown, it means the same."""
    assert parse_caller(text) == caller
    assert parse_caller(show_caller(caller)) == caller


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a:",
        "a: ",
        ": ValidationService",
        "a:ValidationService",
        "a: Unknown",
        "a: validationservice",
        "a: TokenService",
        "a: https://a.example.com/",
        "a: ValidationService,",
        "a: ValidationService, *",
        "a: ValidationService, http://a.example.com/",
        "a: ValidationService, spiffe://example.com/a",
        "*.internal: ValidationService",
        "*: ValidationService",
        "a b: ValidationService",
        "spiffe://Example.com/a: ValidationService",
        "spiffe://example.com/../a: ValidationService",
        "spiffe://example.com/a/: ValidationService",
        "spiffe://example.com/a?b: ValidationService",
        "spiffe://: ValidationService",
        "https://example.com/a: ValidationService",
    ],
)
def test_no_caller(text: str) -> None:
    """SPIFFE-ID §2 and DNS names: no pattern is a name, and nothing is allowed that is not named."""
    with pytest.raises(ValueError, match=r"service|name|resource"):
        parse_caller(text)


def test_caller_token() -> None:
    """The digest of a token; shown, it means the same."""
    token = parse_caller_token(f"Reports: {DIGEST.upper()}")
    assert token == CallerToken("reports", b"\x5e" * 32)
    assert parse_caller_token(show_caller_token(token)) == token
    assert "5e" not in repr(token)


@pytest.mark.parametrize("text", ["a", "a: b", f"a: {DIGEST}0", f"a: {DIGEST[1:]}", f": {DIGEST}", f"a b: {DIGEST}"])
def test_no_caller_token(text: str) -> None:
    """Neither a token itself nor half a digest."""
    with pytest.raises(ValueError, match=r"digest|name"):
        parse_caller_token(text)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (
            "[Grpc]\nListen = 0.0.0.0:50051",
            "tokenhouse.conf:2: Grpc.Listen: allowed without CertificateFile is an address of this machine: localhos",
        ),
        ("[Grpc]\nListen = 10.0.0.1:50051", "tokenhouse.conf:2: Grpc.Listen: allowed without CertificateFile is an"),
        ("[Grpc]\nListen = [::]:50051", "tokenhouse.conf:2: Grpc.Listen: allowed without CertificateFile is an"),
        ("[Grpc]\nListen = core.internal:1", "tokenhouse.conf:2: Grpc.Listen: allowed without CertificateFile is an"),
        ("[Grpc]\nCertificateKeyFile = b", "tokenhouse.conf:2: Grpc.CertificateKeyFile: allowed is this together with"),
        ("[Grpc]\nClientCAFile = c", "tokenhouse.conf:2: Grpc.ClientCAFile: allowed is this together with Certificate"),
        ("[Grpc]\nCaller = a: ChangesService", "tokenhouse.conf:2: Grpc.Caller: allowed is this together with Certif"),
        (f"[Grpc]\nCallerToken = a: {DIGEST}", "tokenhouse.conf:2: Grpc.CallerToken: allowed is this together with "),
        ("[Grpc]\nCertificateFile = a", "tokenhouse.conf:2: Grpc.CertificateFile: allowed is a certificate with its"),
        (f"{TLS}ClientCAFile = c", "tokenhouse.conf:2: Grpc.CertificateFile: allowed is TLS with at least one Caller"),
        (
            f"{TLS}Caller = a: ChangesService",
            "tokenhouse.conf:4: Grpc.Caller: allowed is a caller with a CallerToken, or any where there is ClientCA",
        ),
        (
            f"{TLS}Caller = a: ChangesService\nCallerToken = a: {DIGEST}\nCallerToken = b: {DIGEST}",
            "tokenhouse.conf:6: Grpc.CallerToken: allowed are the names of [Grpc] Caller: a",
        ),
        (
            f"{TLS}Caller = a: ChangesService\nCaller = b: ChangesService\n"
            f"CallerToken = a: {DIGEST}\nCallerToken = b: {DIGEST}",
            "tokenhouse.conf:7: Grpc.CallerToken: allowed is one line per token; this one stands above already",
        ),
        (
            f"{TLS}ClientCAFile = c\nCaller = a: ChangesService\nCaller = A: ValidationService",
            "tokenhouse.conf:6: Grpc.Caller: allowed is one line per name; this one stands above already",
        ),
        (
            f"{TLS}ClientCAFile = c\nCaller = a: ChangesService\nCallerToken = a: {DIGEST}",
            "tokenhouse.conf:6: Grpc.CallerToken: allowed is either ClientCAFile or CallerToken",
        ),
    ],
)
def test_contradiction(tmp_path: Path, text: str, refusal: str) -> None:
    """README, Services on other machines: plaintext on this machine alone; with TLS every caller is known."""
    assert refusal_of(tmp_path, text).startswith(refusal)


@pytest.mark.parametrize("listen", ["127.0.0.1:1", "127.8.0.1:1", "[::1]:1", "localhost:1"])
def test_plaintext_on_this_machine(tmp_path: Path, listen: str) -> None:
    """Without any of these settings everybody on this machine may ask."""
    config = load_text(tmp_path, f"[Grpc]\nListen = {listen}")
    assert config.grpc.certificate is None


@pytest.mark.parametrize("known_by", ["ClientCAFile = c", f"CallerToken = a: {DIGEST}"])
def test_tls_everywhere(tmp_path: Path, known_by: str) -> None:
    """With TLS and callers any address may be listened on; files are relative to the configuration's."""
    config = load_text(tmp_path, f"{TLS}{known_by}\nCaller = a: ChangesService\nListen = 0.0.0.0:50051")
    assert config.grpc.certificate is not None
    assert config.grpc.certificate.key == tmp_path / "b"
    assert config.grpc.certificate.client_ca == (tmp_path / "c" if known_by.startswith("Client") else None)
    assert config.policy().callers == (ServiceCaller("a", (Service.CHANGES,), ()),)
