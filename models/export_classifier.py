"""A task of articles as a plain ``BertForSequenceClassification``, which needs no wasit.

The head of such a task reads ``BertPooler``, as that class does. Its temperature goes into its weights, so that
the consumer's softmax or sigmoid gives wasit's scores.
"""

from pathlib import Path

from transformers.models.bert import BertConfig, BertForSequenceClassification

from wasit.models.checkpoint import Checkpoint
from wasit.models.errors import InputError
from wasit.models.export_card import card_header, python_text, write_card
from wasit.models.export_folder import check_folder, export_folder
from wasit.models.export_tokenizer import export_tokenizer, save_tokenizer
from wasit.models.taxonomy import Task, Taxonomy

_TEMPLATE = "export-sequence-classification.md"
_WORD_EMBEDDINGS = "embeddings.word_embeddings.weight"


def export_classifier(name: str, folder: Path, task: str | None = None, overwrite: bool = False) -> Task:
    """Writes a task of articles as a model of transformers, in float32.

    Args:
        name: ``wasit-mini``, the folder of a model, or ``organisation/name`` on the Hugging Face Hub.
        folder: Where it is written, new or empty.
        task: The task; the first one of articles by default.
        overwrite: Whether an export that is there already is replaced.

    Returns:
        The task.

    Raises:
        InputError: If there is no such model or task, the task is one of mediators, or the folder is taken.
    """
    check_folder(folder, overwrite)
    checkpoint = Checkpoint.load(name)
    chosen = _article_task(checkpoint.taxonomy, task)
    window_tokens = checkpoint.network.config.window_tokens
    tokenizer = export_tokenizer(checkpoint.tokenizer, window_tokens, has_marker=False)
    header = card_header(checkpoint.name, "transformers")
    with export_folder(folder, overwrite) as unfinished:
        plain_classifier(checkpoint, chosen, 1 + max(tokenizer.get_vocab().values())).save_pretrained(unfinished)
        save_tokenizer(tokenizer, unfinished)
        write_card(
            unfinished,
            _TEMPLATE,
            header,
            checkpoint.name,
            place=python_text(folder.absolute().name),
            task=chosen,
            window_tokens=window_tokens,
        )
    return chosen


def plain_classifier(checkpoint: Checkpoint, task: Task, vocabulary: int) -> BertForSequenceClassification:
    """Puts the encoder and one head together anew.

    Args:
        checkpoint: The model.
        task: A task of articles.
        vocabulary: Rows of the word embeddings that stay.
    """
    network = checkpoint.network
    config = BertConfig(
        **{
            **network.config.encoder.to_dict(),
            "vocab_size": vocabulary,
            "id2label": dict(enumerate(task.label_names)),
            "label2id": {name: index for index, name in enumerate(task.label_names)},
            "problem_type": f"{task.problem}_classification",
        }
    )
    plain = BertForSequenceClassification(config)
    weights = network.encoder.state_dict()
    weights[_WORD_EMBEDDINGS] = weights[_WORD_EMBEDDINGS][:vocabulary]
    plain.bert.load_state_dict(weights)
    temperature = network.config.temperatures.get(task.name, 1.0)
    head = network.article_heads[task.name].state_dict()
    plain.classifier.load_state_dict({key: weight / temperature for key, weight in head.items()})
    return plain


def _article_task(taxonomy: Taxonomy, name: str | None) -> Task:
    of_articles = {task.name: task for task in taxonomy.article_tasks}
    if not of_articles:
        raise InputError(
            "--to: found 'sequence-classification' for a model that has tasks of mediators only, which need their "
            "markers; allowed: onnx"
        )
    if name is None:
        return next(iter(of_articles.values()))
    if name not in of_articles:
        of_mediators = [task.name for task in taxonomy.mediator_tasks]
        why = ", which is asked of each mediator and needs its markers" if name in of_mediators else ""
        raise InputError(f"--task: found {name!r}{why}; allowed: {', '.join(of_articles)}")
    return of_articles[name]
