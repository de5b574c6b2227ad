"""A recipe: ordered steps with their parameters, read from YAML and checked before anything runs."""

import difflib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pipelines.steps import STEPS, Step, StepParams
from workbench.errors import UserError
from workbench.plugins import load_plugins

BUNDLED = Path(__file__).parents[1] / "recipes"


@dataclass(frozen=True)
class RecipeStep:
    """A step and its checked parameters, defaults filled in."""

    step: Step
    params: StepParams

    def resolved(self) -> dict[str, Any]:
        return {"step": self.step.name, **self.params.model_dump(mode="json")}


@dataclass(frozen=True)
class Recipe:
    """`sha256` is of the file's bytes."""

    name: str
    sha256: str
    steps: tuple[RecipeStep, ...]


def load_recipe(name: str) -> Recipe:
    """Read a recipe from a path, or a bundled one by its name, and load its plug-ins.

    Raises UserError with the place of the mistake.
    """
    path = Path(name) if Path(name).is_file() else BUNDLED / f"{name.removesuffix('.yaml')}.yaml"
    if not path.is_file():
        bundled = ", ".join(sorted(p.stem for p in BUNDLED.glob("*.yaml")))
        raise UserError(f"no recipe file {name}, and no bundled recipe is called so; bundled are {bundled}")
    data = path.read_bytes()
    try:
        content = yaml.safe_load(data.decode("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{name} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or not isinstance(content.get("steps"), list) or not content["steps"]:
        raise UserError(f"{name} needs a list `steps:` with entries such as `- step: {next(iter(STEPS))}`")
    if unknown := sorted(set(content) - {"steps", "plugins"}, key=str):
        raise UserError(f"{name}: unknown key {unknown[0]!r}; a recipe has `steps` and `plugins`")
    plugins = content.get("plugins") or []
    if not isinstance(plugins, list) or not all(isinstance(plugin, str) for plugin in plugins):
        raise UserError(f"{name}: `plugins` must be a list of files and modules, not {plugins!r:.80}")
    load_plugins(plugins, path.parent)
    steps = tuple(_step(f"{name} step {number}", entry) for number, entry in enumerate(content["steps"], 1))
    return Recipe(path.stem, hashlib.sha256(data).hexdigest(), steps)


def _step(where: str, entry: Any) -> RecipeStep:
    if isinstance(entry, str):
        entry = {"step": entry}
    if not isinstance(entry, dict) or not isinstance(entry.get("step"), str):
        raise UserError(f"{where} must be `step: NAME` with parameters beside it, not {entry!r:.80}")
    name = entry["step"]
    if name not in STEPS:
        raise UserError(f"{where}: no curation step is called {name!r}{_nearest(name, list(STEPS))}")
    step = STEPS[name]
    params = {key: value for key, value in entry.items() if key != "step"}
    for key in params:
        if key not in step.params.model_fields:
            raise UserError(
                f"{where} ({name}): unknown parameter {key!r}{_nearest(str(key), list(step.params.model_fields))}"
            )
    try:
        return RecipeStep(step, step.params.model_validate(params))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        given = f", not {first['input']!r:.80}" if place else ""
        raise UserError(f"{where} ({name}) {place}: {first['msg']}{given}".replace(" :", ":")) from error


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ";"
    return f"{hint} There are {', '.join(known)}" if known else "; it takes none"
