"""Protocol `pair`: show references and both candidates in one prompt, in both orders."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from shared.prompting.pair_template import PairTemplate
from shared.prompting.parser.comparison import Label
from shared.vlm.pairwise import Comparison, Pair, PairwiseModel
from shared.vlm.protocol import References
from training.evaluation.benchmark.answers import Answers, Condition, Outcome
from training.evaluation.benchmark.image_files import ImageFiles
from training.evaluation.benchmark.items import Item, first_item_by_user
from training.evaluation.controls import OTHER_USER, USER_BLIND, other_users
from training.evaluation.scoring import batches

ITEMS_PER_CALL: Final = 8
"""Each item is six long answers with twelve images in each prompt."""
BothOrders = tuple[Comparison, Comparison]


async def compare_split(
    model: PairwiseModel,
    items: Sequence[Item],
    *,
    template: PairTemplate,
    seed: int,
    advance: Callable[[int], None],
) -> Answers:
    """Compare the candidates of every item, with the user's references and both controls."""
    answers, files = Answers(), ImageFiles()
    item_of_user = first_item_by_user(items)
    others = other_users(list(item_of_user), seed=seed)
    for batch in batches(items, ITEMS_PER_CALL):
        questions: list[tuple[Item, Condition]] = []
        pairs: list[Pair] = []
        for item in batch:
            other = item_of_user[others[item.user]] if others else None
            references = _references(files, item, other)
            candidates = files.open((item.image_a, item.image_b))
            if references is None or candidates is None:
                images = (*item.images, *(other.images if other else ()))
                answers.left_out[files.reason(images)] += 1
                continue
            a, b = candidates
            for condition, shown in references.items():
                questions.append((item, condition))
                pairs += [Pair(shown, a, b, template), Pair(shown, b, a, template)]
        comparisons = iter(await model.compare(pairs))
        by_item: dict[Item, dict[Condition, BothOrders]] = {}
        for item, condition in questions:
            by_item.setdefault(item, {})[condition] = (next(comparisons), next(comparisons))
        for item, of_item in by_item.items():
            _add(item, of_item, to=answers)
        advance(len(batch))
    return answers


def _references(
    files: ImageFiles, item: Item, other: Item | None
) -> dict[Condition, References] | None:
    """References by condition, or None where an image is broken."""
    references: dict[Condition, References | None] = {
        "own": files.references(item.liked, item.disliked),
        USER_BLIND: References((), ()),
    }
    if other is not None:
        references[OTHER_USER] = files.references(other.liked, other.disliked)
    readable = {name: shown for name, shown in references.items() if shown is not None}
    return readable if len(readable) == len(references) else None


def _add(item: Item, comparisons: Mapping[Condition, BothOrders], *, to: Answers) -> None:
    chosen = {condition: _chosen(*both) for condition, both in comparisons.items()}
    won = {
        condition: sum(choice == item.preferred for choice in both) / len(both)
        for condition, both in chosen.items()
    }
    own = comparisons["own"]
    to.failures += [tuple(map(str, answer.parsed.failures)) for answer in own]
    to.unanswered += sum(answer.parsed.choice is None for answer in own)
    agreeing = [answer.parsed.agrees_with_totals for answer in own]
    to.agree_with_totals += [agrees for agrees in agreeing if agrees is not None]
    first, second = chosen["own"]
    if first is not None and second is not None:
        to.same_in_both_orders.append(first == second)
    kept: dict[str, object] = {
        condition: {"chosen": chosen[condition], "answers": [answer.answer for answer in both]}
        for condition, both in comparisons.items()
    }
    to.outcomes.append(Outcome(item, won, kept))


def _chosen(shown: Comparison, swapped: Comparison) -> tuple[Label | None, Label | None]:
    """The image that each of the two answers chooses, with the label that it has in the item."""
    swap: dict[Label | None, Label | None] = {"A": "B", "B": "A", None: None}
    return shown.parsed.choice, swap[swapped.parsed.choice]
