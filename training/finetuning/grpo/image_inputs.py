"""Check before a GRPO run that TRL knows every input that a processor makes of an image."""

import inspect
from typing import Any, Final

from PIL import Image

from training.finetuning.run.config import BadConfig

PROBE: Final[list[dict[str, Any]]] = [
    {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Describe it."}]}
]
SIDE: Final = 64
"""Pixels of the image that is tried."""


def check_image_inputs(processor: Any) -> None:
    """Raise `BadConfig` when TRL cannot compute log-probabilities with this processor's inputs.

    TRL names the inputs that it passes on (`pixel_values`, `image_sizes`, ...). With another one, a
    run would fail at its first step.
    """
    from trl import GRPOTrainer

    computed_by = GRPOTrainer._get_per_token_logps_and_entropies
    known = set(inspect.signature(computed_by).parameters)
    text = processor.apply_chat_template(PROBE, tokenize=False, add_generation_prompt=True)
    image = Image.new("RGB", (SIDE, SIDE))
    inputs = processor(text=[text], images=[[image]], return_tensors="pt", add_special_tokens=False)
    unknown = sorted(set(inputs) - known - {"input_ids"})
    if unknown:
        raise BadConfig(
            f"TRL's GRPO does not know {', '.join(unknown)} of a {type(processor).__name__}: train"
            " this model with SFT, or choose a checkpoint of another architecture"
        )
