"""What several questions ask of the same tables, computed once for each of them and forgotten with them."""

from collections.abc import Callable, Hashable
from functools import wraps
from typing import TypeVar, TypeVarTuple
from weakref import WeakKeyDictionary

Of = TypeVar("Of", bound=Hashable)
More = TypeVarTuple("More")
Made = TypeVar("Made")


def once(compute: Callable[[Of, *More], Made]) -> Callable[[Of, *More], Made]:
    """`compute`, a pure function whose answer nobody changes, asked once for each of its arguments.

    Answers live as long as the first argument; the others are compared by value.
    """
    known: WeakKeyDictionary[Of, dict[tuple[object, ...], Made]] = WeakKeyDictionary()

    @wraps(compute)
    def asked(of: Of, *more: *More) -> Made:
        answers = known.setdefault(of, {})
        if more not in answers:
            answers[more] = compute(of, *more)
        return answers[more]

    return asked
