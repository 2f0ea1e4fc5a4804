"""A small LSTM on the sequence of a window.

Rules: a network goes with the scaling it was trained with; nothing here trains, `train` does.

Method: Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9 (1997); the states
of all time steps are pooled, so that a burst anywhere in the window counts as much as one at its end.
"""

from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from dashctl.detector.features import Scaling, channels
from dashctl.detector.windows import CHANNELS, Floats, Ints
from dashctl.phases import PHASES

MIXTURES: Final = 16


class PhaseLSTM(nn.Module):
    """Scaled channels (batch, STEPS, CHANNELS) to logits (batch, len(PHASES))."""

    def __init__(self, hidden: int, dropout: float) -> None:
        super().__init__()
        # Few mixtures of the channels are harder to learn by heart than all of them.
        self.mix = nn.Linear(CHANNELS, MIXTURES)
        self.lstm = nn.LSTM(MIXTURES, hidden, batch_first=True)
        self.head = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(2 * hidden, hidden), nn.ReLU(), nn.Linear(hidden, len(PHASES))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits; mean and maximum over time see a steady load and a short burst alike."""
        states, _ = self.lstm(self.mix(x))
        pooled = torch.cat((states.mean(dim=1), states.amax(dim=1)), dim=1)
        logits: Tensor = self.head(pooled)
        return logits


class LSTM:
    """A network with the scaling it was trained with: telemetry in, phases out."""

    name = "lstm"

    def __init__(self, scaling: Scaling, network: PhaseLSTM) -> None:
        self._scaling = scaling
        self._network = network

    def predict(self, sequences: Floats) -> Ints:
        """Phase codes, int64 (n,), of telemetry (n, STEPS, CHANNELS)."""
        self._network.eval()
        with torch.inference_mode():
            logits = self._network(inputs(self._scaling, sequences))
        return np.asarray(logits.argmax(dim=1).numpy(), dtype=np.int64)


def inputs(scaling: Scaling, sequences: Floats) -> Tensor:
    """Telemetry (n, STEPS, CHANNELS) as the network takes it."""
    return torch.from_numpy(scaling.apply(channels(sequences)))
