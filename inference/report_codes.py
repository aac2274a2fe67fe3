"""The queries that make small numbers of the columns that are counted."""

from wasit.inference.report_engine import quoted
from wasit.inference.report_input import Predictions, ReportTask

SCORE_BINS = (0.0, 0.5, 0.7, 0.8, 0.9)
"""The lowest score of each bin."""

_SMALL = 255
_LARGE = 65_535


def no_label(task: ReportTask) -> int:
    """The code of no answer to a task: the largest number of its type."""
    return _SMALL if len(task.labels) <= _SMALL else _LARGE


def articles_query(predictions: Predictions) -> str:
    """The query of the table ``articles``, with the mediators as they are, from ``kept``."""
    columns = [_answer(task, "kept", f"a{index}") for index, task in enumerate(predictions.article_tasks)]
    return f"""SELECT position, shuffle,
        coalesce(days.bucket, (SELECT max(bucket) FROM buckets)) AS bucket,
        coalesce(sources.code, (SELECT count(*) FROM sources))::INTEGER AS source,
        {_listed(columns)} mediators
        FROM kept LEFT JOIN days USING (day) LEFT JOIN sources USING (source)"""


def pairs_query(predictions: Predictions) -> str:
    """The query of the table ``pairs``, from ``articles``."""
    topic = "a0 AS topic," if predictions.topic else ""
    columns = [_answer(task, "m", f"m{index}") for index, task in enumerate(predictions.mediator_tasks)]
    return f"""SELECT position, shuffle, bucket, source, {topic} {_listed(columns)}
        enum_code(m.mediator::mediator_id)::USMALLINT AS mediator
        FROM (SELECT * EXCLUDE (mediators), unnest(mediators) AS m FROM articles)"""


def answers(predictions: Predictions, task: ReportTask) -> str:
    """A query of the answers to a task, as ``label`` and ``score``, with the other columns of its table."""
    of_articles = task in predictions.article_tasks
    tasks = predictions.article_tasks if of_articles else predictions.mediator_tasks
    table, name = ("articles", f"a{tasks.index(task)}") if of_articles else ("pairs", f"m{tasks.index(task)}")
    topic = "a0 AS topic, " if of_articles and predictions.topic else ""
    if task.is_single:
        return f"SELECT *, {topic}{name} AS label, {name}_bin AS score FROM {table}"
    return (
        f"SELECT * EXCLUDE (answer), answer.label AS label, answer.score AS score "
        f"FROM (SELECT *, {topic}unnest({name}) AS answer FROM {table})"
    )


def _listed(columns: list[str]) -> str:
    return "".join(f"{column}, " for column in columns)


def _answer(task: ReportTask, row: str, name: str) -> str:
    """The columns of an answer: its code and bin of its score, or a list of both where there may be several."""
    answer = f"{row}.{quoted(task.name)}"
    if task.is_single:
        score = f"{row}.{quoted(f'{task.name}_score')}"
        return f"{_code(task, answer, name)} AS {name}, {_bin(score)} AS {name}_bin"
    scores = f"{row}.{quoted(f'{task.name}_scores')}"
    score = f"list_filter({scores}, lambda one: one.label = given)[1].score"
    # That no label holds is as sure as the likeliest one is unlikely.
    sure = f"1 - list_max(list_transform({scores}, lambda one: one.score))"
    none = f"[{{'label': {no_label(task)}::USMALLINT, 'score': {_bin(sure)}}}]"
    several = f"lambda given: {{'label': {_code(task, 'given', name)}::USMALLINT, 'score': {_bin(score)}}}"
    return f"if(coalesce(len({answer}), 0) = 0, {none}, list_transform({answer}, {several})) AS {name}"


def _code(task: ReportTask, label: str, name: str) -> str:
    none = no_label(task)
    kind = "UTINYINT" if none == _SMALL else "USMALLINT"
    return f"coalesce(enum_code({label}::{name}_label), {none})::{kind}"


def _bin(score: str) -> str:
    """Scores are compared as the type that they are stored in, so that 0.7 is not less than 0.7."""
    reached = " + ".join(f"({score} >= {bound}::FLOAT)::UTINYINT" for bound in SCORE_BINS[1:])
    return f"coalesce({reached}, 0)::UTINYINT"
