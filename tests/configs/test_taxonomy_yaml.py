from importlib.resources import files

import pytest

from wasit.models.config_file import load_yaml
from wasit.models.folding import Spelling
from wasit.models.mentions import MentionFinder
from wasit.models.taxonomy import Taxonomy


def test_the_shipped_taxonomy_is_the_codebook() -> None:
    taxonomy = Taxonomy.from_yaml(files("wasit.configs") / "taxonomy.yaml")
    shape = [(task.name, task.scope, task.problem, len(task.labels)) for task in taxonomy.tasks]
    assert shape == [
        ("topic", "article", "single_label", 15),
        ("role", "mediator", "single_label", 8),
        ("stance", "mediator", "single_label", 3),
    ]
    assert taxonomy.task("stance").label_names == ("favourable", "neutral", "critical")
    assert taxonomy.task("role").label_names[:4] == ("guarantor", "formulator", "manipulator", "facilitator")


def test_every_topic_points_to_iptc() -> None:
    assert all(label.iptc for label in Taxonomy.default().task("topic").labels)


def test_names_are_in_their_language() -> None:
    taxonomy = Taxonomy.default()
    named = [*taxonomy.tasks, *taxonomy.mediators, *(label for task in taxonomy.tasks for label in task.labels)]
    assert all(name.en.isascii() or name.en == "Türkiye" for name in named)
    assert all("\u0621" <= name.ar[0] <= "\u064a" for name in named)
    assert all(label.definition.endswith(".") for task in taxonomy.tasks for label in task.labels)


def test_the_mediators_of_the_annotation_are_all_there() -> None:
    arab = {"qatar", "egypt", "saudi_arabia", "uae", "jordan", "oman", "kuwait", "algeria", "iraq"}
    powers = {"united_states", "turkey", "iran", "russia", "china", "france", "united_kingdom", "germany"}
    hosts = {"switzerland", "norway", "vatican"}
    bodies = {"european_union", "united_nations", "arab_league", "oic", "african_union", "gcc", "igad"}
    groups = {"contact_group", "quartet", "troika"}
    assert {mediator.id for mediator in Taxonomy.default().mediators} == arab | powers | hosts | bodies | groups


@pytest.mark.parametrize("mediator", Taxonomy.default().mediators, ids=lambda mediator: mediator.id)
def test_every_exception_hides_a_mention(mediator) -> None:
    bare = tuple(
        other.model_copy(update={"exceptions": ()}) if other.id == mediator.id else other
        for other in Taxonomy.default().mediators
    )
    without = MentionFinder(Taxonomy.default().model_copy(update={"mediators": bare}))
    useless = [exception for exception in mediator.exceptions if not without.find(exception)]
    assert useless == []
    shipped = MentionFinder(Taxonomy.default())
    assert [exception for exception in mediator.exceptions if shipped.find(exception)] == []


def test_the_spelling_rules_are_read() -> None:
    spelling = load_yaml(files("wasit.configs") / "spelling.yaml", Spelling)
    assert spelling == Spelling.default()
    assert all(joined.endswith(("ال", "لل")) for joined in spelling.article_with_particles)
