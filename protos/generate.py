"""Generates the gRPC stubs: Python beside the .proto files and for the verifier, other languages into stubs/LANGUAGE.

python protos/generate.py [--check] [--language python|go|ts|java] [--into FOLDER]
"""

import argparse
import filecmp
import importlib.resources
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

PROTOS = Path(__file__).resolve().parent
CHECKOUT = PROTOS.parent
#: What the verifier needs of the contract. It has these messages of its own, so that its wheel can be installed alone.
VERIFIER = Path("verifier") / "tokenhouse_verifier" / "contract"
VERIFIER_NEEDS = ("changes", "item_error", "validation")
#: What each language needs: the names a program may have on the PATH, and where it comes from.
NEEDS: dict[str, list[tuple[tuple[str, ...], str]]] = {
    "go": [
        (("protoc-gen-go",), "go install google.golang.org/protobuf/cmd/protoc-gen-go@latest"),
        (("protoc-gen-go-grpc",), "go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@latest"),
    ],
    "ts": [(("protoc-gen-ts_proto",), "npm install --global ts-proto")],
    "java": [
        (("protoc",), "Debian: protobuf-compiler"),
        (("protoc-gen-grpc-java", "grpc_java_plugin"), "Debian: protobuf-compiler-grpc-java-plugin"),
    ],
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Generates, or checks; 0 when done, 1 when it cannot be, after one line that says why."""
    parser = argparse.ArgumentParser(description="Generate the gRPC stubs.")
    parser.add_argument("--language", default="python", help=f"python, {', '.join(NEEDS)}")
    parser.add_argument("--into", type=Path, help="another folder than the usual one")
    parser.add_argument("--check", action="store_true", help="only compare the Python stubs with the .proto files")
    options = parser.parse_args(arguments)
    if options.check:
        return check_python()
    if options.language == "python":
        status = generate_python(options.into or PROTOS)
        return status or (0 if options.into else write_verifiers(CHECKOUT / VERIFIER))
    if options.language not in NEEDS:
        sys.stderr.write(f"make stubs LANG={options.language}: allowed are python, {', '.join(NEEDS)}\n")
        return 1
    return generate_other(options.language, options.into or CHECKOUT / "stubs" / options.language)


def generate_python(into: Path) -> int:
    """Messages, gRPC classes and the types of both; stubs without a .proto are removed."""
    scripts = Path(sysconfig.get_path("scripts"))
    status = run_protoc(
        python_protoc(),
        [f"--plugin={plugin}={scripts / plugin}" for plugin in ("protoc-gen-mypy", "protoc-gen-mypy_grpc")],
        [f"--{output}_out={into}" for output in ("python", "grpc_python")],
        [f"--{output}_out=quiet:{into}" for output in ("mypy", "mypy_grpc")],
    )
    if status == 0:
        for stub in set(stubs_in(into)) - expected_stubs():
            (into / stub).unlink()
    return status


def write_verifiers(into: Path) -> int:
    """The verifier's messages, taken from the stubs that stand beside the .proto files."""
    into.mkdir(parents=True, exist_ok=True)
    for name, text in verifiers_stubs().items():
        (into / name).write_text(text, encoding="utf-8")
    return 0


def verifiers_stubs() -> dict[str, str]:
    """By file name. Whoever has both has one class for each message: its name in the contract is the same."""
    package = ".".join(VERIFIER.parts[1:])
    return {
        f"{name}_pb2{ending}": (PROTOS / "tokenhouse" / "v1" / f"{name}_pb2{ending}")
        .read_text(encoding="utf-8")
        .replace("from tokenhouse.v1 import", f"from {package} import")
        for name in VERIFIER_NEEDS
        for ending in (".py", ".pyi")
    }


def check_python() -> int:
    """The stubs beside the .proto files, and the verifier's, are what the .proto files say."""
    with tempfile.TemporaryDirectory() as folder:
        status = generate_python(Path(folder))
        fresh, present = stubs_in(Path(folder)), stubs_in(PROTOS)
        stale = set(fresh) ^ set(present)
        stale |= {stub for stub in set(fresh) & set(present) if not same(Path(folder) / stub, PROTOS / stub)}
    if not stale:
        there = (CHECKOUT / VERIFIER).glob("*_pb2*.py*")
        texts = {path.name: path.read_text(encoding="utf-8") for path in there}
        stale = {VERIFIER / name for name, _ in texts.items() ^ verifiers_stubs().items()}
    if stale:
        sys.stderr.write(f"stale stubs, run `make stubs`: {', '.join(sorted(map(str, stale)))}\n")
    return status or int(bool(stale))


def generate_other(language: str, into: Path) -> int:
    """Stubs for services in another language, where this machine has the programs for it."""
    found = {names[0]: find_program(names) for names, _ in NEEDS[language]}
    if missing := [f"{names[0]} ({source})" for names, source in NEEDS[language] if found[names[0]] is None]:
        sys.stderr.write(f"make stubs LANG={language} needs on the PATH: {'; '.join(missing)}\n")
        return 1
    into.mkdir(parents=True, exist_ok=True)
    plugins = [f"--plugin={name}={path}" for name, path in found.items() if name != "protoc"]
    # The protoc that comes with grpcio-tools was built without the Java generator.
    protoc = [str(found["protoc"])] if "protoc" in found else python_protoc()
    return run_protoc(protoc, plugins, options_of(language, into), names=service_names())


def find_program(names: Sequence[str]) -> str | None:
    """The first of these programs that is on the PATH."""
    return next(filter(None, map(shutil.which, names)), None)


def options_of(language: str, into: Path) -> list[str]:
    """What protoc must be told to write."""
    if language == "ts":
        return [f"--ts_proto_out={into}", "--ts_proto_opt=outputServices=grpc-js,esModuleInterop=true,oneof=unions"]
    if language == "java":
        return [f"--java_out={into}", f"--grpc-java_out={into}"]
    # The .proto files name no Go package: one package holds the whole contract, wherever the folder is put.
    mapping = [f"M{name}=tokenhouse/v1;tokenhousev1" for name in service_names()]
    return [
        f"--{output}_{kind}={value}"
        for output in ("go", "go-grpc")
        for kind, value in [("out", str(into)), *(("opt", entry) for entry in mapping)]
    ]


def run_protoc(protoc: Sequence[str], *options: Sequence[str], names: Sequence[str] | None = None) -> int:
    """protoc's exit status; it explains itself on stderr."""
    flat = [option for group in options for option in group]
    return subprocess.run(
        [*protoc, f"-I{PROTOS}", *flat, *(names or proto_names())], cwd=PROTOS, check=False
    ).returncode


def python_protoc() -> list[str]:
    """The protoc in grpcio-tools, with the well-known types that come with it."""
    return [sys.executable, "-m", "grpc_tools.protoc", f"-I{importlib.resources.files('grpc_tools') / '_proto'}"]


def proto_names() -> list[str]:
    """Every .proto file, as its importers name it."""
    return sorted(str(path.relative_to(PROTOS)) for path in PROTOS.glob("tokenhouse/*/*.proto"))


def service_names() -> list[str]:
    """Those of our own contract: Envoy has its own, in every language."""
    return [name for name in proto_names() if name.startswith("tokenhouse/v1/")]


def expected_stubs() -> set[Path]:
    """What the .proto files generate."""
    endings = ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py", "_pb2_grpc.pyi")
    return {Path(name.removesuffix(".proto") + ending) for name in proto_names() for ending in endings}


def stubs_in(folder: Path) -> list[Path]:
    """Every Python stub below a folder, relative to it."""
    return [path.relative_to(folder) for path in folder.glob("tokenhouse/*/*_pb2*.py*")]


def same(one: Path, other: Path) -> bool:
    """The two files have the same bytes."""
    return filecmp.cmp(one, other, shallow=False)


if __name__ == "__main__":
    sys.exit(main())
