"""`eureka serve`: a vLLM server with the settings that the server's driver relies on, and what its workers add."""

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
import yaml
from pydantic import ValidationError

from workbench.command_line.options import WORKSPACE, PluginOption, WorkspaceOption
from workbench.errors import UserError
from workbench.models import resolve_model
from workbench.models.folder import check_model_folder
from workbench.plugins import load_plugins
from workbench.rollout.sampling import EngineConfig
from workbench.workspace import Workspace

# Prompts come with the chat template applied and their placeholders in place.
AS_IT_IS = '{{ messages[0]["content"] }}'


def serve(
    model: Annotated[str, typer.Argument(help="A folder, hub id, `tiny`, or RUN@STEP")],
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]…", help="Of the trainer's rollout.engine")
    ] = None,
    port: Annotated[int, typer.Option(help="Where it listens")] = 8100,
    host: Annotated[str, typer.Option(help="Whoever reaches it commands it: keep to this machine or a closed net")] = (
        "127.0.0.1"
    ),
    workspace: WorkspaceOption = WORKSPACE,
    plugin: PluginOption = None,
) -> None:
    """Start a vLLM server that training samples from and pushes its weights into; Ctrl-C stops it.

    Example: eureka serve tiny max_model_len=512 --port 8100
    """
    load_plugins(plugin)
    config = parse(settings or [])
    folder = resolve_model(model, Workspace(workspace)).resolve()
    check_model_folder(folder)
    words = command(folder, config, host, port)
    # The routes that take weights and clear caches are vLLM's development routes. In one process vLLM serves nobody.
    own = {"VLLM_SERVER_DEV_MODE": "1", "VLLM_ENABLE_V1_MULTIPROCESSING": "1"}
    defaults = {"VLLM_NO_USAGE_STATS": "1", "VLLM_CPU_KVCACHE_SPACE": str(config.kv_cache_gib)}
    typer.echo(shlex.join(words), err=True)
    os.execve(words[0], words, defaults | os.environ | own)


def parse(settings: list[str]) -> EngineConfig:
    """The config of `key=value` words, values being YAML. UserError for a bad one."""
    pairs = [word.partition("=") for word in settings]
    try:
        return EngineConfig.model_validate({key: yaml.safe_load(value) for key, _, value in pairs})
    except (ValidationError, yaml.YAMLError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": settings, "msg": "no YAML"}
        known = ", ".join(key for key in EngineConfig.model_fields if key != "servers")
        raise UserError(f"setting {first['loc'][0]!r}: {first['msg']}; settings are KEY=VALUE of {known}") from error


def command(model: Path, config: EngineConfig, host: str, port: int) -> list[str]:
    """vLLM's own command line. Equal seeds of requests give equal samples only if prompts are prefilled whole on the
    CPU, whose random generators vLLM cannot wind back."""
    import torch

    from workbench.rollout.vllm_local import engine_arguments

    arguments = engine_arguments(model, config, seed=0)
    arguments |= {
        "host": host,
        "port": port,
        # Not the model's own sampling defaults.
        "generation_config": "vllm",
        "chat_template": AS_IT_IS,
        "chat_template_content_format": "string",
        "worker_extension_cls": f"{__name__}.{ServedModel.__name__}",
        "additional_config": {"agreed": agreed(model, config)},
    }
    arguments |= (
        {"weight_transfer_config": {"backend": "nccl"}}
        if torch.cuda.is_available()
        else {"no_enable_chunked_prefill": True}
    )
    # What `vllm serve` runs, which asks for the version of a package that the CPU's build has under another name.
    words = [sys.executable, "-P", "-m", "workbench.rollout.serving"]
    for key, value in arguments.items():
        if value is None or value is False:
            continue
        words.append(f"--{key.replace('_', '-')}")
        if value is not True:
            words.append(json.dumps(value) if isinstance(value, dict) else str(value))
    return words


def agreed(model: Path, config: EngineConfig) -> dict[str, Any]:
    """What a server and its trainer must have alike."""
    of_config = {"dtype", "max_model_len", "images_per_prompt", "min_pixels", "max_pixels"}
    return {"model": str(model), **config.model_dump(include=of_config)}


def start_line(model: Path, config: EngineConfig, url: str) -> str:
    """The command that starts the server this config needs at `url`."""
    settings = config.model_dump(exclude={"servers"}, exclude_defaults=True)
    words = [f"{key}={json.dumps(value).strip(chr(34))}" for key, value in settings.items()]
    return shlex.join(["eureka", "serve", str(model), *words, "--port", str(urlsplit(url).port or 80)])


class ServedModel:
    """Mixed into vLLM's workers; called over HTTP as /collective_rpc."""

    device: Any
    model_config: Any
    vllm_config: Any
    reload_weights: Any
    get_model: Any

    def describe_served(self) -> dict[str, Any]:
        """What `agreed` was when the server started, and what the trainer cannot know."""
        own = {"device": self.device.type, "max_model_len": self.model_config.max_model_len}
        return {"agreed": self.vllm_config.additional_config["agreed"], **own}

    def read_weights(self, file: str) -> None:
        """Load weights from a safetensors file, some or all, by their Hugging Face names."""
        from safetensors.torch import load_file

        from workbench.rollout.vllm_local import repack_tied_head

        self.reload_weights(weights_iterator=load_file(file).items())
        if self.device.type == "cpu":
            repack_tied_head(self.get_model())
