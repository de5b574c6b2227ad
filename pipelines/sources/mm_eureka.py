"""MM-Eureka's training JSONL, both kinds.

InternVL: {id, conversations, answer, image_urls: ["file:///…"]}. Qwen: {id, message, answer}, where `message` is a JSON
string of chat messages with {"type": "image", "image": "file:///…"} parts.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pipelines.sources.base import SOURCES, Draft, Rejected, RowError, Source
from workbench.rows import jsonl_rows, one_file, picture

# Only what is clearly the template goes: instructions that speak of the tags and end in "Question:", and the
# closing sentence of the zero prompt.
_BEFORE = re.compile(r"\A(?:.*<think>.*<answer>.*?\bQuestion:|\s*Question:)\s*", re.DOTALL)
_AFTER = re.compile(r"\s*Please reason step by step, and put your final answer within \\boxed\{\}\.?\s*\Z")
_MARKS = re.compile(r"\A(?:\s*<image>\s*)+")


@SOURCES.register("mm-eureka")
class MMEureka(Source):
    """The user's last turn is the question; the system prompt and the prompt template are left out."""

    def files(self, path: str) -> list[Path]:
        return one_file(path, "*.jsonl")

    def raw(self, file: Path) -> Iterator[tuple[int, Any] | Rejected]:
        return jsonl_rows(file)

    def draft(self, row: dict[str, Any], file: Path, number: int) -> Draft:
        text, urls = _last_turn(_messages(row))
        given = row.get("image_urls")
        if given is not None and not isinstance(given, list):
            raise RowError("wrong_type", f"image_urls is {type(given).__name__}, not a list")
        known = {"id", "conversations", "message", "answer", "image_urls", "solution", "subject", "choices"}
        return Draft(
            source_id=row.get("id", number),
            question=strip_template(text),
            answer=row.get("answer"),
            images=[_file(file.parent, url) for url in (given or urls)],
            choices=row.get("choices"),
            solution=row.get("solution"),
            subject=row.get("subject"),
            extra={name: value for name, value in row.items() if name not in known},
            row=row,
        )


def strip_template(text: str) -> str:
    """The question inside a prompt; a text without a known template comes back as it is."""
    text = _MARKS.sub("", text)
    return _MARKS.sub("", _AFTER.sub("", _BEFORE.sub("", text)))


def _messages(row: dict[str, Any]) -> list[Any]:
    messages = row.get("message", row.get("conversations"))
    if isinstance(messages, str):
        try:
            messages = json.loads(messages)
        except json.JSONDecodeError as error:
            raise RowError("torn_message", f"message: {error}") from error
    if not isinstance(messages, list):
        raise RowError("no_question", "neither `message` nor `conversations` holds chat messages")
    return messages


def _last_turn(messages: list[Any]) -> tuple[str, list[Any]]:
    """Text and picture URLs of the last user message."""
    for message in reversed(messages):
        if not isinstance(message, dict):
            raise RowError("wrong_type", f"a chat message is {type(message).__name__}, not an object")
        if message.get("role", message.get("from")) not in ("user", "human"):
            continue
        content = message.get("content", message.get("value"))
        if isinstance(content, str):
            return content, []
        if isinstance(content, list) and all(isinstance(part, dict) for part in content):
            texts = [str(part.get("text", "")) for part in content if part.get("type") == "text"]
            return "\n".join(texts), [part.get("image") for part in content if part.get("type") == "image"]
        raise RowError("wrong_type", f"a chat message's content is {type(content).__name__}")
    raise RowError("no_question", "no message of the user")


def _file(root: Path, url: Any) -> Path:
    """The picture of a file URL; where data was moved, the URL's longest tail that exists beside the JSONL."""
    if not isinstance(url, str):
        raise RowError("wrong_type", f"image is {url!r:.80}, not a file URL")
    parts = urlsplit(url)
    if parts.scheme not in ("", "file"):
        raise RowError("image_not_a_file", url)
    path = Path(unquote(parts.path) if parts.scheme else url)
    if not path.is_absolute():
        return picture(root, str(path))
    if path.is_file():
        return path
    if ".." not in path.parts:
        for start in range(1, len(path.parts)):
            tail = root.joinpath(*path.parts[start:])
            if tail.is_file():
                return tail
    raise RowError("image_missing", url)
