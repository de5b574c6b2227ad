"""DuckDB over the workspace's files, against the same figures from SciPy and by hand."""

import json
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from workbench import schema
from workbench.store import Store
from workbench.workspace import Workspace, append_jsonl, write_table


def responses(workspace: Workspace, model: str, verdicts: dict[str, str]) -> None:
    rows: list[dict[str, Any]] = [
        dict.fromkeys(schema.RESPONSES.names)
        | {"problem_id": problem, "content_hash": "c", "model": model, "sample_index": i, "verdict": verdict}
        for problem, letters in verdicts.items()
        for i, verdict in enumerate({"c": "correct", "w": "wrong", "u": "unscorable"}[x] for x in letters)
    ]
    write_table(workspace.responses("set", model) / "all.parquet", rows, schema.RESPONSES)


def test_pass_rates_are_wilson_and_leave_unscorable_out(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    responses(workspace, "a/b", {"p1": "cccwwwwu", "p2": "uu", "p3": "cccc"})
    rows = {row["problem_id"]: row for row in Store(workspace).pass_rates("set").to_dicts()}
    assert (rows["p1"]["n"], rows["p1"]["k"], rows["p1"]["rate"]) == (7, 3, 3 / 7)
    for name, k, n in (("p1", 3, 7), ("p3", 4, 4)):
        interval = binomtest(k, n).proportion_ci(method="wilson")
        assert abs(rows[name]["low"] - interval.low) < 1e-12
        assert abs(rows[name]["high"] - interval.high) < 1e-12
    assert rows["p2"]["n"] == 0
    assert rows["p2"]["rate"] is None


def test_texts_inside_json_columns_are_read_as_written(tmp_path: Path) -> None:
    texts = [*map(chr, range(0x140)), r"\frac{1}{2}\n\u0041", '\\"', "\u2028\u2029", "中😀"]
    for escaped in (True, False):
        rows = [
            dict.fromkeys(schema.SCORES.names)
            | {"item_id": f"{i:04d}", "meta": json.dumps({"question": text, "images": [text]}, ensure_ascii=escaped)}
            for i, text in enumerate(texts)
        ]
        path = tmp_path / f"{escaped}.parquet"
        write_table(path, rows, schema.SCORES)
        sql = "SELECT meta->>'question' AS question, meta->'images' AS images FROM scores ORDER BY item_id"
        read = Store(Workspace(tmp_path)).query(sql, scores=[path])
        assert read["question"].to_list() == texts
        assert [json.loads(images) for images in read["images"]] == [[text] for text in texts]


def test_a_model_is_found_by_its_own_name(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    responses(workspace, "a/b", {"p1": "c"})
    responses(workspace, "tiny", {"p1": "w"})
    assert Store(workspace).pass_rates("set", "a/b")["k"].to_list() == [1]
    assert Store(workspace).pass_rates("set").height == 2
    assert Store(workspace).pass_rates("other").height == 0


def test_values_are_bound_not_formatted(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    responses(workspace, "tiny", {"p'; DROP TABLE responses; --": "c", "p1": "w"})
    found = Store(workspace).query(
        "SELECT model FROM responses WHERE problem_id = $id",
        {"id": "p'; DROP TABLE responses; --"},
        responses=Store(workspace).responses("set"),
    )
    assert found.height == 1


def test_metrics_of_a_run_that_is_writing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    path = workspace.run("r") / "metrics.jsonl"
    append_jsonl(path, {"step": 1, "reward": 0.5})
    append_jsonl(path, {"step": 2, "reward": 0.75, "eval/accuracy": 0.1})
    path.write_bytes(path.read_bytes() + b'{"step": 3')
    metrics = Store(workspace).metrics("r")
    assert metrics["step"].to_list() == [1, 2]
    assert metrics["eval/accuracy"].to_list() == [None, 0.1]
