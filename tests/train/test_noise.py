import torch

from wasit.train.noise import Noise

MASK, MARKER, KEPT = 99, 7, (0, 1, 2, 7)


def inputs() -> dict[str, object]:
    row = torch.tensor([1, *([50, 7, 60] * 20), 2, 0])
    return {
        "input_ids": row.repeat(200, 1),
        "attention_mask": (row != 0).long().repeat(200, 1),
        "window_article": torch.arange(200),
        "article_count": 200,
    }


def noisy(token_masking: float, marker_dropout: float) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    given = inputs()
    result = Noise(token_masking, marker_dropout, MASK, MARKER, KEPT)(given)
    assert torch.equal(given["input_ids"], inputs()["input_ids"])  # type: ignore[arg-type]
    return result["input_ids"], result["attention_mask"]


def test_masking_takes_its_share_and_spares_markers_and_padding() -> None:
    input_ids, _ = noisy(0.2, 0.0)
    original = inputs()["input_ids"]
    assert isinstance(original, torch.Tensor)
    content = (original == 50) | (original == 60)
    assert abs((input_ids[content] == MASK).float().mean() - 0.2) < 0.02
    assert torch.equal(input_ids[~content], original[~content])


def test_markers_are_hidden_from_whole_articles() -> None:
    input_ids, attention_mask = noisy(0.0, 0.3)
    hidden = (attention_mask[input_ids == MARKER] == 0).reshape(200, 20)
    assert set(hidden.sum(1).tolist()) == {0, 20}
    assert abs(hidden.float().mean() - 0.3) < 0.1
    assert (attention_mask[(input_ids == 50) | (input_ids == 60)] == 1).all()


def test_without_shares_nothing_changes() -> None:
    input_ids, attention_mask = noisy(0.0, 0.0)
    assert torch.equal(input_ids, inputs()["input_ids"])  # type: ignore[arg-type]
    assert torch.equal(attention_mask, inputs()["attention_mask"])  # type: ignore[arg-type]
