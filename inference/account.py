"""Accounts for every document of a run: it gave rows, or it was rejected."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from wasit.inference.classifier import Classified

_MOST_NAMED = 10


@dataclass
class Account:
    """What became of the documents.

    Attributes:
        documents: How many were read.
        with_articles: How many of them gave rows.
        articles: How many rows.
        reasons: How many were rejected, by the identifier of the reason.
        unknown_files: Names of files that were not read, since they have none of the known endings.
        seconds: How long it took, loading the model included.
    """

    documents: int = 0
    with_articles: int = 0
    articles: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    unknown_files: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def rejects(self) -> int:
        """How many documents were rejected."""
        return self.reasons.total()

    def add(self, documents: int, result: Classified) -> None:
        """Adds what became of some documents; each has rows or is rejected."""
        self.documents += documents
        self.with_articles += len({record["doc_id"] for record in result.records})
        self.articles += len(result.records)
        self.reasons.update(one.reason.partition(":")[0] for one in result.rejections)
        if self.documents != self.with_articles + self.rejects:
            raise AssertionError(f"{self.documents} documents, but {self.with_articles} + {self.rejects} results")

    def summary(self) -> str:
        """The account as the user reads it."""
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.reasons.most_common())
        lines = [
            f"{self.documents} documents = {self.with_articles} with articles + {self.rejects} rejected"
            f"{f' ({reasons})' if reasons else ''}",
            f"{self.articles} articles in {self.seconds:.1f} s",
        ]
        if self.unknown_files:
            named = ", ".join(self.unknown_files[:_MOST_NAMED])
            more = len(self.unknown_files) - _MOST_NAMED
            rest = f" and {more} more" if more > 0 else ""
            lines.append(f"not read, for their ending ({len(self.unknown_files)}): {named}{rest}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The counts as values that JSON can hold."""
        return {
            "documents": self.documents,
            "documents_with_articles": self.with_articles,
            "rejects": self.rejects,
            "rejects_by_reason": dict(self.reasons.most_common()),
            "articles": self.articles,
            "unknown_files": len(self.unknown_files),
        }
