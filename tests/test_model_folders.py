"""A folder that is no whole vision-language model is one line in every command, and leaves nothing behind."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from pipelines.importing import import_synth
from workbench import cli
from workbench.models import TINY
from workbench.models.folder import check_model_folder
from workbench.rollout.inputs import load_processor
from workbench.workspace import Workspace

Change = Callable[[Path], object]


def without(name: str) -> Change:
    return lambda folder: (folder / name).unlink()


def holding(name: str, content: bytes) -> Change:
    return lambda folder: (folder / name).write_bytes(content)


def with_key(name: str, key: str, value: object) -> Change:
    """The JSON file with one key set, or taken away for None."""

    def change(folder: Path) -> None:
        values = json.loads((folder / name).read_text()) | {key: value}
        (folder / name).write_text(json.dumps({k: v for k, v in values.items() if v is not None}))

    return change


def cut(name: str, length: int) -> Change:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:length])


def sharded(*lost: str, index: dict[str, object] | None = None) -> Change:
    """Weights in two files under an index, without the `lost` files."""

    def change(folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        names = sorted(tensors)
        parts = {"one.safetensors": names[::2], "two.safetensors": names[1::2]}
        for file, part in parts.items():
            save_file({name: tensors[name] for name in part}, folder / file, {"format": "pt"})
        (folder / "model.safetensors").unlink()
        places = {name: file for file, part in parts.items() for name in part}
        text = json.dumps(index if index is not None else {"weight_map": places})
        (folder / "model.safetensors.index.json").write_text(text)
        for file in lost:
            (folder / file).unlink()

    return change


def shard_of_another_model(folder: Path) -> None:
    sharded()(folder)
    tensors = load_file(folder / "two.safetensors")
    tensors.pop(min(tensors))
    save_file(tensors, folder / "two.safetensors", {"format": "pt"})


def text_only(folder: Path) -> None:
    """A real text-only model, with a tokenizer that has a chat template."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    keep = {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja"}
    for path in folder.iterdir():
        if path.name not in keep:
            path.unlink()
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2, "num_key_value_heads": 2}
    Qwen2ForCausalLM(Qwen2Config(vocab_size=1024, num_hidden_layers=1, **sizes)).save_pretrained(folder)


def template_in_the_tokenizer(text: str) -> Change:
    def change(folder: Path) -> None:
        (folder / "chat_template.jinja").unlink()
        with_key("tokenizer_config.json", "chat_template", text)(folder)

    return change


GARBAGE = b'{"a": [\xff\x00 {{ {%'
JSONS = [path.name for path in sorted(TINY.glob("*.json"))]
OBJECT_FILES = {f"{name} {kind}": (holding(name, content), rf"{name} (is not|holds a list)")
                for name in JSONS for kind, content in
                (("garbled", GARBAGE), ("empty", b""), ("half", b'{"a": 1, "b'), ("a list", b"[]"))}  # fmt: skip
