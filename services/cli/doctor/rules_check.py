"""Check the rules file of the shop."""

from services.assessor.config import AssessorSettings
from services.assessor.rules.policy_file import InvalidRules, RulesFile, read_rules
from services.cli.doctor.check_result import CheckResult
from shared.settings import InvalidSettings, from_environment


def check_rules(_: object = None) -> CheckResult:
    """Whether the rules file of the settings can be used; no file is no problem."""
    try:
        path = from_environment(AssessorSettings).rules_file
    except InvalidSettings as error:
        return CheckResult("shop rules", False, str(error), "correct the variable")
    if path is None:
        return CheckResult("shop rules", True, "no rules file is set; feeds follow taste alone")
    try:
        rules = read_rules(path)
    except InvalidRules as error:
        advice = "correct the file; running services keep the rules that they have"
        return CheckResult("shop rules", False, str(error), advice)
    return CheckResult("shop rules", True, f"{path}: {summary(rules)}")


def summary(rules: RulesFile) -> str:
    """The number of rules of each tenant, in one line."""
    tenants = rules.policy.tenants
    if not any(of_tenant.names for of_tenant in tenants.values()):
        return "no rules"
    counts = (
        f"{tenant} has {len(of.pins)} pins, {len(of.caps)} caps and {len(of.boosts)} boosts"
        for tenant, of in tenants.items()
    )
    return "; ".join(counts) + f"; digest {rules.digest}"
