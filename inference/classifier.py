"""The model behind a call: texts of pages in, rows out."""

import dataclasses
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wasit.inference.chunks import Chunk
from wasit.inference.documents import Document, Item, Rejection
from wasit.inference.records import Record
from wasit.inference.stages import Settings, Stages, table_builder
from wasit.models.checkpoint import Checkpoint
from wasit.models.devices import pick_device, pick_dtype
from wasit.models.errors import InputError
from wasit.models.predictor import Predictor
from wasit.models.taxonomy import Taxonomy
from wasit.models.text_side import SHIPPED_MODEL


@dataclass(frozen=True)
class Classified:
    """What became of some documents: each is in one of the two.

    Attributes:
        records: One row an article, in the order of the documents and of the articles in them.
        rejections: The documents without an article, and why.
    """

    records: list[Record]
    rejections: list[Rejection]


class Classifier:
    """Classifies Arabic news: topic of each article, role and stance of the mediators in it.

    Example:
        >>> classifier = Classifier.from_pretrained()
        >>> for row in classifier(open("page.txt", newline="").read()):
        ...     print(row["title"], row["topic"], row["mediators"])
    """

    def __init__(self, checkpoint: Checkpoint, device: str = "auto") -> None:
        """Moves a loaded model to its device; ``from_pretrained`` does both.

        Raises:
            InputError: If the device is not there.
        """
        self.device = pick_device(device)
        self._side = checkpoint.text_side
        self._stages = Stages.of(self._side, Settings())
        self._predictor = Predictor(checkpoint, self.device)

    @classmethod
    def from_pretrained(
        cls,
        name: str = SHIPPED_MODEL,
        device: str = "auto",
        dtype: str = "auto",
        mediators: str | Path | None = None,
    ) -> "Classifier":
        """Loads a model.

        Args:
            name: ``wasit-mini``, which is part of the package, the folder of a model, or ``organisation/name`` on
                the Hugging Face Hub.
            device: ``auto`` for the GPU if there is one, else the CPU; ``cpu``, ``cuda`` or ``cuda:N``.
            dtype: ``float32``, ``bfloat16``, ``float16``, or ``auto`` for bfloat16 where the device
                computes in it and float32 elsewhere.
            mediators: YAML file of mediators to look for besides those of the model.

        Raises:
            InputError: If model, device or precision are not there.
            ConfigError: If the file of mediators is wrong, with everything that is wrong.
        """
        precision = pick_dtype(dtype, pick_device(device))
        return cls(Checkpoint.load(str(name), precision, mediators), device)

    @property
    def name(self) -> str:
        """What the user called the model."""
        return self._side.name

    @property
    def dtype(self) -> str:
        """The precision that the model runs in."""
        return str(self._predictor.network.dtype).removeprefix("torch.")

    @property
    def taxonomy(self) -> Taxonomy:
        """The tasks and mediators that rows are about."""
        return self._side.taxonomy

    def __call__(
        self,
        texts: str | Iterable[str],
        split: bool = True,
        min_score: float | None = None,
        keep_text: bool = False,
    ) -> list[Record]:
        """Classifies texts. The rows are those of ``wasit classify``, with the index of the text as ``doc_id``.

        Args:
            texts: One page or several.
            split: Whether a text is a page to be split into its articles; else it is one article.
            min_score: A label with a lower score becomes None, its scores are kept.
            keep_text: Whether rows have the article's text.

        Returns:
            One row an article. Texts without an article, such as pages that are not Arabic, have none: a warning
            names them with the reason. ``classify`` gives them apart.

        Raises:
            InputError: If a text is not a string, or ``min_score`` is not from 0 to 1.
        """
        pages = [texts] if isinstance(texts, str) else list(texts)
        for index, text in enumerate(pages):
            if not isinstance(text, str):
                raise InputError(f"text {index} is of type {type(text).__name__}; allowed: str")
        documents = [Document(str(index), text) for index, text in enumerate(pages)]
        result = self.classify(documents, Settings(split, min_score, keep_text))
        if result.rejections:
            listed = "\n".join(f"{one.id}: {one.reason}" for one in result.rejections)
            warnings.warn(
                f"{len(result.rejections)} of {len(documents)} texts have no rows\n{listed}", stacklevel=2
            )
        return result.records

    def classify(self, documents: Sequence[Item], settings: Settings | None = None) -> Classified:
        """Classifies documents that have ids.

        Args:
            documents: The pages; a rejection is passed on.
            settings: How; as ``wasit classify`` does without options by default.
        """
        settings = settings or Settings()
        table = table_builder(self._side, settings)
        stages = dataclasses.replace(self._stages, table=table, split=settings.split)
        encoded = stages.encode(Chunk(0, tuple(documents)))
        done = stages.decode(encoded.texts, self._predictor.run(encoded.articles))
        return Classified(done.rows.to_pylist(), done.rejections)
