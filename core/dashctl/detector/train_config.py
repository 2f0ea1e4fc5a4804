"""What a training of the detector is decided by.

Rule: it loads nothing heavy, so that a command can state the defaults without loading what trains.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything that decides a training. Shares are of episodes, 0 to 1."""

    seed: int = 0
    held_out: float = 0.25
    validation: float = 0.2
    train_stride: float = 2.0  # seconds between the starts of training windows
    cloud_stride: float = 1.0  # the same, for the projection
    k: int = 9
    hidden: int = 48
    dropout: float = 0.2
    noise: float = 0.5  # standard deviation of what is added to each scaled value while training
    shift: float = 0.3  # the same, but one number per window and channel
    batch: int = 32
    learning_rate: float = 5e-3
    weight_decay: float = 5e-2
    epochs: int = 30
    patience: int = 10  # epochs without a better validation loss
    predict_every: int = 2  # epochs between two rounds of held-out predictions
    threads: int = 1


DEFAULTS: Final = TrainConfig()
