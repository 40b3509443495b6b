#!/usr/bin/env python3
"""Compares engines of fewmul search at the same budget, by fewmul bench search, as a Markdown table.

    compare_engines.py --fewmul build/fewmul --runs 10 --flips 20000000 3x3x3:zt:23 4x4x4:f2:49

Each case is FORMAT:RING:RANK. A run is given up when each walker has made so many flips: unlike
seconds, flips do not depend on what else the machine does. Medians count runs that did not reach the
rank as longest.
"""
import argparse
import json
import math
import statistics
import subprocess

ENGINES = {
    "flips": ["--engine", "flips"],
    "mcts": ["--engine", "mcts"],
    "mcts, learning": ["--engine", "mcts", "--learn"],
    "auto": ["--engine", "auto"],
}


def bench(arguments, case, engine):
    """The runs of one engine."""
    tensor, ring, rank = case.rsplit(":", 2)
    command = [arguments.fewmul, "bench", "search", tensor, "--ring", ring, "--target", rank,
               "--runs", str(arguments.runs), "--threads", str(arguments.threads),
               "--flips", str(arguments.flips), "--time", str(arguments.time),
               "--seed", str(arguments.seed), "--json"]
    done = subprocess.run(command + ENGINES[engine], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["runs"]


def number(value, digits):
    """A number with few digits, a dash for none."""
    return f"{value:.{digits}g}" if math.isfinite(value) else "-"


def row(case, engine, runs):
    """A line of the table."""
    reached = [run for run in runs if run["seconds"] is not None]
    flips = statistics.median(run["flips"] if run["seconds"] is not None else math.inf
                              for run in runs)
    seconds = statistics.median(run["seconds"] if run["seconds"] is not None else math.inf
                                for run in runs)
    each = sum(run["flips"] for run in runs) / len(reached) if reached else math.inf
    return (f"| {case} | {engine} | {len(reached)} of {len(runs)} | {number(flips, 2)} | "
            f"{number(each, 2)} | {number(seconds, 2)} |")


def main():
    """Prints the table, a line as soon as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="+", metavar="FORMAT:RING:RANK")
    parser.add_argument("--fewmul", default="fewmul", help="the command")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--flips", type=int, default=20000000, help="of each walker")
    parser.add_argument("--time", type=float, default=600, help="seconds of a run, at most")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print("| | engine | reached | median flips | flips for each that reached it | median seconds |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    for case in arguments.cases:
        for engine in arguments.engines:
            print(row(case, engine, bench(arguments, case, engine)), flush=True)


if __name__ == "__main__":
    main()
