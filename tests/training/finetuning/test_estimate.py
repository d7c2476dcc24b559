"""The estimated memory and operations of a training are near those that are measured."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from shared.vlm.checkpoint.pixel_limits import PixelLimits
from shared.vlm.engine.inputs.families import load_processor
from tests.training import tiny_model
from tests.training.finetuning import tiny_runs
from tests.training.finetuning.grpo.test_grpo import low_tokens, not_applicable
from tests.training.tiny_checkpoints.architectures import write_checkpoint
from training.finetuning.estimate import __main__ as command
from training.finetuning.estimate import before_start
from training.finetuning.estimate.compute import Speed, operations, seconds
from training.finetuning.estimate.device import GIGABYTE, GPUS, Device
from training.finetuning.estimate.estimate import FACTOR, estimate
from training.finetuning.estimate.memory import FLOAT32, Setup, memory
from training.finetuning.estimate.shape import KNOWN, UnknownShape, shape_of
from training.finetuning.estimate.workload import Workload, workload
from training.finetuning.grpo.train import grpo_trainer
from training.finetuning.run.config import BadConfig, GrpoConfig, Policy, SftConfig, read_config
from training.finetuning.sft.train import sft_trainer
from training.nano.model.architecture import Shape as NanoShape
from training.nano.model.architecture import build_model
from training.nano.model.export import export, facts

CONFIGS = Path("training/configs")
SMALL = NanoShape(
    vision_width=64, vision_depth=2, vision_heads=2, width=256, depth=3, heads=4, kv_heads=2,
    inner=3,
)  # fmt: skip
CPU = Device("this CPU", 8 * GIGABYTE, Speed(5e10, 1e10), "measured")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("estimate") / "small"
    model = build_model(tiny_model.tokenizer(), shape=SMALL, seed=0)
    export(model, tiny_model.tokenizer(), folder, seed=5, training=facts("tiny"))
    return folder


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def measured(trainer: Any) -> tuple[int, int]:
    """Peak bytes above those of the start, and operations, of the whole training."""
    counter = FlopCounterMode(display=False)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler, counter:
        trainer.train()
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        profiler.export_chrome_trace(file.name)
        events = json.loads(Path(file.name).read_text())["traceEvents"]
    sizes = [e["args"]["Total Allocated"] for e in events if e.get("name") == "[memory]"]
    return max(sizes) - min(sizes[0], 0), counter.get_total_flops()


def with_length(work: Workload, tokens: float) -> Workload:
    """The workload with rows of so many tokens, of which twenty are the answer's."""
    images = work.images * work.image_tokens
    return replace(work, answer_tokens=20, text_tokens=round(tokens) - 20 - images)


@pytest.mark.parametrize("checkpointing", [False, True])
def test_the_memory_and_operations_of_sft_are_within_the_factor(
    base: Path, tmp_path: Path, checkpointing: bool
) -> None:
    config = tiny_runs.sft_config(
        base, tmp_path, tasks=("predict",), cases=4, steps=1, save_every=9, optimizing={"batch": 4}
    )
    policy = config.policy.model_copy(update={"gradient_checkpointing": checkpointing})
    config = config.model_copy(update={"policy": policy})
    trainer = sft_trainer(config, tiny_runs.load(config))
    peak, flops = measured(trainer)
    tokens = trainer.state.log_history[0]["num_tokens"] / 4
    shape = shape_of(base)
    setup = Setup(rank=8, precision=FLOAT32, checkpointing=checkpointing, on_cpu=True)
    work = with_length(workload(config, shape), tokens)
    sizes = memory(shape, work, setup)
    new = sizes.peak - sizes.fixed["weights"] - sizes.fixed["adapter"]
    assert 1 / FACTOR < new / peak < FACTOR, (new, peak)
    total = operations(shape, work, setup).total
    assert 1 / FACTOR < total / flops < FACTOR, (total, flops)


def test_the_memory_and_operations_of_grpo_are_within_the_factor(
    base: Path, tmp_path: Path
) -> None:
    config = tiny_runs.grpo_config(
        base, tmp_path, tasks=("predict",), cases=8, steps=1, save_every=9,
        max_completion_length=24,
    )  # fmt: skip
    trainer = grpo_trainer(
        config, tiny_runs.load(config), [low_tokens, not_applicable, not_applicable]
    )
    peak, flops = measured(trainer)
    shape = shape_of(base)
    setup = Setup(rank=8, precision=FLOAT32, checkpointing=False, on_cpu=True)
    work = workload(config, shape)
    sizes = memory(shape, work, setup)
    new = sizes.peak - sizes.fixed["weights"] - sizes.fixed["adapter"]
    assert 1 / FACTOR < new / peak < FACTOR, (new, peak)
    step = operations(shape, work, setup)
    without_rewards = step.total - step.rewards
    assert 1 / FACTOR < without_rewards / flops < FACTOR, (step, flops)


