"""Our top-level names are common words: whatever `train.py` or `app.py` a user has, imports must find our packages."""

import importlib.util
import os
import sys
from pathlib import Path

PACKAGES = ("workbench", "pipelines", "train", "eval", "app")
ROOT = Path(__file__).resolve().parents[2]


def prefer_our_packages() -> None:
    """For this process and those it starts: never the working directory's modules in place of our packages.

    PYTHONSAFEPATH keeps the working directory out of the import path of every Python that is started. A PYTHONPATH may
    still name it (an empty entry does): then our packages' folder is put before it.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    if all(_is_ours(name) for name in PACKAGES):
        return
    sys.path.insert(0, str(ROOT))
    given = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT) if given is None else f"{ROOT}{os.pathsep}{given}"


def _is_ours(name: str) -> bool:
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.origin is not None and Path(spec.origin).resolve().parent == ROOT / name
