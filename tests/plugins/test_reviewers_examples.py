"""The reviewer's example plug-ins, outside the repository, through the real commands and on the page."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from tests.pipelines.small_datasets import png
from tests.plugins.outside import ROOT, Outside, copied
from workbench.workspace import write_jsonl


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    made = copied(tmp_path)
    (tmp_path / "riddles").mkdir()
    (tmp_path / "riddles" / "1.png").write_bytes(png("red"))
    riddles = [
        {"key": "a", "asks": "How many legs has a spider?", "solution": "8", "tags": ["animals", "legs"]},
        {"key": "b", "asks": "How many legs has a beetle?", "solution": "6", "tags": ["animals"]},
    ]
    write_jsonl(tmp_path / "riddles" / "riddles.jsonl", [{**row, "picture": "1.png"} for row in riddles])
    said = [("a", "\\boxed{8}"), ("b", "\\boxed{8} or 6"), ("a", "\\boxed{8}"), ("b", "\\boxed{16}")]
    write_jsonl(tmp_path / "me.jsonl", [{"id": key, "response": response} for key, response in said])
    return made


def score(outside: Outside, *more: str) -> dict:
    words = ("eval", "score", "me.jsonl", "--benchmark", "riddles", "--data", "riddles", "--json")
    return json.loads(outside.eureka(*words, *more))["summary"]


def test_a_benchmark(outside: Outside) -> None:
    summary = score(outside, "--plugin", "benchmark.py")
    assert summary["accuracy"]["value"] == 0.5 and summary["metrics"] == {"always right": 0.5}
    assert summary["groups"]["tags"]["legs"]["value"] == 1.0
    assert "a person" in outside.eureka("eval", "report", "--plugin", "benchmark.py")
    assert "riddles" in outside.eureka("eval", "list", "--plugin", "benchmark.py")
    told = outside.eureka("data", "import", "riddles", "--format", "riddles", "--name", "r", "--plugin", "benchmark.py")
    assert "r@v001: 2 problems kept" in told
    refused = outside.eureka(
        "train", "demo", "dataset=r", "eval_dataset=null", "run=x", "--plugin", "benchmark.py", code=2
    )
    assert "2 of source riddles" in refused
    row = pq.read_table(outside.folder / summary["path"]).to_pylist()[0]
    plugins = json.loads(row["meta"])["settings"]["plugins"]
    assert plugins == [{"name": "benchmark", "sha256": outside.sha256("benchmark.py")}]


def test_a_scorer(outside: Outside) -> None:
    by_rules = score(outside, "--plugin", "benchmark.py")
    plugins = ("--plugin", "benchmark.py", "--plugin", "scorer.py")
    by_names = score(outside, "--scorer", "names_it", *plugins)
    rows = pq.read_table(outside.folder / by_names["path"]).to_pylist()
    # By hand: 8 is named, and so is 6 beside another number, but not in 16.
    assert [(row["verdict"], row["extracted"]) for row in rows] == [
        ("correct", "8"),
        ("correct", "6"),
        ("correct", "8"),
        ("wrong", None),
    ]
    assert {row["scorer"] for row in rows} == {"names_it"} and by_names["path"] != by_rules["path"]
    recorded = json.loads(rows[0]["meta"])["settings"]["plugins"]
    assert {record["sha256"] for record in recorded} == {outside.sha256(f"{n}.py") for n in ("benchmark", "scorer")}


def test_the_pages_load_the_plugins(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    score(outside, "--plugin", "benchmark.py")
    # As `eureka app --plugin benchmark.py` hands it on.
    monkeypatch.setenv("EUREKA_PLUGINS", outside.path("benchmark.py"))
    monkeypatch.setenv("EUREKA_WORKSPACE", outside.path("ws"))
    page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=300)
    page.switch_page("views/benchmarks.py")
    page.query_params = {"view": "published", "protocol": "by hand"}
    shown = "".join(element.proto.body for element in page.run().get("html"))
    assert not page.exception and "a person" in shown and "riddles" in shown


def test_eureka_app_hands_the_plugins_to_its_pages(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    from app import commands

    started: list[dict[str, str]] = []
    monkeypatch.setattr(commands.os, "execve", lambda path, words, environment: started.append(environment))
    (outside.folder / "ws").mkdir()
    monkeypatch.chdir(outside.folder)
    commands.app(port=8599, workspace=Path("ws"), plugin=["benchmark.py"])
    assert started[0]["EUREKA_PLUGINS"] == outside.path("benchmark.py")
