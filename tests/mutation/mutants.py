"""The mutants of a file: each one a small change to its code."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

_Node = TypeVar("_Node", bound=ast.AST)

_SWAPPED: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.FloorDiv,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,),
}
_EMPTY = {"str": '""', "list": "[]", "dict": "{}", "tuple": "()", "frozenset": "frozenset()"}
# What a reader reads: a change to it is a change of wording.
_WORDING = frozenset({"comment", "description", "help", "message", "title"})
_NEVER_VISITED = frozenset({"annotation", "bases", "decorator_list", "returns", "type_params"})

# A node, the code that replaces it, how the change is shown, and its line.
_Change = tuple[ast.stmt | ast.expr, str, str, int]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change to a file, and the lines of the statement that it changes."""

    file: str
    function: str
    line: int
    statement: range
    change: str
    source: bytes

    @property
    def place(self) -> str:
        """The file and the function, which stay when lines move."""
        return f"{self.file}:{self.function}"


def mutants_of(file: str, source: bytes) -> list[Mutant]:
    """Return every mutant of a file, in the order of its code."""
    starts = [0]
    for text in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(text))
    found: dict[bytes, Mutant] = {}
    for (node, code, text_of_change, line), function, statement in _visit(ast.parse(source)):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        mutated = source[:start] + code.encode() + source[end:]
        shown = " ".join(text_of_change.split())[:160].replace("`", "'")
        found.setdefault(mutated, Mutant(file, function, line, statement, shown, mutated))
    return list(found.values())


def _visit(
    node: ast.AST, function: str = "", returns: str = "", statement: range = range(0)
) -> Iterator[tuple[_Change, str, range]]:
    if _is_left_alone(node, function):
        return
    if isinstance(node, ast.stmt):
        statement = _header(node)
    for change in (*_statement_changes(node, returns), *_expression_changes(node)):
        yield change, function or "(module)", statement
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        function = f"{function}.{node.name}".lstrip(".")
        annotation = getattr(node, "returns", None)
        returns = ast.unparse(annotation) if annotation else ""
    for name, value in ast.iter_fields(node):
        # A tuple between brackets belongs to a type, as in dict[str, int].
        if name in _NEVER_VISITED or (name == "slice" and isinstance(value, ast.Tuple)):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _visit(child, function, returns, statement)


def _is_left_alone(node: ast.AST, function: str) -> bool:
    match node:
        case ast.keyword(arg=str(name)):
            return name in _WORDING
        case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Compare(left=ast.Name(id="__name__"))):
            return True
        case ast.Assign(value=ast.Subscript() | ast.BinOp(op=ast.BitOr())):
            return not function  # a type's other name
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
    return isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr)


def _header(node: ast.stmt) -> range:
    """Return the lines of a statement, without those of the statements inside it."""
    body = [*getattr(node, "body", []), *(case.pattern for case in getattr(node, "cases", []))]
    end = body[0].lineno if body else (node.end_lineno or 0) + 1
    return range(node.lineno, max(end, node.lineno + 1))


def _replaced(node: ast.stmt | ast.expr, *codes: str) -> Iterator[_Change]:
    for code in codes:
        yield node, code, f"{ast.unparse(node)} -> {code}", node.lineno


def _statement_changes(node: ast.AST, returns: str) -> Iterator[_Change]:
    match node:
        case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()) | ast.AugAssign():
            yield from _replaced(node, "pass")
        case ast.Return(value=ast.expr() as value):
            kind = returns.partition("[")[0]
            others = {"True", "False"} if kind == "bool" else {_EMPTY.get(kind, "None"), "None"}
            codes = sorted(others - {ast.unparse(value)})
            yield from _replaced(node, *(f"return {code}" for code in codes))
        case ast.Break():
            yield from _replaced(node, "continue")
        case ast.Continue():
            yield from _replaced(node, "break")


def _expression_changes(node: ast.AST) -> Iterator[_Change]:
    yield from _operator_changes(node)
    yield from _value_changes(node)
    for condition in _conditions(node):
        yield from _replaced(condition, "True", "False")
        if not isinstance(condition, ast.Compare | ast.UnaryOp):
            yield from _replaced(condition, f"(not ({ast.unparse(condition)}))")


def _operator_changes(node: ast.AST) -> Iterator[_Change]:
    match node:
        case ast.Compare():
            for index, operator in enumerate(node.ops):
                for other in _SWAPPED[type(operator)]:
                    ops = [*node.ops[:index], other(), *node.ops[index + 1 :]]
                    yield from _replaced(node, f"({ast.unparse(_with(node, ops=ops))})")
        case ast.BinOp(op=ast.Add() | ast.BitOr() | ast.BitAnd()):
            if ast.unparse(node.right) != "None":
                yield from _replaced(node, f"({ast.unparse(node.left)})")
                yield from _replaced(node, f"({ast.unparse(node.right)})")
        case ast.BoolOp() | ast.BinOp():
            for other in _SWAPPED.get(type(node.op), ()):
                yield from _replaced(node, f"({ast.unparse(_with(node, op=other()))})")
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from _replaced(node, f"({ast.unparse(operand)})")


def _value_changes(node: ast.AST) -> Iterator[_Change]:
    match node:
        case ast.Constant(value=bool() as value):
            yield from _replaced(node, str(not value))
        case ast.Constant(value=int() as number):
            yield from _replaced(node, str(number + 1))
        case ast.Subscript(slice=ast.Slice()):
            yield from _replaced(node, ast.unparse(node.value))
        case ast.Call(func=ast.Name(id="sorted"), args=[first, *_]):
            yield from _replaced(node, f"({ast.unparse(first)})")
    yield from _shorter(node)


def _conditions(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            return [] if isinstance(test, ast.Constant) else [test]
        case ast.comprehension():
            return node.ifs
        case ast.match_case(guard=ast.expr() as guard):
            return [guard]
    return []


def _shorter(node: ast.AST) -> Iterator[_Change]:
    match node:
        case ast.Call():
            for index, keyword in enumerate(node.keywords):
                if keyword.arg not in _WORDING:
                    others = _without(node.keywords, index)
                    yield _shortened(node, ast.unparse(keyword), keyword, keywords=others)
        case ast.Dict():
            for index, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
                rest = {"keys": _without(node.keys, index), "values": _without(node.values, index)}
                text = f"{ast.unparse(key or value)}: {ast.unparse(value)}"
                yield _shortened(node, text, value, **rest)
        case ast.Set() | ast.List(ctx=ast.Load()) | ast.Tuple(ctx=ast.Load()):
            for index, element in enumerate(node.elts):
                rest = {"elts": _without(node.elts, index)}
                yield _shortened(node, ast.unparse(element), element, **rest)


def _without(items: Sequence[Any], index: int) -> list[Any]:
    return [*items[:index], *items[index + 1 :]]


def _with(node: _Node, **fields: Any) -> _Node:
    edited = copy.copy(node)
    for name, value in fields.items():
        setattr(edited, name, value)
    return edited


def _shortened(node: ast.expr, text: str, part: ast.expr | ast.keyword, **fields: Any) -> _Change:
    code = ast.unparse(_with(node, **fields)).replace("{*()}", "set()")
    return node, code, f"{text} -> (left out)", part.lineno
