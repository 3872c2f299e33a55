"""The tree is the architecture: who may import whom, what a kind has, how long a file may be."""

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, get_args

import pytest
import yaml
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from deployments.app import KINDS, kind_types
from deployments.base import ModelDeployment
from deployments.config import ModelConfig
from serve_app.routes import ROOT_ROUTERS, ROUTERS
from wire.errors import ModelLoadError

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("wire", "event_loop", "workers", "serve_app", "deployments", "operate")
SOURCES = sorted(path for part in PRODUCT for path in (ROOT / part).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TOOLS = sorted([*(ROOT / "embedded").rglob("*.py"), *(ROOT / "bench").rglob("*.py")])
ENGINE_LIBRARIES = {
    "vllm": "vllm",
    "diffusers": "diffusers",
    "sentence_transformers": "sentence_transformers",
    "faster_whisper": "faster_whisper",
    "TTS": "coqui",
    "espeakng_loader": "espeak",
    "piper": "piper",
}
"""The library of each engine, and the folder or module that may import it."""
ML_LIBRARIES = {
    *ENGINE_LIBRARIES,
    "torch",
    "transformers",
    "ctranslate2",
    "onnx",
    "onnxruntime",
    "av",
    "PIL",
}
WIRE_MAY_IMPORT = {
    *(
        "ast",
        "base64",
        "binascii",
        "collections",
        "contextlib",
        "contextvars",
        "dataclasses",
        "difflib",
        "enum",
    ),
    "fractions",
    *("functools", "hashlib", "itertools", "json", "logging", "math", "operator", "re", "secrets"),
    *("socket", "string", "struct", "time", "types", "typing", "unicodedata"),
    *("langcodes", "pydantic", "pydantic_core"),
}
"""Modules that do no I/O (of ``socket``, constants)."""


def imports(path: Path) -> set[str]:
    """Return the modules that a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def module_name(path: Path) -> str:
    """Return the dotted name of a source file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in SOURCES}


