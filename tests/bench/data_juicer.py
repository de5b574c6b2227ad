"""Data-juicer in an environment of its own: the steps that it shares with curation, and how long it takes for them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from workbench.images import ImageStore
from workbench.workspace import Workspace

# What its operators would fetch themselves in the middle of a run is there from the start.
PACKAGES = ["py-data-juicer==1.6.1", "aiohttp", "datasets", "ray", "scipy", "imagededup"]
_ENVIRONMENT = Path(__file__).parents[2] / "build" / "data-juicer"
_DONE = re.compile(r"OP \[(\w+)\] Done in ([\d.]+)s\. Left (\d+) samples")

# Its names for: schema's lengths, the bounds on pictures, exact duplicates, near text, near pictures.
PROCESS = [
    {"text_length_filter": {"min_len": 1, "max_len": 20_000}},
    {"image_shape_filter": {"min_width": 14, "min_height": 14}},
    {"image_aspect_ratio_filter": {"min_ratio": 0.05, "max_ratio": 20.0}},
    {"document_deduplicator": {"lowercase": False, "ignore_non_character": False}},
    {"document_minhash_deduplicator": {"tokenization": "space", "jaccard_threshold": 0.7}},
    {"image_deduplicator": {"method": "phash"}},
]


def environment() -> Path:
    """The folder of data-juicer's environment, made on first use; EUREKA_BENCH_DATA_JUICER names another one."""
    given = os.environ.get("EUREKA_BENCH_DATA_JUICER")
    folder = Path(given) if given else _ENVIRONMENT
    if not (folder / "bin" / "dj-process").exists():
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--clear", str(folder)], check=True)
        python = str(folder / "bin" / "python")
        subprocess.run([*uv, "pip", "install", "--quiet", "--python", python, *PACKAGES], check=True)
    return folder


def run(root: Path, folder: Path) -> list[dict[str, Any]]:
    """step, seconds and rows left of each operator over the dataset `rows` of the workspace at `root`.

    The times are those that data-juicer prints; loading and writing are not in them.
    """
    workspace = Workspace(root)
    store = ImageStore(workspace.images)
    problems = pl.read_parquet(workspace.dataset("rows").problems, columns=["question", "images"])
    with (folder / "rows.jsonl").open("w") as file:
        for question, images in problems.iter_rows():
            file.write(json.dumps({"text": question, "images": [str(store.path(sha)) for sha in images]}) + "\n")
    config = {
        "project_name": "bench",
        "dataset_path": str(folder / "rows.jsonl"),
        "export_path": str(folder / "out" / "rows.jsonl"),
        "np": len(os.sched_getaffinity(0)),
        "use_cache": False,
        "process": PROCESS,
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    program = environment() / "bin"
    # Its own programs must be found before ours.
    variables = os.environ | {"PATH": f"{program}{os.pathsep}{os.environ['PATH']}", "VIRTUAL_ENV": str(program.parent)}
    command = [str(program / "dj-process"), "--config", str(folder / "config.yaml")]
    done = subprocess.run(command, env=variables, cwd=folder, capture_output=True, text=True)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed[-3000:]
    return [{"step": name, "seconds": float(took), "out": int(left)} for name, took, left in _DONE.findall(printed)]
