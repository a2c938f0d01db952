"""deploy/container and deploy/kubernetes: linted, and what they say fits the program. No container is run here."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.config.load import load_config
from core.config.settings import SETTINGS
from facade.app import ROUTES
from tests.patience import PATIENCE
from tests.repository.checkout import ROOT, tracked_files

_DOCKERFILE = ROOT / "deploy" / "container" / "Dockerfile"
_IGNORE = ROOT / "deploy" / "container" / "Dockerfile.dockerignore"
_MANIFEST = ROOT / "deploy" / "kubernetes" / "tokenhouse.yaml"
_KUBERNETES = "1.32"


def _manifest(kind: str) -> Any:
    found = [each for each in yaml.safe_load_all(_MANIFEST.read_text(encoding="utf-8")) if each["kind"] == kind]
    assert len(found) == 1
    return found[0]


def _environment() -> dict[str, str]:
    text = _DOCKERFILE.read_text(encoding="utf-8")
    (block,) = re.findall(r"^ENV ((?:.*\\\n)*.*)$", text, re.MULTILINE)
    return dict(word.split("=", 1) for word in block.replace("\\\n", " ").split())


def test_the_dockerfile_is_linted() -> None:
    """hadolint finds nothing; what it is told to leave alone has its reason beside it."""
    linter = Path(sys.executable).with_name("hadolint")
    linted = subprocess.run([linter, _DOCKERFILE], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (linted.stdout, linted.returncode) == ("", 0)


@pytest.mark.parametrize("kind", ["ConfigMap", "Service", "StatefulSet"])
def test_the_manifest_is_one_of_kubernetes(kind: str) -> None:
    """Every field is known to its API, and has the right type."""
    import kubernetes_validate  # type: ignore[import-untyped]

    kubernetes_validate.validate(_manifest(kind), _KUBERNETES, strict=True)


def test_the_image_is_what_the_program_needs() -> None:
    """Its variables are settings, its probe and the manifest's are served, and all that is installed gets in."""
    settings = {setting.variable for setting in SETTINGS}
    assert {name for name in _environment() if name.startswith("TOKENHOUSE_")} <= settings
    served = {route.path for route in ROUTES}
    (container,) = _manifest("StatefulSet")["spec"]["template"]["spec"]["containers"]
    probes = {container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}
    asked = set(re.findall(r"http://127\.0\.0\.1:8080(/\w+)", _DOCKERFILE.read_text(encoding="utf-8")))
    assert probes | asked <= served
    let_in = {line[1:] for line in _IGNORE.read_text(encoding="utf-8").splitlines() if line.startswith("!")}
    assert let_in <= {path.parts[0] for path in tracked_files()}
    assert {
        "Makefile",
        "README.md",
        "pyproject.toml",
        "requirements.lock",
        "core",
        "facade",
        "protos",
        "verifier",
    } == let_in


def test_the_manifest_and_the_image_agree(tmp_path: Path) -> None:
    """The same user, folder and port; the program takes the configuration, and the root is only read."""
    pod = _manifest("StatefulSet")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    text = _manifest("ConfigMap")["data"]["tokenhouse.conf"]
    (tmp_path / "tokenhouse.conf").write_text(text)
    config = load_config(tmp_path / "tokenhouse.conf", {})
    environment = _environment()
    assert str(config.server.listen) == environment["TOKENHOUSE_SERVER_LISTEN"]
    assert str(config.server.data_dir) == environment["TOKENHOUSE_SERVER_DATADIR"]
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert str(config.server.data_dir.parent) in mounts
    assert (
        f"USER {pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" in _DOCKERFILE.read_text()
    )
    assert container["securityContext"]["readOnlyRootFilesystem"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports["http"] == config.server.listen.port
    assert config.metrics.core_listen is not None
    assert config.metrics.facade_listen is not None
    assert ports["metrics-core"] == config.metrics.core_listen.port
    assert ports["metrics-facade"] == config.metrics.facade_listen.port
    with_services = text.replace("    # [Grpc]", "[Grpc]").replace("# [Grpc]", "[Grpc]")
    assert f"Listen = 0.0.0.0:{ports['grpc']}" in with_services