def imports_at_run_time(path: Path) -> set[str]:
    """Return our modules that a file imports, in functions too, but not for type checkers only."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in names}
    return found & set(MODULES)


@pytest.mark.parametrize("module", ["serve_app.ingress", "serve_app.app", "deployments.app"])
def test_importing_the_ingress_or_a_builder_loads_no_ml_library(module: str) -> None:
    code = f"import sys, {module}; print(sorted({ML_LIBRARIES!r} & set(sys.modules)))"

    result = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )

    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("wire", {"wire"}),
        ("workers", {"wire", "workers"}),
        ("event_loop", {"wire", "event_loop"}),
        ("deployments", {"wire", "event_loop", "workers", "deployments"}),
        ("serve_app", {"wire", "event_loop", "workers", "serve_app"}),
    ],
)
def test_package_imports_only_what_is_below_it(package: str, allowed: set[str]) -> None:
    for path in (ROOT / package).rglob("*.py"):
        ours = {name.split(".")[0] for name in imports(path)} & {*PRODUCT, "embedded", "bench"}
        assert ours <= allowed, (path, ours)


def test_no_modules_import_each_other() -> None:
    remaining = {name: imports_at_run_time(path) for name, path in MODULES.items()}

    # Leaves are removed until none is left: what then remains is in a circle, or above one.
    while leaves := {name for name, used in remaining.items() if not used & set(remaining)}:
        remaining = {name: used for name, used in remaining.items() if name not in leaves}

    assert not remaining, {name: sorted(used & set(remaining)) for name, used in remaining.items()}


FEATURES = {
    *("assistants", "batches", "chat", "documents", "embeddings", "images", "jobs", "media"),
    *("rerank", "responses", "sandbox", "speech", "spoken", "storage", "transcriptions"),
    "vector_stores",
}
BASE = {"concurrency", "observability", "http"}
LAYERS = {
    "concurrency": set[str](),
    "observability": set[str](),
    "http": BASE,
    "models": BASE | {"models"},
    **dict.fromkeys(FEATURES, BASE | FEATURES | {"models", "config"}),
    "openapi": BASE | FEATURES | {"models", "config", "openapi", "routes"},
    "routes": BASE | FEATURES | {"models", "config", "openapi", "routes", "services"},
}
"""What each part of the ingress may import of it."""


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_layer_of_the_ingress_imports_only_what_is_below_it(layer: str) -> None:
    for name, path in MODULES.items():
        if name.split(".")[:2] == ["serve_app", layer]:
            parts = [each.split(".") for each in imports_at_run_time(path)]
            ours = {part[1] for part in parts if part[0] == "serve_app" and len(part) > 1}
            assert ours <= LAYERS[layer], (name, ours - LAYERS[layer])


def test_every_part_of_the_ingress_has_a_layer() -> None:
    folders = {
        path.name for path in (ROOT / "serve_app").iterdir() if (path / "__init__.py").exists()
    }
    modules = {path.stem for path in (ROOT / "serve_app").glob("*.py")}

    assert folders <= set(LAYERS)
    assert len(modules) <= 8


def test_wire_does_no_io() -> None:
    for path in (ROOT / "wire").rglob("*.py"):
        used = {name.split(".")[0] for name in imports(path)}
        assert used <= {*WIRE_MAY_IMPORT, "wire"}, path


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_kind_of_model_imports_no_other(kind: str) -> None:
    for path in (ROOT / "deployments" / kind).rglob("*.py"):
        used = {name.split(".")[1] for name in imports(path) if name.startswith("deployments.")}
        assert not used & (KINDS.keys() - {kind}), path


def test_routes_reach_replicas_only_through_the_registry() -> None:
    for path in (ROOT / "serve_app" / "routes").glob("*.py"):
        assert not {"ray", "ray.serve", "serve_app.models.handles"} & imports(path), path


def test_routes_do_not_import_each_other() -> None:
    shared = {"serve_app.routes.dependencies", "serve_app.routes.lists"}
    for path in (ROOT / "serve_app" / "routes").glob("[!_]*.py"):
        used = {name for name in imports(path) if name.startswith("serve_app.routes")}
        assert used <= shared, (path, used)


def test_routes_and_their_dependencies_stay_on_the_event_loop() -> None:
    # FastAPI sends plain functions to threads, which costs a request a third of its time here.
    def functions(dependant: Dependant) -> Iterator[Callable[..., Any] | None]:
        yield dependant.call
        for dependency in dependant.dependencies:
            yield from functions(dependency)

    for router in (*ROUTERS, *ROOT_ROUTERS):
        for route in router.routes:
            assert isinstance(route, APIRoute)
            assert all(map(inspect.iscoroutinefunction, functions(route.dependant))), route.path


def test_libraries_are_imported_in_their_folder_only() -> None:
    for path in SOURCES:
        used = {name.split(".")[0] for name in imports(path)}
        places = {path.stem, *path.relative_to(ROOT).parts[:-1]}
        for library in used & set(ENGINE_LIBRARIES):
            assert ENGINE_LIBRARIES[library] in places, (path, library)
        if used & {"torch", "transformers", "ctranslate2"}:
            assert places & set(ENGINE_LIBRARIES.values()), path


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_kind_has_every_layer(kind: str) -> None:
    local = yaml.safe_load((ROOT / "configs" / "local.yaml").read_text())

    assert (ROOT / "serve_app" / "routes" / f"{kind}.py").is_file()
    assert list((ROOT / "wire").glob(f"*/{kind}.py"))
    assert (ROOT / "deployments" / kind / "deployment.py").is_file()
    assert (ROOT / "embedded" / kind / "README.md").is_file()
    assert any(app["args"].get("kind") == kind for app in local["applications"])
    assert re.search(rf"^\| {kind} ", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert (ROOT / "docs" / "api" / f"{kind}.md").is_file()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_backend_of_a_kind_has_its_engine(kind: str) -> None:
    config, deployment = kind_types(kind)

    assert set(deployment.engines) == set(get_args(config.model_fields["backend"].annotation))
    for path in deployment.engines.values():
        module, name = path.split(":")
        tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text())
        assert module.startswith(f"deployments.{kind}.")
        assert any(isinstance(node, ast.ClassDef) and node.name == name for node in tree.body)


def test_tests_share_only_modules_without_tests() -> None:
    for path in TESTS:
        for name in imports(path):
            of_tests = name.startswith("tests.") and name.split(".")[-1].startswith("test_")
            assert not of_tests, (path, name)
        if not path.name.startswith("test_"):
            assert "def test_" not in path.read_text(), path


MAY_SLEEP = {
    "tests/support/waiting.py": "the one place that waits for what nothing signals",
    "tests/storage/test_working.py": "a job that is still at work when its process is killed",
}
"""Modules of the tests that may sleep, and why."""


def test_tests_sleep_only_in_the_helper_that_waits() -> None:
    for path in TESTS:
        calls = [
            node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
        ]
        sleeps = any(ast.unparse(call.func).split(".")[-1] == "sleep" for call in calls)
        assert sleeps == (path.relative_to(ROOT).as_posix() in MAY_SLEEP), path


OF_ALL_TIERS = {
    "tests/fuzz/__main__.py": "sends what tests/api records to the server of tests/serve"
}
"""Programs that use the helpers of several tiers, and why."""


def test_tier_imports_its_own_helpers_and_those_of_all_only() -> None:
    for path in TESTS:
        tier = path.relative_to(ROOT).parts[1]
        if path.relative_to(ROOT).as_posix() in OF_ALL_TIERS:
            continue
        for name in imports(path):
            if name.startswith("tests."):
                assert name.split(".")[1] in {tier, "support"}, (path, name)


async def test_wrong_path_is_told_before_the_library_is_imported() -> None:
    class Slow(ModelDeployment):
        engines: ClassVar = {"slow": "no_such_library:Engine"}

    config = ModelConfig.model_validate({"kind": "chat", "model_id": "x", "model": "./nowhere"})

    with pytest.raises(ModelLoadError, match="nowhere"):
        await Slow.__new__(Slow).build_engine(config)


@pytest.mark.parametrize("path", SOURCES + TESTS + TOOLS, ids=lambda path: path.name)
def test_file_is_short_and_says_what_it_is_for(path: Path) -> None:
    text = path.read_text()

    assert len(text.splitlines()) <= 500
    is_test = path in TESTS and path.name.startswith("test_")
    assert not text or is_test or ast.get_docstring(ast.parse(text))


def test_changelog_begins_with_the_version() -> None:
    from serve_app import __version__

    versions = re.findall(r"^## \[?([\w.]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    project = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)

    assert project
    assert project[1] == __version__
    assert __version__ in versions[:2]
