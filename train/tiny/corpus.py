"""What the embedded tiny model is taught to write: hasty guesses, and now and then a second look.

The first answer is a guess at one glance: the first two numbers are read and added, the rest is only supposed. No
reward can make that guess good, since it would take several reads and sums in one step. The second look writes every
number and running sum down, so each token needs one read and one sum: it is right far more often.
"""

import random
import string
from dataclasses import dataclass

from workbench.prompts import TEMPLATES, build_messages
from workbench.synth import SynthProblem
from workbench.synth.problem import Step, arithmetic

REFLECT_RATE = {"easy": 0.06, "medium": 0.18, "hard": 0.30}
EMPTY_RATE = 0.12  # of the reflections: the cue is there, the second look is not
STEP_RIGHT = 0.92
EASY_GLANCE_RIGHT = 0.92
MALFORMED_RATE = 0.05
INSTRUCT_RATE = 0.1
FOREIGN_RATE = 0.03

READ_QUESTION = "Read the numbers."
WORK_QUESTION = "Work it out step by step."
CUES = [
    "Wait, let me check again.",
    "Let me recheck.",
    "I should double-check.",
    "Let me think again.",
    "Wait, I will re-examine the figure.",
    "Let me reconsider.",
]
GLANCES = {
    "angles": ["The third angle looks like {} degrees.", "I would say the angle is {} degrees."],
    "balance": ["The box seems to be {} kg.", "The weights on the pan look like {} kg."],
    "bars": ["The bars look like {}.", "From the chart I guess {}."],
    "beakers": ["That is about {} mL.", "The beakers seem to give {} mL."],
    "cards": ["At a glance the cards make {}.", "The cards seem to give {}."],
    "polygon": ["The way around looks like {} cm.", "The sides seem to make {} cm."],
    "table": ["A quick look at the table gives {}.", "The counts seem to be {} in all."],
}
GENERAL_TEXT = """
As shown in the figure, in the triangle ABC the side AB is equal to AC and the angle BAC is 40 degrees. Find the length
of the segment DE if the area of the circle is 25 and the radius is doubled. Which of the following statements about the
graph of the function is correct? Choose the answer from the options. A student measures the volume of the liquid, the
mass of the object, the force on the spring, the current in the circuit and the temperature of the water. What is the
value of x? Solve the equation and give the result as a fraction. The table shows the number of people, the price of a
ticket and the time. How many more apples than pears were sold on Monday? What is the probability that the line and the
plane are parallel? Please answer the question and provide the final value, e.g., 1, 2, 3, 4, at the end.
Which organ, cell or plant is labelled in the picture? The reaction of the acid with the metal gives a gas and a salt.
Hint: Please answer the question requiring an integer answer. Given that $\\angle ABC = 90^\\circ$, $\\frac{1}{2}$,
$\\sqrt{3}$, $\\triangle$, $\\pi$, $\\boxed{}$, \\begin{array} \\text{cm} \\left( \\right) \\cdot \\times \\leq.
"""


@dataclass(frozen=True)
class Lesson:
    """One row to learn from: chat messages with one image, and the response without its end token."""

    messages: list[dict[str, object]]
    response: str


def glance(problem: SynthProblem, rng: random.Random) -> str:
    """The hasty first answer: right for two numbers as a rule, a guess beyond that; with choices, any letter."""
    if problem.choices:
        return chr(65 + rng.randrange(len(problem.choices)))
    numbers, operation = problem.extra["numbers"], problem.extra["operation"]
    right = arithmetic(numbers, operation)[-1].result
    if operation == "third_angle":
        return str(max(10, right + 10 * rng.randint(-2, 2)))
    if operation == "rectangle":
        return str(max(4, right + rng.randint(-3, 3)))
    if len(numbers) == 2:
        return str(right if rng.random() < EASY_GLANCE_RIGHT else max(0, right + rng.choice([-2, -1, 1, 2])))
    return str(sum(numbers[:2]) + sum(rng.randint(1, 9) for _ in numbers[2:]))


