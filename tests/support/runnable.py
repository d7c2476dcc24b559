"""Check whether `python -m NAME` can run."""

from importlib.util import find_spec


def is_runnable(name: str) -> bool:
    """Whether `name` is a package with a `__main__`, or a module that runs as a program."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return False
    if spec.submodule_search_locations is not None:
        return find_spec(f"{name}.__main__") is not None
    with open(spec.origin, encoding="utf-8") as opened:
        return '\nif __name__ == "__main__":\n' in opened.read()
