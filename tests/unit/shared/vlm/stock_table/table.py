"""Write the table of what each kind of answer of a stock model gives.

`python -m tests.unit.shared.vlm.stock_table.table --write` writes it into `docs/model-answers.md`.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PIL import Image

from shared.domain.errors import Unavailable
from shared.domain.taste import ELEMENTS
from shared.events import RankedFeed
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.factory import open_model
from shared.vlm.model_selection import ServingModels
from shared.vlm.protocol import PredictedTaste, References
from shared.vlm.settings import ModelSettings
from tests.fakes.model import FakeModelLoader
from tests.fakes.stock_model import StockModel
from tests.support.project_root import PROJECT_ROOT
from tests.unit.services.assessor.assessor import Assessor
from tests.unit.services.assessor.users import color_taste, request

PAGE: Final = PROJECT_ROOT / "docs" / "model-answers.md"
START, END = "<!-- table: start -->", "<!-- table: end -->"
RED, BLUE = (tuple([Image.new("RGB", (64, 64), c)] * 3) for c in ("#e01010", "#1010e0"))


def write(name: str) -> Callable[[StockModel], None]:
    return lambda server: setattr(server, "write", name)


def scores(name: str) -> Callable[[StockModel], None]:
    return lambda server: setattr(server, "scores", name)


def logprobs(count: int | None) -> Callable[[StockModel], None]:
    return lambda server: setattr(server, "logprobs", count)


def thinks(tokens: int, field: str = "") -> Callable[[StockModel], None]:
    def set_up(server: StockModel) -> None:
        server.thought_tokens, server.thoughts_field = tokens, field

    return set_up


KINDS: Final[dict[str, Callable[[StockModel], None]]] = {
    "JSON as asked for": lambda server: None,
    "structured outputs refused (status 400)": lambda s: setattr(s, "refuses_schemas", True),
    "structured outputs ignored: prose around the JSON": write("prose"),
    "structured outputs ignored: a markdown fence": write("fenced"),
    "structured outputs ignored: headings and lists, no JSON": write("text"),
    "Python's quotes instead of JSON's": write("single_quotes"),
    "British spelling and other names of the elements": write("british"),
    "a thinking block before the answer": thinks(40),
    "long thoughts, in the answer": thinks(900),
    "long thoughts, in `reasoning_content`": thinks(900, "reasoning_content"),
    "thoughts beyond every limit": thinks(100_000),
    "an element left out": write("element_missing"),
    "cut off in the middle": write("cut_off"),
    "a refusal": write("refusal"),
    "another language": write("other_language"),
    "an empty answer": write("empty"),
    "scores: no log-probabilities": logprobs(None),
    "scores: one log-probability instead of 20": logprobs(1),
    "scores: five log-probabilities instead of 20": logprobs(5),
    "scores: digits with spaces": scores("spaced"),
    "scores: `4/5`, in a list": scores("of_five"),
    "scores: numbers as words": scores("words"),
    "scores: JSON": scores("json"),
    "scores: of ten": scores("of_ten"),
    "scores: a refusal": scores("refusal"),
    "scores: an empty answer": scores("empty"),
    "another model name in the responses": lambda s: setattr(s, "answers_as", "stock-vl-latest"),
    "the model name is no longer served": lambda s: setattr(s, "serves", "another-model"),
    "every request fails (status 500)": lambda s: setattr(s, "fails_from", 0),
}


@dataclass(frozen=True)
class Outcome:
    """What one kind of answer gives."""

    profile: str
    description: str
    feed: str
    rationales: str


async def outcome(set_up: Callable[[StockModel], None]) -> Outcome:
    """Predict, describe and rank with a model that answers well at the start."""
    async with (
        StockModel().running() as server,
        open_model(ModelSettings(model_server=server.address)) as model,
    ):
        set_up(server)
        try:
            (taste,) = await model.predict([References(RED, BLUE)])
            profile = _profile(taste)
        except Unavailable as error:
            taste, profile = PredictedTaste({}, {}), f"waits: {_shown(error.detail)}"
        try:
            (described,) = await model.describe([RED[0]])
            description = _complete(len(described.words), described.problems)
        except Unavailable as error:
            description = f"waits: {_shown(error.detail)}"
        assessor = Assessor()
        assessor.models = ServingModels(model, name="stock", loader=FakeModelLoader())
        assessor.service = assessor.new_service()
        predicted = taste_by_vote([taste])
        # A user without words gets a cold start; scores are then measured with another taste.
        known = color_taste() if profile.startswith("waits") else predicted
        await assessor.store_profile_of_ana(taste=known)
        feed = await assessor.feed(request("red", "blue", "white", explain="all"))
    return Outcome(profile, description, _feed(feed), _rationales(feed))


def _profile(taste: PredictedTaste) -> str:
    return _complete(len(taste.preference) + len(taste.non_preference), taste.problems, of=10)


def _complete(parsed: int, problems: tuple[str, ...], *, of: int = len(ELEMENTS)) -> str:
    if not problems:
        return "complete"
    return f"{'partial' if parsed else 'empty'}, {parsed} of {of}: {_shown(problems[0])}"


def _feed(feed: RankedFeed) -> str:
    reason = f": {_shown(feed.degraded_reason)}" if feed.degraded_reason else ""
    return f"`{feed.status}`{reason}"


def _rationales(feed: RankedFeed) -> str:
    explained = [item.elements for item in feed.items if item.elements]
    if not explained:
        return "-"
    total = len(explained) * len(ELEMENTS)
    kept = sum(
        getattr(elements, element.value).rationale is not None
        for elements in explained
        for element in ELEMENTS
    )
    return f"{kept} of {total}"


def _shown(reason: str) -> str:
    """A reason on one line, without the address of the server, which changes."""
    words = " ".join("the server" if "127.0.0.1" in w else w for w in reason.split())
    return words.replace("|", "/")[:110]


async def table() -> str:
    """The whole table in Markdown."""
    lines = [
        "| the model's answers | profile | description | feed | rationales |",
        "|---|---|---|---|---|",
    ]
    for kind, set_up in KINDS.items():
        row = await outcome(set_up)
        lines.append(
            f"| {kind} | {row.profile} | {row.description} | {row.feed} | {row.rationales} |"
        )
    return "\n".join(lines)


def page_with(rows: str) -> str:
    """The page with these rows in place of its own."""
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(START)
    _, tail = rest.split(END)
    return f"{head}{START}\n{rows}\n{END}{tail}"


if __name__ == "__main__":
    new = page_with(asyncio.run(table()))
    if "--write" in sys.argv:
        PAGE.write_text(new, encoding="utf-8")
    else:
        print(new)
