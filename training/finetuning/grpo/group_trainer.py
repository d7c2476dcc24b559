"""GRPO trainer that replaces or leaves out groups without a learning signal, and weights others."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, Final

import torch
from torch import Tensor
from transformers import TrainerCallback
from trl import GRPOTrainer
from trl.data_utils import prepare_multimodal_messages

from training.finetuning.grpo.advantages import dead_groups, leave_one_out, weight_advantages
from training.finetuning.grpo.prefix_sharing import SharedPrompts
from training.finetuning.grpo.resampling import Row, Sampled, other_prompts, resample
from training.rewards.reward import Advantages

DEAD_STEPS: Final = 3
"""Steps in a row without one live group after which a run ends: nothing is left to learn."""


class GroupTrainer(GRPOTrainer):
    """TRL's trainer with a step between its rewards and its loss.

    If prompts are shared, the learning pass skips dead groups.
    """

    prompts: SharedPrompts | None = None
    way: Advantages = "grpo"
    resample_rounds = 0
    """Times that the dead groups of a batch are replaced; 0 only leaves them out."""
    tasks: Sequence[str] = ()
    """The task of each row of the data, to draw other prompts."""
    early_end = ""
    """Why the run ended before its steps and its time; empty otherwise."""
    learned = False
    """Whether any step of this process had a live group."""
    num_generations: int
    """Answers of one prompt; TRL sets it from its arguments."""
    _live: Tensor | None = None
    _given: Sampled | None = None
    _rewards: Tensor | None = None
    _steps_without_signal = 0

    def _get_per_token_logps_and_entropies(
        self, model: Any, ids: Tensor, mask: Tensor, logits_to_keep: int, *args: Any, **kwargs: Any
    ) -> Any:
        shared = self.prompts and self.prompts.completions(logits_to_keep, live=self._live)
        with shared or nullcontext():
            return super()._get_per_token_logps_and_entropies(
                model, ids, mask, logits_to_keep, *args, **kwargs
            )

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> Any:
        self._live = inputs["tool_mask"].any(dim=1)
        try:
            return super()._compute_loss(model, inputs)
        finally:
            self._live = None

    def _generate(self, prompts: list[Any]) -> Any:
        return self._given.generated if self._given else super()._generate(prompts)

    def _calculate_rewards(self, *args: Any) -> Tensor:
        rewards = self._given.rewards if self._given else super()._calculate_rewards(*args)
        self._rewards = rewards
        return rewards

    def _generate_and_score_completions(self, inputs: list[Row]) -> dict[str, Any]:
        metrics = self._metrics["train" if self.model.training else "eval"]
        # The processes of a launch would need different numbers of rounds.
        if self.model.training and self.resample_rounds and self.accelerator.num_processes == 1:
            result = resample(
                self._sample(inputs),
                sample=self._sample, find_dead=self._dead, draw=self._drawn(inputs),
                rounds=self.resample_rounds, group=self.num_generations,
            )  # fmt: skip
            inputs, self._given = result.sampled.rows, result.sampled
            metrics["groups/dead_at_first"].append(float(result.dead_at_first))
            metrics["groups/drawn"].append(float(result.drawn))
        try:
            output: dict[str, Any] = super()._generate_and_score_completions(inputs)
        finally:
            self._given = None
        return self._weighted(output, inputs, metrics)

    def _weighted(
        self, output: dict[str, Any], inputs: Sequence[Row], metrics: Any
    ) -> dict[str, Any]:
        """The batch with weighted advantages, and with the completions of live groups marked."""
        assert self._rewards is not None
        group, count = self.num_generations, len(inputs)
        start = self.accelerator.process_index * count
        dead = self._dead(self._rewards[start : start + count])
        advantages = output["advantages"]
        if self.way == "rloo":
            advantages = leave_one_out(advantages, group=group)
        weights = torch.tensor(_weights(inputs))
        weighted = weight_advantages(advantages, weights, dead=dead, group=group)
        output["advantages"] = weighted.advantages
        # The loss is taken where completion mask and tool mask are one; ours marks live groups.
        mask = output["completion_mask"]
        output["tool_mask"] = weighted.live.to(mask)[:, None].expand_as(mask).contiguous()
        counted = (mask * output["tool_mask"]).sum()
        output["num_items_in_batch"] = self.accelerator.gather(counted).sum()
        live = count // group - weighted.dead_groups
        metrics["groups/dead"].append(float(weighted.dead_groups))
        metrics["groups/live"].append(float(live))
        all_live = int(self.accelerator.gather(torch.tensor(live, device=mask.device)).sum())
        self.learned = self.learned or all_live > 0
        self._steps_without_signal = 0 if all_live else self._steps_without_signal + 1
        return output

    def _dead(self, rewards: Tensor) -> Tensor:
        return dead_groups(rewards, self.reward_weights, group=self.num_generations, way=self.way)

    def _sample(self, rows: list[Row]) -> Sampled:
        """A completion with its rewards for each row."""
        prompts = [prepare_multimodal_messages(row["prompt"], images=row["images"]) for row in rows]
        generated = self._generate(prompts)
        ids, completions = generated[1], generated[3]
        return Sampled(rows, generated, self._calculate_rewards(rows, prompts, completions, ids))

    def _drawn(self, inputs: Sequence[Row]) -> Any:
        """Gives prompts that are not in this batch, each at most once."""
        order = iter(other_prompts(self.tasks, seed=self.args.seed, step=self.state.global_step))
        used = {row["pair"] for row in inputs}

        def draw(count: int) -> list[Row]:
            rows: list[Row] = []
            for at in order:
                row = self.train_dataset[at]
                if row["pair"] not in used:
                    used.add(row["pair"])
                    rows.append(row)
                if len(rows) == count:
                    break
            return rows

        return draw

    @property
    def has_no_signal(self) -> bool:
        """Whether no group of the last `DEAD_STEPS` steps had different rewards."""
        return self._steps_without_signal >= DEAD_STEPS


class EndWithoutSignal(TrainerCallback):  # type: ignore[misc]  # untyped base
    """Ends a run whose rewards are equal for all answers, such as a reward that always agrees."""

    def __init__(self, trainer: GroupTrainer) -> None:
        self._trainer = trainer

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._trainer.has_no_signal and state.global_step < state.max_steps:
            self._trainer.early_end = (
                f"all answers of each prompt earned the same in {DEAD_STEPS} steps in a row: the"
                " rewards hold nothing to learn"
            )
            control.should_training_stop = control.should_save = True


def _weights(inputs: Sequence[Row]) -> list[float]:
    weights = [float(row.get("weight", 1.0)) for row in inputs]
    if any(not 0 <= weight < float("inf") for weight in weights):
        raise ValueError("A pair's weight must be a finite number from 0: check the file of cases.")
    return weights
