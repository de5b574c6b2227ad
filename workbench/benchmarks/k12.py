"""K12 (MM-Eureka, arXiv 2503.07365): 500 school problems with free-form answers, some with units or several blanks."""

from pathlib import Path
from typing import Any

from workbench.benchmarks.base import BENCHMARKS, Benchmark
from workbench.draft import Draft
from workbench.prompts import PromptTemplate
from workbench.verify.profiles import PROFILES, Profile

PROFILES.register("k12")(Profile("k12"))


@BENCHMARKS.register("k12")
class K12(Benchmark):
    """`k12.json`: rows {id, question, answer, image_path}. Questions and answers keep their `$$…$$` as they are."""

    title = "K12, the school problems of MM-Eureka"
    license = "Apache-2.0"
    size = 500
    layout = ("k12.json",)
    profile = "k12"
    # The query of the benchmark's own evaluation script.
    template = PromptTemplate(
        "k12",
        system="",
        before="Answer the following question: ",
        after="\nPlease reason step by step, and put your final answer within \\boxed{}.",
        format="boxed",
    )

    def draft(self, row: dict[str, Any], file: Path, number: int) -> Draft:
        return Draft(
            source_id=row.get("id"),
            question=row.get("question"),
            answer=row.get("answer"),
            subject="mathematics",
            license=self.license,
            split="test",
            row=row,
        )
