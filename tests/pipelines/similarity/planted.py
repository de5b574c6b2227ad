"""Cases planted for the curation steps: what must be found, and what looks like it and must be spared."""

import io
import random
from collections.abc import Callable

from PIL import Image, ImageDraw

# (a problem, the same problem in other words or another spelling, their answer)
PARAPHRASES = [
    ("Tom has 3 apples and buys 4 more. How many apples does he have?",
     "Tom owns three apples. He then purchases 4 more apples. How many apples does Tom now have?", "7"),
    ("Find the value of $x$ if $2x+3=7$.", "If 2x + 3 = 7, what is x?", "2"),
    ("A train travels 240 km in 3 hours. What is its average speed?",
     "What is the average speed of a train that covers 240 km in 3 hours?", "80 km/h"),
    ("A rectangle has length 12 cm and width 5 cm. Calculate its area.",
     "Calculate the area of a rectangle whose length is 12 cm and whose width is 5 cm.", "60"),
    ("In triangle ABC, AB = 5, BC = 12 and angle B is 90°. Find AC.",
     r"In $\triangle ABC$, $AB=5$, $BC=12$ and $\angle B = 90^\circ$. What is the length of $AC$?", "13"),
    ("Solve $x^2 - 5x + 6 = 0$.", "Find the roots of the equation x² − 5x + 6 = 0.", "2, 3"),
    ("The sum of two numbers is 20 and their difference is 4. What is the larger number?",
     "Two numbers have a sum of 20 and a difference of 4. Find the larger number.", "12"),
    ("A shop sells pens at $2 each. How much do 15 pens cost?",
     "How much do 15 pens cost in a shop that sells pens for $2 each?", "30"),
    ("What is 15% of 80?", "Calculate 15 % of 80.", "12"),
    ("<image>\nHow many red balls are in the box?", "How many  red balls are in the box ? <image>", "6"),
    ("如图，AB∥CD，∠1=65°，求∠2的度数。", "如图, AB∥CD, ∠1 = 65°, 则∠2的度数是多少？", "65"),
    ("A car uses 8 litres of fuel for 100 km. How many litres does it use for 250 km?",
     "How many litres of fuel does a car use for 250 km if it uses 8 litres for 100 km?", "20"),
]  # fmt: skip

# (a problem, its answer, another problem that looks like it, that one's answer)
SIBLINGS = [
    ("Mia has 13 eggs and buys 24 more. How many eggs does she have?", "37",
     "Mia has 15 eggs and buys 26 more. How many eggs does she have?", "41"),
    ("Leo has 31 eggs and buys 14 more. How many eggs does he have?", "45",
     "Leo has 14 eggs and buys 31 more. How many eggs does he have?", "45"),
    ("A rectangle is 3 cm by 6 cm. Find its area.", "18", "A rectangle is 3 cm by 6 cm. Find its perimeter.", "18"),
    ("In the figure, AB is parallel to CD and angle 1 is 60°. Find angle ABC.", "60",
     "In the figure, AB is parallel to CD and angle 1 is 60°. Find angle BCD.", "60"),
    ("Solve 5x + 4 = 19.", "3", "Solve 4x + 5 = 19.", "7/2"),
    ("Solve 6x + 4 = 16.", "2", "Solve 7x + 2 = 16.", "2"),
    ("What is the mean of the numbers in the table?", "5", "What is the median of the numbers in the table?", "5"),
    ("Which number is largest: 4, 9 or 7?", "9", "Which number is smallest: 4, 9 or 7?", "4"),
    ("Find x if y = 2x and y = 8.", "4", "Find x if x = 2y and y = 2.", "4"),
    ("A box holds 12 red and 4 blue balls. How many balls are there?", "16",
     "A class has 12 girls and 4 boys who sing. How many pupils sing?", "16"),
    ("What is the value of f(2) if f(x) = x^2 + 1?", "5", "What is the value of f(2) if f(x) = 2x + 1?", "5"),
    ("Is 7 an odd number?", "yes", "Is 7 an even number?", "no"),
]  # fmt: skip

