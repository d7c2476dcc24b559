"""Settings of the image encoder: the pretrained network, another model, or a server."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt, SecretStr
from pydantic.fields import Field

PRETRAINED: Final = "pretrained"


class ImageEncoderSettings(BaseModel):
    """Which image encoder compares what images show; it is used while subjects count."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    image_encoder: str = Field(default=PRETRAINED, min_length=1)
    """`pretrained` is the network that a Python package contains. Everything else is the folder or
    the name of a sentence-transformers model that accepts images, such as CLIP or SigLIP 2;
    a name is loaded from the local cache, or downloaded."""
    image_encoder_device: str = "auto"
    """Device of a sentence-transformers model, as torch names it: `cpu`, `cuda`; `auto` takes a GPU
    if there is one."""
    image_encoder_batch: PositiveInt = 8
    """Images in one forward pass of a sentence-transformers model, or in one request in the layout
    `inputs`."""
    image_encoder_instruction: str | None = Field(default=None, min_length=1)
    """The instruction of a model that expects one: `Represent the user's input.` for
    Qwen3-VL-Embedding. CLIP and SigLIP have none. Other vectors belong to another instruction, so
    images are encoded again."""
    image_encoder_server: str | None = Field(default=None, pattern=r"^https?://\S+$")
    """Address of an embedding server with the OpenAI API, `http://host:8000`, that encodes the
    images instead of this process; `shared/embedding/images/README.md` shows how to start one."""
    image_encoder_server_key: SecretStr | None = None
    """The API key of the embedding server."""
    image_encoder_server_model: str | None = Field(default=None, min_length=1)
    """The model's name at the embedding server; needed when the server has several models."""
    image_encoder_server_layout: Literal["messages", "inputs"] = "messages"
    """How images are sent, as vLLM documents it: `messages` is one conversation for each image at
    `/v1/embeddings`; `inputs` is several images in one request at `/v2/embed`."""
    image_encoder_instruction_role: Literal["system", "user"] = "system"
    """Where the instruction stands in `messages`: `system` for Qwen3-VL-Embedding, `user` (after
    the image) for VLM2Vec and DSE-Qwen2."""
    image_encoder_server_concurrency: PositiveInt = 16
    """Requests that wait at the embedding server at the same time; the server batches them."""
    image_encoder_server_timeout_seconds: PositiveFloat = 20.0
    """Seconds until an answer of the embedding server, its queue included."""
    image_encoder_server_longest_side: PositiveInt = 512
    """Pixels of the longer side of an image that is sent to the embedding server. CLIP and SigLIP
    use 224 to 512; a vision-language model would make thousands of tokens of a large image."""