def test_the_known_shapes_have_the_published_numbers_of_weights() -> None:
    billions = {name: shape.weights / 1e9 for name, shape in KNOWN.items()}
    assert billions == {
        "qwen2.5-vl-3b": pytest.approx(3.75, abs=0.01),
        "qwen2.5-vl-7b": pytest.approx(8.29, abs=0.01),
        "qwen3-vl-8b": pytest.approx(8.77, abs=0.01),
    }


def test_a_shape_is_read_from_the_configuration_of_a_checkpoint(base: Path) -> None:
    saved = sum(file.stat().st_size for file in base.glob("*.safetensors")) // 2
    assert shape_of(base).weights == pytest.approx(saved, rel=0.02)
    assert shape_of(Path("models/Qwen2.5-VL-7B-Instruct")).layers == 28
    assert shape_of(base, "qwen2.5-vl-3b").layers == 36
    for folder, name in ((Path("models/unknown"), None), (base, "qwen9")):
        with pytest.raises(UnknownShape, match="known shape"):
            shape_of(folder, name)


@pytest.mark.parametrize(
    ("name", "kind", "device", "fits"),
    [
        ("qwen-3b-sft", SftConfig, "rtx4090", True),
        ("qwen-7b-sft", SftConfig, "h100", True),
        ("qwen-7b-grpo", GrpoConfig, "h100", True),
        ("qwen-7b-grpo", GrpoConfig, "rtx4090", False),
    ],
)
def test_a_3b_and_a_7b_are_estimated_without_their_weights(
    name: str, kind: Any, device: str, fits: bool
) -> None:
    config = read_config(CONFIGS / f"{name}.toml", kind)
    estimated = estimate(config, GPUS[device], on_cpu=False, image_side=448)
    assert (estimated.impossible is None) == fits
    assert estimated.work.images == 10
    assert estimated.work.image_tokens == 256
    assert estimated.peak > 2 * estimated.shape.weights
    text = "\n".join(estimated.lines())
    assert f"peak: {estimated.peak / GIGABYTE:.2f} GB" in text
    parts = estimated.as_json()["memory"]
    assert ("reward model" in parts["fixed"]) == (kind is GrpoConfig)
    if not fits:
        assert "the largest part is: weights" in str(estimated.impossible)


def test_shards_divide_the_weights_and_checkpointing_saves_activations() -> None:
    config = read_config(CONFIGS / "qwen-7b-sft.toml", SftConfig)
    whole = estimate(config, GPUS["h100"], on_cpu=False, image_side=448)
    sharded = estimate(
        config, GPUS["h100"], on_cpu=False, image_side=448, processes=4, sharded=True
    )
    assert sharded.memory.fixed["weights"] == whole.memory.fixed["weights"] // 4
    policy = config.policy.model_copy(update={"gradient_checkpointing": False})
    kept = estimate(
        config.model_copy(update={"policy": policy}), GPUS["h100"], on_cpu=False, image_side=448
    )
    assert kept.memory.learning["activations"] > 5 * whole.memory.learning["activations"]
    assert kept.step_seconds < whole.step_seconds


def test_time_is_operations_at_their_rate_and_decoding_at_the_rate_of_memory() -> None:
    config = read_config(CONFIGS / "qwen-3b-grpo.toml", GrpoConfig)
    estimated = estimate(config, GPUS["a100"], on_cpu=False, image_side=448)
    step = estimated.step
    assert seconds(step, Speed(1e12, 1e30)) == pytest.approx(step.total / 1e12)
    assert seconds(step, Speed(1e30, 1e12)) == pytest.approx(step.decoded_bytes / 1e12)
    assert step.generating < step.learning


