"""The workspace: versions, atomic writes, torn lines."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from workbench import schema
from workbench.errors import UserError
from workbench.workspace import Workspace, append_jsonl, read_jsonl, safe_name, write_bytes, write_table


def publish_version(workspace: Workspace, name: str) -> str:
    with workspace.new_version(name) as version:
        (version.path / "manifest.json").write_text("{}")
    return version.ref


def test_versions_count_up_and_are_found(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert [publish_version(workspace, "k12") for _ in range(2)] == ["k12@v001", "k12@v002"]
    assert workspace.dataset("k12").version == "v002"
    assert workspace.dataset("k12@v001").path == tmp_path / "datasets" / "k12" / "v001"


def test_unknown_names_say_what_there_is(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    publish_version(workspace, "k12")
    with pytest.raises(UserError, match=r"datasets/k12 has no version v003; it has v001"):
        workspace.dataset("k12@v003")
    with pytest.raises(UserError, match=r"no dataset 'k13'.*there are: k12"):
        workspace.dataset("k13")
    with pytest.raises(UserError, match="may hold letters"):
        workspace.dataset("../k12")


def test_a_failed_version_leaves_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with pytest.raises(RuntimeError), workspace.new_version("k12"):
        raise RuntimeError("disk gone")
    assert list((tmp_path / "datasets" / "k12").iterdir()) == []
    assert publish_version(workspace, "k12") == "k12@v001"


def test_a_killed_writer_leaves_the_old_version(tmp_path: Path) -> None:
    publish_version(Workspace(tmp_path), "k12")
    script = (
        "import os, signal, sys; from workbench.workspace import Workspace\n"
        "with Workspace(sys.argv[1]).new_version('k12') as v:\n"
        "    (v.path / 'manifest.json').write_text('{')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert Workspace(tmp_path).versions("k12") == ["v001"]
    assert publish_version(Workspace(tmp_path), "k12") == "k12@v002"


def test_of_two_writers_at_once_the_last_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    publish_version(workspace, "k12")
    with (
        pytest.raises(UserError, match=r"^datasets/k12/v002 was written by another command meanwhile; run this"),
        workspace.new_version("k12") as slow,
    ):
        (slow.path / "manifest.json").write_text('{"writer": "slow"}')
        with workspace.new_version("k12") as fast:
            (fast.path / "manifest.json").write_text('{"writer": "fast"}')
    assert sorted(p.name for p in (tmp_path / "datasets" / "k12").iterdir()) == ["v001", "v002"]
    assert workspace.dataset("k12@v002").manifest() == {"writer": "fast"}


def test_a_dataset_without_a_version_is_not_listed(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    publish_version(workspace, "k12")
    with workspace.new_version("new") as version:
        assert workspace.dataset_names() == ["k12"]
        (version.path / "manifest.json").write_text("{}")
    assert workspace.dataset_names() == ["k12", "new"]


def test_write_bytes_replaces_whole(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    write_bytes(path, b"one")
    write_bytes(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in path.parent.iterdir()] == ["b.txt"]


def test_a_full_disk_leaves_no_temporary_file_and_is_named(tmp_path: Path) -> None:
    """A process may write files of at most 4 KiB, which cuts writes short as a full disk does."""
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from workbench.workspace import append_jsonl, write_bytes\n"
        "folder = Path(sys.argv[1]); resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "for name, value in [('a', 'x' * 3000), ('b', 'y' * 3000)]:\n"
        "    try: append_jsonl(folder / 'rows.jsonl', {name: value})\n"
        "    except OSError as error: print(error.filename, error.strerror)\n"
        "try: write_bytes(folder / 'whole', b'z' * 5000)\n"
        "except OSError as error: print(error.filename, error.strerror)\n"
    )
    made = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert made.stdout.splitlines() == [
        f"{tmp_path}/rows.jsonl No space left on device",
        f"{tmp_path}/whole File too large",
    ]
    assert read_jsonl(tmp_path / "rows.jsonl") == ([{"a": "x" * 3000}], None)
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        append_jsonl(Path("/dev/full"), {"step": 1})


def test_a_folder_with_only_a_lock_is_no_run(tmp_path: Path) -> None:
    for name in ("begun", "failed"):
        write_bytes(tmp_path / "runs" / name / ".lock", b"1")
    write_bytes(tmp_path / "runs" / "begun" / "config.yaml", b"")
    assert Workspace(tmp_path).run_names() == ["begun"]


def test_torn_last_line_is_reported_and_damage_inside_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    append_jsonl(path, {"step": 1})
    append_jsonl(path, {"step": 2})
    path.write_bytes(path.read_bytes() + b'{"step": 3, "rew')
    rows, torn = read_jsonl(path)
    assert [row["step"] for row in rows] == [1, 2]
    assert torn == '{"step": 3, "rew'
    path.write_text('{"step": 1}\n{"st\n{"step": 3}\n')
    with pytest.raises(UserError, match=r"metrics.jsonl:2 is not JSON"):
        read_jsonl(path)


def test_text_that_breaks_lines_elsewhere_stays_one_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    value = {"text": "a\u2028b\x0bc\x85d\ne"}
    append_jsonl(path, value)
    assert read_jsonl(path) == ([value], None)


def test_tables_keep_the_contract(tmp_path: Path) -> None:
    row = dict.fromkeys(schema.ROLLOUTS.names) | {
        "rollout_id": "r/1",
        "rewards": {"accuracy": 1.0},
        "reward_reasons": {"accuracy": "equal"},
        "token_ids": [1, 2],
    }
    write_table(tmp_path / "rollouts.parquet", [row], schema.ROLLOUTS)
    table = pq.read_table(tmp_path / "rollouts.parquet")
    assert table.schema.equals(schema.ROLLOUTS)
    assert table.to_pylist()[0]["rewards"] == [("accuracy", 1.0)]


@pytest.mark.parametrize(
    ("model", "folder"),
    [("org/model", "org--model"), ("/a b/c/", "a-b--c".replace("a-b", "a--b")), ("demo@last", "demo@last")],
)
def test_safe_name(model: str, folder: str) -> None:
    assert safe_name(model) == folder


def test_ids_are_stable() -> None:
    problem = schema.Problem("k12", "7", "What?", ("ab",), "4")
    edited = schema.Problem("k12", "7", "What then?", ("ab",), "4")
    assert problem.problem_id == edited.problem_id
    assert problem.content_hash != edited.content_hash
    # Fixed once and for all: stored responses refer to these ids.
    import hashlib

    text = json.dumps(["k12", "7"], separators=(",", ":"))
    assert problem.problem_id == hashlib.sha256(text.encode()).hexdigest()[:16]
