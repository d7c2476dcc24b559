"""Settings of the text-to-image server."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, SecretStr, field_validator

from shared.files.server_address import PREFIX, server_address

SETTING: Final = "IMAGE_GENERATOR"


class GenerationSettings(BaseModel):
    """The server that draws images for `preferstream imagine` and for the gateway."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    image_generator: str | None = Field(default=None, pattern=r"^https?://\S+$")
    """Address of a text-to-image server with the images API of OpenAI, `http://host:8000`. Without
    it, `preferstream imagine` and the gateway return the prompts alone."""
    image_generator_key: SecretStr | None = None
    """API key of the text-to-image server."""
    image_generator_model: str | None = None
    """The model's name at the text-to-image server; without it, the server chooses."""
    image_generator_size: str = Field(default="1024x1024", pattern=r"^[1-9]\d{1,4}x[1-9]\d{1,4}$")
    """Width and height in pixels of a generated image."""
    image_generator_negative_prompt: bool = True
    """Whether the server takes a `negative_prompt`, as servers of diffusion models do. Without it,
    the prompt names what to leave out."""
    image_generator_timeout_seconds: PositiveFloat = 120.0
    """Seconds until an image, the server's queue included."""

    @field_validator("image_generator")
    @classmethod
    def _without_password(cls, address: str | None) -> str | None:
        if address is not None:
            try:
                server_address(address, setting=SETTING)
            except ValueError as error:
                # The name of the variable is put before each message.
                raise ValueError(str(error).removeprefix(f"{PREFIX}{SETTING} ")) from None
        return address


NO_GENERATOR = GenerationSettings()
"""No server: the prompts alone are written."""
