"""Whether packed and padded give the same answers."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from answers import FloatArray
from reading import encode
from shapes import Models
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from wasit.models.batch import pad_batch
from wasit.models.checkpoint import Checkpoint
from wasit.models.devices import DTYPES, pick_device
from wasit.models.predictor import Predictor, on_device

_AT_ONCE = 8


def compare(models: Models, texts: Sequence[str], device: str, dtypes: Sequence[str]) -> dict[str, Any]:
    """Compares the core with padded networks, all in one process.

    Args:
        models: The model in both forms.
        texts: Of articles that fit a window.
        device: Where both run.
        dtypes: Precisions of the core besides float32; the padded networks run in float32.

    Returns:
        ``float32_difference_to_padded``: largest difference of a logit of any task to the same network on padded
        rows. ``float32_difference_to_plain``: the same for the topic, without markers, to transformers' own model.
        ``same_labels``: for each precision and task the share of answers with the same label as padded float32.
    """
    exact = Checkpoint.load(models.wasit)
    encoded = encode(exact, texts)
    reference = _padded(exact, texts, device)
    packed = Predictor(exact, pick_device(device)).run(encoded).answers
    result: dict[str, Any] = {
        "articles": len(texts),
        "float32_difference_to_padded": max(_difference(packed[task], reference[task]) for task in reference),
        "float32_difference_to_plain": _difference_to_plain(exact, models, texts, device),
        "same_labels": {},
    }
    for dtype in dtypes:
        checkpoint = Checkpoint.load(models.wasit, DTYPES[dtype])
        answers = Predictor(checkpoint, pick_device(device)).run(encoded).answers
        result["same_labels"][dtype] = {
            task: float((answers[task].argmax(1) == reference[task].argmax(1)).mean()) for task in reference
        }
    return result


@torch.inference_mode()
def _padded(checkpoint: Checkpoint, texts: Sequence[str], device: str) -> Mapping[str, FloatArray]:
    network = on_device(checkpoint.network, pick_device(device))
    found = []
    for start in range(0, len(texts), _AT_ONCE):
        encoded = encode(checkpoint, texts[start : start + _AT_ONCE])
        inputs = pad_batch(encoded, checkpoint.tokenizer.pad_token_id).model_inputs()
        there = {
            name: value.to(device) if isinstance(value, torch.Tensor) else value for name, value in inputs.items()
        }
        found.append({task: logits.cpu().numpy() for task, logits in network(**there).logits.items()})
    return {task: np.concatenate([one[task] for one in found]) for task in found[0]}


@torch.inference_mode()
def _difference_to_plain(checkpoint: Checkpoint, models: Models, texts: Sequence[str], device: str) -> float:
    without = dataclasses.replace(checkpoint, taxonomy=checkpoint.taxonomy.model_copy(update={"mediators": ()}))
    packed = Predictor(without, pick_device(device)).run(encode(without, texts)).answers[models.task]
    tokenizer = AutoTokenizer.from_pretrained(models.plain)
    network: Any = AutoModelForSequenceClassification.from_pretrained(models.plain, dtype=torch.float32)
    network.eval().to(device)
    logits = []
    for start in range(0, len(texts), _AT_ONCE):
        padded = tokenizer(list(texts[start : start + _AT_ONCE]), return_tensors="pt", padding=True).to(device)
        logits.append(network(**padded).logits.cpu().numpy())
    return _difference(packed, np.concatenate(logits))


def _difference(one: FloatArray, other: FloatArray) -> float:
    return float(np.abs(one - other).max(initial=0.0))
