"""What a spawned worker process runs, as a script: it reads what to do from its standard input.

Not imported by anything.  The modules that it needs are loaded from the files that they have in
the process that started it, under the names that they have there.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import pickle
import signal
import sys

MAIN = "__main__"


def load(name: str, outer: str, file: str, search: list[str] | None) -> None:
    """Import a module, its outermost package from a file."""
    if outer == MAIN:
        file_name = "__worker_main__"  # so that the script sees that it is not run
    elif outer in sys.modules:
        importlib.import_module(name)
        return
    else:
        file_name = outer
    spec = importlib.util.spec_from_file_location(
        file_name, file, submodule_search_locations=search
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[file_name] = sys.modules[outer] = module
    spec.loader.exec_module(module)
    importlib.import_module(name)


def read(count: int) -> bytes:
    """That many bytes of the standard input; the process ends if there are fewer."""
    data = b""
    while len(data) < count:
        part = os.read(0, count - len(data))
        if not part:
            os._exit(0)
        data += part
    return data


def main() -> None:
    """Load the modules, and run the task until the standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    path, origins, runtime, task = pickle.loads(read(int.from_bytes(read(8), "little")))
    sys.path[:] = path
    for origin in origins:
        load(*origin)
    launch = importlib.import_module(runtime)
    launch.run_until_closed(0, lambda: _run(task))


def _run(task: bytes) -> None:
    function, arguments = pickle.loads(task)
    function(*arguments)


if __name__ == MAIN:
    this_module = sys.modules[MAIN]  # kept: the caller's main module can take its place
    main()