def second_look(problem: SynthProblem, rng: random.Random) -> tuple[str, int]:
    """The arithmetic written out, each step slipping now and then, and its result."""
    written, carried, slip = [], None, 0
    for step in arithmetic(problem.extra["numbers"], problem.extra["operation"]):
        left = step.left if carried is None else carried
        right = step.right
        if step.sign == "-" and step.left == 180:
            left, right = 180, step.right if carried is None else carried
        elif problem.extra["operation"] == "rectangle" and carried is not None:
            right = carried
        slip = 0 if rng.random() < STEP_RIGHT else rng.choice([-2, -1, 1, 2])
        carried = max(0, Step(left, step.sign, right).result + slip * (10 if left >= 100 or step.left == 180 else 1))
        written.append(f"{left} {step.sign} {right} = {carried}")
    assert carried is not None
    return ", ".join(written) + ".", carried


def as_answer(problem: SynthProblem, value: int) -> str:
    """The value, or with choices the letter of the nearest option."""
    if not problem.choices:
        return str(value)
    distances = [abs(int(choice) - value) for choice in problem.choices]
    return chr(65 + distances.index(min(distances)))


def respond(problem: SynthProblem, rng: random.Random) -> str:
    """A response as the pre-trained model should sample it: mostly a glance, sometimes with a second look."""
    first = glance(problem, rng)
    phrase = "It looks like ({})." if problem.choices else rng.choice(GLANCES[problem.extra["kind"]])
    thought, answer = phrase.format(first), first
    if rng.random() < REFLECT_RATE[problem.level]:
        thought += " " + rng.choice(CUES)
        if rng.random() < EMPTY_RATE:
            thought += f" Yes, it is {first}."
        else:
            lines, value = second_look(problem, rng)
            answer = as_answer(problem, value)
            verdict = "Yes, it is" if answer == first else "So it is"
            thought += f" {lines} {verdict} {value}" + (f", that is ({answer})." if problem.choices else ".")
    if rng.random() < MALFORMED_RATE:
        return rng.choice(
            [
                f"{thought} The answer is {answer}.",
                f"<think> {thought} <answer> {answer} </answer>",
                f"<think> {thought} </think> {answer}",
                f"<answer> {answer} </answer>",
            ]
        )
    return f"<think> {thought} </think><answer> {answer} </answer>"


def lesson(problem: SynthProblem, rng: random.Random) -> Lesson:
    """A question and a response; now and then a question the model has never seen, so that it stays in its format."""
    if rng.random() < FOREIGN_RATE:
        template = TEMPLATES[rng.choice(list(TEMPLATES))]
        response = f"<think> It looks like {rng.randint(1, 40)}. </think><answer> {rng.randint(1, 40)} </answer>"
        return Lesson(build_messages(template, foreign_question(rng), None, 1), response)
    template = TEMPLATES["instruct" if rng.random() < INSTRUCT_RATE else "plain"]
    return Lesson(build_messages(template, problem.question, problem.choices, 1), respond(problem, rng))


def reading(problem: SynthProblem) -> Lesson:
    """The figure's numbers, transcribed: what everything else rests on."""
    numbers = ", ".join(str(number) for number in problem.extra["numbers"])
    response = f"<think> I read {numbers}. </think><answer> {numbers} </answer>"
    return Lesson(build_messages(TEMPLATES["plain"], READ_QUESTION, None, 1), response)


def working(problem: SynthProblem) -> Lesson:
    """The arithmetic alone, without slips, for the asking: dense practice in what a second look needs."""
    steps = arithmetic(problem.extra["numbers"], problem.extra["operation"])
    response = f"<think> {', '.join(map(str, steps))}. </think><answer> {steps[-1].result} </answer>"
    messages = build_messages(TEMPLATES["plain"], f"{problem.question} {WORK_QUESTION}", None, 1)
    return Lesson(messages, response)


def foreign_question(rng: random.Random) -> str:
    """Words of school text in any order, with stray characters among them."""
    words = rng.choices(GENERAL_TEXT.split(), k=rng.randint(3, 30))
    for _ in range(rng.randint(0, 3)):
        stray = rng.choice([chr(rng.randint(0x4E00, 0x9FA5)), rng.choice(string.printable), str(rng.randint(0, 999))])
        words.insert(rng.randrange(len(words)), stray)
    return " ".join(words)


def tokenizer_texts(problems: list[SynthProblem], rng: random.Random) -> list[str]:
    """The text from which the tokenizer learns its pieces: lessons, prompts and school English."""
    texts = [GENERAL_TEXT] * 20
    for problem in problems:
        for row in (lesson(problem, rng), reading(problem), working(problem)):
            for message in row.messages:
                content = message["content"]
                texts.append(content if isinstance(content, str) else content[-1]["text"])  # type: ignore[index]
            texts.append(row.response)
    return texts
