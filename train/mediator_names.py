"""The mediator that a cell names: by its id, or by any word that the taxonomy knows for it."""

import unicodedata
from collections.abc import Callable, Iterator
from functools import cached_property

from wasit.models.folding import fold_form, without_article
from wasit.models.mediators import Mediator
from wasit.models.taxonomy import Taxonomy


class MediatorNames:
    """Looks mediators up: the id counts first, then a name as it is written, then a form in any spelling.

    A word that names two mediators names none.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        """Keeps the taxonomy; the words are listed when the first is asked for that is no id."""
        self._mediators = taxonomy.mediators
        self.ids = tuple(mediator.id for mediator in taxonomy.mediators)
        self._known_ids = frozenset(self.ids)

    def find(self, name: str) -> str | None:
        """The id of the mediator with that name, or None if there is not exactly one."""
        if name in self._known_ids:
            return name
        written = self._written.get(_written(name))
        return written or self._folded.get(_folded(name))

    @cached_property
    def _written(self) -> dict[str, str | None]:
        def names(mediator: Mediator) -> Iterator[str]:
            yield from map(_written, (mediator.ar, mediator.en, *mediator.marked_forms))

        return self._owners(names)

    @cached_property
    def _folded(self) -> dict[str, str | None]:
        def names(mediator: Mediator) -> Iterator[str]:
            yield from map(_folded, (mediator.ar, mediator.en, *mediator.all_forms))

        return self._owners(names)

    def _owners(self, names: Callable[[Mediator], Iterator[str]]) -> dict[str, str | None]:
        owners: dict[str, str | None] = {}
        for mediator in self._mediators:
            for name in names(mediator):
                is_shared = owners.setdefault(name, mediator.id) != mediator.id
                if is_shared:
                    owners[name] = None
        return owners


def _written(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _folded(name: str) -> str:
    return without_article(name) or fold_form(name)
