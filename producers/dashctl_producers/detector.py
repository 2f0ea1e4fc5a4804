"""Trains the detector and tells the bus of it: curves, progress, predictions, results, the cloud.

Rules: `run` is told where events go and knows no socket; a run that began ends with a RunFinished,
whatever happens in between; an episode that cannot be read is named and left out, the others are used.
"""

import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from dashctl.detector.episodes import SHIPPED, Episode, read_episodes
from dashctl.detector.evaluate import Result
from dashctl.detector.projection import Cloud
from dashctl.detector.totals import Totals
from dashctl.detector.train import (
    BatchDone,
    EpochEnded,
    TrainCallbacks,
    Training,
    WindowPredicted,
    train,
    train_lstm,
)
from dashctl.detector.train_config import TrainConfig
from dashctl.detector.windows import Ints, window_phases
from dashctl.events import (
    Event,
    LogLine,
    Metric,
    ModelMetric,
    ModelPerf,
    PointCloud,
    Prediction,
    Progress,
    RunFinished,
    RunStarted,
)
from dashctl.phases import PHASES
from dashctl.source_code import NoSource, source_code
from dashctl.validation import sendable
from dashctl_producers.recorded import episode_event, profile_event, snapshot_event

SOURCE: Final = "detector"
CLOUD: Final = "windows"

Log = Callable[[Event], None]


def run(
    log: Log,
    *,
    folder: Path = SHIPPED,
    config: TrainConfig | None = None,
    command: str = "",
    stopped: Callable[[], bool] = lambda: False,
    enough: Callable[[], bool] = lambda: False,
    warn: Callable[[str], None] = lambda _: None,
) -> Training:
    """Trains on the episodes under `folder`; each event goes to `log`, as it happens.

    `stopped` ends it with what there is, `enough` at the end of an epoch, all being tested as usual.
    `warn` hears of each episode that is left out because it cannot be read. Raises InvalidData if none
    can be read, or for too few to train on.
    """
    config = config or TrainConfig()
    settings = {**asdict(config), "episodes": sendable(str(folder))}
    log(RunStarted(settings, host=socket.gethostname(), command=sendable(command), name="detector"))
    try:
        episodes, wrong = read_episodes(folder)
        for error in wrong:
            warn(f"left out: {error}")
            log(LogLine(sendable(f"left out: {error}"), level="warning", source=SOURCE))
        _tell_episodes(log, episodes)
        _tell_source(log)
        training = train(tuple(episodes.values()), config, _callbacks(log, config), stopped, enough)
    except KeyboardInterrupt:
        log(RunFinished("interrupted"))
        raise
    except BaseException as error:
        log(RunFinished("failed", reason=sendable(str(error)) or type(error).__name__))
        raise
    log(RunFinished("finished" if training.finished else "interrupted"))
    return training


def _tell_episodes(log: Log, episodes: Mapping[Path, Episode]) -> None:
    """What it is trained on: every episode, a curve of each profile, the totals."""
    totals = Totals()
    for path, episode in episodes.items():
        totals = totals.plus(episode, path)
        log(episode_event(episode))
    log(snapshot_event(totals))
    # A profile's curve is that of the episode that shows most of it; the last one told counts.
    shown_least = sorted(episodes.values(), key=lambda one: window_phases(one).count("infected_running"))
    for episode in shown_least:
        if profile := profile_event(episode):
            log(profile)


def _tell_source(log: Log) -> None:
    """The training loop that is about to run."""
    try:
        log(source_code(train_lstm))
    except NoSource as error:
        log(LogLine(sendable(str(error)), source=SOURCE))


def _callbacks(log: Log, config: TrainConfig) -> TrainCallbacks:
    last: dict[str, Progress] = {}

    def on_batch(batch: BatchDone) -> None:
        epoch = (batch.done - 1) * config.epochs // max(1, batch.total)
        note = f"epoch {epoch + 1} of {config.epochs}"
        last[batch.model] = Progress(batch.model, batch.done, batch.total, "batches", note)
        log(last[batch.model])
        log(Metric(f"{batch.model}/batch_loss", batch.done, batch.loss))

    def on_epoch(ended: EpochEnded) -> None:
        log(Metric(f"{ended.model}/train_loss", ended.epoch, ended.train_loss))
        log(Metric(f"{ended.model}/val_loss", ended.epoch, ended.val_loss))
        log(Metric(f"{ended.model}/train_accuracy", ended.epoch, ended.train_accuracy))
        log(Metric(f"{ended.model}/val_accuracy", ended.epoch, ended.val_accuracy))

    def on_result(result: Result) -> None:
        # Training may stop early: what was done is then all there was to do.
        if done := last.get(result.model):
            log(Progress(done.name, done.done, done.done, done.unit, done.note))
        log(ModelMetric(result.model, result.accuracy))
        log(ModelPerf(result.model, result.latency_us, result.accuracy))

    return TrainCallbacks(
        on_log=lambda message: log(LogLine(message, source=SOURCE)),
        on_batch=on_batch,
        on_epoch=on_epoch,
        on_predicted=lambda said: log(_prediction(said)),
        on_result=on_result,
        on_cloud=lambda cloud: log(_point_cloud(cloud)),
    )


def _prediction(said: WindowPredicted) -> Prediction:
    return Prediction(said.episode, said.window, said.predicted, said.actual, model=said.model)


def _point_cloud(cloud: Cloud) -> PointCloud:
    x, y, z = cloud.points.T.tolist()
    clusters = [f"cluster {code + 1}" for code in cloud.cluster]
    return PointCloud.pack(
        CLOUD, x, y, z, phase=_phases(cloud.phase), predicted=_phases(cloud.predicted), cluster=clusters
    )


def _phases(codes: Ints) -> list[str]:
    return [PHASES[code] for code in codes]
