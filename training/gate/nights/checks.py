"""Turn the pooled nights into conditions of promotion, in an operator's words."""

from collections.abc import Iterator

from shared.jobs.result_codes import GateCode
from training.gate.nights.shortfall import MOST_PEOPLE, Shortfall
from training.gate.nights.verdict import PooledNights
from training.gate.number_format import change, count, percent, percent_with_interval, points
from training.gate.rules import Check, Rules


def enough_people(pooled: PooledNights | None, rules: Rules) -> Check:
    """People of the largest night, pairs of all nights, and one or more who judged tonight."""
    people, pairs = (pooled.most_people, pooled.pairs) if pooled else (0, 0)
    tonight = pooled.nights[-1].people if pooled else 0
    passed = people >= rules.min_users and pairs >= rules.min_pairs and tonight > 0
    explanation = f"{pairs} pairs of {people} held-out users."
    if pooled and not tonight:
        explanation = (
            "There is no new choice of a held-out user since the candidate's last night: nothing"
            " is known about tonight's model. Wait for more clicks."
        )
    elif not passed:
        explanation = (
            f"There is too little data to judge: {pairs} pairs of {people} held-out users;"
            f" {rules.min_pairs} pairs of {rules.min_users} users are needed. Wait for more"
            " clicks, or collect over more days."
        )
    return Check("too_little_data", "Enough held-out users and pairs", passed, explanation)


def predicted_checks(pooled: PooledNights, rules: Rules) -> Iterator[Check]:
    """The gain end to end, and that tonight's right answers do not contradict it."""
    explanation, code = gain_sentence(pooled), _code(pooled)
    if code == "worse":
        explanation += " It is worse. The next night starts without it."
    elif code == "few_users":
        explanation += " A few users acting together could fake that gain."
    elif code == "no_signal":
        explanation += " That may be chance."
    if pooled.needs:
        explanation += f" {needs_sentence(pooled.needs)}"
    yield Check(code, "Better with predicted profiles", code == "better", explanation)
    difference = pooled.differences.get("challenger")
    if difference is not None:
        yield Check(
            "worse",
            "Right answers tonight not fewer",
            difference.high >= 0,
            f"Right answers of tonight's pairs: {change(difference)}.",
        )


def _code(pooled: PooledNights) -> GateCode:
    if pooled.shown == "open":
        return "few_users" if pooled.gain.low > 0 else "no_signal"
    return pooled.shown


def gain_sentence(pooled: PooledNights) -> str:
    """The gain with its interval, the nights it rests on, and the capital of the bets."""
    nights = [night for night in pooled.nights if night.people]
    people = sum(night.people for night in nights)
    over = (
        f"{count(people, 'held-out person', 'held-out people')}"
        if len(pooled.nights) == 1
        else f"{people} held-out people of {len(pooled.nights)} nights (who return count again)"
    )
    return (
        f"With the profiles that each model predicts, over {pooled.pairs} later pairs of {over}:"
        f" {change(pooled.gain)} in smooth answers, each person's influence bounded; bets against"
        f" a gain of at most {points(pooled.allowance)} multiplied their stake by"
        f" {pooled.capital:.3g}."
    )


def needs_sentence(needs: Shortfall) -> str:
    """What finds a gain in four of five cases."""
    if needs.people >= MOST_PEOPLE:
        return "At the spread between these people no number of nights would show such a gain."
    size = f"A gain of {points(round(needs.gain, 3))} is found in four of five cases with"
    enough = f"about {needs.people} held-out people of {needs.pairs:.0f} pairs each"
    if not needs.nights:
        return f"{size} {enough}, fewer than were measured: such a gain is unlikely."
    more = count(needs.nights, "more night", "more nights")
    return f"{size} {enough} in all: {more} like this one, or more pairs a person."


def nights_rule(rules: Rules) -> str:
    """How nights are counted together, for the report."""
    return (
        "The nights of a candidate that is neither promoted nor shown to be worse"
        " count together: each with new choices only, one gain a person, without names. A stake is"
        " bet on a gain of its people; the candidate is better once the stake has multiplied by"
        f" {1 / rules.false_alarm:.0f}. Without a gain that happens with a probability of"
        f" {percent(rules.false_alarm)} at most, however many nights are looked at."
    )


def arms_table(pooled: PooledNights) -> tuple[tuple[str, str, str], ...]:
    """Name, tonight's right answers and difference from the champion, of each arm."""
    names = {
        "champion": "champion, with its weights",
        "weights_alone": "weights alone: champion, with the challenger's weights",
        "adapter_alone": "adapter alone: challenger, with the champion's weights",
        "challenger": "both: challenger, with its weights",
    }
    return tuple(
        (
            names[arm],
            percent_with_interval(share),
            change(pooled.differences[arm]) if arm in pooled.differences else "",
        )
        for arm, share in pooled.arms.items()
    )
