"""The episode store: recorded telemetry of some seconds, with the phase at every moment.

Rules: an episode is a folder that never changes once it is there: it is written aside in a
dot-folder and renamed, so a half-written one never looks whole. What is read is checked, and what is
wrong is InvalidData naming file, place and reason. The format is described in docs/data.md.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, TypeGuard, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from dashctl.detector.profiles import Boundary
from dashctl.errors import DashctlError, InvalidData
from dashctl.phases import PHASES
from dashctl.validation import shown

VERSION: Final = 1
META: Final = "meta.json"
TELEMETRY: Final = "telemetry.parquet"
LABELS: Final = "labels.jsonl"
LONGEST_TEXT: Final = 200
LONGEST_SECONDS: Final = 86_400
"""A day: what is cut into windows has to fit into memory."""

# The recorded set that comes with the package; docs/data.md is its data sheet.
SHIPPED: Final = Path(__file__).parent / "recorded"


class NotWritten(DashctlError):
    """An episode could not be stored: the disk is full, or nobody may write there."""


@dataclass(frozen=True, slots=True)
class Meta:
    """What is known of an episode besides its rows. `started` is UTC in ISO 8601."""

    episode: str
    host: str
    profile: str
    rate: float  # samples a second
    seconds: float  # how long the episode lasts
    seed: int
    started: str
    columns: tuple[str, ...]
    version: int = VERSION


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """One episode.

    `t`: float64 (n_rows,), seconds from the start, increasing; row i covers the time since row i-1.
    `telemetry`: float32 (n_rows, n_columns), finite, in the order of `meta.columns`.
    `labels`: boundaries in order, the first at 0.
    """

    meta: Meta
    t: npt.NDArray[np.float64]
    telemetry: npt.NDArray[np.float32]
    labels: tuple[Boundary, ...]

    def phase_codes_at(self, t: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """The phase at each moment, as its index in PHASES."""
        starts = np.array([boundary.t for boundary in self.labels])
        codes = np.array([PHASES.index(boundary.phase) for boundary in self.labels], dtype=np.int64)
        in_force = np.searchsorted(starts, t, side="right") - 1
        return codes[in_force]


def write_episode(root: Path, episode: Episode) -> Path:
    """Writes the episode as a folder of its name under `root`; gives the folder.

    Raises InvalidData if the episode is not sound, or if one of that name is there already, and
    NotWritten.
    """
    folder = root / episode.meta.episode
    if folder.exists():
        raise InvalidData(f"{folder}: there is an episode of that name already")
    aside = root / f".{episode.meta.episode}.{os.getpid()}"
    try:
        aside.mkdir(parents=True)
        _write_files(aside, episode)
        read_episode(aside)
        aside.rename(folder)
    except OSError as error:
        raise NotWritten(f"{folder}: cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def episode_folders(root: Path) -> tuple[Path, ...]:
    """The folders of the whole episodes under `root`, sorted by name."""
    found = (path.parent for path in root.glob(f"*/{META}") if not path.parent.name.startswith("."))
    return tuple(sorted(found))


def read_episodes(root: Path) -> tuple[dict[Path, Episode], tuple[InvalidData, ...]]:
    """The sound episodes under `root` by their folders, sorted by name; what is wrong with the others.

    A copy of another one counts as wrong: trained on here and tested on there, it would flatter every
    model. Raises InvalidData if none is sound.
    """
    episodes: dict[Path, Episode] = {}
    wrong: list[InvalidData] = []
    folder_of: dict[bytes, Path] = {}
    for folder in episode_folders(root):
        try:
            episode = read_episode(folder)
        except InvalidData as error:
            wrong.append(error)
            continue
        original = folder_of.setdefault(hashlib.sha256(episode.telemetry.tobytes()).digest(), folder)
        if original == folder:
            episodes[folder] = episode
        else:
            wrong.append(InvalidData(f"{folder}: a copy of {original}, it has to be an episode of its own"))
    if not episodes and wrong:
        raise InvalidData(f"{root}: none of {len(wrong)} episodes can be read; the first: {wrong[0]}")
    if not episodes:
        raise InvalidData(f"{root}: there is no episode (a folder with a {META} in it)")
    return episodes, tuple(wrong)


def read_episode(folder: Path) -> Episode:
    """Reads and checks one episode. Raises InvalidData."""
    meta = _read_meta(folder / META)
    t, telemetry = _read_telemetry(folder / TELEMETRY, meta)
    return Episode(meta, t, telemetry, _read_labels(folder / LABELS, meta))


def _write_files(folder: Path, episode: Episode) -> None:
    meta = episode.meta
    fields = {name: getattr(meta, name) for name in Meta.__dataclass_fields__}
    (folder / META).write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")
    arrays = [pa.array(episode.t), *(pa.array(column) for column in episode.telemetry.T)]
    table = pa.table(arrays, names=["t", *meta.columns])
    pq.write_table(table, folder / TELEMETRY, compression="zstd", compression_level=19)
    lines = (json.dumps({"t": boundary.t, "phase": boundary.phase}) for boundary in episode.labels)
    (folder / LABELS).write_text("".join(line + "\n" for line in lines), encoding="utf-8")


class _Field(NamedTuple):
    allowed: str
    is_legal: Callable[[object], bool]


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    # What is not printable would disturb a screen, and half a surrogate pair cannot be sent.
    return isinstance(value, str) and 1 <= len(value) <= LONGEST_TEXT and value.isprintable()


def _is_columns(value: object) -> bool:
    return (
        isinstance(value, list) and bool(value) and all(map(_is_text, value)) and _are_unique(["t", *value])
    )


def _are_unique(names: list[str]) -> bool:
    return len(set(names)) == len(names)


_TEXT: Final = _Field(f"a text of 1 to {LONGEST_TEXT} printable characters", _is_text)

_FIELDS: Final[dict[str, _Field]] = {
    "version": _Field(f"{VERSION}, all that this reader knows", lambda v: _is_whole(v) and v == VERSION),
    "episode": _TEXT,
    "host": _TEXT,
    "profile": _TEXT,
    "rate": _Field("a number above 0, at most 1000000", lambda v: _is_number(v) and 0 < v <= 1e6),
    "seconds": _Field(
        f"a number above 0, at most {LONGEST_SECONDS}", lambda v: _is_number(v) and 0 < v <= LONGEST_SECONDS
    ),
    "seed": _Field("a whole number", _is_whole),
    "started": _TEXT,
    "columns": _Field(
        "a list of different names, at least one, none of them t, each " + _TEXT.allowed, _is_columns
    ),
}


def _read_meta(path: Path) -> Meta:
    given = _json_object(_read_text(path), str(path))
    for name, field in _FIELDS.items():
        if not field.is_legal(given.get(name)):
            raise InvalidData(f"{path}: {name} is {shown(given.get(name))}, it has to be {field.allowed}")
    known = {name: given[name] for name in _FIELDS}
    return Meta(**{**known, "columns": tuple(cast("list[str]", given["columns"]))})  # type: ignore[arg-type]


def _read_telemetry(path: Path, meta: Meta) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
    table = _read_table(path)
    expected = ["t", *meta.columns]
    if table.column_names != expected:
        wrong = sorted(set(table.column_names) ^ set(expected)) or "their order"
        raise InvalidData(f"{path}: the columns are not t and those of {META}: see {shown(wrong)}")
    for field in table.schema:
        if not pa.types.is_floating(field.type):
            raise InvalidData(f"{path}: column {field.name} is {field.type}, it has to be float or double")
    t = table.columns[0].to_numpy().astype(np.float64)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused as that
        rest = [column.to_numpy().astype(np.float32) for column in table.columns[1:]]
    for name, array in zip(expected, [t, *rest], strict=True):
        bad = np.flatnonzero(~np.isfinite(array))
        if bad.size:
            raise InvalidData(f"{path}: column {name}, row {bad[0]} is {array[bad[0]]}, not a finite number")
    _check_times(path, t, meta)
    return t, np.stack(rest, axis=1)


def _read_table(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except FileNotFoundError:
        raise InvalidData(f"{path}: there is no such file") from None
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidData(f"{path}: not a whole Parquet file: {reason}") from None


def _check_times(path: Path, t: npt.NDArray[np.float64], meta: Meta) -> None:
    if t.size == 0:
        raise InvalidData(f"{path}: there are no rows")
    # The last sample is taken at the end, and a loaded machine may be a little late.
    if t[0] < 0 or t[-1] > meta.seconds + 1.0:
        raise InvalidData(f"{path}: column t is {t[0]} to {t[-1]}, outside of 0 to {meta.seconds} s")
    back = np.flatnonzero(np.diff(t) <= 0)
    if back.size:
        raise InvalidData(f"{path}: column t, row {back[0] + 1}: time does not increase")


def _read_labels(path: Path, meta: Meta) -> tuple[Boundary, ...]:
    labels: list[Boundary] = []
    for number, line in enumerate(_read_text(path).splitlines(), start=1):
        place = f"{path}, line {number}"
        boundary = _boundary(_json_object(line, place), place)
        if labels and boundary.t <= labels[-1].t:
            raise InvalidData(f"{place}: t is {boundary.t}, not after the {labels[-1].t} of the line before")
        if not labels and boundary.t != 0:
            raise InvalidData(f"{place}: the first t is {boundary.t}, it has to be 0")
        if boundary.t >= meta.seconds:
            raise InvalidData(f"{place}: t is {boundary.t}, outside of the episode's {meta.seconds} s")
        labels.append(boundary)
    if not labels:
        raise InvalidData(f"{path}: there are no labels")
    return tuple(labels)


def _boundary(fields: dict[str, object], place: str) -> Boundary:
    t, word = fields.get("t"), fields.get("phase")
    if not _is_number(t) or not -1e6 < t < 1e6:
        raise InvalidData(f"{place}: t is {shown(t)}, it has to be a number of seconds")
    for phase in PHASES:
        if word == phase:
            return Boundary(float(t), phase)
    raise InvalidData(f"{place}: phase is {shown(word)}, it has to be one of {', '.join(PHASES)}")


def _json_object(text: str, place: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidData(f"{place}: not JSON: {error}") from None
    except ValueError:
        raise InvalidData(f"{place}: not JSON that can be read: a number has too many digits") from None
    except RecursionError:
        raise InvalidData(f"{place}: not JSON that can be read: it is nested too deeply") from None
    if not isinstance(value, dict):
        raise InvalidData(f"{place}: {type(value).__name__}, it has to be a JSON object")
    return value


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InvalidData(f"{path}: there is no such file") from None
    except OSError as error:
        raise InvalidData(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InvalidData(f"{path}: not UTF-8: {error}") from None
