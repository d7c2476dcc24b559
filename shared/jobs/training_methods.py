"""Name the training methods of a job, and check a list of them."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, TypeAdapter, ValidationError

Method = Literal["sft", "grpo", "dpo"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)
DEFAULT_METHODS: Final[tuple[Method, ...]] = ("sft", "grpo")
"""The paper's stages (arXiv 2511.00609): imitate answers first, then optimize rewards."""


class BadMethods(ValueError):
    """A list of training methods cannot be used; the text says why."""


def _split(value: Any) -> Any:
    """The names of a text or of several texts, with commas or colons between them."""
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, Sequence) or not all(isinstance(item, str) for item in value):
        return value
    names = [name.strip() for item in value for name in item.replace(":", ",").split(",")]
    unknown = [name for name in names if name not in METHODS]
    if unknown:
        raise BadMethods(
            f"{unknown[0]!r} is not a training method; name one or several of {', '.join(METHODS)},"
            " with commas between them"
        )
    return tuple(names)


def _each_once(methods: tuple[Method, ...]) -> tuple[Method, ...]:
    if not methods:
        raise BadMethods(f"no training method is named; name one of {', '.join(METHODS)}")
    repeated = [name for name in METHODS if methods.count(name) > 1]
    if repeated:
        raise BadMethods(f"the training method {repeated[0]!r} is named twice; name each once")
    return methods


Methods = Annotated[tuple[Method, ...], BeforeValidator(_split), AfterValidator(_each_once)]
"""Training methods in the order in which they run, each at most once."""


def parse_methods(text: str) -> tuple[Method, ...]:
    """The methods of a text such as `sft,grpo`; raises `BadMethods`."""
    try:
        return TypeAdapter(Methods).validate_python(text)
    except ValidationError as error:
        raise BadMethods(str(error.errors()[0]["ctx"]["error"])) from error
