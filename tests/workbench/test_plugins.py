"""Plug-ins: loaded once, recorded by the bytes that ran, inherited by child processes, and one line where they fail."""

import hashlib
import json
import os
import pickle
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from workbench.errors import UserError
from workbench.plugins import (
    load_plugins,
    loaded_plugins,
    loading,
    named_plugins,
    plugin_records,
    plugins_that_brought,
    require_plugins,
    unload_plugins,
)
from workbench.prompts import TEMPLATES

ROOT = Path(__file__).parents[2]
PROMPT = """from workbench.prompts import TEMPLATES, PromptTemplate

TEMPLATES.register("{name}")(PromptTemplate("{name}", "", "{before}", "", "boxed"))


def shout(text):
    return text.upper()
"""


def write(path: Path, name: str = "mine", before: str = "Q: ") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PROMPT.format(name=name, before=before))
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_is_loaded_once_and_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "own.py")
    monkeypatch.chdir(tmp_path)
    load_plugins("own.py")
    template = TEMPLATES["mine"]
    load_plugins(["own.py", str(path)])
    assert TEMPLATES["mine"] is template
    assert plugin_records() == [{"name": "own", "path": str(path), "sha256": sha256(path)}]
    assert plugins_that_brought((TEMPLATES, "mine"), (TEMPLATES, "plain")) == plugin_records()
    assert plugins_that_brought((TEMPLATES, "plain")) == []
    assert not list(tmp_path.glob("__pycache__"))
    unload_plugins()
    assert "mine" not in TEMPLATES and plugin_records() == [] and "EUREKA_PLUGINS" not in os.environ


def test_a_relative_path_starts_at_the_folder_of_the_file_that_names_it(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "own.py")
    with pytest.raises(UserError, match="no plug-in file"):
        load_plugins("own.py")
    load_plugins("own.py", tmp_path / "deep")
    assert named_plugins() == [str(tmp_path / "deep" / "own.py")]


def test_a_file_that_has_changed_takes_its_own_place(tmp_path: Path) -> None:
    path = write(tmp_path / "own.py")
    load_plugins(str(path))
    # As long as before and within the same second: what Python keeps compiled would be taken for it.
    write(path, before="A: ")
    load_plugins(str(path))
    assert TEMPLATES["mine"].before == "A: " and [r["sha256"] for r in plugin_records()] == [sha256(path)]


def test_a_module_and_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    write(tmp_path / "own_module.py")
    write(tmp_path / "own_package" / "prompt.py", "theirs")
    (tmp_path / "own_package" / "__init__.py").write_text("from own_package import prompt\n")
    load_plugins(["own_module", "own_package"])
    assert {"mine", "theirs"} <= set(TEMPLATES)
    module, package = plugin_records()
    assert module == {"name": "own_module", "module": "own_module", "sha256": sha256(tmp_path / "own_module.py")}
    unload_plugins()
    # Any file of a package counts, and loading it leaves compiled files that do not.
    load_plugins("own_package")
    assert plugin_records() == [package]
    unload_plugins()
    (tmp_path / "own_package" / "words.txt").write_text("x")
    load_plugins("own_package")
    assert plugin_records()[0]["sha256"] != package["sha256"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import os\n\nimport nothing_here\n", "line 3: ModuleNotFoundError: No module named 'nothing_here'"),
        ("x = 1\ndef f(:\n", "line 2: SyntaxError: invalid syntax"),
        ("import json\n\n\njson.loads('{')\n", "line 4: JSONDecodeError: "),
        ("import sys\nsys.exit(3)\n", "line 2: SystemExit: 3"),
        (PROMPT.format(name="plain", before=""), "line 3: the prompt template 'plain' is registered twice, by "),
    ],
)
def test_a_failure_is_one_line_that_names_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "own.py"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        load_plugins(str(path))
    assert str(caught.value).startswith(f"plug-in {path}, {message}") and "\n" not in str(caught.value)
    assert plugin_records() == [] and named_plugins() == []


def test_what_fails_halfway_leaves_nothing_behind(tmp_path: Path) -> None:
    path = write(tmp_path / "own.py")
    good = path.read_text()
    path.write_text(good + "\nraise RuntimeError\n")
    with pytest.raises(UserError, match=r"line 9: RuntimeError$"):
        load_plugins(str(path))
    assert "mine" not in TEMPLATES
    path.write_text(good)
    load_plugins(str(path))
    assert "mine" in TEMPLATES