BROKEN: dict[str, tuple[Change, str]] = OBJECT_FILES | {
    "no config": (without("config.json"), "has no config.json"),
    "no model_type": (holding("config.json", b"{}"), "names no model_type"),
    "unknown type": (with_key("config.json", "model_type", "foo_vl"), "model_type 'foo_vl'"),
    "unknown class": (with_key("config.json", "architectures", ["FooVL"]), r"architectures \['FooVL'\]"),
    "no class": (with_key("config.json", "architectures", None), "architectures None"),
    "no vision": (with_key("config.json", "vision_config", None), "is a text-only model"),
    "text-only": (text_only, "text-only model|model_type 'qwen2', which the trainer cannot train"),
    "no weights": (without("model.safetensors"), "has no weights: neither model.safetensors nor"),
    "weights garbled": (holding("model.safetensors", GARBAGE), "is cut off or no safetensors file"),
    "weights empty": (holding("model.safetensors", b""), r"\(0 bytes\) is cut off"),
    "weights cut in the header": (cut("model.safetensors", 1000), r"\(1,000 bytes\) is cut off"),
    "weights cut": (cut("model.safetensors", 3_000_000), r"\(3,000,000 bytes\) is cut off"),
    "a pointer": (holding("model.safetensors", b"version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"),
    "a shard lost": (sharded("two.safetensors"), "lacks 1 of the 2 files of weights .* two.safetensors the first"),
    "no shard": (sharded("one.safetensors", "two.safetensors"), "lacks 2 of the 2 files"),
    "another shard": (shard_of_another_model, "two.safetensors lacks 1 tensors"),
    "an index of nothing": (sharded(index={}), "has no weight_map"),
    "no tokenizer": (without("tokenizer.json"), "has no tokenizer: none of tokenizer.json,"),
    "a tokenizer of nothing": (holding("tokenizer.json", b"{}"), "its processor cannot be loaded"),
    "no tokenizer_config": (without("tokenizer_config.json"), "has no tokenizer_config.json"),
    "no processor": (without("processor_config.json"), "does not say how pictures are read"),
    "no picture settings": (with_key("processor_config.json", "image_processor", None), "does not say how pictures"),
    "no template": (without("chat_template.jinja"), "has no chat template"),
    "template empty": (holding("chat_template.jinja", b" \n"), "has no chat template"),
    "template garbled": (holding("chat_template.jinja", GARBAGE), "chat_template.jinja is not UTF-8"),
    "template no jinja": (holding("chat_template.jinja", b"{% for %}"), "its chat template fails"),
    "template refuses": (holding("chat_template.jinja", b"{{ raise_exception('no') }}"), "its chat template fails"),
    "template for text": (template_in_the_tokenizer("{{ messages[0]['content'] | string | length }}"),
                          "leaves out the question or the picture"),
}  # fmt: skip
# Told from what lies in the files; the rest needs the libraries to load them.
LOADED = {"a tokenizer of nothing", "template no jinja", "template refuses", "template for text"}


def own_template() -> str:
    return (TINY / "chat_template.jinja").read_text()


def preprocessor(folder: Path) -> None:
    settings = json.loads((folder / "processor_config.json").read_text())
    (folder / "processor_config.json").unlink()
    values = settings["image_processor"] | {"processor_class": settings["processor_class"]}
    (folder / "preprocessor_config.json").write_text(json.dumps(values))


WHOLE: dict[str, Change] = {
    "as it is": lambda folder: None,
    "in shards": sharded(),
    "settings of pictures in their own file": preprocessor,
    "template in the tokenizer's config": template_in_the_tokenizer(own_template()),
    "template in the processor's config": lambda folder: (
        without("chat_template.jinja")(folder),
        with_key("processor_config.json", "chat_template", own_template())(folder),
    ),
    "template as JSON": lambda folder: (
        without("chat_template.jinja")(folder),
        holding("chat_template.json", json.dumps({"chat_template": own_template()}).encode())(folder),
    ),
    "no defaults of generation": without("generation_config.json"),
}


def folder_with(change: Change, tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(TINY, folder)
    change(folder)
    return folder


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_folder_passes(tmp_path: Path, name: str) -> None:
    folder = folder_with(WHOLE[name], tmp_path)
    check_model_folder(folder)
    shown = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "How many?"}]}]
    ours, intact = load_processor(folder), load_processor(TINY)
    assert ours.apply_chat_template(shown, tokenize=False) == intact.apply_chat_template(shown, tokenize=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("workspace"))
    import_synth(workspace, "small", 2, 0)
    (workspace.root / "runs").mkdir()
    return workspace


COMMANDS = {
    "eval run": ["eval", "run", "--benchmark", "dataset", "--data", "small", "--model", "MODEL"],
    "difficulty": ["difficulty", "small", "--model", "MODEL"],
    "serve": ["serve", "MODEL"],
    "train": ["train", "demo", "dataset=small", "eval_dataset=null", "run=wanted", "model=MODEL"],
    "dry run": ["train", "demo", "dataset=small", "eval_dataset=null", "run=wanted", "model=MODEL", "--dry-run"],
}


def words_of(command: str, model: Path, place: Workspace) -> list[str]:
    words = [word.replace("MODEL", str(model)) for word in COMMANDS[command]]
    return ["eureka", *words, "--workspace", str(place.root)]


# These two load no processor.
LIGHT = ("serve", "dry run")


@pytest.mark.parametrize(
    ("name", "command"), [(n, c) for n in BROKEN for c in COMMANDS if not (n in LOADED and c in LIGHT)]
)
def test_a_broken_folder_is_one_line(
    place: Workspace,
    tmp_path: Path,
    name: str,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    change, words = BROKEN[name]
    model = folder_with(change, tmp_path)
    before = sorted(place.root.rglob("*"))
    monkeypatch.setattr(sys, "argv", words_of(command, model, place))
    # What `serve` would turn this process into.
    monkeypatch.setattr("os.execve", lambda *_: pytest.fail("a server was started"))
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, error = capfd.readouterr()
    assert (ended.value.code, out, len(error.splitlines())) == (2, "", 1), error
    assert error.startswith("eureka: ") and str(model) in error
    assert re.search(words, error), error
    assert sorted(place.root.rglob("*")) == before


def test_a_start_that_fails_later_gives_the_name_back(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights of other shapes than config.json says: only loading them tells."""
    config = json.loads((TINY / "config.json").read_text())
    sizes = config["text_config"] | {"intermediate_size": 256}
    model = folder_with(with_key("config.json", "text_config", sizes), tmp_path)
    before = sorted(place.root.rglob("*"))
    monkeypatch.setattr(sys, "argv", words_of("train", model, place))
    with pytest.raises(RuntimeError, match=r"size|shape"):
        cli.main()
    assert sorted(place.root.rglob("*")) == before and place.run_names() == []
