"""Open the prompt style of the settings, for models without our manifest."""

from shared.prompting.styles.protocol import BadPromptStyle, PromptStyle
from shared.prompting.styles.registry import prompt_style
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.settings import ModelSettings


def default_style(settings: ModelSettings) -> PromptStyle:
    """The style of PREFERSTREAM_PROMPT_STYLE, with the template of PREFERSTREAM_PROMPT_TEMPLATE.

    Raises `BadCheckpoint`: without its prompts no model can be asked.
    """
    try:
        return prompt_style(settings.prompt_style, template=settings.prompt_template)
    except BadPromptStyle as error:
        raise BadCheckpoint(
            f"PREFERSTREAM_PROMPT_STYLE={settings.prompt_style}: {error}"
        ) from error
