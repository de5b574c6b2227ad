"""Imports go down the layers only: import-linter over the contracts in pyproject.toml, and no cycle anywhere."""

import subprocess
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("workbench", "pipelines", "train", "eval", "app")


def test_imports_go_down_the_layers_only() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert f"{len(contracts)} kept, 0 broken" in result.stdout


def first_cycle(imports: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a ring, the first one again at the end; empty if there are none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Type-only and lazy imports count too: a reader follows them like any other."""
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=False, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(imports) > 200
    assert not first_cycle(imports)


@pytest.mark.parametrize("line", ["def f():\n    from ring import b", "if TYPE_CHECKING:\n    from ring import b"])
def test_a_lazy_or_type_only_import_closes_a_cycle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    files = {"__init__": "", "a": f"from typing import TYPE_CHECKING\n{line}\n", "b": "from ring import a\n"}
    (tmp_path / "ring").mkdir()
    for name, text in files.items():
        (tmp_path / "ring" / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    graph = grimp.build_graph("ring", cache_dir=None)
    cycle = first_cycle({module: graph.find_modules_directly_imported_by(module) for module in graph.modules})
    assert set(cycle) == {"ring.a", "ring.b"}
