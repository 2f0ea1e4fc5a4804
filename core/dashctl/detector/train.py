"""Trains the detector's models on recorded episodes and tests them on held-out ones.

Rules: `train` reads from top to bottom; held-out episodes choose nothing (early stopping looks at
episodes taken from the training side); all chance comes from the configuration's seed; what happens
is told through callbacks, as it happens.
"""

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR

from dashctl.detector.episodes import Episode
from dashctl.detector.evaluate import Model, Result, evaluate
from dashctl.detector.features import channels, fit_scaling
from dashctl.detector.knn import KNN
from dashctl.detector.lstm import LSTM, PhaseLSTM, inputs
from dashctl.detector.projection import Cloud, project
from dashctl.detector.split import split_episodes
from dashctl.detector.train_config import DEFAULTS, TrainConfig
from dashctl.detector.windows import SECONDS, Windows, cut, window_phases
from dashctl.phases import PHASES, Phase


@dataclass(frozen=True, slots=True)
class EpochEnded:
    """One epoch of a model, counted from 0. Losses are cross-entropies in nats."""

    model: str
    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float


@dataclass(frozen=True, slots=True)
class BatchDone:
    """`done` of at most `total` batches of a model's training are through, the last with `loss`."""

    model: str
    done: int
    total: int
    loss: float


@dataclass(frozen=True, slots=True)
class WindowPredicted:
    """What a model says now of one held-out window."""

    model: str
    episode: str
    window: int  # 0 is the episode's first
    predicted: Phase
    actual: Phase


