"""Describe a validation error in one line, without the input."""

from typing import Final

from pydantic import ValidationError

LISTED_PROBLEMS: Final = 3
"""Validation problems that one error message lists; the rest are counted."""
MAX_PROBLEM_CHARACTERS: Final = 200


def describe_problems(error: ValidationError) -> str:
    """The fields and what is wrong with them: `candidates.0.uri: Field required`."""
    problems = error.errors(include_url=False, include_input=False)
    lines = []
    for problem in problems[:LISTED_PROBLEMS]:
        field = ".".join(str(part)[:40] for part in problem["loc"]) or "the event"
        message = problem["msg"].removeprefix("Value error, ")
        lines.append(f"{field}: {message[:MAX_PROBLEM_CHARACTERS]}")
    rest = len(problems) - len(lines)
    text = "; ".join(lines) + (f"; and {rest} more" if rest > 0 else "")
    # The sender chooses field names: a control character must not break a line of the log.
    return "".join(c if c.isprintable() else "�" for c in text)
