"""Names that occur twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from constructs_lib.rules.faults import Fault


def duplicate_faults(part: str, names: Mapping[int, str], key: str = "name") -> Iterator[Fault]:
    """Yield a fault for every name that an earlier item of a list has.

    :param part: the list, such as ``repositories``.
    :param names: the names by their index in the list.
    :param key: the setting that contains the name.
    """
    taken: dict[str, int] = {}
    for index, name in names.items():
        if name in taken:
            yield Fault(
                f"{part}[{index}].{key}",
                f"the {key} '{name}' is taken by {part}[{taken[name]}]. Choose another one.",
            )
        taken.setdefault(name, index)
