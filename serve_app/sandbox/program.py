"""The first program in the sandbox: sets its limits, then runs the code.

Imports nothing of this project. Prints the value of the last expression, as notebooks do.
"""

import ast
import json
import linecache
import os
import resource
import sys
import traceback
import types

NAME = "<code>"


def main() -> None:
    """Read limits and code from the standard input and run it."""
    given = json.loads(sys.stdin.buffer.read())
    os.close(0)
    os.open(os.devnull, os.O_RDONLY)
    os.nice(19)  # the supervisor must run, however many processes the code starts
    # Line by line, so that the output of a stopped program arrives.
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115 - to the end
    for name, value in given["limits"].items():
        resource.setrlimit(getattr(resource, name), (value, value))
    sys.exit(run(given["code"]))


def run(code: str) -> int:
    """Run a program and return its exit status."""
    linecache.cache[NAME] = (len(code), None, code.splitlines(True), NAME)
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    names = module.__dict__
    try:
        tree = ast.parse(code, NAME)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, NAME, "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), NAME, "eval"), names)
            if value is not None:
                print(repr(value))  # noqa: T201 - a notebook does, too
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)  # noqa: T201 - Python does, too
        return 1
    except BaseException as error:  # noqa: BLE001 - the code may raise anything
        # Without the frames of this file, which are not of the code.
        frames = error.__traceback__
        while frames is not None and frames.tb_frame.f_code.co_filename != NAME:
            frames = frames.tb_next
        traceback.print_exception(type(error), error, frames)
        return 1
    return 0


if __name__ == "__main__":
    main()
