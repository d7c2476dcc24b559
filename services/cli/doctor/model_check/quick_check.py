"""Check within seconds, for the doctor, that a model of the settings answers and sees."""

import asyncio

from services.cli.doctor.check_result import CheckResult
from shared.settings import from_environment
from shared.vlm.settings import ModelSettings


def check_answers() -> list[CheckResult]:
    """One result for a model of the settings; none for the shipped model.

    A model that cannot be opened has none either: another check names it.
    """
    settings = from_environment(ModelSettings)
    if settings.model is None and settings.model_server is None:
        return []
    # Imported here: the checks import the engine.
    from services.cli.doctor.model_check.run import QUICK, run_model_checks

    findings = asyncio.run(run_model_checks(settings, only=QUICK))
    wrong = [finding for finding in findings if finding.state == "wrong"]
    if any(finding.name in ("files", "digits", "open") for finding in wrong):
        return []
    shown = wrong or [finding for finding in findings if finding.name in QUICK]
    detail = "; ".join(finding.detail for finding in shown)
    return [CheckResult("model answers", not wrong, detail, "run `preferstream model check`")]
