"""Settings of the rollout engine and of one sampling call; they import without torch or vllm."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from workbench.errors import UserError


class SamplingConfig(BaseModel):
    """How tokens are drawn. `temperature` 0 is greedy. `max_tokens` bounds the response."""

    model_config = ConfigDict(extra="forbid")

    temperature: float = Field(1.0, ge=0)
    top_p: float = Field(1.0, gt=0, le=1)
    max_tokens: int = Field(1024, ge=1)


class EngineConfig(BaseModel):
    """How the engine runs: in this process, or on `servers` (URLs of vLLM servers that `eureka serve` started).

    `max_model_len` bounds prompt plus response; None takes the model's own length.

    `kv_cache_gib` counts on the CPU, `gpu_memory_utilization` on a GPU. `min_pixels`/`max_pixels` override the
    processor's own bounds, for sampler and learner alike; for InternVL they become whole tiles.
    """

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    dtype: Literal["float32", "bfloat16", "auto"] = "auto"
    max_model_len: int | None = None
    max_num_seqs: int = Field(128, ge=1)
    images_per_prompt: int = Field(4, ge=1)
    min_pixels: int | None = None
    max_pixels: int | None = None
    kv_cache_gib: int = Field(1, ge=1)
    gpu_memory_utilization: float = Field(0.5, gt=0, le=1)
    tensor_parallel_size: int = Field(1, ge=1)
    servers: list[str] = []

    @field_validator("servers")
    @classmethod
    def _servers(cls, urls: list[str]) -> list[str]:
        for url in urls:
            if not url.startswith(("http://", "https://")):
                raise UserError(f"server {url!r} is no URL, as http://127.0.0.1:8100 is one")
        return [url.rstrip("/") for url in urls]
