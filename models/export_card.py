"""The card of an export: what it is, how it is used, and in what it differs from wasit."""

import json
from pathlib import Path

import yaml
from huggingface_hub import ModelCard, ModelCardData
from markupsafe import Markup

from wasit.models.card_text import CARD_FILE, card_template, one_line
from wasit.models.errors import InputError
from wasit.models.text_side import find_model


def card_header(name: str, library: str) -> ModelCardData:
    """The header of an export's card; licence, language and base are those of the model's own card, if it has one.

    Args:
        name: The model that is exported.
        library: What loads the export, as the Hugging Face Hub calls it.

    Raises:
        InputError: If the model's own card cannot be read.
    """
    own = _own_header(name)
    return ModelCardData(
        language=own.language,
        license=own.license,
        license_name=own.license_name,
        license_link=own.license_link,
        base_model=own.base_model,
        library_name=library,
        pipeline_tag="text-classification",
        tags=["arabic", "news", "wasit"],
    )


def write_card(folder: Path, template: str, header: ModelCardData, name: str, **values: object) -> None:
    """Writes ``README.md``.

    Args:
        folder: Of the export.
        template: File of ``wasit.configs``.
        header: From :func:`card_header`.
        name: The model that is exported.
        **values: What the template asks for besides; text that is not ``Markup`` is shown as it is.
    """
    body = card_template(template).render(
        # A folder has its name; where it stands on this machine is nobody else's business.
        name=Path(name).resolve().name if Path(name).is_dir() else name,
        licence=header.license,
        **values,
    )
    (folder / CARD_FILE).write_text(f"---\n{header.to_yaml()}\n---\n\n{body}", encoding="utf-8")


def python_text(text: str) -> Markup:
    """A text as it stands in code, whatever it holds."""
    return Markup(json.dumps(one_line(text), ensure_ascii=False))


def _own_header(name: str) -> ModelCardData:
    with find_model(name) as source:
        path = source.folder / CARD_FILE
        if not path.is_file():
            return ModelCardData()
        try:
            header: ModelCardData = ModelCard.load(path, ignore_metadata_errors=True).data
        except (OSError, TypeError, ValueError, yaml.YAMLError) as error:
            raise InputError(
                f"model {name!r}: the header of its {CARD_FILE} cannot be read: {one_line(str(error))}; "
                "mend it, or move the file away"
            ) from error
    return header
