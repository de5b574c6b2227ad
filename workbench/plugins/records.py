"""What is stored about plug-ins with a run, a dataset version or scores, and whether they are still the same."""

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.errors import UserError
from workbench.plugins.loading import load_plugins, loaded_plugins
from workbench.plugins.source import Source, find_source
from workbench.registry import Registry

Record = Mapping[str, str]


def plugin_records() -> list[dict[str, str]]:
    """{name, path or module, sha256} of every loaded plug-in."""
    return [plugin.record() for plugin in loaded_plugins()]


def plugins_that_brought(*components: tuple[Registry[Any], str | None]) -> list[dict[str, str]]:
    """The records of the plug-ins that registered one of these components."""
    return [p.record() for p in loaded_plugins() if any(component in p.components for component in components)]


def not_loaded(names: Sequence[str], records: Sequence[Record]) -> list[str]:
    """The names, as `records` have them, without those whose bytes are loaded already, from wherever."""
    loaded = {plugin.sha256 for plugin in loaded_plugins()}
    known = {record.get("path") or record["module"]: record["sha256"] for record in records}
    return [name for name in names if known.get(name) not in loaded]


def require_plugins(records: Sequence[Record], owner: str) -> None:
    """Load the plug-ins that `owner` was made with. UserError if one is missing or is not what it was.

    One that is loaded already will do wherever it lies, if its sha256 is the same.
    """
    load_plugins()
    for record in records:
        if any(plugin.sha256 == record["sha256"] for plugin in loaded_plugins()):
            continue
        text = record.get("path") or record["module"]
        what = f"{owner} was made with the plug-in {record['name']} ({text})"
        try:
            source: Source = find_source(text)
            now = source.sha256()
        except UserError as error:
            raise UserError(f"{what}, which is missing; put it back, or give the same with --plugin") from error
        if now != record["sha256"]:
            raise UserError(
                f"{what}, which has changed (sha256 {record['sha256'][:12]}… is now {now[:12]}…); give the old one "
                "with --plugin, or begin anew"
            )
        load_plugins(text)
