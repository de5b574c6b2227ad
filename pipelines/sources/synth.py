"""Generated problems as a source: what `eureka data synth` writes."""

import dataclasses
from collections.abc import Iterator

from pipelines.sources.base import Draft
from workbench.synth import SynthProblem, generate


def synth_rows(count: int, seed: int) -> Iterator[Draft]:
    """The first `count` problems of a seed's stream as drafts."""
    return (_draft(problem) for problem in generate(count, seed))


def _draft(problem: SynthProblem) -> Draft:
    fields = {f.name: getattr(problem, f.name) for f in dataclasses.fields(problem)}
    image = fields.pop("image")
    return Draft(images=[image], language="en", license="Apache-2.0", source="synth", row=fields, **fields)
