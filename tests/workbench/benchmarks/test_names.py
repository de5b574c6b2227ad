"""Names by which a data set is known to be a benchmark."""

import pytest

from workbench.benchmarks.names import benchmark_pattern


@pytest.mark.parametrize(
    "source",
    [
        "k12",
        "mathv",
        "MathLLMs/MathVision",
        "math-vision",
        "AI4Math/MathVista",
        "lmms-lab/MMMU_val",
        "WeMath",
        "we_math",
    ],
)
def test_benchmarks_are_known_by_a_word_of_their_name(source: str) -> None:
    assert benchmark_pattern().search(source)


@pytest.mark.parametrize("source", ["mmk12", "MMathCoT", "k12x", "synth", "tabmwp", "dataset", "my-mathvistas"])
def test_other_data_are_not(source: str) -> None:
    assert not benchmark_pattern().search(source)
