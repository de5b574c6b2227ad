"""Is one list of values another? By their labels, in order, or in any order."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from workbench.verify.compare.labels import Named, named, same_label
from workbench.verify.compare.scalars import Settings
from workbench.verify.read.items import Group, Item, Multi, Scalar

Equal = Callable[[Item, Item, Settings], bool]


def same_list(gold: Item, answer: Item, s: Settings, equal: Equal) -> bool:
    """Whether two answers, of which at least one has several blanks, are the same; `equal` compares single items."""
    golds, answers = _items(gold), _items(answer)
    if len(golds) == 1 and isinstance(golds[0], Group):
        return _group(golds[0], answers, s, equal)
    gold_names, answer_names = _all_named(golds), _all_named(answers)
    if len(answers) == 1 and isinstance(answers[0], Group):
        group = answers[0]
        if group.brackets == "()" and len(golds) == len(group.items) > 1:
            values = _in_custom(gold_names) if gold_names and _distinct(gold_names) else golds
            return _in_order(values, group.items, s, equal)
        if group.brackets != "{}" or (gold_names and _distinct(gold_names)):
            return False
        answers, answer_names = list(group.items), None
    if len(golds) != len(answers):
        return False
    if gold_names and answer_names:
        return _by_name(gold_names, answer_names, s, equal)
    if gold_names and not _distinct(gold_names):
        golds = [name.value for name in gold_names]
    if answer_names:
        answers = _in_custom(answer_names)
    if _order_counts(gold, answer, gold_names, s):
        return _in_order(golds, answers, s, equal)
    return matching(golds, answers, s, equal)


def _items(item: Item) -> list[Item]:
    return list(item.items) if isinstance(item, Multi) else [item]


def _order_counts(gold: Item, answer: Item, gold_names: Sequence[Named] | None, s: Settings) -> bool:
    if isinstance(gold, Multi) and gold.free:
        return False
    parts = any(isinstance(item, Multi) and item.parts for item in (gold, answer))
    return s.ordered or parts or bool(gold_names and _distinct(gold_names))


def _group(gold: Group, answers: list[Item], s: Settings, equal: Equal) -> bool:
    """A set or a tuple against values that stand without brackets."""
    names = _all_named(answers)
    if len(answers) != len(gold.items) or len(answers) < 2:
        return False
    if gold.brackets == "{}":
        if names and _distinct(names):
            return False
        return matching(gold.items, [n.value for n in names] if names else answers, s, equal)
    return gold.brackets == "()" and _in_order(gold.items, _in_custom(names) if names else answers, s, equal)


def _all_named(items: Sequence[Item]) -> list[Named] | None:
    """Every item's label and value; a label before the first of several bare values ("x = 2, -3") is that of all."""
    names = [named(item) for item in items]
    if len(items) > 1 and names[0] and not any(names[1:]) and all(isinstance(i, Scalar) for i in items[1:]):
        return [names[0], *(Named(names[0].label, item) for item in items[1:])]
    labelled = [name for name in names if name]
    return labelled if len(labelled) == len(items) else None


def _distinct(names: Sequence[Named]) -> bool:
    """Whether the labels tell the values apart; x₁ and x₂ are roots of one equation, in any order."""
    if all(name.base == "x" for name in names):
        return False
    return not any(same_label(a.label, b.label) for i, a in enumerate(names) for b in names[:i])


def _by_name(golds: list[Named], answers: list[Named], s: Settings, equal: Equal) -> bool:
    if _distinct(golds) and _distinct(answers):
        rest = list(answers)
        for gold, setting in zip(golds, _each(s, len(golds)), strict=True):
            at = next((i for i, a in enumerate(rest) if same_label(gold.label, a.label)), None)
            if at is None or not equal(gold.value, rest[at].value, setting):
                return False
            del rest[at]
        return True
    if len({name.base for name in (*golds, *answers)}) > 1:
        return False
    values = [n.value for n in golds], [n.value for n in answers]
    return _in_order(*values, s, equal) if s.ordered else matching(*values, s, equal)


def _in_custom(names: Sequence[Named]) -> list[Item]:
    """Values in the order in which one lists their names: x before y, x₁ before x₂, otherwise as given."""
    keys = [name.label.text.replace(" ", "").replace("{", "").replace("}", "") for name in names]
    letters = {key[0] for key in keys}
    families = ("abcd", "xyzw", "pqrst", "mn", "uvw", "ijk")
    customary = all(len(key) == 1 for key in keys) and any(letters <= set(family) for family in families)
    indexed = len(letters) == 1 and all(len(key) == 3 and key[1] == "_" and key[2].isdigit() for key in keys)
    if not customary and not indexed:
        return [name.value for name in names]
    order = sorted(range(len(names)), key=lambda i: ("xyzw".find(keys[i][0]), keys[i]))
    return [names[i].value for i in order]


def _each(s: Settings, count: int) -> list[Settings]:
    """The settings of each blank: a list of tolerances has one for each."""
    if isinstance(s.tolerance, tuple) and len(s.tolerance) == count:
        return [replace(s, tolerance=tolerance) for tolerance in s.tolerance]
    return [s] * count


def _in_order(golds: Sequence[Item], answers: Sequence[Item], s: Settings, equal: Equal) -> bool:
    each = _each(s, len(golds))
    return len(golds) == len(answers) and all(map(equal, golds, answers, each))


def matching(golds: Sequence[Item], answers: Sequence[Item], s: Settings, equal: Equal) -> bool:
    """Whether the golds and the answers can be paired so that each pair is equal."""
    if len(golds) != len(answers):
        return False
    each = _each(s, len(golds))
    owner: dict[int, int] = {}  # the gold that each answer is given to

    def place(gold: int, tried: set[int]) -> bool:
        """Give this gold an answer; one that is taken is freed if its gold can have another."""
        for at in range(len(answers)):
            if at in tried or not equal(golds[gold], answers[at], each[gold]):
                continue
            tried.add(at)
            if at not in owner or place(owner[at], tried):
                owner[at] = gold
                return True
        return False

    return all(place(gold, set()) for gold in range(len(golds)))
