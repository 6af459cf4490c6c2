"""The places of a module that can be changed, each with a name that other changes to the module leave alone."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path
from typing import cast

import attrs

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "ketsched"

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Mod: ast.Add,
    ast.FloorDiv: ast.Mult,
}


@attrs.frozen
class Place:
    """
    A place of a module that can be changed.

    Attributes:
        module: Path below the package, without its suffix.
        scope: The function or method that it stands in, with its class; "" outside of all.
        text: The expression or statement; of a number what it stands in.
        change: What becomes of it, in a few words.
        repeat: How many of the same scope, text and change come before it.
        number: Which of the places of its module it is, in the order in which they are found.
        lines: Its first and last line.
    """

    module: str
    scope: str
    text: str
    change: str
    repeat: int
    number: int
    lines: tuple[int, int]

    @property
    def key(self) -> str:
        """Its name: without line numbers, so that it stays when something above is changed."""
        again = f" (repeat {self.repeat})" if self.repeat else ""
        return f"{self.module}.py {self.scope or 'outside'}: {self.text} [{self.change}]{again}"


@attrs.frozen
class Scope:
    """A function of a module as it stands: its first line, and a stamp of its text."""

    first: int
    last: int
    stamp: str


class _Changes(ast.NodeTransformer):
    """Finds the places of a module; with a number, changes that one."""

    def __init__(self, module: str, changed: int | None = None) -> None:
        self.module, self.changed = module, changed
        self.classes, self.scope = list[str](), ""
        self.found, self.seen = list[Place](), dict[tuple[str, str, str], int]()
        self.within = list[ast.AST]()

    def visit(self, node: ast.AST) -> ast.AST:
        self.within.append(node)
        result: ast.AST = super().visit(node)
        self.within.pop()
        return result

    def _is_next(self, node: ast.expr | ast.stmt, change: str) -> bool:
        told = self.within[-2] if isinstance(node, ast.Constant) else node
        text = ast.unparse(told).strip().partition("\n")[0]
        repeat = self.seen.get((self.scope, text, change), 0)
        self.seen[self.scope, text, change] = repeat + 1
        lines = (node.lineno, node.end_lineno or node.lineno)
        self.found.append(Place(self.module, self.scope, text, change, repeat, len(self.found), lines))
        return len(self.found) - 1 == self.changed

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.classes.append(node.name)
        self.generic_visit(node)
        self.classes.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        outer = self.scope
        self.scope = outer or ".".join((*self.classes, node.name))
        self.generic_visit(node)
        self.scope = outer
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        for n, op in enumerate(node.ops):
            other = COMPARED[type(op)]
            if self._is_next(node, f"{type(op).__name__} is {other.__name__}"):
                node.ops[n] = other()
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        other = COUNTED.get(type(node.op))
        if other is not None and self._is_next(node, f"{type(node.op).__name__} is {other.__name__}"):
            node.op = other()
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        if self._is_next(node, f"{type(node.op).__name__} is {other.__name__}"):
            node.op = other()
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not) and self._is_next(node, "Not is left out"):
            return node.operand
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        match node.value:
            case bool(value):
                other: bool | int = not value
            case int(value):
                other = value + 1
            case _:
                return node
        return ast.Constant(other) if self._is_next(node, f"{node.value} is {other}") else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        if self._is_next(node, "the other of two values"):
            node.body, node.orelse = node.orelse, node.body
        return node

    def visit_Continue(self, node: ast.Continue) -> ast.AST:
        return ast.Break() if self._is_next(node, "continue is break") else node

    def visit_Break(self, node: ast.Break) -> ast.AST:
        return ast.Continue() if self._is_next(node, "break is continue") else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        swapped = {"min": "max", "max": "min", "all": "any", "any": "all"}
        if isinstance(node.func, ast.Name) and node.func.id in swapped:
            other = swapped[node.func.id]
            if self._is_next(node, f"{node.func.id} is {other}"):
                node.func = ast.Name(other, ast.Load())
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = cast(ast.expr, self.visit(node.value))
        return node


def _tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))


def places_of(module: str) -> list[Place]:
    """Return the places of a module that can be changed."""
    changes = _Changes(module)
    changes.visit(_tree(module))
    return changes.found


def changed(place: Place) -> str:
    """Return the text of a module with one place changed."""
    tree = _Changes(place.module, place.number).visit(_tree(place.module))
    return ast.unparse(ast.fix_missing_locations(tree))


@cache
def scopes_of(module: str) -> dict[str, Scope]:
    """Return the functions and methods of a module by their names; "" stands for what is outside of all."""
    tree = _tree(module)
    found = {"": Scope(0, 0, hashlib.sha256(ast.unparse(tree).encode()).hexdigest()[:16])}

    def within(body: list[ast.stmt], before: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                within(node.body, f"{before}{node.name}.")
            elif isinstance(node, ast.FunctionDef):
                stamp = hashlib.sha256(ast.unparse(node).encode()).hexdigest()[:16]
                found[f"{before}{node.name}"] = Scope(node.lineno, node.end_lineno or node.lineno, stamp)

    within(tree.body, "")
    return found
