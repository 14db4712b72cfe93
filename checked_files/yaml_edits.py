"""Edits of YAML files in place: comments, order and layout stay as a person wrote them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from .yaml_files import node_of, plain_data

_ALIAS = re.compile(r"\*[^\s,\[\]{}]+")
_LINE_BREAK = re.compile(r"[\r\n\x85\u2028\u2029]")
_WIDTH = 100
_ENDLESS = 1_000_000


class EditError(Exception):
    """Raised when no edit in place can make a file contain its new data."""


class _Dumper(yaml.SafeDumper):
    """A dumper that writes a value that occurs twice as two values, without an anchor."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Return whether a value is written without an anchor."""
        return True


def _text_node(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # Each of these is a line break to YAML, which other quotes would fold.
    quotes = '"' if _LINE_BREAK.search(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=quotes)


_Dumper.add_representer(str, _text_node)


def yaml_text(data: Any, **options: Any) -> str:
    """Return data as YAML in the order of its keys.

    :param options: those of PyYAML's ``dump``.
    """
    chosen = {"sort_keys": False, "width": _WIDTH, "allow_unicode": True, **options}
    text: str = yaml.dump(data, Dumper=_Dumper, **chosen)
    return text


def edited(text: str, data: Mapping[str, Any], *, header: str = "") -> str:
    """Return a YAML text with new data, in which every unchanged line is as it was.

    :param data: the new data. A key is added behind the key that precedes it here.
    :param header: the comment at the beginning, which belongs to the file and to no key.
    :raises EditError: where anchors, aliases or merge keys prevent an edit in place.
    """
    mark, body = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    newline = "\r\n" if "\r\n" in body else "\n"
    root, old = node_of(body), plain_data(body)
    if old == data:
        return text
    if root is None:
        first = f"{body.rstrip(newline)}{newline}" if body.strip() else ""
        return mark + first + yaml_text(dict(data)).replace("\n", newline)
    header = header.replace("\n", newline)
    editor = _Editor(body, newline, len(header) if body.startswith(header) else 0)
    try:
        editor.edit_root(root, old, data)
        result = editor.result()
        is_as_intended = plain_data(result) == data
    except (_NotInPlace, yaml.YAMLError):
        is_as_intended = False
    if not is_as_intended:
        raise EditError
    return mark + result


class _NotInPlace(Exception):
    """Raised when a collection can only be replaced as a whole."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A key with its value, or an item of a list of named mappings.

    :param start: the index of the key, or of the item's dash.
    :param end: the index behind the value.
    :param node: the value; ``None`` for an alias, whose node belongs to its anchor.
    """

    name: str
    start: int
    value: int
    end: int
    node: yaml.Node | None


@dataclass(slots=True)
class _Editor:
    """The edits of one text, collected from the outermost collection inwards.

    :param lead: the index behind the file's header.
    """

    text: str
    newline: str
    lead: int
    edits: list[tuple[int, int, str]] = field(default_factory=list)

    def result(self) -> str:
        """Return the text with all edits."""
        parts: list[str] = []
        position = 0
        for start, end, text in sorted(self.edits, key=lambda edit: edit[:2]):
            parts += [self.text[position:start], text.replace("\n", self.newline)]
            position = max(position, end)
        return "".join([*parts, self.text[position:]])

    def edit_root(self, node: yaml.Node, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Edit the file's mapping; one without any key in common is replaced."""
        if old.keys() & new.keys():
            self.edit(node, 0, old, new)
        else:
            self.edits.append((*self._span(node, 0), yaml_text(dict(new)).removesuffix("\n")))

    def edit(self, node: yaml.Node, after: int, old: Any, new: Any) -> None:
        """Edit a collection, so that it contains the new data.

        :raises _NotInPlace: where it can only be replaced as a whole.
        """
        old_items, new_items = _named(old), _named(new)
        entries = {entry.name: entry for entry in self._entries(node, after)}
        kept = [name for name in entries if name in new_items]
        in_order = [name for name in new_items if name in entries]
        is_list = isinstance(old, list)
        if entries.keys() != old_items.keys() or not kept or (is_list and kept != in_order):
            raise _NotInPlace
        in_flow = _is_flow(node)
        for name in kept:
            if old_items[name] != new_items[name]:
                slot = _Slot(entries[name], is_list=is_list, in_flow=in_flow)
                self._change(slot, old_items[name], new_items[name])
        self._remove(list(entries.values()), set(kept), in_flow=in_flow)
        previous = ""
        for name, value in new_items.items():
            if name in entries:
                previous = name
            else:
                written = _written(name, value, is_list=is_list, in_flow=in_flow)
                self._add(entries, kept[0], previous, written, in_flow=in_flow)

    def _change(self, slot: "_Slot", old: Any, new: Any) -> None:
        entry, node = slot.entry, slot.entry.node
        count = len(self.edits)
        if node is not None and type(old) is type(new) and isinstance(old, dict | list):
            try:
                return self.edit(node, entry.value, old, new)
            except _NotInPlace:
                del self.edits[count:]
        is_scalar = isinstance(node, yaml.ScalarNode) and entry.end > entry.value
        if is_scalar and not isinstance(new, dict | list):
            self.edits.append((entry.value, entry.end, _scalar(new, node)))
            return None
        written = _written(entry.name, new, is_list=slot.is_list, in_flow=slot.in_flow)
        indented = written if slot.in_flow else self._indented(written, entry.start)
        self.edits.append((entry.start, entry.end, indented))
        return None

    def _remove(self, entries: Sequence[_Entry], kept: set[str], *, in_flow: bool) -> None:
        is_after_kept = False
        for index, entry in enumerate(entries):
            if entry.name in kept:
                is_after_kept = True
            elif in_flow and is_after_kept:
                self.edits.append((entries[index - 1].end, entry.end, ""))
            elif in_flow or not self._begins_line(entry):
                self.edits.append((entry.start, entries[index + 1].start, ""))
            else:
                before = self.text.rfind("\n", 0, entry.start)
                end = self._line_end(entry.end)
                start = 0 if before < 0 else self._line_end(before)
                self.edits.append((start, end + len(self.newline) if before < 0 else end, ""))

    def _add(
        self,
        entries: Mapping[str, _Entry],
        first: str,
        previous: str,
        written: str,
        *,
        in_flow: bool,
    ) -> None:
        behind = entries.get(previous)
        if in_flow:
            index = behind.end if behind else entries[first].start
            text = f", {written}" if behind else f"{written}, "
        elif behind:
            index = self._line_end(behind.end)
            text = f"\n{self._indent(behind.start)}{self._indented(written, behind.start)}"
        else:
            start = entries[first].start
            indent = self._indent(start)
            index = self._lead_of(start) if self._begins_line(entries[first]) else start
            text = f"{self._indented(written, start)}\n"
            text = f"{indent}{text}" if index != start else f"{text}{indent}"
        self.edits.append((index, index, text))

    def _entries(self, node: yaml.Node, after: int) -> Iterator[_Entry]:
        for key, child in _children(node):
            begin = key.end_mark.index if key else after
            start, end = self._span(child, begin)
            is_alias = child.start_mark.index < begin
            if key:
                name, first = str(key.value), key.start_mark.index
            else:
                name = _name_of(child)
                first = start if _is_flow(node) else self.text.rindex("-", 0, start)
            yield _Entry(name, first, start, end, None if is_alias else child)
            after = end

    def _span(self, node: yaml.Node, after: int) -> tuple[int, int]:
        """Return where a value begins and ends.

        :param after: an index before the value, behind what precedes it.
        """
        if node.start_mark.index < after:
            alias = _ALIAS.search(self.text, after)
            return alias.span() if alias else (after, after)
        start, end = node.start_mark.index, node.end_mark.index
        children = _children(node)
        if children and not _is_flow(node):
            # The end mark of a block is behind the comments that follow it.
            end = start
            for key, child in children:
                end = self._span(child, key.end_mark.index if key else end)[1]
        return start, start + len(self.text[start:end].rstrip())

    def _begins_line(self, entry: _Entry) -> bool:
        return not self._indent_text(entry.start).strip()

    def _indent_text(self, index: int) -> str:
        return self.text[self.text.rfind("\n", 0, index) + 1 : index]

    def _indent(self, index: int) -> str:
        return " " * len(self._indent_text(index))

    def _indented(self, text: str, index: int) -> str:
        return text.replace("\n", f"\n{self._indent(index)}")

    def _line_end(self, index: int) -> int:
        """Return the index behind the last character of a line, without its line break."""
        found = self.text.find("\n", index)
        end = len(self.text) if found < 0 else found
        return end - 1 if end and self.text[end - 1] == "\r" and found >= 0 else end

    def _lead_of(self, index: int) -> int:
        """Return the index of the first comment line directly above a line."""
        start = self.text.rfind("\n", 0, index) + 1
        while start > self.lead:
            above = self.text.rfind("\n", 0, start - 1) + 1
            if not self.text[above:start].lstrip().startswith("#"):
                break
            start = above
        return start


@dataclass(frozen=True, slots=True)
class _Slot:
    """The place of an entry: in a list or a mapping, in flow or block style."""

    entry: _Entry
    is_list: bool
    in_flow: bool


def _children(node: yaml.Node) -> list[tuple[yaml.Node | None, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        return list(node.value)
    return [(None, item) for item in node.value] if isinstance(node, yaml.SequenceNode) else []


def _is_flow(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _named(data: Any) -> dict[str, Any]:
    """Return the values of a mapping, or the items of a list, by their names."""
    if isinstance(data, Mapping):
        return dict(data)
    names = [str(item.get("name", "")) for item in data if isinstance(item, Mapping)]
    if len(set(names)) < len(data):
        raise _NotInPlace
    return dict(zip(names, data, strict=True))


def _name_of(node: yaml.Node) -> str:
    values = (value for key, value in _children(node) if key and key.value == "name")
    return next((str(value.value) for value in values), "")


def _scalar(value: Any, node: yaml.Node | None) -> str:
    """Return a value on one line, in the quotes that the value before it had."""
    quotes = getattr(node, "style", None)
    has_quotes = isinstance(value, str) and quotes in ("'", '"') and not _LINE_BREAK.search(value)
    text = yaml_text(value, width=_ENDLESS, default_style=quotes if has_quotes else None)
    return text.removesuffix("\n").removesuffix("\n...")


def _written(name: str, value: Any, *, is_list: bool, in_flow: bool) -> str:
    data = [value] if is_list else {name: value}
    if in_flow:
        return yaml_text(data, width=_ENDLESS, default_flow_style=True).strip()[1:-1]
    return yaml_text(data).removesuffix("\n")
