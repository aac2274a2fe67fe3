"""What a card says that only a person can know: licences, origins, authors, further limits."""

import re
from typing import Annotated

from pydantic import AfterValidator, model_validator

from wasit.models.config_file import Problem, Problems, Strict
from wasit.models.naming import Line, raise_problems, repeated

OTHER_LICENSE = "other"

_LICENSE = re.compile(r"[a-z0-9]+([.+-][a-z0-9]+)*")
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+", re.ASCII)


def _check_license(license: str) -> str:
    if not _LICENSE.fullmatch(license):
        allowed = f"an identifier of the Hugging Face Hub, such as cc-by-4.0 or apache-2.0, or {OTHER_LICENSE}"
        raise Problems([Problem((), "is no identifier of a licence", license, allowed)])
    return license


def _check_repository(name: str) -> str:
    if not _REPOSITORY.fullmatch(name):
        allowed = "organisation/name on the Hugging Face Hub"
        raise Problems([Problem((), "is no name of a model", name, allowed)])
    return name


class DataNote(Strict):
    """Where the data of a file come from.

    Attributes:
        path: The file, as the recipe names it.
        origin: What the data are and who made them.
        license: The licence that they are under, as their publisher states it.
    """

    path: str
    origin: Line | None = None
    license: Line | None = None


class CardNotes(Strict):
    """What a recipe can say for the card of its model; what is left out is marked there as to be filled in.

    Attributes:
        name: How the model is called; as its folder without it.
        license: Licence of the weights, by its identifier on the Hugging Face Hub.
        license_name: Name of a licence that the Hub does not know, with ``license: other``.
        license_link: Where the text of that licence stands.
        base_model: Hub name of the model that the base was made from, where the base is a folder.
        authors: Who is to be cited.
        data: Origin and licence of the files of data.
        limits: What else a user should know before relying on the model, a sentence or two each.
    """

    name: Line | None = None
    license: Annotated[str, AfterValidator(_check_license)] | None = None
    license_name: Line | None = None
    license_link: Line | None = None
    base_model: Annotated[str, AfterValidator(_check_repository)] | None = None
    authors: Line | None = None
    data: tuple[DataNote, ...] = ()
    limits: tuple[Line, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> "CardNotes":
        problems = list(repeated("data", (note.path for note in self.data), "path"))
        if self.license == OTHER_LICENSE and self.license_name is None:
            allowed = f"with license_name, or an identifier other than {OTHER_LICENSE}"
            problems.append(Problem(("license",), "does not say which licence", self.license, allowed))
        for key in ("license_name", "license_link"):
            value = getattr(self, key)
            if value is not None and self.license != OTHER_LICENSE:
                problems.append(Problem((key,), "stands alone", value, f"with license: {OTHER_LICENSE}"))
        raise_problems(problems)
        return self

    def data_problems(self, paths: frozenset[str]) -> list[Problem]:
        """Finds notes on files that a recipe does not name.

        Args:
            paths: All that it names.
        """
        allowed = f"one of {', '.join(sorted(paths))}"
        return [
            Problem(("data", index, "path"), "is no file of this recipe", note.path, allowed)
            for index, note in enumerate(self.data)
            if note.path not in paths
        ]
