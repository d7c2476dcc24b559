"""Collect the metrics and labels of a PromQL query."""

from collections.abc import Iterator
from typing import Any

import promql_parser


def selectors(expression: Any) -> Iterator[Any]:
    """Every selector of a parsed query, at any depth."""
    match expression:
        case promql_parser.VectorSelector():
            yield expression
        case promql_parser.MatrixSelector():
            yield expression.vector_selector
        case promql_parser.Call():
            for argument in expression.args:
                yield from selectors(argument)
        case promql_parser.BinaryExpr():
            yield from selectors(expression.lhs)
            yield from selectors(expression.rhs)
        case promql_parser.AggregateExpr():
            yield from selectors(expression.expr)
            if expression.param is not None:
                yield from selectors(expression.param)
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr() | promql_parser.SubqueryExpr():
            yield from selectors(expression.expr)
        case promql_parser.NumberLiteral() | promql_parser.StringLiteral():
            return
        case _:
            raise AssertionError(f"unknown expression; add it to selectors(): {expression!r}")


def names_in(expression: Any) -> set[str]:
    """The metrics that a query selects."""
    return {selector.name for selector in selectors(expression)}


def labels_in(expression: Any) -> dict[str, set[str]]:
    """By metric, the labels that a query selects by."""
    labels_by_metric: dict[str, set[str]] = {}
    for selector in selectors(expression):
        chosen = {matcher.name for matcher in selector.matchers.matchers}
        labels_by_metric.setdefault(selector.name, set()).update(chosen)
    return labels_by_metric


def groups_in(expression: Any) -> set[str]:
    """Labels that a query groups by."""
    match expression:
        case promql_parser.AggregateExpr():
            own = set(expression.modifier.labels) if expression.modifier else set()
            return own | groups_in(expression.expr)
        case promql_parser.Call():
            return set[str]().union(*(groups_in(argument) for argument in expression.args))
        case promql_parser.BinaryExpr():
            return groups_in(expression.lhs) | groups_in(expression.rhs)
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr():
            return groups_in(expression.expr)
        case _:
            return set()