def test_two_that_register_one_name_are_both_named(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.py"), write(tmp_path / "b.py")
    with pytest.raises(UserError) as caught:
        load_plugins([str(first), str(second)])
    assert f"registered twice, by {first} and by {second}" in str(caught.value)
    assert TEMPLATES.added() == {"mine": str(first)}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lost.py", "no plug-in file .*lost.py; give a .py file, or the name of a module"),
        ("./folder", "plug-in ./folder is not a .py file"),
        ("no_such_module_here", "no plug-in module no_such_module_here; install it or name its folder in PYTHONPATH"),
        ("no.such.module", "no plug-in module no.such.module"),
    ],
)
def test_a_plugin_that_is_not_there(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_plugins(name)


def test_one_that_registers_nothing_is_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "own.py"
    path.write_text("x = 1\n")
    load_plugins(str(path))
    load_plugins(str(path))
    assert capsys.readouterr().err.splitlines() == [
        f'eureka: warning: plug-in {path} registers nothing; a component is registered as by @REWARDS.register("name")'
    ]


def test_other_processes_load_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "own.py")
    load_plugins(str(path))
    module = sys.modules[loaded_plugins()[0].source.module]
    (tmp_path / "call").write_bytes(pickle.dumps((module.shout, "hello")))
    script = (
        "import pickle, sys\nfrom workbench.plugins import load_plugins, plugin_records\n"
        "load_plugins()\nfunction, text = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print(function(text), plugin_records()[0]['sha256'])"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "call")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["HELLO", sha256(path)]


def test_entry_points_are_loaded_and_a_broken_one_is_only_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    write(tmp_path / "installed_good.py")
    (tmp_path / "installed_bad.py").write_text("1 / 0\n")
    entries = [EntryPoint(name, f"installed_{name}", loading.GROUP) for name in ("bad", "good")]
    monkeypatch.setattr(loading, "entry_points", lambda group: entries if group == "eureka.plugins" else [])
    monkeypatch.setattr(loading, "_entries", loading._entries.__wrapped__)
    for _ in range(2):
        load_plugins()
    expected = {"name": "good", "module": "installed_good", "sha256": sha256(tmp_path / "installed_good.py")}
    assert plugin_records() == [expected]
    (line,) = capsys.readouterr().err.splitlines()
    assert "installed_bad.py, line 1: ZeroDivisionError" in line and "(entry point bad of eureka.plugins)" in line
    # Whoever starts processes need not hand it on: they find it themselves.
    assert named_plugins() == [] and "EUREKA_PLUGINS" not in os.environ


def test_an_installed_package_brings_its_plugin(tmp_path: Path) -> None:
    """Found by its metadata, as pip writes them; `eureka` says what it records."""
    write(tmp_path / "lab_components.py", "lab")
    info = tmp_path / "lab_components-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lab-components\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[eureka.plugins]\nlab = lab_components\n")
    command = [sys.executable, "-P", "-m", "workbench.cli", "train", "demo", "prompt=lab", "--dry-run"]
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    made = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert f"# plug-in lab, sha256 {sha256(tmp_path / 'lab_components.py')}" in made.stdout


def test_a_command_without_the_option_takes_it_before_its_name(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "from dataclasses import replace\nfrom workbench.verify.profiles import PROFILES\n"
        "PROFILES.register('lab')(replace(PROFILES['default'], name='lab'))\n"
    )
    (tmp_path / "pairs.jsonl").write_text('{"id": "1", "gold": "2", "response": "2"}\n')
    eureka = [sys.executable, "-P", "-m", "workbench.cli"]
    verify = ["verify", "pairs.jsonl", "-o", "verdicts.jsonl", "--profile", "lab"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*eureka, *words], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment | more
        )

    assert "no verifier profile is called 'lab'" in run(*verify).stderr
    assert run("--plugin", "own.py", *verify).returncode == 0
    assert json.loads((tmp_path / "verdicts.jsonl").read_text())["verdict"] == "correct"
    assert run(*verify, EUREKA_PLUGINS="own.py").returncode == 0


def test_what_was_made_with_plugins_needs_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "own.py")
    load_plugins(str(path))
    records = plugin_records()
    unload_plugins()
    require_plugins(records, "run 'r'")
    assert "mine" in TEMPLATES
    unload_plugins()
    good = path.read_bytes()
    write(path, before="A: ")
    with pytest.raises(UserError, match=rf"run 'r' was made with the plug-in own \({path}\), which has changed \(sha"):
        require_plugins(records, "run 'r'")
    path.unlink()
    with pytest.raises(UserError, match=r"which is missing; put it back, or give the same with --plugin"):
        require_plugins(records, "run 'r'")
    # The same bytes will do wherever they are.
    (tmp_path / "moved.py").write_bytes(good)
    load_plugins(str(tmp_path / "moved.py"))
    require_plugins(records, "run 'r'")
