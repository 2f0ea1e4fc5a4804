"""The repository itself: where things live, what is pinned, what documents say."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("part", ["core", "tui", "producers"])
def test_a_part_folder_is_no_package(part: str) -> None:
    """An editable install puts it on sys.path: `core` must not become a name to import."""
    inside = [path.name for path in (ROOT / part).iterdir() if path.name != "__pycache__"]
    assert len(inside) == 1
    assert (ROOT / part / inside[0] / "py.typed").is_file()


def pinned() -> set[str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {canonicalize_name(line.split("==")[0]) for line in lines if not line.startswith("#")}


def needed(name: str, extras: frozenset[str], seen: set[str]) -> None:
    if name in seen:
        return
    seen.add(name)
    for line in metadata.requires(name) or []:
        requirement = Requirement(line)
        wanted = any(
            requirement.marker is None or requirement.marker.evaluate({"extra": extra}) for extra in extras
        )
        if wanted:
            needed(canonicalize_name(requirement.name), frozenset(requirement.extras) | {""}, seen)


def test_every_dependency_direct_and_indirect_is_pinned() -> None:
    seen: set[str] = set()
    needed("dashctl", frozenset({"", *PROJECT["optional-dependencies"]}), seen)
    group = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["dev"]
    for line in group:
        requirement = Requirement(line)
        needed(canonicalize_name(requirement.name), frozenset(requirement.extras) | {""}, seen)
    assert seen - {"dashctl"} <= pinned()


def test_the_changelog_knows_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## \[{re.escape(PROJECT['version'])}\]", changelog, re.MULTILINE)


def test_the_version_is_told_once() -> None:
    assert metadata.version("dashctl") == PROJECT["version"]


DOCUMENTS = [
    "benchmarks/README.md",
    *[str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("docs/*.md"))],
]
DOCUMENTS += ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_between_documents_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text()
    targets: list[str] = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    missing = [target for target in targets if not ((ROOT / document).parent / target).exists()]
    assert missing == []
