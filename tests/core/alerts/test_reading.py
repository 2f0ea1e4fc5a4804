"""Rules as they are written: what is read, and how what is wrong is named."""

import re
from pathlib import Path

import pytest

from dashctl.alerts.reading import CLEAR_FOR, read_file, read_text
from dashctl.alerts.rules import Behind, NotFinite, Pattern, Plateau, Span, Stalled, Threshold
from dashctl.errors import UsageError

DOCUMENT = Path(__file__).parents[3] / "docs" / "alerts.md"


def rule_of(*lines: str, kind: str = "threshold"):
    text = "\n".join(["[[rule]]", 'name = "r"', f'kind = "{kind}"', *lines])
    ((rule,), webhook) = read_text(text, "file")
    assert webhook is None
    return rule


def test_a_threshold_has_a_limit_and_one_behind_it() -> None:
    rule = rule_of(
        'metric = "*loss*"', "above = 10", "clear_below = 8", 'for = "5 min"', 'severity = "critical"'
    )
    assert rule.cause == Threshold(10.0, 8.0, above=True)
    assert (rule.hold, rule.clear, rule.severity) == (Span(300.0), CLEAR_FOR, "critical")
    assert rule.about.metric.matches("train/loss")
    assert not rule.about.metric.matches("accuracy")
    assert rule.described() == "*loss* above 10 for 300 s, until below 8"


def test_below_goes_with_clear_above() -> None:
    assert rule_of("below = 0.5", "clear_above = 0.6").cause == Threshold(0.5, 0.6, above=False)
    assert rule_of("below = 0.5").cause == Threshold(0.5, 0.5, above=False)


def test_each_other_kind_has_its_fields() -> None:
    assert rule_of(kind="nan").cause == NotFinite()
    assert rule_of("seconds = 60", kind="stalled").cause == Stalled(60.0)
    assert rule_of('over = "200 steps"', 'mode = "max"', "min_delta = 0.01", kind="plateau").cause == Plateau(
        Span(200.0, "steps"), "max", 0.01
    )
    behind = rule_of('baseline = "best"', "margin = 0.2", "clear_margin = 0.1", kind="behind")
    assert behind.cause == Behind("best", "min", 0.2, 0.1)
    assert behind.baseline == "best"


@pytest.mark.parametrize(
    ("written", "span"),
    [
        ("90", Span(90.0)),
        ('"90 s"', Span(90.0)),
        ('"1.5 min"', Span(90.0)),
        ('"2 hours"', Span(7200.0)),
        ('"1 step"', Span(1.0, "steps")),
        ('"3 values"', Span(3.0, "values")),
    ],
)
def test_a_span_is_seconds_steps_or_values(written: str, span: Span) -> None:
    assert rule_of("above = 1", f"for = {written}").hold == span


def test_patterns_are_globs_or_regexes_and_conditions_compare() -> None:
    rule = rule_of(
        'metric = "/loss$/"',
        "above = 1",
        'run = "mnist-*"',
        'config = { lr = ">= 1e-3", model = "lstm*", amp = true }',
    )
    assert rule.about.metric.matches("val_loss")
    assert not rule.about.metric.matches("loss_scale")
    assert rule.about.run.matches("other", "mnist-3")
    config = {"lr": 0.01, "model": "lstm-2", "amp": True}
    assert all(condition.holds(config) for condition in rule.about.config)
    for wrong in ({"lr": 1e-4}, {"model": "gru"}, {"amp": False}, {"lr": "high"}):
        assert not all(condition.holds(config | wrong) for condition in rule.about.config)
    assert not any(condition.holds({}) for condition in rule.about.config)


def test_a_host_rule_names_a_field() -> None:
    rule = rule_of('host = "gpu-*"', 'field = "gpu.temperature"', "above = 85")
    assert rule.about.host == Pattern("gpu-*")
    assert rule.described() == "gpu.temperature of gpu-* above 85"


