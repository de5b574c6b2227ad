"""Where the final answer is found, by which rule, at which offsets."""

import pytest

from workbench.verify import PROFILES
from workbench.verify.extract.final_answer import extract

CASES = [
    ("<think> it is 5 </think><answer> 7 </answer>", "7", "answer_tag"),
    ("<think> \\boxed{5} </think><answer> \\boxed{7} </answer>", "7", "boxed"),
    ("<think> 5 </think><answer> The answer is $\\boxed{7}$ </answer>", "7", "boxed"),
    ("<think> 5 </think><answer> 7", "7", "answer_tag"),
    ("<think> 5 </think> So the answer is 7.", "7", "marker"),
    ("so \\boxed{\\frac{1}{2}} it is", "\\frac{1}{2}", "boxed"),
    ("so $\\boxed{\\frac{1}{2}$", "\\frac{1}{2}", "boxed"),
    ("Long text.\nThe answer is 3.5 cm.", "3.5 cm", "marker"),
    ("Reasoning here.\n\nAnswer: C", "C", "marker"),
    ("The answer is A, or maybe D", "A, or maybe D", "marker"),
    ("**Answer:** 12", "12", "marker"),
    ("7", "7", "bare"),
    ("  24 cm\n", "24 cm", "bare"),
    ("3\n5", "3\n5", "bare"),
    ("We count the squares one by one here.\n12", "12", "last_line"),
    ("We count all of them. So the area of the figure is 24 cm.", "24 cm", "conclusion"),
    ("Therefore, the correct option is (C) 45 degrees.", "(C) 45 degrees", "marker"),
]


@pytest.mark.parametrize(("response", "text", "rule"), CASES)
def test_what_is_found(response: str, text: str, rule: str):
    (found,) = extract(response, PROFILES["default"]).candidates
    assert (found.text.rstrip("$}"), found.rule) == (text.rstrip("$}"), rule)
    assert response[found.span[0] : found.span[1]].strip().startswith(found.text)


@pytest.mark.parametrize(
    "response",
    [
        "",
        "  \n",
        "<think> it is 7",
        "<think> <answer>7</answer>",
        "<think>7</think>",
        "<think></think><answer> </answer>",
        "We count.\nhow many squares of the figure there are",
    ],
)
def test_no_answer(response: str):
    assert extract(response, PROFILES["default"]).reason == "no_answer"


def test_several_boxes_follow_the_profile():
    response = "\\boxed{3} then \\boxed{7}"
    assert [f.text for f in extract(response, PROFILES["default"]).candidates] == ["7", "3"]
    assert [f.text for f in extract(response, PROFILES["mathvision"]).candidates] == ["7"]


def test_one_box_a_blank():
    assert extract("\\boxed{3} and \\boxed{7}", PROFILES["default"], blanks=2).candidates[0].text == "3; 7"


def test_a_megabyte_of_tags_takes_linear_time():
    import time

    began = time.process_time()
    for text in ("<answer>" * 50_000, "\\boxed{" * 50_000, "the answer is " * 28_000, "<think></think>" * 26_000):
        extract(text, PROFILES["default"])
    assert time.process_time() - began < 5
