"""Articles made up for reports, and the container that a report's page reads, made in the plainest way."""

import gzip
import json
import struct
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BINS = (0, 0.5, 0.7, 0.8, 0.9)
TOPIC = {
    "name": "subject",
    "ar": "الموضوع",
    "en": "Subject",
    "problem": "single_label",
    "labels": [
        {"name": "talks", "ar": "مفاوضات", "en": "Talks"},
        {"name": "water", "ar": "مياه", "en": "Water"},
        {"name": "games", "ar": "ألعاب", "en": "Games"},
    ],
}
PART = {
    "name": "part",
    "ar": "الدور",
    "en": "Part played",
    "problem": "single_label",
    "labels": [
        {"name": "carrier", "ar": "ناقل", "en": "Carrier"},
        {"name": "presser", "ar": "ضاغط", "en": "Presser"},
        {"name": "bystander", "ar": "متفرج", "en": "Bystander"},
    ],
}
TONE = {
    "name": "tone",
    "ar": "النبرة",
    "en": "Tone",
    "problem": "single_label",
    "labels": [
        {"name": "warm", "ar": "ودية", "en": "Warm"},
        {"name": "even", "ar": "متوازنة", "en": "Even"},
        {"name": "cold", "ar": "باردة", "en": "Cold"},
    ],
}
MEDIATORS = [
    {"id": "kenya", "ar": "كينيا", "en": "Kenya"},
    {"id": "sweden", "ar": "السويد", "en": "Sweden"},
    {"id": "oman", "ar": "عُمان", "en": "Oman"},
]
HOSTILE_TITLE = "<script>window.broken = 1</script><img src=x onerror='window.broken=1'> \u202egnorw\x00 end"
HOSTILE_SOURCE = "</script><b>daily</b>\u202e"

_NO_LABEL = 255
_KINDS = {"u1": "B", "u2": "H", "u4": "I"}


@dataclass(frozen=True)
class Named:
    """A mediator in an article: places are characters of the evidence."""

    mediator: int
    part: tuple[int | None, float]
    tone: tuple[int | None, float]
    evidence: str
    mention: str


@dataclass(frozen=True)
class Reported:
    """An article of a report."""

    title: str | None
    source: str
    date: str
    topic: tuple[int | None, float]
    named: tuple[Named, ...]
    text: str | None = None

    @property
    def period(self) -> str:
        """Its month, or nothing."""
        return self.date[:7]


def made_up_articles() -> list[Reported]:
    """Four months of articles by four sources, in which Kenya turns from carrier to presser in March."""
    articles = []
    for month in (1, 2, 3, 4):
        for number in range(12):
            mediator = number % len(MEDIATORS)
            part = 1 if mediator == 0 and month > 2 else number % 2 * 2
            name = ("نيروبي", "ستوكهولم", "مسقط")[mediator]
            evidence = f"🕊 قال مسؤول إن {name} نقلت الرد رقم {month}-{number} إلى الوفدين."
            score = (0.42, 0.55, 0.75, 0.85, 0.97)[number % 5]
            articles.append(
                Reported(
                    title=f"خبر {month}-{number}",
                    source=("النهر", "Lake Post", "البريد", "")[number % 4],
                    date=f"2024-{month:02}-{number + 1:02}",
                    topic=(number % 3 if number % 3 < 2 or month == 1 else 0, score),
                    named=(
                        Named(mediator, (part, 1 - score / 2), (number % 3, score), evidence, name),
                        *([Named(1, (2, 0.6), (1, 0.9), evidence, name)] if mediator == 0 else []),
                    ),
                    text=f"المقدمة.\n{evidence}\nالخاتمة." if number % 2 else None,
                )
            )
    hostile = Named(2, (0, 0.3), (2, 0.3), "سكت <b>مسقط</b> وحدها.", "مسقط")
    articles.append(Reported(HOSTILE_TITLE, HOSTILE_SOURCE, "", (2, 0.95), (hostile,), HOSTILE_TITLE))
    articles.append(Reported(None, "النهر", "2024-04-30", (None, 0.3), ()))
    return articles