def _ignore(_: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class TrainCallbacks:
    """What a caller wants to hear of, called in order from the training thread."""

    on_log: Callable[[str], None] = _ignore
    on_batch: Callable[[BatchDone], None] = _ignore
    on_epoch: Callable[[EpochEnded], None] = _ignore
    on_predicted: Callable[[WindowPredicted], None] = _ignore
    on_result: Callable[[Result], None] = _ignore
    on_cloud: Callable[[Cloud], None] = _ignore


@dataclass(frozen=True, slots=True)
class Training:
    """What came of it: a result per model that was trained to its end, and whether all were."""

    results: tuple[Result, ...]
    finished: bool
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Windows by their use; none of an episode is in two of `fit`, `validation` and `held_out`.

    `train` is `fit` and `validation` together. Held-out windows follow each other; training windows
    overlap. `everything` is for the projection.
    """

    names: tuple[str, ...]
    train: Windows
    fit: Windows
    validation: Windows
    held_out: Windows
    everything: Windows


class Stopped(Exception):
    """The caller's `stopped` said so."""


def train(
    episodes: Sequence[Episode],
    config: TrainConfig = DEFAULTS,
    callbacks: TrainCallbacks = TrainCallbacks(),
    stopped: Callable[[], bool] = lambda: False,
    enough: Callable[[], bool] = lambda: False,
) -> Training:
    """Trains and tests KNN, then LSTM.

    `stopped` is asked at every batch; once it says so, training ends with what there is. `enough` is
    asked after every epoch; once it says so, what was learnt by then is tested as at the end. Sets
    torch's number of threads for the whole process. Raises InvalidData for episodes that cannot be
    trained on.
    """
    begun = time.monotonic()
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    data = prepare(episodes, config)
    callbacks.on_log(_described(data))
    if len(data.names) < len(episodes):
        short = len(episodes) - len(data.names)
        callbacks.on_log(f"{short} shorter than a window of {SECONDS:.0f} s are left out")
    results: list[Result] = []
    try:
        knn = KNN.fit(data.train, k=config.k)
        results.append(_tested(knn, data, callbacks))
        callbacks.on_cloud(project(data.everything, knn, k=config.k, seed=config.seed))
        lstm = train_lstm(data, config, callbacks, stopped, enough)
        results.append(_tested(lstm, data, callbacks))
    except Stopped:
        callbacks.on_log("training was stopped before its end")
    return Training(tuple(results), len(results) == 2, time.monotonic() - begun)


def prepare(episodes: Sequence[Episode], config: TrainConfig) -> Data:
    """Splits by episode and cuts the windows; episodes shorter than a window are left out.

    Raises InvalidData for too few episodes.
    """
    lasting = [episode for episode in episodes if window_phases(episode)]
    overlapping = cut(lasting, stride=config.train_stride)
    split = split_episodes(
        [episode.meta.profile for episode in lasting],
        held_out=config.held_out,
        validation=config.validation,
        seed=config.seed,
    )
    return Data(
        names=tuple(episode.meta.episode for episode in lasting),
        train=overlapping.of(split.train),
        fit=overlapping.of(split.fit),
        validation=overlapping.of(split.validation),
        held_out=cut(lasting).of(split.held_out),
        everything=cut(lasting, stride=config.cloud_stride),
    )


def _described(data: Data) -> str:
    held_out = len(set(data.held_out.episode.tolist()))
    return (
        f"{len(data.names)} episodes: {len(data.names) - held_out} to train on ({len(data.train)} windows),"
        f" {held_out} held out ({len(data.held_out)} windows)"
    )


def _tested(model: Model, data: Data, callbacks: TrainCallbacks) -> Result:
    _report_predictions(model, data, callbacks)
    result = evaluate(model, data.held_out)
    callbacks.on_result(result)
    callbacks.on_log(
        f"{result.model}: {result.accuracy:.1%} of {result.windows} held-out windows are right"
        f" (the commonest phase alone: {result.baseline:.1%}), and one takes"
        f" {result.latency_us:.0f} us of processor time"
    )
    return result


def _report_predictions(model: Model, data: Data, callbacks: TrainCallbacks) -> None:
    held_out = data.held_out
    for i, code in enumerate(model.predict(held_out.sequences)):
        callbacks.on_predicted(
            WindowPredicted(
                model.name,
                data.names[held_out.episode[i]],
                round(held_out.start[i] / SECONDS),
                PHASES[code],
                PHASES[held_out.phases[i]],
            )
        )


def train_lstm(
    data: Data,
    config: TrainConfig,
    callbacks: TrainCallbacks,
    stopped: Callable[[], bool],
    enough: Callable[[], bool],
) -> LSTM:
    """Trains until the epochs are over or the validation loss has not fallen for `patience` of them, or until
    it is `enough`.

    What counts is the network of the epoch with the lowest validation loss. Raises Stopped once it is
    `stopped`.
    """
    scaling = fit_scaling(channels(data.fit.sequences))
    network = PhaseLSTM(config.hidden, config.dropout)
    lstm = LSTM(scaling, network)
    x, y = inputs(scaling, data.fit.sequences), torch.from_numpy(data.fit.phases)
    x_val, y_val = inputs(scaling, data.validation.sequences), torch.from_numpy(data.validation.phases)
    batches = math.ceil(len(x) / config.batch)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = OneCycleLR(optimizer, config.learning_rate, total_steps=batches * config.epochs)
    best, best_epoch, kept = math.inf, 0, copy.deepcopy(network.state_dict())
    for epoch in range(config.epochs):
        network.train()
        for i, chosen in enumerate(torch.split(torch.randperm(len(x)), config.batch)):
            if stopped():
                raise Stopped
            loss = _step(network, optimizer, _blurred(x[chosen], config), y[chosen])
            schedule.step()
            done = epoch * batches + i + 1
            callbacks.on_batch(BatchDone("lstm", done, batches * config.epochs, loss))
        train_loss, train_accuracy = _loss_and_accuracy(network, x, y)
        val_loss, val_accuracy = _loss_and_accuracy(network, x_val, y_val)
        callbacks.on_epoch(EpochEnded("lstm", epoch, train_loss, train_accuracy, val_loss, val_accuracy))
        if val_loss < best:
            best, best_epoch, kept = val_loss, epoch, copy.deepcopy(network.state_dict())
        if epoch - best_epoch >= config.patience or enough():
            break
        if epoch % config.predict_every == 0:
            _report_predictions(lstm, data, callbacks)
    network.load_state_dict(kept)
    callbacks.on_log(f"lstm: the network of epoch {best_epoch} is kept (validation loss {best:.3f})")
    return lstm


def _blurred(x: Tensor, config: TrainConfig) -> Tensor:
    """Windows as another day's background load might have left them: harder to learn by heart."""
    shift = config.shift * torch.randn(len(x), 1, x.shape[2])
    return x + shift + config.noise * torch.randn_like(x)


def _step(network: PhaseLSTM, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> float:
    """One step of gradient descent; gives the batch's loss before it."""
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(network(x), y)
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())


def _loss_and_accuracy(network: PhaseLSTM, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Mean cross-entropy and accuracy, without dropout."""
    network.eval()
    with torch.inference_mode():
        logits = network(x)
        loss = nn.functional.cross_entropy(logits, y)
        accuracy = (logits.argmax(dim=1) == y).float().mean()
    return float(loss), float(accuracy)
