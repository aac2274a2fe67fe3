"""``wasit cut-vocabulary``: cut a multilingual encoder to the pieces that a language needs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from wasit.train.vocabulary import Cut


def cut_vocabulary(
    base: Annotated[
        str, typer.Argument(help="Folder or Hub name of a bert encoder with a Unigram or WordPiece tokenizer.")
    ],
    texts: Annotated[
        list[str],
        typer.Argument(
            help="Files of texts in the language: .txt (a line, a text), .jsonl, .csv and .parquet, also behind "
            "URLs such as hf://datasets/organisation/name, a data set on the Hub. "
            "The last tenth is not counted: on it the cut encoder is compared with the base."
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Folder of the cut encoder, new or empty.")
    ],
    pieces: Annotated[
        int, typer.Option(metavar="N", help="Size of the cut vocabulary, special tokens included.")
    ] = 16384,
    text_field: Annotated[str, typer.Option(help="Field of the text, in rows.")] = "text",
) -> None:
    """Cut the vocabulary of a multilingual encoder to Arabic, and say what that changes.

    Example: wasit cut-vocabulary intfloat/multilingual-e5-small news.parquet -o bases/e5-ar --pieces 16384

    All Arabic, Latin-1, punctuation and currency signs stay, then the pieces that are most frequent in the texts.
    The folder is a base for `wasit train`; its cut.json holds the figures that are printed.
    """
    from wasit.cli.libraries import quiet_libraries
    from wasit.train.plain_texts import PlainTexts
    from wasit.train.vocabulary import cut_vocabulary as cut

    quiet_libraries()
    _show(cut(base, PlainTexts(tuple(texts), text_field), output, pieces))
    typer.echo(f"The base is in {output}", err=True)


def _show(cut: "Cut") -> None:
    held_out = cut.held_out
    lengths, unknown = held_out.pieces_per_word, held_out.unknown_per_thousand
    lines = {
        "pieces": f"{cut.pieces.before:,} before, {cut.pieces.after:,} after",
        "of them found in the texts": f"{cut.pieces_in_texts:,}",
        "weights": f"{cut.megabytes.before:.1f} MB before, {cut.megabytes.after:.1f} MB after",
        "texts counted": f"{cut.counted_texts:,}",
        "occurrences whose piece stays": f"{cut.counted_share_kept:.4%}",
        "texts compared": f"{held_out.texts:,}, with {held_out.words:,} words",
        "texts with the same pieces": f"{held_out.same_texts:.2%}",
        "words with the same pieces": f"{held_out.same_words:.3%}",
        "pieces a word": f"{lengths.before:.4f} before, {lengths.after:.4f} after",
        "unknown pieces per 1,000": f"{unknown.before:.3f} before, {unknown.after:.3f} after",
        "cosine of embeddings": f"mean {held_out.mean_cosine:.5f}, lowest {held_out.lowest_cosine:.5f}, "
        f"of {held_out.embedded_texts:,} texts",
    }
    for name, value in lines.items():
        typer.echo(f"{name:32} {value}")
