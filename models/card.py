"""The card of a model: ``README.md`` in its folder, which the Hugging Face Hub shows.

Training writes it from the template ``card.md`` of :mod:`wasit.configs`; an evaluation puts its scores between two
marks in it and into ``model-index`` of its header, and leaves everything else as it is, be it written by a person.
"""

from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import yaml
from huggingface_hub import EvalResult, ModelCard, ModelCardData
from markupsafe import Markup

from wasit.models.card_notes import CardNotes
from wasit.models.card_text import CARD_FILE, CardTable, card_template, one_line
from wasit.models.errors import InputError
from wasit.models.taxonomy import Task, Taxonomy

REPOSITORY = "ORGANISATION/NAME"
"""Stands in the lines of use until the model has a name on the Hub."""

TO_FILL_IN = Markup("**✎ To fill in**")
"""Marks what a person has to write."""

_TEMPLATE = "card.md"
_LOADED = 'from_pretrained("{}")'
_START, _END = "<!-- scores: start -->", "<!-- scores: end -->"


@dataclass(frozen=True)
class CardScores:
    """How well a model does.

    Attributes:
        explanation: On which data, and how to read the tables; Markdown only if it is :class:`Markup`.
        tables: For readers.
        results: For ``model-index``.
    """

    explanation: str
    tables: tuple[CardTable, ...]
    results: tuple[EvalResult, ...]


@dataclass(frozen=True)
class TrainingFacts:
    """How a model came about.

    Attributes:
        base: What it started from.
        base_model: The same by its name on the Hub, if it has one.
        seed: Of order, dropout, masking and fresh weights.
        hardware: What it ran on.
        time: How long it took.
        software: Names and versions.
        year: When it ended.
        data: Parts of the run with their files and numbers of articles.
        paths: The files of data by their paths in the recipe, with the names to show.
        recipe: As YAML, without folders of the machine.
    """

    base: str
    base_model: str | None
    seed: int
    hardware: str
    time: str
    software: str
    year: int
    data: CardTable
    paths: dict[str, str]
    recipe: str


@dataclass(frozen=True)
class CardContent:
    """Everything that a card is made from.

    Attributes:
        name: How the model is called, unless the notes say otherwise.
        taxonomy: What it tells apart.
        notes: What a person has to say.
        training: How it came about, if that is known.
        scores: How well it does, if that is known.
    """

    name: str
    taxonomy: Taxonomy
    notes: CardNotes = field(default_factory=CardNotes)
    training: TrainingFacts | None = None
    scores: CardScores | None = None


def write_card(folder: Path, content: CardContent) -> None:
    """Writes the card of a model, in the place of the one that may be there.

    Args:
        folder: Of the model.
        content: What the card says.
    """
    _card(content).save(folder / CARD_FILE)


def _card(content: CardContent) -> ModelCard:
    body = card_template(_TEMPLATE).render(
        name=_name(content),
        article_tasks=content.taxonomy.article_tasks,
        mediator_tasks=content.taxonomy.mediator_tasks,
        tasks=[(task, _label_table(task)) for task in content.taxonomy.tasks],
        mediators=_mediator_names(content.taxonomy),
        notes=content.notes,
        training=content.training,
        origins=_origins(content),
        citation=_citation(content),
        scores=content.scores,
        repository=REPOSITORY,
        to_fill_in=TO_FILL_IN,
    )
    return ModelCard(f"---\n{_header(content).to_yaml()}\n---\n\n{body}")


def _name(content: CardContent) -> str:
    return one_line(content.notes.name or content.name)


def _header(content: CardContent) -> ModelCardData:
    notes, training = content.notes, content.training
    tags = ["arabic", "news", "wasit", *(["mediation"] if content.taxonomy.mediator_tasks else [])]
    data = ModelCardData(
        language="ar",
        license=notes.license,
        license_name=None if notes.license_name is None else one_line(notes.license_name),
        license_link=None if notes.license_link is None else one_line(notes.license_link),
        base_model=None if training is None else training.base_model,
        library_name="wasit",
        pipeline_tag="text-classification",
        tags=tags,
    )
    _set_scores(data, _name(content), content.scores)
    return data


def _set_scores(data: ModelCardData, name: str, scores: CardScores | None) -> None:
    if scores is None or not scores.results:
        return
    data.model_name = data.model_name or name
    data.eval_results = list(scores.results)
    data.metrics = list(dict.fromkeys(result.metric_type for result in scores.results))


