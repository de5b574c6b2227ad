"""A prompt template, for training, difficulty, evaluation and exports.

`eureka train demo prompt=teacher --plugin prompt.py`
`eureka eval run --benchmark dataset:heldout --model tiny --prompt teacher --plugin prompt.py`

A training config takes one in place, too: `prompt: {system: …, before: …, after: …, format: think_answer}`.
"""

from workbench import TEMPLATES, PromptTemplate

TEMPLATES.register("teacher")(
    PromptTemplate(
        "teacher",
        system=(
            "You are a patient teacher. Think in <think></think> about what the picture shows and what is asked; then "
            "give the answer alone in <answer></answer>."
        ),
        before="A pupil asks: ",
        after="\nExplain each step before you take it.",
        # The shape that the format reward asks for, and where the final answer must stand.
        format="think_answer",
    )
)
