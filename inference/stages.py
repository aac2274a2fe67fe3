"""What is done with a chunk before the network and after it.

Both stages need nothing but the chunk itself, so that any process can do either.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from wasit.inference.account import ChunkCounts
from wasit.inference.chunks import Chunk
from wasit.inference.documents import Document, Rejection, WebPage, check_length, without_surrogates
from wasit.inference.pages import PageSplitter
from wasit.inference.records import PlacedArticle, TableBuilder
from wasit.inference.reject import Reject
from wasit.inference.web_pages import extract
from wasit.inference.writers import Receipt, Writer
from wasit.models.article import Article
from wasit.models.encoded import EncodedArticles, Outline
from wasit.models.encoding import ArticleEncoder
from wasit.models.errors import InputError
from wasit.models.prediction import Decoder, Logits
from wasit.models.text_side import TextSide


@dataclass(frozen=True)
class Settings:
    """How documents are classified.

    Attributes:
        split: Whether a document is a page to be split into its articles; else it is one article.
        min_score: A label with a lower score becomes null, its scores are kept; from 0 to 1.
        keep_text: Whether rows have the article's text.
        keep_page_text: Whether rows have the page's text where it was extracted, so that it stands nowhere else.
    """

    split: bool = True
    min_score: float | None = None
    keep_text: bool = False
    keep_page_text: bool = False

    def __post_init__(self) -> None:
        """Checks the score.

        Raises:
            InputError: If it is none.
        """
        if self.min_score is not None and not 0 <= self.min_score <= 1:
            raise InputError(f"min_score: found {self.min_score}; allowed: from 0 to 1")


@dataclass(frozen=True)
class ChunkTexts:
    """What writing a chunk needs besides the logits.

    Attributes:
        number: Of the chunk.
        documents: How many it has.
        articles: Those of all its documents, in order.
        rejections: Documents without an article, and why.
        outline: Where windows and mentions of the articles are.
    """

    number: int
    documents: int
    articles: list[PlacedArticle]
    rejections: list[Rejection]
    outline: Outline


@dataclass(frozen=True)
class EncodedChunk:
    """A chunk ready for the network.

    Attributes:
        articles: What the network reads.
        texts: What waits for its answers.
    """

    articles: EncodedArticles
    texts: ChunkTexts


@dataclass(frozen=True)
class ClassifiedChunk:
    """What became of a chunk: each document is in one of the two.

    Attributes:
        rows: One an article, in the order of the documents and of the articles in them.
        rejections: The documents without an article, and why.
    """

    rows: pa.Table
    rejections: list[Rejection]


@dataclass(frozen=True)
class Stages:
    """Encodes and decodes chunks.

    Attributes:
        encoder: From texts of articles to token ids.
        decoder: From logits to scores.
        table: From scores to rows.
        split: Whether a document is a page to be split into its articles.
    """

    encoder: ArticleEncoder
    decoder: Decoder
    table: TableBuilder
    split: bool

    @classmethod
    def of(cls, side: TextSide, settings: Settings) -> "Stages":
        """Makes the stages of a model.

        Args:
            side: The model without its network.
            settings: How documents are classified.
        """
        return cls(side.encoder(), side.decoder(), table_builder(side, settings), settings.split)

    def encode(self, chunk: Chunk) -> EncodedChunk:
        """Splits the documents of a chunk into articles, and turns these into token ids."""
        articles: list[PlacedArticle] = []
        rejections: list[Rejection] = []
        for item in chunk.items:
            if isinstance(item, Rejection):
                rejections.append(item)
                continue
            try:
                articles += self._articles(item)
            except Reject as reject:
                rejections.append(Rejection(item.id, reject.reason))
        encoded = self.encoder.encode([one.article.text for one in articles])
        texts = ChunkTexts(chunk.number, len(chunk.items), articles, rejections, encoded.outline)
        return EncodedChunk(encoded, texts)

    def decode(self, texts: ChunkTexts, logits: Logits) -> ClassifiedChunk:
        """Turns the network's answers into rows."""
        decoded = self.decoder([one.article.text for one in texts.articles], texts.outline, logits)
        return ClassifiedChunk(self.table(texts.articles, texts.outline, decoded), texts.rejections)

    def write(self, texts: ChunkTexts, logits: Logits, writer: Writer) -> Receipt:
        """Decodes a chunk and writes it.

        Raises:
            InputError: If it cannot be written.
        """
        done = self.decode(texts, logits)
        counts = ChunkCounts.of(texts.documents, done.rows, done.rejections)
        return writer.write(texts.number, done.rows, done.rejections, counts)

    def _articles(self, item: Document | WebPage) -> Iterator[PlacedArticle]:
        page = extract(item) if isinstance(item, WebPage) else item
        check_length(page.text)
        document = replace(page, text=without_surrogates(page.text))
        for number, article in enumerate(_split(document.text, self.split)):
            yield PlacedArticle(document, number, article)


def table_builder(side: TextSide, settings: Settings) -> TableBuilder:
    """What makes the rows of a model."""
    return TableBuilder(side.taxonomy, side.name, settings.min_score, settings.keep_text, settings.keep_page_text)


def _split(text: str, split: bool) -> list[Article]:
    if split:
        return PageSplitter.default().split(text)
    if not text.strip():
        raise Reject("empty", "there is no text")
    return [Article.of_document(text)]
