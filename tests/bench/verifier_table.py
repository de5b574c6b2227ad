"""The README's table: ours, math-verify as it is commonly called, and the published reward, on stored real answers.

python -m tests.bench.verifier_table [--shared-data DIR]
"""

import argparse
import re
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.progress import track

from tests.bench.stored_answers import Stored, emma, k12, logicvista, mathvision, mathvista
from workbench.verify import Judgement, Pair, Verdict, Verifier

WORKERS = 2
REFUSED_OPTION = "official fault: the right option, but not as its bare letter"


def math_verify(pair: Pair) -> bool:
    """math-verify with its own defaults, signals off as outside of a main thread."""
    from math_verify import parse, verify

    gold, answer = (parse(text, parsing_timeout=None) for text in (f"${pair.gold}$", pair.response))
    return bool(verify(gold, answer, timeout_seconds=None))


def published(pair: Pair) -> bool:
    """MM-Eureka's accuracy reward: LaTeX only, any answer for a gold it cannot parse, letters as substrings."""
    from math_verify import LatexExtractionConfig, parse, verify

    if re.fullmatch("[A-H]", pair.gold):
        return pair.gold.lower() in pair.response.lower()
    gold, answer = (
        parse(text, [LatexExtractionConfig()], fallback_mode="no_fallback", parsing_timeout=None)
        for text in (f"${pair.gold}$", pair.response)
    )
    return not gold or bool(verify(gold, answer, timeout_seconds=None))


def verdicts(judge: Callable[[Pair], bool], pairs: Sequence[Pair], name: str, pool: ProcessPoolExecutor) -> list[bool]:
    distinct = list(dict.fromkeys(pairs))
    found = track(
        pool.map(judge, distinct, chunksize=64), name, len(distinct), console=Console(stderr=True), transient=True
    )
    known = dict(zip(distinct, found, strict=True))
    return [known[pair] for pair in pairs]


def row(name: str, stored: Sequence[Stored], accepted: Sequence[bool], judge: str) -> str:
    """Agreement, then how many right answers were refused and wrong ones accepted."""
    counts = Counter((one.right, yes) for one, yes in zip(stored, accepted, strict=True))
    agreement = (counts[True, True] + counts[False, False]) / len(stored)
    right, wrong = counts[True, True] + counts[True, False], counts[False, True] + counts[False, False]
    taken = f"{counts[False, True]:,} of {wrong:,}" if wrong else "–"
    return f"| {name} | {judge} | {agreement:.2%} | {counts[True, False]:,} of {right:,} | {taken} |"


def kind(one: Stored, judged: Judgement) -> str:
    """Whose fault a disagreement is: the official scorer's, our extraction's or our comparison's."""
    if judged.verdict is Verdict.UNSCORABLE:
        return f"unscorable ({judged.reason})"
    if _unlisted_option(one, judged):
        return "words or a number for a letter, without the options' texts"
    if judged.verdict is Verdict.CORRECT:
        return REFUSED_OPTION if one.pair.choices else "official fault: a unit or words beside the right number"
    return "comparison" if judged.rule in ("boxed", "bare", "answer_tag") else f"extraction ({judged.rule})"


def _unlisted_option(one: Stored, judged: Judgement) -> bool:
    """Whether the stored row lacks the options, and the answer is no letter: a language model saw which it meant."""
    lettered = re.fullmatch("[A-J](?:, [A-J])*", one.pair.gold) is not None
    named = re.search(r"(?<![A-Za-z])[A-J](?![A-Za-z])", judged.extracted or "")
    return lettered and not one.pair.choices and one.right and not named


def _refused_option(one: Stored, judged: Judgement) -> bool:
    accepted_alone = judged.verdict is Verdict.CORRECT and not one.right
    return accepted_alone and kind(one, judged) == REFUSED_OPTION and judged.extracted != one.pair.gold


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared-data", type=Path, default=Path("../shared/data"))
    folder = parser.parse_args().shared_data
    sets = {
        "K12 golds, wrapped": ("k12", k12(folder)),
        "MATH-Vision, 5 models": ("mathvision", list(mathvision(folder))),
        "MathVista, 5 models": ("mathvista", [s for s in mathvista(folder) if not s.fault]),
        "EMMA, 5 result files": ("default", list(emma(folder))),
        "LogicVista, 4 models": ("default", list(logicvista(folder))),
    }
    lines = ["| set | judge | agreement | right refused | wrong accepted |", "|---|---|---|---|---|"]
    kinds: list[str] = []
    with ProcessPoolExecutor(WORKERS) as pool:
        for name, (profile, stored) in sets.items():
            pairs = [one.pair for one in stored]
            with Verifier(profile) as verifier:
                judged = verifier.judge(pairs)
            ours = [found.verdict is Verdict.CORRECT for found in judged]
            lines.append(row(f"{name} ({len(stored):,})", stored, ours, "ours"))
            for judge in (math_verify, published):
                accepted = verdicts(judge, pairs, f"{name}: {judge.__name__}", pool)
                lines.append(row("", stored, accepted, judge.__name__.replace("math_verify", "math-verify")))
            fair = [i for i, (s, j) in enumerate(zip(stored, judged, strict=True)) if not _refused_option(s, j)]
            if len(fair) < len(stored):
                fairly = [stored[i] for i in fair], [ours[i] for i in fair]
                lines.append(row(f"without {len(stored) - len(fair)} official faults (below)", *fairly, "ours"))
            apart = Counter(kind(s, j) for s, j, yes in zip(stored, judged, ours, strict=True) if yes is not s.right)
            kinds.append(f"{name}: " + (", ".join(f"{count} {what}" for what, count in apart.most_common()) or "none"))
    print("\n".join(lines))
    print("\nDisagreements of ours by kind\n\n" + "\n".join(f"- {line}" for line in kinds))


if __name__ == "__main__":
    main()
