"""How others classify texts with a ``bert`` encoder: each of them as its users or its own scripts do.

All read at most one window of a text, cut it there, and answer one task; they find no mediators.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from answers import FloatArray, Peer
from shapes import Models
from torch import Tensor
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from wasit.models.devices import DTYPES

PIPELINE_BATCH = 1
SORTED_BATCH = 32
SENTENCE_TRANSFORMERS_BATCH = 32
FINEWEB_EDU_BATCH = 256


def pipeline_peer(models: Models, device: str, dtype: str, batch: int = PIPELINE_BATCH) -> Peer:
    """``transformers.pipeline``: a list of texts, truncation on, all scores."""
    run: Any = pipeline(
        "text-classification", model=models.plain, tokenizer=models.plain, device=device, dtype=DTYPES[dtype]
    )
    labels: list[str] = list(run.model.config.id2label.values())
    options = {"truncation": True, "max_length": models.window_tokens, "top_k": None, "batch_size": batch}

    def classify(texts: Sequence[str]) -> FloatArray:
        scores = [{one["label"]: one["score"] for one in answer} for answer in run(list(texts), **options)]
        return np.array([[score[label] for label in labels] for score in scores], dtype=np.float32)

    return classify


def sorted_peer(models: Models, device: str, dtype: str, batch: int = SORTED_BATCH) -> Peer:
    """A loop over batches of texts of like length, padded to the longest."""
    step = _Step(models, device, dtype)

    def classify(texts: Sequence[str]) -> FloatArray:
        ids = step.tokenizer(list(texts), truncation=True, max_length=models.window_tokens)["input_ids"]
        order = sorted(range(len(ids)), key=lambda index: -len(ids[index]))
        sorted_scores = []
        for places in _batches(order, batch):
            padded = step.tokenizer.pad({"input_ids": [ids[place] for place in places]}, return_tensors="pt")
            sorted_scores.append(step(padded))
        scores = torch.cat(sorted_scores).cpu().numpy()
        unsorted = np.empty_like(scores)
        unsorted[order] = scores
        return unsorted

    return classify


def fineweb_edu_peer(models: Models, device: str, dtype: str, batch: int = FINEWEB_EDU_BATCH) -> Peer:
    """The loop of the script that classified FineWeb-Edu: batches in order of arrival, padded to the longest.

    Source: ``classification/run_edu_bert.py`` of huggingface/cosmopedia, which calls this for batches of a
    dataset; batches of 256, each answer fetched before the next batch is begun.
    """
    step = _Step(models, device, dtype)

    def classify(texts: Sequence[str]) -> FloatArray:
        scores = []
        for part in _batches(list(texts), batch):
            padded = step.tokenizer(
                part, return_tensors="pt", padding="longest", truncation=True, max_length=models.window_tokens
            )
            scores.append(step(padded).cpu().numpy())
        return np.concatenate(scores)

    return classify


def sentence_transformers_peer(
    models: Models, device: str, dtype: str, batch: int = SENTENCE_TRANSFORMERS_BATCH
) -> Peer:
    """``SentenceTransformer.encode``, which sorts by length: pooler and head are its ``Dense`` modules."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Pooling, Transformer

    plain = _plain(models, "cpu", dtype)
    body = Transformer(models.plain, max_seq_length=models.window_tokens, model_kwargs={"dtype": DTYPES[dtype]})
    pooler, head = plain.bert.pooler.dense, plain.classifier
    dense = [
        Dense(linear.in_features, linear.out_features, True, activation, linear.weight.data, linear.bias.data)
        for linear, activation in ((pooler, torch.nn.Tanh()), (head, torch.nn.Identity()))
    ]
    width = pooler.in_features
    network = SentenceTransformer(modules=[body, Pooling(width, "cls"), *dense], device=device)

    def classify(texts: Sequence[str]) -> FloatArray:
        logits = network.encode(list(texts), batch_size=batch, convert_to_tensor=True, show_progress_bar=False)
        scores: FloatArray = logits.float().softmax(-1).cpu().numpy()
        return scores

    return classify


class _Step:
    """The plain model with its tokenizer."""

    def __init__(self, models: Models, device: str, dtype: str) -> None:
        self.tokenizer: Any = AutoTokenizer.from_pretrained(models.plain)
        self._device = torch.device(device)
        self._network = _plain(models, device, dtype)

    @torch.inference_mode()
    def __call__(self, padded: Any) -> Tensor:
        scores: Tensor = self._network(**padded.to(self._device)).logits.float().softmax(-1)
        return scores


def _plain(models: Models, device: str, dtype: str) -> Any:
    network = AutoModelForSequenceClassification.from_pretrained(models.plain, dtype=DTYPES[dtype])
    return network.eval().to(device)


def _batches(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
