"""Fuzzing by structure-aware mutation: whatever a file says, only RamielError may be raised.

    python tests/fuzz/run.py lift --runs 200000
    python tests/fuzz/run.py compile --runs 5000 --start 1000
    python tests/fuzz/run.py lift --replay 4711 --save found.onnx

Run N of a seed is always the same model.  Models run in a child with limits, so that a crash, a
hang or a blow-up is a finding and not the end.  Exits 1 if there are findings.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

BATCH = 1000
"""Models that one child runs."""
SECONDS = {"lift": 20, "compile": 60}
"""Processor time that one model may take."""
WAIT = 20
"""How many times that may pass on the clock: the machine may be busy."""
MEMORY = 6 << 30
"""Bytes that a child may map beyond what it has when it begins."""


class TooLong(BaseException):
    """The model took longer than it may."""


def ring(signal_number: int, frame: FrameType | None) -> None:
    raise TooLong


def model_of(seed: int, index: int) -> bytes:
    """The model of a run."""
    from mutation import mutated
    from seeds import seeds

    return mutated(seeds(), random.Random(f"{seed}:{index}"))


def execute(target: str, data: bytes) -> str:
    """ "ok" or "refused"; raises what the target raises besides RamielError."""
    from ramiel.driver import compile_model, load
    from ramiel.errors import RamielError
    from ramiel.frontend.load import parse_model
    from ramiel.options import Options

    try:
        model = parse_model(data, "fuzzed.onnx")
        if target == "lift":
            load(model)
        else:
            from ramiel.backend.module_printer import print_module

            print_module(compile_model(model, Options(workers=2)).program)
    except RamielError as error:
        str(error)
        return "refused"
    return "ok"


def passes_checker(data: bytes) -> bool:
    """Whether ONNX's own checker accepts the model."""
    import onnx

    try:
        onnx.checker.check_model(data)
    except Exception:  # it raises many kinds
        return False
    return True


def describe(error: BaseException) -> str:
    """An error's kind, text and the place in Ramiel that it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "/ramiel/" in f.filename] or list(frames)
    place = f"{Path(own[-1].filename).name}:{own[-1].lineno} {own[-1].name}" if own else ""
    return f"{type(error).__name__} at {place}: {str(error)[:300]}"


def run_batch(target: str, seed: int, first: int, last: int, out: int) -> None:
    """Run models and write a line for each."""
    soft = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (soft + MEMORY, soft + MEMORY))
    signal.signal(signal.SIGALRM, ring)
    signal.signal(signal.SIGPROF, ring)
    with os.fdopen(out, "w") as stream:
        for index in range(first, last):
            found: dict[str, Any] = {"index": index}
            data = model_of(seed, index)
            signal.alarm(SECONDS[target] * WAIT)
            signal.setitimer(signal.ITIMER_PROF, SECONDS[target])
            try:
                found["outcome"] = execute(target, data)
            except TooLong as error:
                found["outcome"], found["error"] = "hang", describe(error)
            except BaseException as error:
                found["outcome"], found["error"] = "error", describe(error)
            signal.alarm(0)
            signal.setitimer(signal.ITIMER_PROF, 0)
            # A line before the checker: a crash of its own is not ours.
            found["checked"] = None
            print(json.dumps(found), file=stream, flush=True)
            found["checked"] = passes_checker(data)
            print(json.dumps(found), file=stream, flush=True)


def batch(target: str, seed: int, first: int, last: int) -> tuple[dict[int, dict[str, Any]], int]:
    """What a child reports of some models, and the wait status of the child."""
    inlet, outlet = os.pipe()
    child = os.fork()
    if not child:
        os.close(inlet)
        try:
            run_batch(target, seed, first, last, outlet)
        finally:
            os._exit(0)
    os.close(outlet)
    found: dict[int, dict[str, Any]] = {}
    with os.fdopen(inlet) as stream:
        for line in stream:
            entry = json.loads(line)
            found[entry["index"]] = entry
    _, status = os.waitpid(child, 0)
    return found, status


def fuzz(
    target: str, seed: int, start: int, runs: int, quiet: bool = False
) -> tuple[Counter[str], list[dict[str, Any]]]:
    """Run models and count outcomes; returns the findings too."""
    counts: Counter[str] = Counter()
    findings: list[dict[str, Any]] = []
    index, end = start, start + runs
    began = time.monotonic()
    while index < end:
        last = min(index + BATCH, end)
        found, status = batch(target, seed, index, last)
        for entry in found.values():
            counts[entry["outcome"]] += 1
            counts["past the checker"] += bool(entry["checked"])
            if entry["outcome"] in ("error", "hang"):
                findings.append(entry)
                print(f"{entry['outcome']} in run {entry['index']}: {entry['error']}", flush=True)
        done = max(found, default=index - 1) + 1
        if done < last and found.get(done - 1, {}).get("checked", 1) is not None:
            counts["crash"] += 1
            findings.append({"index": done, "outcome": "crash", "error": f"wait status {status}"})
            done += 1
        index = done
        if not quiet:
            rate = (index - start) / (time.monotonic() - began)
            print(f"{index - start} of {runs}, {rate:.0f} a second: {dict(counts)}", flush=True)
    return counts, findings


def end_with(kinds: Mapping[str, Sequence[int]]) -> NoReturn:
    """Print each kind of finding once, the frequent ones first; exit 1 if there are any."""
    for error, indices in sorted(kinds.items(), key=lambda item: -len(item[1])):
        print(f"{len(indices)} x {error}  (--replay {indices[0]})")
    sys.exit(1 if kinds else 0)


def main() -> None:
    """Fuzz, and print each finding once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=sorted(SECONDS))
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--replay", type=int, help="run one model here and now")
    parser.add_argument("--save", type=Path, help="with --replay: write the model there")
    options = parser.parse_args()
    if options.replay is not None:
        data = model_of(options.seed, options.replay)
        if options.save is not None:
            options.save.write_bytes(data)
        print(execute(options.target, data))
        return
    model_of(options.seed, 0)  # the seeds are made once, for all children
    execute("compile", model_of(options.seed, 0))  # and everything is imported once

    counts, findings = fuzz(options.target, options.seed, options.start, options.runs)
    print(dict(counts))
    kinds: dict[str, list[int]] = {}
    for finding in findings:
        kinds.setdefault(finding["error"], []).append(finding["index"])
    end_with(kinds)


if __name__ == "__main__":
    main()