def report_container(articles: Sequence[Reported] | None = None, **facts: Any) -> bytes:
    """Packs articles as a report carries them.

    Args:
        articles: What to report; by default those that are made up here.
        facts: Facts to state in place of the true ones.
    """
    articles = made_up_articles() if articles is None else articles
    periods = sorted({one.period for one in articles} - {""}) + [""] * any(not one.period for one in articles)
    sources = [source for source, _ in Counter(one.source for one in articles if one.source).most_common()]
    sources += [""] * any(not one.source for one in articles)
    columns = bytearray()
    cubes = {"articles": _cube(_article_cells(articles, periods, sources), columns, "subject")}
    for task in ("part", "tone"):
        cells = _mediator_cells(articles, periods, sources, task)
        cubes[task] = _cube(cells, columns, "subject", "mediator", "label")
    rows = [_row(number, one, periods, sources) for number, one in enumerate(articles)]
    header = {
        "facts": _facts(articles, sources) | facts,
        "period_unit": "month",
        "periods": periods,
        "sources": sources,
        "article_tasks": [TOPIC],
        "mediator_tasks": [PART, TONE],
        "mediators": MEDIATORS,
        "cubes": cubes,
        "samples": {"rows": rows},
    }
    coded = json.dumps(header, ensure_ascii=False).encode("utf-8")
    return gzip.compress(struct.pack("<I", len(coded)) + coded + bytes(columns))


def _facts(articles: Sequence[Reported], sources: Sequence[str]) -> dict[str, Any]:
    dates = sorted(one.date for one in articles if one.date)
    return {
        "pages": len(articles) - 3,
        "articles": len(articles) + 7,
        "distinct_articles": len(articles),
        "rejects": 2,
        "first_date": dates[0] if dates else None,
        "last_date": dates[-1] if dates else None,
        "undated": sum(not one.date for one in articles),
        "sources": sum(map(bool, sources)),
        "models": ["tiny-model"],
        "created": "2026-01-02T03:04:05Z",
        "wasit": "0.1.0",
        "sampled": False,
        "articles_in_sample": len(articles),
        "unnamed": ["tuvalu"],
        "bounds": {
            "periods": len({one.period for one in articles}),
            "sources": 20,
            "mediators": len(MEDIATORS),
            "score_bins": list(BINS),
            "per_cell": None,
            "text_characters": 4000,
        },
    }


def _bin(score: float) -> int:
    return max(index for index, least in enumerate(BINS) if score >= least)


def _code(label: int | None) -> int:
    return _NO_LABEL if label is None else label


def _article_cells(
    articles: Sequence[Reported], periods: list[str], sources: list[str]
) -> Counter[tuple[int, ...]]:
    return Counter(
        (periods.index(one.period), sources.index(one.source), _code(one.topic[0]), _bin(one.topic[1]))
        for one in articles
    )


def _mediator_cells(
    articles: Sequence[Reported], periods: list[str], sources: list[str], task: str
) -> Counter[tuple[int, ...]]:
    return Counter(
        (
            periods.index(one.period),
            sources.index(one.source),
            _code(one.topic[0]),
            named.mediator,
            _code(getattr(named, task)[0]),
            _bin(getattr(named, task)[1]),
        )
        for one in articles
        for named in one.named
    )


def _cube(cells: Mapping[tuple[int, ...], int], columns: bytearray, *names: str) -> dict[str, Any]:
    described = {}
    all_names = ("period", "source", *names, "score", "count")
    for place, name in enumerate(all_names):
        values = [(*cell, count)[place] for cell, count in cells.items()]
        dtype = {"period": "u2", "count": "u4"}.get(name, "u1")
        described[name] = {"dtype": dtype, "offset": len(columns)}
        columns += array(_KINDS[dtype], values).tobytes()
    return {"rows": len(cells), "columns": described}


def _row(number: int, one: Reported, periods: list[str], sources: list[str]) -> list[Any]:
    mediators = []
    for named in one.named:
        start = named.evidence.index(named.mention)
        answers = {"part": list(named.part), "tone": list(named.tone)}
        mediators.append([named.mediator, answers, named.evidence, start, start + len(named.mention)])
    return [
        one.title,
        one.source or None,
        one.date or None,
        f"pages/{number}.txt",
        0,
        periods.index(one.period),
        sources.index(one.source),
        {"subject": list(one.topic)},
        mediators,
        one.text,
    ]