WRONG = [
    ("rule = 3", "rule: 3 is not allowed; expected tables [[rule]], each in two brackets"),
    ("[rule]\nname = 'r'", "rule: {'name': 'r'} is not allowed; expected tables [[rule]], each in two"),
    ("[[rule]]\n" * 201, "rule: 201 tables are not allowed; expected at most 200"),
    ("[rules]", "[rules]: no such table; expected [[rule]] or [webhook]"),
    ("[[rule", "not TOML"),
    ("[[rule]]", "rule 1: name: missing; expected a text of 1 to 100 characters without a colon"),
    ('[[rule]]\nname = "a:b"', "rule 1: name: 'a:b' is not allowed"),
    ('[[rule]]\nname = "r"', "rule 'r': kind: missing; expected one of threshold, nan, stalled"),
    ('[[rule]]\nname = "r"\nkind = "high"', "rule 'r': kind: 'high' is not allowed; expected one of"),
    ("above = true", "rule 'r': above: True is not allowed; expected a number"),
    ("above = nan", "rule 'r': above: nan is not allowed; expected a number"),
    ("above = 1\nbelow = 2", "rule 'r': above, below: expected one of both"),
    ("metric = '*'", "rule 'r': above, below: expected one of both"),
    (
        "above = 1\nclear_below = 2",
        "clear_below: 2 is not allowed; expected a number up to 1, which is above",
    ),
    ("above = 1\nclear_above = 2", "clear_above: goes with below; expected clear_below"),
    ("above = 1\nfor = 'soon'", "for: 'soon' is not allowed; expected seconds or a text such as"),
    ("above = 1\nfor = -1", "for: -1 is not allowed; expected seconds or"),
    ("above = 1\nmetric = '/(/'", "metric: '/(/' is not allowed; expected a glob such as"),
    (
        "above = 1\nseverity = 'bad'",
        "severity: 'bad' is not allowed; expected one of info, warning, critical",
    ),
    (
        "above = 1\nmessage = '{loss}'",
        "message: '{loss}' is not allowed; expected a text with none but {metric}",
    ),
    ("above = 1\nmessage = '{metric.__class__}'", "is not allowed; expected a text with none but"),
    ("above = 1\nmessage = '{'", "is not allowed; expected a text with none but"),
    ("above = 1\nmargin = 2", "margin: no such field; expected some of name, kind"),
    (
        "above = 1\nconfig = { lr = '> high' }",
        "config: lr: '> high' is not allowed; expected a value, a glob",
    ),
    ("above = 1\nconfig = 'lr>1'", "config: 'lr>1' is not allowed; expected a table such as"),
    ("above = 1\nhost = 'a'", "field: missing; expected one of cpu, load"),
    ("above = 1\nfield = 'gpu'", "field: 'gpu' is not allowed; expected one of cpu, load"),
    ("above = 1\nfield = 'cpu'\nmetric = 'x'", "metric: a rule with a field is about hosts"),
    (
        "above = 1\nfield = 'cpu'\nfor = '3 steps'",
        "for: '3 steps' is not allowed; expected seconds or values",
    ),
    ("[webhook]", "webhook: url: missing; expected http://"),
    ("[webhook]\nurl = 'ftp://x'", "webhook: url: 'ftp://x' is not allowed"),
    ("[webhook]\nurl = 'http://me:pw@x'", "is not allowed; expected http://HOST… or https://HOST… without a"),
    ("[webhook]\nurl = 'http://x:port'", "webhook: url: 'http://x:port' is not allowed"),
    ("[webhook]\nurl = 'http://'", "webhook: url: 'http://' is not allowed"),
    (
        "[webhook]\nurl = 'http://x'\nformat = 'slack'",
        "format: 'slack' is not allowed; expected alertmanager or webhook",
    ),
    (
        "[webhook]\nurl = 'http://x'\nformat = 'webhook'\ntoken = 's'",
        "webhook: token: no such field; expected some of url",
    ),
    (
        "[webhook]\nurl = 'http://x'\nformat = 'webhook'\ntoken_env = 'A'\ntoken_file = 'b'",
        "token_env, token_file: expected one of both",
    ),
]


@pytest.mark.parametrize(("text", "named"), WRONG, ids=[named for _, named in WRONG])
def test_what_is_wrong_is_one_line_with_its_place(text: str, named: str, tmp_path: Path) -> None:
    if not text.startswith(("[", "rule")):
        text = f'[[rule]]\nname = "r"\nkind = "threshold"\n{text}'
    path = tmp_path / "alerts.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_file(path)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{path}: ")
    assert named in line


def test_names_are_taken_once() -> None:
    one = '[[rule]]\nname = "r"\nkind = "nan"\n'
    with pytest.raises(UsageError, match=r"file: rule 2: name: 'r' is taken"):
        read_text(one + one, "file")


def test_no_file_and_what_is_no_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: there is no such file"):
        read_file(tmp_path / "none.toml")
    (tmp_path / "latin").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="latin: cannot be read"):
        read_file(tmp_path / "latin")


def test_every_example_of_the_document_is_read_and_every_kind_has_one() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    read = [read_text(block, "docs/alerts.md") for block in blocks]
    causes = {type(rule.cause) for rules, _ in read for rule in rules}
    assert causes == {Threshold, NotFinite, Stalled, Plateau, Behind}
    assert {webhook.format for _, webhook in read if webhook} == {"alertmanager", "webhook"}
    assert any(rule.about.field for rules, _ in read for rule in rules)