def _label_table(task: Task) -> CardTable:
    columns = {
        "label": [Markup(f"`{label.name}`") for label in task.labels],
        "العربية": [label.ar for label in task.labels],
        "English": [label.en for label in task.labels],
        "definition": [label.definition for label in task.labels],
    }
    if any(label.iptc for label in task.labels):
        columns["IPTC"] = [label.iptc or "" for label in task.labels]
    return CardTable(task.en, tuple(columns), tuple(zip(*columns.values(), strict=True)), names=len(columns))


def _mediator_names(taxonomy: Taxonomy) -> str:
    return ", ".join(f"{mediator.en} ({mediator.ar})" for mediator in taxonomy.mediators)


def _origins(content: CardContent) -> CardTable | None:
    if content.training is None:
        return None
    notes = {note.path: note for note in content.notes.data}
    rows = []
    for path, name in content.training.paths.items():
        note = notes.get(path)
        said = (None, None) if note is None else (note.origin, note.license)
        rows.append((name, *(text or TO_FILL_IN for text in said)))
    return CardTable("Origin", ("file", "what it is, and who made it", "licence"), tuple(rows), names=3)


def _citation(content: CardContent) -> str:
    """BibTeX of the model and of wasit; signs that mean something to BibTeX are left out."""
    fields = {"title": _name(content)}
    if content.notes.authors is not None:
        fields["author"] = one_line(content.notes.authors)
    if content.training is not None:
        fields["year"] = str(content.training.year)
    fields["note"] = f"Trained with wasit {version('wasit')}"
    return (
        _bibtex("misc", "model", fields)
        + "\n"
        + _bibtex("software", "wasit", {"title": "wasit: topic, mediator roles and stance in Arabic news"})
    )


def _bibtex(kind: str, key: str, fields: dict[str, str]) -> str:
    removed = str.maketrans("", "", "{}\\%#$&~^_")
    lines = [f"  {name} = {{{value.translate(removed)}}}," for name, value in fields.items()]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def card_of_repository(card: str, repository: str) -> str:
    """A card as it is pushed: its lines of use name the repository.

    Args:
        card: As it stands in the folder of the model.
        repository: ``organisation/name`` on the Hub.
    """
    return card.replace(_LOADED.format(REPOSITORY), _LOADED.format(repository))


def check_card(folder: Path) -> None:
    """Makes sure that scores can be put into the card of a model, before the hours in which they are computed.

    Raises:
        InputError: If there is a card that cannot be read, or that has no place for scores.
    """
    if (folder / CARD_FILE).is_file():
        _read(folder)


def fill_in_scores(folder: Path, taxonomy: Taxonomy, scores: CardScores) -> None:
    """Puts scores into the card of a model, in the place of those that may stand there.

    Args:
        folder: Of the model; gets a card if it has none.
        taxonomy: Of the model.
        scores: What to put there.

    Raises:
        InputError: If the card cannot be read or written, or has no place for scores.
    """
    path, name = folder / CARD_FILE, folder.resolve().name
    if path.is_file():
        card, (start, end) = _read(folder)
        assert isinstance(card.data, ModelCardData)
        _set_scores(card.data, name, scores)
        template = card_template(_TEMPLATE)
        context = template.new_context({"scores": scores, "to_fill_in": TO_FILL_IN})
        section = "".join(template.blocks["scores"](context)).strip()
        card.text = card.text[:start] + section + card.text[end:]
    else:
        card = _card(CardContent(name, taxonomy, scores=scores))
    try:
        card.save(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error


def _read(folder: Path) -> tuple[ModelCard, tuple[int, int]]:
    """A card, and where in its text the scores begin and end."""
    path = folder / CARD_FILE
    try:
        card = ModelCard.load(path)
    except (OSError, TypeError, ValueError, yaml.YAMLError) as error:
        raise InputError(
            f"{path}: is no card that can be read: {one_line(str(error))}; "
            "mend its header, or move the file away to have a new one written"
        ) from error
    start = card.text.find(_START)
    end = card.text.find(_END, start)
    if start < 0 or end < 0:
        raise InputError(
            f"{path}: has no place for scores; put the lines {_START} and {_END} where they are to stand, "
            "or move the file away to have a new one written"
        )
    return card, (start, end + len(_END))
