"""SFT lowers the loss, trains only the language model, and resumes exactly."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from shared.vlm.checkpoint.checkpoint import MANIFEST, BadCheckpoint, file_hash
from tests.training.finetuning import tiny_runs
from training.finetuning.run.adapter import BadAdapter, check_adapter
from training.finetuning.run.config import BadConfig
from training.finetuning.run.runner import Finished, prepare
from training.finetuning.sft.train import sft_trainer, train_sft


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_runs.write_base(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def losses(folder: Path) -> list[float]:
    lines = (folder / "curves.jsonl").read_text().splitlines()
    return [row["loss"] for row in map(json.loads, lines) if "loss" in row]


def test_the_loss_falls_and_only_the_language_model_is_trained(base: Path, tmp_path: Path) -> None:
    config = tiny_runs.sft_config(base, tmp_path, steps=30, save_every=30)
    prepare(config)
    loaded = tiny_runs.load(config)
    trainer = sft_trainer(config, loaded)
    before = {name: weight.clone() for name, weight in trainer.model.named_parameters()}
    trainer.train()
    logs = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert sum(logs[-5:]) < 0.8 * sum(logs[:5])
    moved = {n for n, w in trainer.model.named_parameters() if not torch.equal(w, before[n])}
    assert moved
    assert all("language_model" in name and "lora_" in name for name in moved)
    assert not any("visual" in name and "lora_" in name for name in before)


def test_one_pass_of_eight_rows_equals_eight_accumulated_passes_of_one_row(
    base: Path, tmp_path: Path
) -> None:
    finished: list[Finished] = []
    for name, batch, accumulation in (("whole", 8, 1), ("parts", 1, 8)):
        config = tiny_runs.sft_config(
            base,
            tmp_path / name,
            steps=2,
            optimizing={"batch": batch, "accumulation": accumulation},
        )
        finished.append(train_sft(config))
    assert losses(tmp_path / "whole") == pytest.approx(losses(tmp_path / "parts"), rel=1e-3)
    whole, parts = (tiny_runs.weights(run.adapter) for run in finished)
    for name, weight in whole.items():
        torch.testing.assert_close(parts[name], weight, rtol=0.02, atol=2e-4)


def test_a_killed_run_resumes_to_the_result_of_an_uninterrupted_run(
    base: Path, tmp_path: Path
) -> None:
    whole = train_sft(tiny_runs.sft_config(base, tmp_path / "whole"))
    config = tiny_runs.sft_config(base, tmp_path / "killed")
    tiny_runs.kill_sft(config, at=3)
    incomplete = tmp_path / "killed" / "checkpoints" / "checkpoint-3"
    incomplete.mkdir()
    (incomplete / "trainer_state.json").write_text('{"global_st')
    resumed = train_sft(config)
    assert not incomplete.exists()
    assert resumed.version == whole.version
    assert tiny_runs.same_weights(whole.adapter, resumed.adapter)
    assert losses(tmp_path / "killed") == losses(tmp_path / "whole")


def test_a_run_that_is_out_of_time_writes_its_adapter_and_resumes_with_more_time(
    base: Path, tmp_path: Path
) -> None:
    config = tiny_runs.sft_config(base, tmp_path, minutes=1e-6)
    early = train_sft(config)
    assert early.ran_out_of_time
    assert early.steps < config.run.steps
    assert check_adapter(early.adapter) == early.version
    more = config.model_copy(update={"run": config.run.model_copy(update={"minutes": None})})
    rest = train_sft(more)
    assert (rest.steps, rest.ran_out_of_time) == (config.run.steps, False)
    assert rest.seconds > early.seconds


def test_a_run_that_is_finished_or_out_of_time_is_not_trained_further(
    base: Path, tmp_path: Path
) -> None:
    for folder, minutes in ((tmp_path / "finished", None), (tmp_path / "late", 1e-6)):
        config = tiny_runs.sft_config(base, folder, steps=2, minutes=minutes)
        first, again = train_sft(config), train_sft(config)
        assert (first.version, first.steps) == (again.version, again.steps)
        assert first.ran_out_of_time == again.ran_out_of_time == (minutes is not None)


def test_an_adapter_is_named_by_its_hash_and_its_manifest_is_correct(
    base: Path, tmp_path: Path
) -> None:
    finished = train_sft(tiny_runs.sft_config(base, tmp_path, steps=1))
    manifest = json.loads((finished.adapter / MANIFEST).read_text())
    files = {f.name: file_hash(f) for f in finished.adapter.iterdir() if f.name != MANIFEST}
    assert manifest["sha256"] == files
    assert manifest["version"] == finished.adapter.name == finished.version
    assert finished.version.endswith(files["adapter_model.safetensors"][:8])
    (finished.adapter / "adapter_config.json").write_text("{}")
    with pytest.raises(BadAdapter, match="differs from the hash in the manifest"):
        check_adapter(finished.adapter)


def test_the_metrics_of_a_run_are_in_mlflow(base: Path, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    train_sft(tiny_runs.sft_config(base, tmp_path, steps=3, mlflow=None))
    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}")
    run_id = (tmp_path / "mlflow_run.txt").read_text()
    assert client.get_run(run_id).info.status == "FINISHED"
    assert client.get_run(run_id).data.params["run.seed"] == "1"
    curve = client.get_metric_history(run_id, "loss")
    assert [point.value for point in curve] == losses(tmp_path)


def test_a_machine_without_enough_space_is_an_error_before_anything_is_loaded(
    base: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadConfig, match="spare_gigabytes"):
        train_sft(tiny_runs.sft_config(base, tmp_path / "run", spare_gigabytes=1e9))
    assert not (tmp_path / "run").exists()


def test_a_file_without_examples_is_an_error(base: Path, tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text("\n")
    config = tiny_runs.sft_config(base, tmp_path / "run")
    empty = config.model_copy(
        update={"data": config.data.model_copy(update={"source": tmp_path / "none.jsonl"})}
    )
    with pytest.raises(BadConfig, match="no example to learn from"):
        train_sft(empty)


def test_a_base_with_changed_weights_is_an_error(tmp_path: Path) -> None:
    broken = tiny_runs.write_base(tmp_path / "tiny")
    (broken / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(BadCheckpoint, match="not the file"):
        train_sft(tiny_runs.sft_config(broken, tmp_path / "run"))
