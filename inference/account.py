"""Accounts for every document of a run: it gave rows, or it was rejected."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wasit.inference.documents import Rejection

_MOST_NAMED = 10


@dataclass(frozen=True)
class ChunkCounts:
    """What became of the documents of one chunk.

    Attributes:
        documents: How many were read.
        classified: How many of them gave rows.
        articles: How many rows.
        mediators: How many mediators the rows have.
        tokens: How many tokens the model read.
        windows: In how many windows.
        reasons: How many documents were rejected, by the identifier of the reason.
    """

    documents: int = 0
    classified: int = 0
    articles: int = 0
    mediators: int = 0
    tokens: int = 0
    windows: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, documents: int, rows: pa.Table, rejections: Sequence[Rejection]) -> "ChunkCounts":
        """Counts.

        Args:
            documents: How many were read, rejected ones included.
            rows: Those that they gave.
            rejections: Those that gave none.
        """
        return cls(
            documents,
            pc.count_distinct(rows["doc_id"]).as_py(),
            rows.num_rows,
            pc.sum(pc.list_value_length(rows["mediators"])).as_py() or 0,
            pc.sum(rows["tokens"]).as_py() or 0,
            pc.sum(rows["windows"]).as_py() or 0,
            _by_reason(rejections),
        )

    @classmethod
    def of_records(
        cls, documents: int, records: Sequence[Mapping[str, Any]], rejections: Sequence[Rejection]
    ) -> "ChunkCounts":
        """Counts rows that are Python objects; see ``of``."""
        return cls(
            documents,
            len({record["doc_id"] for record in records}),
            len(records),
            sum(len(record["mediators"]) for record in records),
            sum(record["tokens"] for record in records),
            sum(record["windows"] for record in records),
            _by_reason(rejections),
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ChunkCounts":
        """Reads what ``to_dict`` gave."""
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """The counts as values that JSON can hold."""
        return dataclasses.asdict(self) | {"reasons": dict(self.reasons)}


@dataclass
class Account:
    """What became of the documents.

    Attributes:
        documents: How many were read.
        with_articles: How many of them gave rows.
        articles: How many rows.
        mediators: How many mediators the rows have.
        tokens: How many tokens the model read.
        windows: In how many windows.
        reasons: How many were rejected, by the identifier of the reason.
        unknown_files: Names of files that were not read, since they have none of the known endings.
        seconds: How long it took, loading the model included.
    """

    documents: int = 0
    with_articles: int = 0
    articles: int = 0
    mediators: int = 0
    tokens: int = 0
    windows: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    unknown_files: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def rejected(self) -> int:
        """How many documents were rejected."""
        return self.reasons.total()

    def add(self, counts: ChunkCounts) -> None:
        """Adds what became of the documents of a chunk; each has rows or is rejected."""
        self.documents += counts.documents
        self.with_articles += counts.classified
        self.articles += counts.articles
        self.mediators += counts.mediators
        self.tokens += counts.tokens
        self.windows += counts.windows
        self.reasons.update(counts.reasons)
        if self.documents != self.with_articles + self.rejected:
            raise AssertionError(f"{self.documents} documents, but {self.with_articles} + {self.rejected} results")

    def summary(self) -> str:
        """The account as the user reads it."""
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.reasons.most_common())
        lines = [
            f"{self.documents} documents = {self.with_articles} with articles + {self.rejected} rejected"
            f"{f' ({reasons})' if reasons else ''}",
            f"{self.articles} articles in {self.seconds:.1f} s",
        ]
        if self.unknown_files:
            named = ", ".join(self.unknown_files[:_MOST_NAMED])
            more = len(self.unknown_files) - _MOST_NAMED
            rest = f" and {more} more" if more > 0 else ""
            lines.append(f"not read, for their ending ({len(self.unknown_files)}): {named}{rest}")
        return "\n".join(lines)

    @classmethod
    def from_run(cls, values: Mapping[str, Any]) -> "Account":
        """Reads what ``to_run`` gave."""
        counts = values["counts"]
        return cls(
            counts["documents"],
            counts["documents_with_articles"],
            counts["articles"],
            values["mediators"],
            values["tokens"],
            values["windows"],
            Counter(counts["rejects_by_reason"]),
            tuple(values["unknown_files"]),
            values["seconds"],
        )

    def to_run(self) -> dict[str, Any]:
        """Everything as values that JSON can hold."""
        return {
            "counts": self.to_dict(),
            "mediators": self.mediators,
            "tokens": self.tokens,
            "windows": self.windows,
            "unknown_files": list(self.unknown_files),
            "seconds": round(self.seconds, 3),
        }

    def to_dict(self) -> dict[str, Any]:
        """The counts of documents and articles as values that JSON can hold."""
        return {
            "documents": self.documents,
            "documents_with_articles": self.with_articles,
            "rejects": self.rejected,
            "rejects_by_reason": dict(self.reasons.most_common()),
            "articles": self.articles,
            "unknown_files": len(self.unknown_files),
        }


def _by_reason(rejections: Sequence[Rejection]) -> Counter[str]:
    return Counter(one.reason.partition(":")[0] for one in rejections)
