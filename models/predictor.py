"""Texts of articles in, predictions out: encode, core, decode.

Articles are sorted by length and batched under a budget of tokens. The three steps are apart, so that they can be
overlapped.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

from wasit.models.batch import Batch, collate
from wasit.models.checkpoint import Checkpoint
from wasit.models.network import WasitModel, WasitOutput
from wasit.models.prediction import BatchLogits, Decoder, FloatArray, Prediction

BATCH_TOKENS = {"cpu": 4_096, "cuda": 65_536}
"""Tokens of a batch with its padding, by type of device."""


class Predictor:
    """Runs a model over articles.

    Args:
        checkpoint: The model.
        device: Where the network runs.
        batch_tokens: Tokens of a batch, padding included; what suits the device by default. An article that is
            longer runs in a batch of its own.
    """

    def __init__(self, checkpoint: Checkpoint, device: torch.device, batch_tokens: int | None = None) -> None:
        """Moves the network to the device."""
        self.checkpoint = checkpoint
        self.device = device
        self.batch_tokens = batch_tokens or BATCH_TOKENS.get(device.type, BATCH_TOKENS["cpu"])
        self.network = on_device(checkpoint.network, device)
        self.encoder = checkpoint.encoder()
        self.decoder = Decoder(checkpoint.taxonomy, checkpoint.network.config.temperatures)
        self._pad_token_id = checkpoint.tokenizer.pad_token_id

    def __call__(
        self, texts: Sequence[str], progress: Callable[[int], object] = lambda articles: None
    ) -> list[Prediction]:
        """Predicts for each text, in the order given.

        Args:
            texts: Texts of articles.
            progress: Told after each batch how many articles it held.
        """
        articles = self.encoder(texts)
        predictions: dict[int, Prediction] = {}
        for indexes in batches([article.window_lengths.tolist() for article in articles], self.batch_tokens):
            chosen = [articles[index] for index in indexes]
            batch = collate(chosen, self._pad_token_id)
            decoded = self.decoder([texts[index] for index in indexes], chosen, batch, self.core(batch))
            predictions.update(zip(indexes, decoded, strict=True))
            progress(len(indexes))
        return [predictions[index] for index in range(len(texts))]

    @torch.inference_mode()
    def core(self, batch: Batch) -> BatchLogits:
        """Runs the network on one batch and brings the logits to the host."""
        output: WasitOutput = self.network(**batch.model_inputs(self.device))
        assert output.logits is not None
        assert output.mention_logits is not None
        return BatchLogits(
            logits={name: _to_host(values) for name, values in output.logits.items()},
            mention_logits={name: _to_host(values) for name, values in output.mention_logits.items()},
        )


def on_device(network: WasitModel, device: torch.device) -> WasitModel:
    """Moves the network to a device, ready to predict."""
    # The library's decorated ``to`` has lost its types.
    nn.Module.to(network, device)
    network.eval()
    return network


def _to_host(values: Tensor) -> FloatArray:
    host: FloatArray = values.float().cpu().numpy()
    return host


def batches(window_lengths: Sequence[Sequence[int]], budget: int) -> Iterator[list[int]]:
    """Groups articles of similar length under a budget of padded tokens.

    Args:
        window_lengths: Tokens of each window of each article.
        budget: Windows times longest window, at most; a single article may exceed it.

    Yields:
        Indexes of the articles of a batch, longest articles first, so that a lack of memory shows at once.
    """
    order = sorted(range(len(window_lengths)), key=lambda index: -max(window_lengths[index]))
    current: list[int] = []
    windows = longest = 0
    for index in order:
        longest = longest or max(window_lengths[index])
        if current and (windows + len(window_lengths[index])) * longest > budget:
            yield current
            current, windows, longest = [], 0, max(window_lengths[index])
        current.append(index)
        windows += len(window_lengths[index])
    if current:
        yield current
