"""Shapes that differ only where a value stands are one template; sentences are not values."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from netra_analysis.logtext.grouping import group
from netra_analysis.logtext.template import mask

USERS = ["ann", "bob", "cyd", "dan", "eve"]


def ids(*texts: str) -> list[str]:
    templates = group({mask(text): 1 for text in texts})
    return [templates[mask(text)].id for text in texts]


def test_many_words_in_one_place_are_a_value() -> None:
    assert len(set(ids(*(f"session closed for user {user}" for user in USERS)))) == 1


def test_verb_forms_stay_apart_however_many() -> None:
    assert (
        len(
            set(
                ids(
                    *(
                        f"the machine was {word} by hand"
                        for word in ("started", "stopped", "paused", "resumed", "killed")
                    )
                )
            )
        )
        == 5
    )


def test_requests_stay_apart_by_method() -> None:
    assert len(set(ids(*(f"Request: {method} /api/x took 3 ms" for method in ("GET", "PUT", "POST", "OPTIONS"))))) == 4


def test_a_few_words_in_one_place_are_part_of_the_sentence() -> None:
    assert len(set(ids("disk is full now here", "disk is empty now here"))) == 2


def test_messages_with_little_in_common_stay_apart() -> None:
    assert len(set(ids("cache cold", "queue long", "index stale", "disk full", "cache warm"))) == 5


def test_a_template_reads_like_its_lines_and_says_why() -> None:
    shapes = {mask(f"session {i} closed for user {user} in 5 ms"): 10 for i, user in enumerate(USERS)}
    (template,) = set(group(shapes).values())
    assert template.text == "session <num> closed for user <*> in <num>"
    assert (template.lines, template.shapes) == (50, 5)
    assert template.id.startswith("t1-")
    assert template.why == "5 masked shapes agree in 7 of 8 words and marks"


def test_no_shapes_no_templates() -> None:
    assert group({}) == {}


WORDS = st.sampled_from(
    ["a", "user", "ann", "bob", "<num>", "<str>", "=", "(x)", "a.b", "closed", "!", "...", "<*>", "\x00", ","]
)
SHAPES = st.dictionaries(st.lists(WORDS, max_size=6).map(" ".join), st.integers(1, 9), max_size=25)


@settings(max_examples=200, deadline=None)
@given(SHAPES, st.randoms(use_true_random=False))
def test_order_changes_nothing_and_every_shape_has_a_template(shapes: dict[str, int], dice: random.Random) -> None:
    templates = group(shapes)
    assert templates.keys() == shapes.keys()
    shuffled = list(shapes.items())
    dice.shuffle(shuffled)
    assert group(dict(shuffled)) == templates
    assert sum(one.lines for one in set(templates.values())) == sum(shapes.values())
