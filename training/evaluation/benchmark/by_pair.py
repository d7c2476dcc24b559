"""Protocol `pair`: references and both candidates in one prompt, asked in both orders."""

from collections.abc import Callable, Sequence
from typing import Final

from shared.prompting.pair_template import PairTemplate
from shared.prompting.parser.comparison import Label
from shared.vlm.pairwise import PairwiseModel, Comparison, Pair
from shared.vlm.protocol import References
from training.evaluation.benchmark.answers import (
    Answers,
    Outcome,
    Whose,
    in_parts,
    somebody_else,
    users_of,
)
from training.evaluation.benchmark.image_files import Pictures
from training.evaluation.benchmark.items import Item

ITEMS_AT_ONCE: Final = 8
"""Items in one call: six long answers each, with twelve images before them."""


async def ask_by_pair(
    model: PairwiseModel,
    items: Sequence[Item],
    *,
    template: PairTemplate,
    seed: int,
    advance: Callable[[int], None],
) -> Answers:
    """Every item of a split, with the user's references and both controls, A and B swapped once."""
    answers, pictures = Answers(), Pictures()
    first_items = users_of(items)
    others = somebody_else(list(first_items), seed=seed)
    for part in in_parts(items, ITEMS_AT_ONCE):
        asked: list[tuple[Item, Whose]] = []
        pairs: list[Pair] = []
        for item in part:
            shown = {"own": item, "other_user": first_items[others[item.user]] if others else None}
            opened = {
                name: pictures.references(by.liked, by.disliked) for name, by in shown.items() if by
            }
            candidates = pictures.open((item.image_a, item.image_b))
            if candidates is None or None in opened.values():
                answers.left_out[_why(pictures, item, shown["other_user"])] += 1
                continue
            a, b = candidates
            whose: dict[Whose, References | None] = {
                "own": opened["own"],
                "user_blind": References((), ()),
                "other_user": opened.get("other_user"),
            }
            for name, seen in whose.items():
                if seen is not None:
                    asked.append((item, name))
                    pairs += [Pair(seen, a, b, template), Pair(seen, b, a, template)]
        compared = iter(await model.compare(pairs))
        by_item: dict[Item, dict[Whose, tuple[Comparison, Comparison]]] = {}
        for item, name in asked:
            by_item.setdefault(item, {})[name] = (next(compared), next(compared))
        for item, told in by_item.items():
            _count(item, told, into=answers)
        advance(len(part))
    return answers


def _why(pictures: Pictures, item: Item, other: Item | None) -> str:
    return pictures.reason((*item.images, *(other.images if other else ())))


def _count(item: Item, told: dict[Whose, tuple[Comparison, Comparison]], *, into: Answers) -> None:
    chosen = {name: _chosen(*both) for name, both in told.items()}
    won = {
        name: sum(choice == item.preferred for choice in both) / len(both)
        for name, both in chosen.items()
    }
    into.failures += [tuple(map(str, answer.read.failures)) for answer in told["own"]]
    into.unanswered += sum(answer.read.choice is None for answer in told["own"])
    agreeing = [answer.read.agrees_with_totals for answer in told["own"]]
    into.agree_with_totals += [agrees for agrees in agreeing if agrees is not None]
    first, second = chosen["own"]
    if first is not None and second is not None:
        into.same_in_both_orders.append(first == second)
    kept: dict[str, object] = {
        name: {"chosen": chosen[name], "answers": [answer.answer for answer in both]}
        for name, both in told.items()
    }
    into.outcomes.append(Outcome(item, won, kept))


def _chosen(shown: Comparison, swapped: Comparison) -> tuple[Label | None, Label | None]:
    """Which image each of the two answers names, as the item calls them."""
    back: dict[Label | None, Label | None] = {"A": "B", "B": "A", None: None}
    return shown.read.choice, back[swapped.read.choice]
