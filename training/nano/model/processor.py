"""Write the processor files that turn images and messages into the inputs of nano's training.

The library's own processor cannot be saved here: it needs a video processor, and that needs
torchvision, which nothing else in this package uses. With torchvision installed `AutoProcessor`
loads the folder; without it `AutoTokenizer` and `AutoImageProcessor` do.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from training.nano.model.architecture import GRID, PATCH
from training.prefersim.drawing.canvas import SIDE

HALF: Final = [0.5, 0.5, 0.5]
"""Mean and standard deviation of every channel, for values from -1 to 1."""
BICUBIC: Final = 3

FRAME: Final[Mapping[str, object]] = {
    "do_convert_rgb": True,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": HALF,
    "image_std": HALF,
    "merge_size": GRID.merge,
    "patch_size": PATCH,
    "resample": BICUBIC,
    "rescale_factor": 1 / 255,
    "size": {"shortest_edge": SIDE * SIDE, "longest_edge": SIDE * SIDE},
    "temporal_patch_size": 2,
}
IMAGE: Final[Mapping[str, object]] = {**FRAME, "image_processor_type": "Qwen2VLImageProcessor"}
VIDEO: Final[Mapping[str, object]] = {**FRAME, "video_processor_type": "Qwen2VLVideoProcessor"}
CLASS: Final = "Qwen2_5_VLProcessor"


def write_processor(tokenizer: Any, folder: Path) -> None:
    """The tokenizer with its chat template, and the processor's configuration."""
    tokenizer.save_pretrained(folder)
    whole = {"processor_class": CLASS, "image_processor": IMAGE, "video_processor": VIDEO}
    _write(folder / "processor_config.json", whole)
    # Older library versions read only the image part.
    _write(folder / "preprocessor_config.json", {**IMAGE, "processor_class": CLASS})


def _write(file: Path, content: Mapping[str, object]) -> None:
    file.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
