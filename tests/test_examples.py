"""The examples run as they stand, and use nothing of ours but the public names."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = ("curator", "researcher", "reviewer")
FILES = [EXAMPLES / f"{name}.py" for name in NAMES] + sorted((EXAMPLES / "plugins").glob("*.py"))
PACKAGES = ("workbench", "pipelines", "train", "eval", "app")


def run(name: str, folder: Path) -> str:
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert result.returncode == 0, result.stderr[-4000:]
    return result.stdout


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_example_imports_public_names_only(file: Path) -> None:
    tree = ast.parse(file.read_text())
    assert not [
        a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names if a.name in PACKAGES
    ]
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    ours = [node for node in imports if str(node.module).partition(".")[0] in PACKAGES]
    assert len(ours) >= (2 if file.stem in NAMES else 1)
    for node in ours:
        public = importlib.import_module(str(node.module).partition(".")[0]).__all__
        assert node.module in PACKAGES and {alias.name for alias in node.names} <= set(public), ast.unparse(node)


@pytest.mark.slow
def test_the_curator_s_example(tmp_path: Path) -> None:
    out = run("curator", tmp_path)
    assert "rejected no-answer: no_answer" in out and "rejected no-picture: image_missing" in out
    funnel = {line.split()[0]: line.partition("dropped: ")[2] for line in out.splitlines() if "in, dropped:" in line}
    # The paraphrase and the proof, which were planted, and the surplus of one subject.
    assert {step: dropped for step, dropped in funnel.items() if dropped != "none"} == {
        "near_duplicate_text": "1 near_duplicate_text",
        "verifiable": "1 proof",
        "balance": "5 over_cap",
    }
    assert len(list((tmp_path / "clean-verl").glob("*.parquet"))) == 3


@pytest.mark.slow
def test_the_reviewer_s_example(tmp_path: Path) -> None:
    out = run("reviewer", tmp_path)
    # 60 answers, every second or fifth wrong: 30 and 48 right; wrong in both are the tenths.
    assert "weak: accuracy 0.500" in out and "strong: accuracy 0.800" in out
    assert "24 problems gained, 6 lost" in out
    assert "32 before the first, 42 at the end" in out
    assert "'42' and 'Either 41 or 42.': wrong (ambiguous)" in out


@pytest.mark.engine
def test_the_researcher_s_example(tmp_path: Path) -> None:
    out = run("researcher", tmp_path)
    assert (tmp_path / "workspace/runs/first/metrics.jsonl").exists()
    assert "tiny: accuracy" in out and "first@last: accuracy" in out and "(n=40)" in out
