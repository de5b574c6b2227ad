"""A `cases` environment: a function in branches, or a system of equations."""

import re

_CASES = re.compile(
    r"^(?P<head>[^{}&]{0,40}?)(?:\\\{\s*)?"
    r"\\begin\s*\{(?P<kind>[dr]?cases|array|aligned)\}(?:\s*\{[lcr|@. ]*\})?(?P<body>.*?)\\end\s*\{(?P=kind)\}\s*\.?$",
    re.S,
)
_OTHERWISE = re.compile(r"^(?:otherwise|else|elsewhere|other(?: cases)?|in (?:all )?other cases|其他|其它|否则)$", re.I)
_LEAD = re.compile(r"^(?:if|when|for|where|as|当)\s*", re.I)
_CONDITION = re.compile(r"[<>=]|\\(?:le|ge|ne|in)(?![a-z])")


def branches(text: str) -> tuple[str, list[tuple[str, str | None]]] | None:
    """(what stands before, [(value, condition)]), a condition of None is "otherwise"; None where nothing branches."""
    match = _CASES.match(text)
    if not match:
        return None
    rows = [_row(row) for row in re.split(r"\\\\(?:\[[^\]]*\])?|\n", match["body"]) if row.strip(" ,;.&")]
    complete = [row for row in rows if row]
    if len(complete) < 2 or len(complete) != len(rows):
        return None
    return match["head"].strip(), complete


def system(text: str) -> str | None:
    """The equations of a system, one a line."""
    match = _CASES.match(text)
    if not match or match["kind"] not in ("cases", "array", "aligned") or match["head"].strip():
        return None
    rows = [row.replace("&", "").strip(" ,;.") for row in re.split(r"\\\\|\n", match["body"])]
    rows = [row for row in rows if row]
    return "\n".join(rows) if len(rows) > 1 and all("=" in row for row in rows) else None


def _row(row: str) -> tuple[str, str | None] | None:
    """Value and condition of a row: parted by &, by a comma, by "if" or by brackets."""
    row = row.strip(" ;.")
    if "&" in row:
        value, _, condition = row.partition("&")
    else:
        value, condition = _at_comma(row)
    value, condition = value.strip(" ,;"), _LEAD.sub("", condition.strip(" ,;.&").strip("()").strip())
    if _OTHERWISE.match(condition):
        return value, None
    return (value, condition) if value and _CONDITION.search(condition) else None


def _at_comma(row: str) -> tuple[str, str]:
    word = re.search(r"\s(?:if|when|for|where|otherwise)\b", row)
    if word:
        return row[: word.start()], row[word.start() :].strip()
    depth = 0
    for at, char in enumerate(row):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            return row[:at], row[at + 1 :]
    bracket = re.match(r"^(.*[^\s])\s*\(([^()]*(?:[<>=]|\\[lg]e)[^()]*)\)$", row)
    return (bracket[1], bracket[2]) if bracket else (row, "")
