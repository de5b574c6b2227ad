"""A reward that reads the question's language: think in the language that you are asked in.

`eureka train demo reward.same_language=0.2 --plugin reward.py`
"""

import re

from train import REWARDS, Response, Reward

HAN, LATIN = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]")


@REWARDS.register("same_language")
def same_language(response: Response) -> Reward:
    """The share of the response's letters that are of the question's script; tags and formulas are no language."""
    text = re.sub(r"<[^>]*>|\$[^$]*\$|\\\w+", "", response.text)
    han, latin = len(HAN.findall(text)), len(LATIN.findall(text))
    if han + latin == 0:
        return Reward(0.0, "no_words")
    # The problem has its question, answer, choices, language, solution, …; `response.extra` is what else it came with.
    language = response.problem.language or "en"
    share = (han if language == "zh" else latin) / (han + latin)
    return Reward(share, f"{share:.0%}_{language}")
