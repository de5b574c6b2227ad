"""Prompt templates: how a problem becomes chat messages, and which shape the response must have.

`instruct`, `zero` and `qwen` follow MM-Eureka (arXiv 2503.07365, appendix A) in substance; `plain` asks the bare
question of a model that already writes think and answer tags, such as the embedded tiny one.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

from workbench.registry import Registry

ResponseFormat = Literal["think_answer", "think_answer_boxed", "boxed"]


@dataclass(frozen=True)
class PromptTemplate:
    """`system` may be empty; `before` and `after` stand around the question; `format` is what the reward asks.

    `answer` is how a final answer is to be written, with `{}` in its place.
    """

    name: str
    system: str
    before: str
    after: str
    format: ResponseFormat
    answer: str = "{}"


TEMPLATES: Registry[PromptTemplate] = Registry("prompt template")


def _add(template: PromptTemplate) -> None:
    TEMPLATES.register(template.name)(template)


_add(PromptTemplate("plain", system="", before="", after="", format="think_answer"))
_add(
    PromptTemplate(
        "instruct",
        system=(
            "Solve the question. First think about the reasoning process, then give the answer. The answer is in "
            "LaTeX and wrapped in $...$. The reasoning process and the answer are enclosed in <think></think> and "
            "<answer></answer> tags, i.e. <think> Since $1+1=2$, the answer is $2$. </think><answer> $2$ </answer>."
        ),
        before="Question: ",
        after="",
        format="think_answer",
        answer="${}$",
    )
)
_add(
    PromptTemplate(
        "zero",
        system=(
            "A conversation between User and Assistant. The user asks a question and the Assistant solves it. The "
            "Assistant first thinks about the reasoning process and then gives the user the answer."
        ),
        before="",
        after="\nPlease reason step by step, and put your final answer within \\boxed{}.",
        format="boxed",
        answer="The answer is $\\boxed{{}}$",
    )
)
_add(
    PromptTemplate(
        "qwen",
        system=(
            "Solve the question. The user asks a question, and you solve it. First think about the reasoning process, "
            "then give the answer. The reasoning process and the answer are enclosed in <think></think> and "
            "<answer></answer> tags, and the final answer stands in \\boxed{} inside the answer tag, i.e. "
            "<think> Since 1+1=2, the answer is 2. </think><answer> The answer is $\\boxed{2}$ </answer>."
        ),
        before="Question: ",
        after="",
        format="think_answer_boxed",
        answer="The answer is $\\boxed{{}}$",
    )
)

# A problem's text is data: `<image>` marks of data sets and the chat format's own tokens must not reach the tokenizer
# as control tokens ("literal <image> in text" breaks other trainers).
_IMAGE_MARK = re.compile(r"<image(?:\s*\d+)?>")
_CONTROL = re.compile(r"<\|([a-zA-Z_]+)\|>")


def clean_question(text: str) -> str:
    """The question without image marks, with chat control tokens made harmless (`<|x|>` becomes `< |x| >`)."""
    return _CONTROL.sub(r"< |\1| >", _IMAGE_MARK.sub("", text)).strip()


def question_text(question: str, choices: list[str] | None) -> str:
    """The question and, where there are options, one `(A) …` line for each."""
    lines = [clean_question(question)]
    if choices:
        lines += [f"({chr(65 + i)}) {clean_question(choice)}" for i, choice in enumerate(choices)]
    return "\n".join(lines)


def build_messages(
    template: PromptTemplate, question: str, choices: list[str] | None, n_images: int
) -> list[dict[str, Any]]:
    """Chat messages in the Hugging Face form: images first, then the text, as the published system orders them."""
    text = template.before + question_text(question, choices) + template.after
    content: list[dict[str, Any]] = [{"type": "image"} for _ in range(n_images)]
    content.append({"type": "text", "text": text})
    messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
    if template.system:
        messages.insert(0, {"role": "system", "content": template.system})
    return messages
