"""An alert in words: when it begins and when it is over.

Rule: a message that a rule gives is a template with names in braces; without one it says what was measured
and what is allowed.
"""

from dashctl.alerts.evaluation import Memory
from dashctl.alerts.rules import (
    LONGEST_MESSAGE,
    LONGEST_METRIC,
    Behind,
    NotFinite,
    Plateau,
    Rule,
    Stalled,
    Threshold,
    shown_number,
)
from dashctl.events import Alert
from dashctl.validation import sendable


def words(
    rule: Rule, memory: Memory, *, metric: str, run: str, host: str = "", there: float | None = None
) -> Alert:
    """The alert that begins. there: the baseline's value."""
    value, step = shown_number(memory.value), str(memory.newest.step)
    if rule.message:
        text = rule.message.format(
            metric=metric, run=run or "no run", value=value, step=step, rule=rule.name, host=host
        )
    else:
        text = _usual(rule, memory, metric, there)
    return _alert(rule, metric, text, memory.value, resolved=False)


def over(rule: Rule, metric: str, value: float, why: str = "") -> Alert:
    """The alert that ends: with a reason, or because of its newest value."""
    return _alert(
        rule,
        metric,
        f"over: {why}" if why else f"over: {metric} is {shown_number(value)}",
        value,
        resolved=True,
    )


def _alert(rule: Rule, metric: str, text: str, value: float, *, resolved: bool) -> Alert:
    return Alert(
        rule.alert_name(metric),
        sendable(text, LONGEST_MESSAGE),
        rule.severity,
        resolved,
        sendable(metric, LONGEST_METRIC),
        value,
        sendable(rule.described(), LONGEST_MESSAGE),
    )


def _usual(rule: Rule, memory: Memory, metric: str, there: float | None) -> str:
    at = "" if rule.about.field else f" at step {memory.newest.step}"
    is_now = f"{metric} is {shown_number(memory.value)}"
    match rule.cause:
        case Threshold(limit=limit, above=above):
            return f"{is_now}{at}, {'above' if above else 'below'} {limit:g}"
        case NotFinite():
            return f"{is_now}{at}"
        case Stalled(seconds=seconds):
            return f"{metric}: no new value for {seconds:g} s, the last was {shown_number(memory.value)}{at}"
        case Plateau(over=span):
            best = memory.best
            found = "" if best is None else f": {shown_number(best.value)} at step {best.at.step} is the best"
            return f"{metric} has not improved over {span}{found}"
        case Behind(baseline=baseline):
            had = "" if there is None else f", where {baseline} had {shown_number(there)}"
            return f"{is_now}{at}{had}"
