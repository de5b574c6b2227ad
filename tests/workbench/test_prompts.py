"""Templates, and text that must not reach the tokenizer as control tokens."""

import pytest

from workbench.errors import UserError
from workbench.prompts import TEMPLATES, build_messages, clean_question, question_text


def test_images_come_first_and_the_system_only_where_there_is_one() -> None:
    plain = build_messages(TEMPLATES["plain"], "How many?", None, 2)
    assert [m["role"] for m in plain] == ["user"]
    assert [part["type"] for part in plain[0]["content"]] == ["image", "image", "text"]
    instruct = build_messages(TEMPLATES["instruct"], "How many?", None, 0)
    assert [m["role"] for m in instruct] == ["system", "user"]
    assert instruct[1]["content"] == [{"type": "text", "text": "Question: How many?"}]


def test_choices_are_lettered() -> None:
    assert question_text("Which?", ["red", "blue"]) == "Which?\n(A) red\n(B) blue"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Look at <image1> and <image>.", "Look at  and ."),
        ("a <|image_pad|> b<|im_end|>", "a < |image_pad| > b< |im_end| >"),
        ("1 < x | y > 2", "1 < x | y > 2"),
    ],
)
def test_control_tokens_in_questions_are_text(raw: str, clean: str) -> None:
    assert clean_question(raw) == clean


def test_unknown_template_lists_the_known() -> None:
    with pytest.raises(
        UserError, match=r"no prompt template is called 'r1'; there are .*instruct, .*plain, .*qwen, .*zero"
    ):
        TEMPLATES["r1"]
