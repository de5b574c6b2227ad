"""A model family: Qwen2-VL, which sees pictures as Qwen2.5-VL does.

`eureka train demo model=Qwen/Qwen2-VL-2B-Instruct --plugin model_family.py`

Another architecture says what its processor makes (`read`), what its tower computes (`encode`, `connect`) and how that
enters the model (`positions`, `inputs`); vLLM must be able to sample from it.
"""

from train import FAMILIES

# The name is the model_type in config.json.
Qwen25VL = FAMILIES["qwen2_5_vl"]


@FAMILIES.register("qwen2_vl")
class Qwen2VL(Qwen25VL):  # type: ignore[misc, valid-type]
    architecture = "Qwen2VLForConditionalGeneration"
