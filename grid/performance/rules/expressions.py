"""Expressions over base counts: ``+ - * /``, parentheses, names and numbers; nothing else is understood.

A formula is data that an operator may load, so it is read by a list of what is allowed and never run as a program.
A comparison is refused with its own sentence: a chained one that is always true is among the faults seen in the field
(domain notes §3.8).
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache

LONGEST = 200
"""Characters of one expression."""


class InvalidExpression(ValueError):
    """What is written is no expression; ``text`` is what was written, ``fault`` says which rule it breaks."""

    def __init__(self, text: str, fault: str) -> None:
        super().__init__(f"{text!r}: {fault}")
        self.text = text
        self.fault = fault


class NoData(ArithmeticError):
    """A count that is not known here, or a division by zero: there is no value, neither 0 nor 100."""


OPERATORS: dict[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
}


@lru_cache(maxsize=512)
def parse(text: str) -> ast.expr:
    """The tree of an expression. Raises InvalidExpression."""
    if not text.strip() or len(text) > LONGEST:
        raise InvalidExpression(text, "length")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InvalidExpression(text, "syntax") from None
    _check(tree, text)
    return tree


def _check(node: ast.expr, text: str) -> None:
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        _check(node.left, text)
        _check(node.right, text)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        _check(node.operand, text)
    elif isinstance(node, ast.Compare):
        raise InvalidExpression(text, "comparison")
    elif not (isinstance(node, ast.Name) or (isinstance(node, ast.Constant) and type(node.value) in (int, float))):
        raise InvalidExpression(text, "not_allowed")


def names_in(text: str) -> list[str]:
    """The counts an expression asks for, each once, in their order. Raises InvalidExpression."""
    return list(dict.fromkeys(_names(parse(text))))


def _names(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.BinOp):
        yield from _names(node.left)
        yield from _names(node.right)
    elif isinstance(node, ast.UnaryOp):
        yield from _names(node.operand)


def evaluate(text: str, counts: Mapping[str, int | Decimal]) -> Decimal:
    """The value of an expression. Raises NoData for a count that is not there and for a division by zero."""
    return _value(parse(text), counts)


def _value(node: ast.expr, counts: Mapping[str, int | Decimal]) -> Decimal:
    if isinstance(node, ast.Constant):
        return Decimal(str(node.value))
    if isinstance(node, ast.Name):
        if counts.get(node.id) is None:
            raise NoData(node.id)
        return Decimal(counts[node.id])
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand, counts)
    if not isinstance(node, ast.BinOp):
        raise TypeError(type(node).__name__)
    right = _value(node.right, counts)
    if isinstance(node.op, ast.Div) and right == 0:
        raise NoData("0")
    return OPERATORS[type(node.op)](_value(node.left, counts), right)
