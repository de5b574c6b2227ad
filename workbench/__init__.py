"""Eureka Workbench's ground layer: problems, the workspace, the verifier, reflection, the rollout engine.

Public names: `Workspace`, `judge` (one answer), `Verifier` (many) with `Pair`, `Judgement` and `Verdict`,
`analyze_reflection`, `load_plugins` for components of your own, and `UserError`, which every function of ours raises
for what its caller can put right. For plug-ins: `TEMPLATES` with `PromptTemplate`; `BENCHMARKS` with `Benchmark` and
`Published`; `Draft` and `RowError` for whatever reads rows.
"""

from typing import TYPE_CHECKING

from workbench.public import lazy_names

if TYPE_CHECKING:
    from workbench.benchmarks import BENCHMARKS, Benchmark, Published
    from workbench.draft import Draft
    from workbench.errors import UserError
    from workbench.plugins import load_plugins
    from workbench.prompts import TEMPLATES, PromptTemplate
    from workbench.reflection import analyze_reflection
    from workbench.rows import RowError
    from workbench.verify.judging import judge
    from workbench.verify.verdict import Judgement, Pair, Verdict
    from workbench.verify.verifier import Verifier
    from workbench.workspace import Workspace

__all__ = [
    "BENCHMARKS",
    "TEMPLATES",
    "Benchmark",
    "Draft",
    "Judgement",
    "Pair",
    "PromptTemplate",
    "Published",
    "RowError",
    "UserError",
    "Verdict",
    "Verifier",
    "Workspace",
    "analyze_reflection",
    "judge",
    "load_plugins",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "BENCHMARKS": "workbench.benchmarks",
        "TEMPLATES": "workbench.prompts",
        "Benchmark": "workbench.benchmarks",
        "Draft": "workbench.draft",
        "Judgement": "workbench.verify.verdict",
        "Pair": "workbench.verify.verdict",
        "PromptTemplate": "workbench.prompts",
        "Published": "workbench.benchmarks",
        "RowError": "workbench.rows",
        "UserError": "workbench.errors",
        "Verdict": "workbench.verify.verdict",
        "Verifier": "workbench.verify.verifier",
        "Workspace": "workbench.workspace",
        "analyze_reflection": "workbench.reflection",
        "judge": "workbench.verify.judging",
        "load_plugins": "workbench.plugins",
    },
)
