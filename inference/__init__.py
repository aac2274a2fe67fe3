"""How a model is run: sources, pages to articles, the engine, what is written."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wasit.inference.classifier import Classifier

__all__ = ["Classifier"]


def __getattr__(name: str) -> object:
    # Splitting pages needs no torch, and importing it takes seconds: only who asks for the classifier waits.
    if name in __all__:
        from wasit.inference.classifier import Classifier

        return Classifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
