"""Prompt templates: how a problem becomes chat messages, and which shape the response must have.

`instruct`, `zero` and `qwen` follow MM-Eureka (arXiv 2503.07365, appendix A) in substance; `plain` asks the bare
question of a model that already writes think and answer tags, such as the embedded tiny one.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from workbench.errors import UserError
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


class OwnPrompt(BaseModel):
    """A template that stands in a config or in a YAML file of its own; its name follows from what it says."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    system: str = ""
    """The system's turn; none if empty."""
    before: str = ""
    """Stands before the question."""
    after: str = ""
    """Stands after the question."""
    format: ResponseFormat
    """The shape that the format reward asks for, and where the final answer must stand."""
    answer: str = "{}"
    """How a final answer is to be written, with `{}` in its place; supervised targets are written so."""

    @field_validator("answer")
    @classmethod
    def _has_a_place(cls, answer: str) -> str:
        if "{}" not in answer:
            raise ValueError("must have {} where the answer goes")
        return answer

    @property
    def template(self) -> PromptTemplate:
        digest = hashlib.sha256(self.model_dump_json().encode()).hexdigest()
        return PromptTemplate(f"own-{digest[:12]}", **self.model_dump())


def find_template(name: str) -> PromptTemplate:
    """The template of a name, or of a YAML file with the keys of OwnPrompt.

    UserError lists the known names, or says what is wrong in the file.
    """
    if not name.endswith((".yaml", ".yml")):
        return TEMPLATES[name]
    try:
        return OwnPrompt.model_validate(yaml.safe_load(Path(name).read_text(encoding="utf-8"))).template
    except OSError as error:
        raise UserError(f"no prompt file {name} ({error.strerror}); templates are {', '.join(TEMPLATES)}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{name} is not YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        keys = ", ".join(OwnPrompt.model_fields)
        raise UserError(f"{name} {'.'.join(map(str, first['loc']))}: {first['msg']}; a prompt has {keys}") from error


def is_bundled(template: PromptTemplate) -> bool:
    """Whether a template is one of ours, so that its name says what it is."""
    return template.name in TEMPLATES and template.name not in TEMPLATES.added()


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
