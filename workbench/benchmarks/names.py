"""Whether a data set is a benchmark, by what its source or hub id is called: such data is for testing, not training."""

import re

from workbench.benchmarks.base import benchmarks
from workbench.benchmarks.others import OTHERS


def benchmark_pattern() -> re.Pattern[str]:
    """Matches a source or hub id that has a benchmark's name as one of its words: k12, MathLLMs/MathVision, MMMU_val.

    A hyphen of a name may be missing or an underscore; `/`, `-` and `_` separate words.
    """
    spellings = (re.escape(name).replace(r"\-", "[-_]?") for name in (*benchmarks(), *OTHERS))
    return re.compile(rf"(?:^|[/_-])(?:{'|'.join(spellings)})(?:$|[/_-])", re.IGNORECASE)