# (a benchmark's item, the same with other names and words)
RENAMED = [
    ("Tom has 3 apples and buys 4 more. How many apples does Tom have now?",
     "Anna has 3 pears and buys 4 more. How many pears does Anna have now?"),
    ("John walks 5 km on Monday and 7 km on Tuesday. How many kilometres does John walk in total?",
     "Maria walks 5 km on Monday and 7 km on Tuesday. How many kilometres does Maria walk in total?"),
    ("A farmer has 24 cows and sells 9 of them to his neighbour. How many cows are left?",
     "A shepherd has 24 goats and sells 9 of them to his neighbour. How many goats are left?"),
    ("Mrs Smith bakes 36 cookies and shares them equally among 4 children. How many cookies does each child get?",
     "Mr Lopez bakes 36 muffins and shares them equally among 4 children. How many muffins does each child get?"),
    ("In triangle ABC, AB = 13, BC = 14 and CA = 15. What is the area of triangle ABC?",
     "In triangle PQR, PQ = 13, QR = 14 and RP = 15. What is the area of triangle PQR?"),
    ("If $3x^2 - 12x + 7 = 0$ has roots a and b, what is the sum of the roots?",
     "If $3t^2-12t+7=0$ has roots p and q, what is the sum of the roots?"),
    ("Peter reads 12 pages on the first day and twice as many on the second day. How many pages does Peter read?",
     "Wei reads 12 pages on the first day and twice as many on the second day. How many pages does Wei read?"),
    ("A ladder 10 m long leans against a wall. Its foot is 6 m from the wall. How high does the ladder reach?",
     "A ladder of length 10 m leans against a house. Its foot is 6 m from the house. How high does the ladder reach?"),
]  # fmt: skip

# What harmless problems share with benchmarks: a phrase, a template, a well-known formula.
HARMLESS = [
    ("What is the value of x?", "What is the value of x?"),
    ("As shown in the figure, find the area of the shaded region.",
     "As shown in the figure, find the area of the shaded part."),
    ("Find the perimeter of the triangle.", "Find the perimeter of the triangle."),
    ("Tom has 3 apples and buys 4 more. How many apples does Tom have now?",
     "Tom has 8 apples and buys 5 more. How many apples does Tom have now?"),
    ("A rectangle is 3 m long and 4 m wide. How long is its diagonal?",
     "A shop sells 3 kinds of bread and 4 kinds of cake. How many kinds of food does it sell?"),
    ("The graph of y = 2x + 1 meets the line y = 9 at P. Find the x-coordinate of P.",
     "The points of y = 2x + 1 with x = 9 lie above the axis. What is y there?"),
    ("Which of the following is true?", "Which of the following is true?"),
    ("How many squares are in the picture?", "How many circles are in the picture?"),
]  # fmt: skip


def encoded(image: Image.Image, format: str, **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def resized(image: Image.Image, factor: float) -> Image.Image:
    size = (max(8, round(image.width * factor)), max(8, round(image.height * factor)))
    return image.resize(size, Image.Resampling.LANCZOS)


def cropped(image: Image.Image, rng: random.Random, most: float = 0.03) -> Image.Image:
    """Up to `most` of the side cut from each edge."""
    width, height = image.size
    left, right = (round(width * rng.uniform(0, most)) for _ in range(2))
    top, bottom = (round(height * rng.uniform(0, most)) for _ in range(2))
    return image.crop((left, top, width - right, height - bottom))


# How a copy of a picture may have been made.
COPIES: dict[str, Callable[[Image.Image, random.Random], bytes]] = {
    "saved again": lambda image, rng: encoded(image, "PNG", compress_level=1),
    "jpeg": lambda image, rng: encoded(image, "JPEG", quality=rng.randint(50, 90)),
    "webp": lambda image, rng: encoded(image, "WEBP", quality=70),
    "grey": lambda image, rng: encoded(image.convert("L"), "PNG"),
    "smaller": lambda image, rng: encoded(resized(image, 0.6), "PNG"),
    "larger": lambda image, rng: encoded(resized(image, 1.7), "PNG"),
    "cropped": lambda image, rng: encoded(cropped(image, rng), "PNG"),
    "all": lambda image, rng: encoded(resized(cropped(image, rng, 0.02), 0.8), "JPEG", quality=70),
}


def drawing(rng: random.Random) -> Image.Image:
    """Thin black lines and a few labels on white, as textbooks have them: all of them look much alike."""
    image = Image.new("RGB", (rng.randint(240, 420), rng.randint(180, 320)), "white")
    pen = ImageDraw.Draw(image)
    count = rng.randint(3, 5)
    corners = [tuple(side * rng.uniform(0.1, 0.9) for side in image.size) for _ in range(count)]
    pen.polygon(corners, outline="black", width=2)
    for label, (x, y) in zip("ABCDE", corners, strict=False):
        pen.text((x + 4, y - 12), label, fill="black")
    pen.text((image.width / 2, image.height - 16), f"{rng.randint(10, 99)} cm", fill="black")
    return image
