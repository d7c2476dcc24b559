"""Run all checks of one model, in the order of the report."""

from collections.abc import Awaitable, Callable
from typing import Final

from services.cli.doctor.model_check.answers import (
    check_comparison,
    check_description,
    check_prediction,
    check_rationales,
    check_scores,
)
from services.cli.doctor.model_check.consistency import check_order, check_position
from services.cli.doctor.model_check.files import check_folder
from services.cli.doctor.model_check.finding import Finding
from services.cli.doctor.model_check.seeing import check_colors, check_light, check_look
from services.cli.doctor.model_check.server import check_server
from services.cli.doctor.model_check.speed import check_speed, check_tokens
from shared.domain.errors import Unavailable, Unprocessable
from shared.vlm.checkpoint.checkpoint import BadCheckpoint, shipped_folder
from shared.vlm.factory import Model, open_model
from shared.vlm.settings import ModelSettings

CHECKS: Final[tuple[tuple[str, Callable[[Model], Awaitable[Finding]]], ...]] = (
    ("profile", check_prediction),
    ("descriptions", check_description),
    ("scores", check_scores),
    ("rationales", check_rationales),
    ("comparison", check_comparison),
    ("red from blue", check_colors),
    ("dark from light", check_light),
    ("liked look first", check_look),
    ("order of references", check_order),
    ("position of candidates", check_position),
)
QUICK: Final = frozenset({"profile", "red from blue"})
"""The checks that the doctor runs."""
FAULT_ADVICE: Final = "look at the log of the model server, or of this process"


async def run_model_checks(
    settings: ModelSettings,
    *,
    price_per_hour: float | None = None,
    on_progress: Callable[[str], None] = lambda _: None,
    only: frozenset[str] | None = None,
) -> list[Finding]:
    """All findings, or those of the checks `only`, by name.

    A model that cannot be opened has one finding that says why.
    """
    findings: list[Finding] = []
    if settings.model_server is None:
        on_progress("reading the files")
        findings += check_folder(settings.model or shipped_folder(), settings)
        if any(finding.state == "wrong" for finding in findings):
            return findings
    on_progress("opening the model")
    try:
        async with open_model(settings) as model:
            findings.append(Finding("open", "ok", f"{model.model_version} answers"))
            for name, check in CHECKS:
                if only is not None and name not in only:
                    continue
                on_progress(name)
                findings.append(await _result(name, check(model)))
            if only is not None:
                return findings
            on_progress("speed")
            findings.append(
                await _result("speed", check_speed(model, price_per_hour=price_per_hour))
            )
            on_progress("tokens")
            if settings.model_server is not None:
                findings += await check_server(settings)
            else:
                folder = settings.model or shipped_folder()
                findings.append(await _result("tokens", check_tokens(model, folder)))
    except BadCheckpoint as error:
        findings.append(Finding("open", "wrong", str(error), "correct this, then check again"))
    except Unavailable as error:
        findings.append(
            Finding("open", "wrong", error.detail, "start the server, or correct its address")
        )
    return findings


async def _result(name: str, check: Awaitable[Finding]) -> Finding:
    """The finding; a task that fails is a finding too, and the other checks go on."""
    try:
        return await check
    except (Unavailable, Unprocessable) as error:
        return Finding(name, "wrong", error.detail, FAULT_ADVICE)