def test_a_run_prints_its_estimate_and_an_impossible_one_is_refused_unless_forced(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_runs.sft_config(base, tmp_path)
    monkeypatch.setattr(before_start, "this_machine", lambda: CPU)
    before_start.check_before_start(config, force=False)
    printed = capsys.readouterr()
    assert printed.out == "", "standard output is the result's"
    assert "SFT of small" in printed.err
    tiny = replace(CPU, memory=1_000_000)
    monkeypatch.setattr(before_start, "this_machine", lambda: tiny)
    with pytest.raises(BadConfig, match=r"needs about .* but this CPU has 0\.00 GB.*--force"):
        before_start.check_before_start(config, force=False)
    before_start.check_before_start(config, force=True)


def test_only_the_first_process_measures_and_it_frees_the_memory(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[str] = []

    def measured_machine() -> Device:
        calls.append("measured")
        return CPU

    monkeypatch.setattr(before_start, "this_machine", measured_machine)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: calls.append("freed"))
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank in ("1", "0"):
        monkeypatch.setenv("RANK", rank)
        before_start.check_before_start(tiny_runs.sft_config(base, tmp_path), force=False)
        assert calls == (["measured", "freed"] if rank == "0" else [])
    assert "2 of them" in capsys.readouterr().err


def image_tokens(base: Path, side: int, **limits: int) -> int:
    config = tiny_runs.sft_config(base, base / "run", policy=Policy(base=base, **limits))
    return workload(config, KNOWN["qwen2.5-vl-7b"], image_side=side).image_tokens


@pytest.mark.parametrize("with_file", [False, True])
def test_the_pixel_limits_bound_the_tokens_of_large_photographs(
    tmp_path: Path, with_file: bool
) -> None:
    if with_file:
        settings = {"patch_size": 14, "merge_size": 2, "min_pixels": 3136, "max_pixels": 12_845_056}
        (tmp_path / "preprocessor_config.json").write_text(json.dumps(settings))
    assert image_tokens(tmp_path, 4000, max_pixels=448 * 448) == 256
    assert 1200 < image_tokens(tmp_path, 1024) <= 1024 * 1024 // 28**2
    assert image_tokens(tmp_path, 28, min_pixels=448 * 448) == 256


@pytest.mark.parametrize("architecture", ["gemma3", "internvl", "llava", "smolvlm"])
def test_the_tokens_of_an_image_are_those_of_each_architecture(
    tmp_path: Path, architecture: str
) -> None:
    base = write_checkpoint(architecture, tmp_path)
    limits = PixelLimits(max_pixels=64 * 64)
    processor = load_processor(base, None, limits)
    image = limits.scaled(Image.new("RGB", (300, 300)))
    content = [{"type": "image"}, {"type": "text", "text": "x"}]
    text = processor.apply_chat_template([{"role": "user", "content": content}])
    ids = processor(text=[text], images=[[image]])["input_ids"][0]
    images = sum(token in processor.image_token_ids for token in ids)
    counted = image_tokens(base, 300, max_pixels=64 * 64)
    assert images <= counted <= images + 16, "with the marks around an image and its tiles"


SIDES = {"patch_size": {"height": 14, "width": 14}}
STRANGE = [SIDES, {**SIDES, "merge_size": 2}, {"size": 224, "merge_size": 2}, {"merge_size": 0}, []]


@pytest.mark.parametrize("settings", STRANGE)
def test_a_training_without_an_estimate_starts(
    base: Path, tmp_path: Path, settings: Any,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(before_start, "this_machine", lambda: CPU)
    folder = tmp_path / "strange"
    folder.mkdir()
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    (folder / "config.json").write_bytes((base / "config.json").read_bytes())
    config = tiny_runs.sft_config(folder, tmp_path)
    before_start.check_before_start(config, force=False)
    assert "there is no estimate of memory and time" in capsys.readouterr().err
    sizes = json.loads((base / "config.json").read_text()) | {"vision_config": None}
    (folder / "config.json").write_text(json.dumps(sizes))
    before_start.check_before_start(config, force=False)
    assert "does not name the sizes" in capsys.readouterr().err


def test_the_command_needs_no_checkpoint_and_its_exit_code_says_whether_the_run_can_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = ["grpo", "--config", str(CONFIGS / "qwen-7b-grpo.toml"), "--image-side", "448"]

    def run(*options: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["estimate", *config, *options])
        code = command.main()
        return code, capsys.readouterr().out

    code, text = run("--device", "h200", "--json")
    payload = json.loads(text)
    assert (code, payload["impossible"], payload["shape"]) == (0, None, "qwen2.5-vl-7b")
    assert run("--device", "h200", "--gigabytes", "16")[0] == 1
    faster = json.loads(run("--device", "h200", "--teraflops", "900", "--json")[1])
    assert faster["seconds_per_step"] < payload["seconds_per_step"]
    assert run("--base", "models/unknown", "--device", "a10")[0] == 2
