"""Cuts the vocabulary of a multilingual encoder to the pieces that the texts of one language need.

The rows of the pieces that stay keep their values and their order, so that a text of which all pieces stay has the
same states as before (vocabulary trimming: Abdaoui et al. 2020, "Load What You Need").
"""

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from tqdm import tqdm

from wasit.models.errors import InputError
from wasit.train.base_encoder import WEIGHTS_FILE, BaseEncoder
from wasit.train.cut_comparison import BeforeAfter, Comparison, batches, compare
from wasit.train.piece_table import choose_pieces
from wasit.train.plain_texts import PlainTexts

CUT_FILE = "cut.json"
_HELD_OUT_SHARE = 0.1
_FEWEST_TEXTS = 2


@dataclass(frozen=True)
class Cut:
    """What was cut, and what it changed.

    Attributes:
        base: Name of the base; of a folder, its own name alone.
        pieces: Size of the vocabulary.
        required_pieces: How many pieces stay whatever the texts hold.
        pieces_in_texts: How many of the pieces that stay occur in the counted texts.
        counted_texts: Number of texts whose pieces were counted.
        counted_share_kept: Share of the counted occurrences whose piece stays.
        megabytes: Size of the weights, in 10^6 bytes.
        held_out: The base and the cut encoder on texts that were not counted.
    """

    base: str
    pieces: BeforeAfter
    required_pieces: int
    pieces_in_texts: int
    counted_texts: int
    counted_share_kept: float
    megabytes: BeforeAfter
    held_out: Comparison


def cut_vocabulary(base: str, texts: PlainTexts, output: Path, pieces: int) -> Cut:
    """Counts the pieces of texts and writes the base with those that they need.

    The last tenth of the texts is not counted: on it the cut encoder is compared with the base.

    Args:
        base: Folder or Hub name of a ``bert`` encoder with a Unigram or WordPiece tokenizer.
        texts: Texts of the language; they are read twice.
        output: Folder of the cut encoder, not there yet or empty; written whole or not at all.
        pieces: Size of the cut vocabulary, special tokens included.

    Raises:
        InputError: If the base cannot be cut, the number of pieces does not fit it, the texts are too few or
            cannot be read, or the folder cannot be written.
    """
    encoder = BaseEncoder.load(base)
    _check_pieces(encoder, pieces)
    with _whole_folder(output) as folder:
        number = _count_texts(texts)
        held_out = max(1, round(number * _HELD_OUT_SHARE))
        with tqdm(texts, total=number, desc="reading", unit="text", delay=2, disable=None) as bar:
            stream = iter(bar)
            counts = _count_pieces(encoder, islice(stream, number - held_out))
            kept = choose_pieces(encoder.table, counts, pieces)
            _write(encoder, folder, kept, output)
            comparison = compare(encoder, BaseEncoder.load(str(folder)), kept, stream, held_out)
        cut = Cut(
            base=Path(base).resolve().name if Path(base).is_dir() else base,
            pieces=BeforeAfter(len(encoder.table.pieces), len(kept)),
            required_pieces=len(encoder.table.required()),
            pieces_in_texts=int(np.count_nonzero(counts[kept])),
            counted_texts=number - held_out,
            counted_share_kept=float(counts[kept].sum() / max(1, counts.sum())),
            megabytes=BeforeAfter(_megabytes(encoder.weights), _megabytes(folder / WEIGHTS_FILE)),
            held_out=comparison,
        )
        (folder / CUT_FILE).write_text(json.dumps(asdict(cut), indent=2) + "\n", encoding="utf-8")
    return cut


def _check_pieces(encoder: BaseEncoder, pieces: int) -> None:
    lowest, highest = len(encoder.table.required()), len(encoder.table.pieces)
    if not lowest <= pieces <= highest:
        raise InputError(
            f"--pieces: found {pieces}; allowed: from {lowest}, the special tokens and single characters that "
            f"must stay, to {highest}, the vocabulary of {encoder.name!r}"
        )


def _count_texts(texts: PlainTexts) -> int:
    """Reads all files once, so that what is wrong with them is known before any time is spent on pieces."""
    with tqdm(texts, desc="checking", unit="text", delay=2, disable=None) as bar:
        number = sum(1 for _ in bar)
    if number < _FEWEST_TEXTS:
        raise InputError(
            f"the files hold {number} text; allowed: at least {_FEWEST_TEXTS}, since the last tenth is not "
            "counted but compared"
        )
    return number


def _count_pieces(encoder: BaseEncoder, texts: Iterable[str]) -> npt.NDArray[np.int64]:
    """How often each id occurs in texts; (ids,)."""
    reader = encoder.reading_tokenizer()
    counts = np.zeros(max(encoder.table.pieces) + 1, dtype=np.int64)
    for batch in batches(texts):
        encodings = reader.encode_batch_fast(batch, add_special_tokens=False)
        ids = np.concatenate([np.asarray(encoding.ids, dtype=np.int64) for encoding in encodings])
        counts += np.bincount(ids, minlength=len(counts))
    return counts


@contextmanager
def _whole_folder(output: Path) -> Iterator[Path]:
    """A folder to write into, which takes its place when all is done and is gone if anything fails."""
    output = output.resolve()
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise InputError(f"-o: {output} is there already; allowed: a folder that is new or empty")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        place = tempfile.TemporaryDirectory(prefix=f".{output.name}-", dir=output.parent)
    except OSError as error:
        raise InputError(f"-o: {output} cannot be written: {error.strerror}") from error
    with place:
        # The temporary folder itself is closed to everybody else.
        folder = Path(place.name) / output.name
        folder.mkdir()
        yield folder
        folder.rename(output)


def _write(encoder: BaseEncoder, folder: Path, kept: Sequence[int], output: Path) -> None:
    try:
        encoder.write_cut(folder, kept)
    except (OSError, SafetensorError) as error:
        raise InputError(f"-o: {output} cannot be written: {error}") from error


def _megabytes(file: Path) -> float:
    return file.stat().st_size / 1e6
