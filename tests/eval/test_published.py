"""The table of published scores against numbers of the papers' text."""

import polars as pl
import pytest

from eval.published import CSV, published
from workbench.benchmarks import get_benchmark


@pytest.mark.parametrize(
    ("model", "benchmark", "protocol", "score"),
    [
        ("MM-Eureka-8B 54k", "k12", "v1", 27.0),
        ("MM-Eureka-Zero-38B 9.3k", "k12", "v1", 46.4),
        ("Qwen2.5-VL-7B-Instruct", "olympiadbench", "v1", 15.3),
        ("Qwen2.5-VL-7B-Instruct", "olympiadbench", "v2", 20.2),
        ("MM-Eureka-7B", "mmk12", "v2", 64.5),
        ("o1", "we-math", "v2", 98.7),
    ],
)
def test_scores(model: str, benchmark: str, protocol: str, score: float) -> None:
    rows = published(benchmark).filter((pl.col("model") == model) & (pl.col("protocol") == protocol))
    assert rows["score"].to_list() == [score]


def test_table_is_tidy() -> None:
    table = published()
    assert table.null_count().sum_horizontal().item() == 0 and table["score"].is_between(0, 100).all()
    assert not table.select("model", "benchmark", "protocol").is_duplicated().any()
    table = pl.read_csv(CSV)
    assert table.columns == ["model", "benchmark", "score", "protocol", "source"]
    assert table.null_count().sum_horizontal().item() == 0
    assert table["score"].is_between(0, 100).all() and set(table["protocol"]) == {"v1", "v2"}
    # 10 models × 5 benchmarks of v1, 19 × 6 of v2, 4 × 4 subjects, 4 of RL against SFT, 4 algorithms × 2, 1 of users.
    assert table.height == 50 + 114 + 16 + 4 + 8 + 1
    assert not table.select("model", "benchmark", "protocol").is_duplicated().any()


def test_subject_scores_of_mmk12_average_to_the_whole() -> None:
    table = published()
    for model in ("MM-Eureka-7B", "MM-Eureka-32B", "Qwen2.5-VL-7B-Instruct"):
        rows = table.filter((pl.col("model") == model) & (pl.col("protocol") == "v2"))
        parts = rows.filter(pl.col("benchmark").str.starts_with("mmk12-"))["score"]
        whole = rows.filter(pl.col("benchmark") == "mmk12")["score"].item()
        assert parts.mean() == pytest.approx(whole, abs=0.06)


@pytest.mark.parametrize("name", ["k12", "mathvision", "mathvista"])
def test_a_benchmark_has_published_scores_under_its_name(name: str) -> None:
    assert get_benchmark(name).name == name and published(name).height > 0


def test_scores_of_a_definition_stand_beside_those_of_the_papers() -> None:
    rows = published("mathvision").filter(pl.col("model") == "MM-Eureka-7B")
    assert dict(zip(rows["protocol"], rows["score"], strict=True)) == {"v2": 26.9, "OpenMMReasoner": 28.1}
