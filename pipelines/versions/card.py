"""The README.md of an exported dataset: what is in it, where it comes from, how it was made and how to read it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import yaml

from pipelines.versions.licences import Licence, warnings

COUNTED = ("source", "subject", "answer_type", "language", "grade")
MOST = 12


def card(
    ref: str,
    target: str,
    usage: str,
    problems: pl.DataFrame,
    splits: Mapping[str, int],
    suffix: str,
    found: Sequence[Licence],
    manifest: Mapping[str, Any],
    plugins: Sequence[Mapping[str, str]] = (),
) -> str:
    """Markdown with the front matter that `datasets` reads. `splits` is the rows a split.

    `plugins` are the records of those that had a part in the version or in this export.
    """
    head: dict[str, Any] = {
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": name, "path": f"{name}.{suffix}"} for name in splits],
            }
        ]
    }
    names = {one.licence for one in found}
    if len(names) == 1:
        head["license_name"] = names.pop()
    parts = [
        f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---\n",
        f"# {ref}\n",
        f"{problems.height:,} problems with {problems['images'].list.len().sum():,} pictures, written for {target}:\n",
        f"    {usage}\n",
        _table(("split", "problems"), [(name, f"{count:,}") for name, count in splits.items()]),
        "## Counts\n",
        *(_counts(problems, column) for column in COUNTED),
        "\n## Licences\n",
        _table(("source", "licence", "problems"), [(one.source, one.licence, f"{one.problems:,}") for one in found]),
        *(f"**Mind:** {line}.\n" for line in warnings(found)),
        "## How it was made\n",
        _made(manifest),
        _plugins(plugins),
    ]
    return "\n".join(part for part in parts if part)


def _counts(problems: pl.DataFrame, column: str) -> str:
    counts = Counter(problems[column].fill_null("–").to_list()).most_common()
    if len(counts) == 1 and counts[0][0] == "–":
        return ""
    rest = sum(count for _, count in counts[MOST:])
    shown = ", ".join(f"{value} {count:,}" for value, count in counts[:MOST])
    return f"- {column.replace('_', ' ')}: {shown}" + (f", others {rest:,}" if rest else "")


def _made(manifest: Mapping[str, Any]) -> str:
    recipe = manifest.get("recipe")
    if not recipe:
        return f"Imported as it is ({manifest.get('kind', 'import')}, {manifest.get('created', 'no date')}).\n"
    steps = yaml.safe_dump({"steps": recipe["steps"]}, sort_keys=False, allow_unicode=True)
    funnel = [
        (line["step"], f"{line['in']:,}", _reasons(line["dropped"]), f"{line['out']:,}") for line in manifest["funnel"]
    ]
    inputs = ", ".join(one["dataset"] for one in manifest["inputs"])
    return f"Recipe {recipe['name']} over {inputs}, {manifest['created']}:\n\n```yaml\n{steps}```\n\n" + _table(
        ("step", "in", "dropped", "out"), funnel
    )


def _plugins(records: Sequence[Mapping[str, str]]) -> str:
    distinct = sorted({(record["name"], record["sha256"]) for record in records})
    return "Plug-ins:\n\n" + _table(("name", "sha256"), distinct) if distinct else ""


def _reasons(dropped: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in dropped.items()) or "–"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(_cell(cell) for cell in line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    """One line, and no mark that would end the cell or open a tag."""
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;")
