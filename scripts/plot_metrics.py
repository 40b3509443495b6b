#!/usr/bin/env python3
"""Draws what `fewmul search --metrics FILE` wrote, or sums it up as text; see docs/metrics.md."""
import argparse
import json
import math
import os
import statistics
import sys
from xml.sax.saxutils import escape

import plotting
from plotting import BadInput, nice_step, write_whole

COLOURS = plotting.COLOURS + ["#8c6bb1"]
DASHES = ["", "7 3", "2 3", "9 3 2 3"]
SHADE, THIN = "#0072b2", "#9aa5b1"
SHADE_LEVELS = 6

WIDTH, LEFT, RIGHT = 1000, 78, 222
PLOT = WIDTH - LEFT - RIGHT
COLUMN = 2  # pixels; samples that fall into one column are drawn as one
COLUMNS = PLOT // COLUMN
LEGEND_LINES = 14


def warn(text):
    print(f"plot_metrics: warning: {text}", file=sys.stderr)


# ---------------------------------------------------------------- reading


def whole_number(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def measure(value):
    return (isinstance(value, (int, float)) and not isinstance(value, bool)
            and value >= 0 and math.isfinite(value))


def histogram(value):
    return isinstance(value, dict) and all(
        key.isascii() and key.isdigit() and whole_number(count) for key, count in value.items())


def pool_list(value):
    return isinstance(value, list) and all(
        isinstance(pool, dict) and isinstance(pool.get("stage"), str)
        and whole_number(pool.get("rank")) and whole_number(pool.get("size", 0))
        for pool in value)


def text(value):
    return isinstance(value, str)


def seed_number(value):
    """Seeds that a double does not hold are strings."""
    return whole_number(value) or (text(value) and value.isascii() and value.isdigit())


# Key, whether each line must have it, its test, what the test expects.
FIELDS = [
    ("seconds", True, measure, "a number of seconds"),
    ("format", True, text, "a name"),
    ("ring", True, text, "a name"),
    ("best_rank", True, whole_number, "a rank"),
    ("engine", False, text, "a name"),
    ("seed", False, seed_number, "a whole number"),
    ("flips", False, whole_number, "a whole number"),
    ("flips_per_second", False, measure, "a rate"),
    ("ranks", False, histogram, 'counts of walkers by rank, as in {"47": 3}'),
    ("pools", False, pool_list, 'a list of {"stage": NAME, "rank": RANK, "size": COUNT}'),
    ("finds", False, whole_number, "a whole number"),
    ("checkpoint_seconds", False, measure, "a number of seconds"),
    ("best_rank_seconds", False, measure, "a number of seconds"),
]


def parse_object(line):
    """The JSON object that a line is, or None."""
    def refuse(name):
        raise ValueError(name)
    try:
        value = json.loads(line, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def behind_the_cut(line):
    """The line of a search that goes on follows at once in one that a kill cut short."""
    start = line.find("{", 1)
    while start >= 0:
        sample = parse_object(line[start:])
        if sample is not None and "seconds" in sample:
            return sample
        start = line.find("{", start + 1)
    return None


def check_fields(sample, place):
    for key, required, test, expected in FIELDS:
        if sample.get(key) is None:
            if required:
                raise BadInput(f'{place}: there is no "{key}"')
        elif not test(sample[key]):
            raise BadInput(f'{place}: "{key}" should be {expected}')


def read_samples(path):
    try:
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None
    samples = []
    for number, raw in enumerate(lines, 1):
        place = f"{path}:{number}"
        line = raw.decode("utf-8", errors="replace").strip()
        if not line:
            continue
        sample = parse_object(line)
        if sample is None and number == len(lines) and line.startswith("{"):
            warn(f"{place}: the last line is cut short, skipped")
            continue
        if sample is None:
            sample = behind_the_cut(line)
            if sample is None:
                raise BadInput(f"{place}: not a JSON object")
            warn(f"{place}: begins with a line that was cut short, skipped")
        check_fields(sample, place)
        samples.append(sample)
    if not samples:
        raise BadInput(f"{path}: holds no metrics")
    return samples


# ---------------------------------------------------------------- runs


class Run:
    """The samples of one search, through all its interruptions, by ascending seconds."""

    def __init__(self, path, first):
        self.path = path
        self.samples = [first]
        self.label = ""

    def value(self, key):
        return self.samples[-1].get(key)

    def latest(self, key):
        """Of the last sample that has it."""
        return next((s[key] for s in reversed(self.samples) if s.get(key) is not None), None)

    @property
    def tensor(self):
        return self.value("format"), self.value("ring")

    def is_continued_by(self, sample):
        last = self.samples[-1]
        if any(last.get(key) != sample.get(key) for key in ("format", "ring", "engine", "seed")):
            return False
        saved = self.latest("checkpoint_seconds") or math.inf
        return sample["seconds"] >= min(last["seconds"], saved)

    def add(self, sample):
        # What came after the checkpoint that a killed search goes on from is lost, and done again.
        while self.samples and self.samples[-1]["seconds"] > sample["seconds"]:
            self.samples.pop()
        self.samples.append(sample)

    def best_steps(self):
        """(seconds, rank) at the first sample and wherever the best rank falls."""
        steps = []
        for sample in self.samples:
            rank, at = sample["best_rank"], sample["seconds"]
            if not steps or rank < steps[-1][1]:
                steps.append((at, rank))
            exact = sample.get("best_rank_seconds")
            if exact is not None and rank == steps[-1][1]:
                before = steps[-2][0] if len(steps) > 1 else 0
                steps[-1] = (min(max(exact, before), steps[-1][0]), rank)
        return steps

    def seconds_to(self, rank):
        return next((at for at, best in self.best_steps() if best <= rank), math.inf)

    def best_rank(self):
        return self.best_steps()[-1][1]

    def end(self):
        return self.samples[-1]["seconds"]

    def rates(self):
        return [(s["seconds"], s["flips_per_second"]) for s in self.samples
                if s.get("flips_per_second") is not None]

    def find_times(self):
        """Where the number of finds has risen; a resumed search may count from zero again."""
        times, before = [], 0
        for sample in self.samples:
            count = sample.get("finds")
            if count is not None:
                if count > before:
                    times.append(sample["seconds"])
                before = count
        return times

    def pools(self):
        """By stage, (seconds, lowest rank) where that changes, and how many schemes now have it."""
        stages = {}
        for sample in self.samples:
            lowest = {}
            for pool in sample.get("pools") or []:
                known = lowest.get(pool["stage"])
                if known is None or pool["rank"] < known[0]:
                    lowest[pool["stage"]] = (pool["rank"], pool.get("size", 0))
            for stage, (rank, size) in lowest.items():
                steps = stages.setdefault(stage, ([], 0))[0]
                if not steps or steps[-1][1] != rank:
                    steps.append((sample["seconds"], rank))
                stages[stage] = steps, size
        return stages


def split_runs(path, samples):
    runs = []
    for sample in samples:
        if runs and runs[-1].is_continued_by(sample):
            runs[-1].add(sample)
        else:
            runs.append(Run(path, sample))
    return runs


def label_runs(runs):
    """Names by what tells them apart: the seed where it does, else the file too, else a number."""
    seeds = [run.value("seed") for run in runs]
    engines = {run.value("engine") for run in runs}
    by_seed = None not in seeds and len(set(seeds)) == len(seeds)
    counts = {}
    for run in runs:
        parts = [] if by_seed else [os.path.splitext(os.path.basename(run.path))[0]]
        if run.value("seed") is not None:
            parts.append(f"seed {run.value('seed')}")
        if len(engines) > 1 and run.value("engine"):
            parts.append(run.value("engine"))
        name = ", ".join(parts)
        counts[name] = counts.get(name, 0) + 1
        run.label = name if counts[name] == 1 else f"{name} ({counts[name]})"


def select_runs(runs, arguments):
    chosen = [run for run in runs
              if arguments.format in (None, run.value("format"))
              and arguments.ring in (None, run.value("ring"))
              and (arguments.seed is None or str(run.value("seed")) == arguments.seed)]
    if not chosen:
        raise BadInput("no search in the files has that format, ring and seed")
    return chosen


# ---------------------------------------------------------------- text


def duration(seconds):
    """Two units at most: 0.35 s, 12 s, 3 min 20 s, 5 h 7 min, 2 d 3 h."""
    if seconds < 59.95:
        return f"{seconds:.3g} s"
    total = round(seconds)
    for size, name, small, small_name in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"),
                                          (60, "min", 1, "s")):
        if total >= size:
            rest = total % size // small
            return f"{total // size} {name}" + (f" {rest} {small_name}" if rest else "")
    return f"{total} s"


def count_text(value):
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g}"


def print_table(rows, left_columns):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(width) if i in left_columns else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())


def seconds_text(seconds):
    return "-" if math.isinf(seconds) else duration(seconds)


def print_summary(runs):
    for tensor in sorted({run.tensor for run in runs}):
        members = [run for run in runs if run.tensor == tensor]
        label_runs(members)
        print(f"{tensor[0]} over {tensor[1]}")
        rows = [["run", "best rank", "after", "searched", "flips", "flips/s", "finds"]]
        for run in members:
            flips, finds = run.latest("flips"), run.latest("finds")
            rate = flips / run.end() if flips is not None and run.end() > 0 else None
            rows.append([run.label, str(run.best_rank()), duration(run.seconds_to(run.best_rank())),
                         duration(run.end()), "-" if flips is None else count_text(flips),
                         "-" if rate is None else count_text(rate),
                         "-" if finds is None else str(finds)])
        print_table(rows, {0})
        print()
        rows = [["rank", "reached by", "median", "fastest", "slowest"]]
        for rank in sorted({rank for run in members for _, rank in run.best_steps()}, reverse=True):
            times = [run.seconds_to(rank) for run in members]
            reached = [at for at in times if not math.isinf(at)]
            rows.append([str(rank), f"{len(reached)} of {len(times)}",
                         seconds_text(statistics.median(times)), duration(min(reached)),
                         duration(max(reached))])
        print_table(rows, set())
        print()


# ---------------------------------------------------------------- axes


class LinearTime:
    UNITS = ((1, "s", 1), (60, "min", 180), (3600, "h", 3 * 3600), (86400, "d", 3 * 86400))
    STEPS = {"s": None, "min": (1, 2, 5, 10, 15, 20, 30, 60), "h": (1, 2, 3, 6, 12, 24), "d": None}

    def __init__(self, runs):
        self.high = max(max(run.end() for run in runs), 1e-3)
        self.unit, self.name, _ = [u for u in self.UNITS if self.high >= u[2] or u[0] == 1][-1]

    def x(self, seconds):
        return LEFT + PLOT * seconds / self.high

    def ticks(self):
        span = self.high / self.unit
        step = nice_step(span, 8)
        steps = self.STEPS[self.name]
        if steps is not None and step >= 1:
            step = next((s for s in steps if s >= span / 8), step)
        return [(self.x(i * step * self.unit), f"{i * step:g}")
                for i in range(int(span / step + 1e-9) + 1)]

    def title(self):
        return f"time of the search ({self.name})"


class LogTime:
    MAIN = [10.0 ** e for e in range(-3, 2)] + [60, 600, 3600, 36000] + [
        86400 * 10.0 ** e for e in range(6)]
    MORE = sorted(MAIN + [0.02, 0.05, 0.2, 0.5, 2, 5, 20, 30, 120, 300, 1200, 1800, 7200, 18000,
                          2 * 86400, 5 * 86400, 20 * 86400, 50 * 86400])

    def __init__(self, runs):
        self.high = max(max(run.end() for run in runs), 2e-3)
        # The first sample is taken at once, before anything has happened.
        first = min(run.samples[min(1, len(run.samples) - 1)]["seconds"] for run in runs)
        self.low = min(max(first, 1e-3), self.high / 2)

    def x(self, seconds):
        return LEFT + PLOT * math.log(max(seconds, self.low) / self.low) / math.log(
            self.high / self.low)

    def ticks(self):
        for marks in (self.MAIN, self.MORE):
            inside = [m for m in marks if self.low <= m <= self.high * (1 + 1e-9)]
            if len(inside) >= 5:
                break
        ticks = []
        for mark in inside:
            if not ticks or self.x(mark) - ticks[-1][0] >= 52:
                ticks.append((self.x(mark), duration(mark)))
        return ticks

    def title(self):
        return "time of the search (logarithmic)"


def column_of(axis, seconds):
    return min(int((axis.x(seconds) - LEFT) / COLUMN), COLUMNS - 1)


class Panel:
    """A part of the picture with its own vertical axis; draws into a list of SVG elements."""

    def __init__(self, axis, top, height, low, high, title):
        self.axis, self.top, self.height = axis, top, height
        self.low, self.high, self.title = low, high, title
        self.out = [f'<clipPath id="clip{top}"><rect x="{LEFT - 4}" y="{top - 1}" '
                    f'width="{PLOT + 8}" height="{height + 2}"/></clipPath>']

    def y(self, value):
        return self.top + self.height * (self.high - value) / (self.high - self.low)

    def text(self, x, y, words, anchor="start", more=""):
        self.out.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>'
                        f"{escape(words)}</text>")

    def frame(self, whole):
        """The grid and the axes; whole: ticks at whole numbers only."""
        step = nice_step(self.high - self.low, self.height / 30)
        step = max(round(step), 1) if whole else step
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        for i in range(first, last + 1):
            y = self.y(i * step)
            self.out.append(f'<path class="grid" d="M{LEFT} {y:.1f}h{PLOT}"/>')
            self.text(LEFT - 8, y + 4, f"{i * step:g}", "end")
        for x, label in self.axis.ticks():
            self.out.append(f'<path class="grid" d="M{x:.1f} {self.top}v{self.height}"/>')
            self.text(x, self.top + self.height + 17, label, "middle")
        self.out.append(f'<rect class="frame" x="{LEFT}" y="{self.top}" width="{PLOT}" '
                        f'height="{self.height}"/>')
        middle = self.top + self.height / 2
        self.text(24, middle, self.title, "middle",
                  f' transform="rotate(-90 24 {middle:.1f})" class="title"')

    def path(self, d, name, colour, dash="", width=1.8):
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.out.append(f'<path class="line" clip-path="url(#clip{self.top})" stroke="{colour}" '
                        f'stroke-width="{width}"{dashes} d="{d}">'
                        f"<title>{escape(name)}</title></path>")

    def steps(self, points, end, name, colour, dash="", width=1.8):
        d = f"M{self.axis.x(points[0][0]):.1f} {self.y(points[0][1]):.1f}"
        for seconds, value in points[1:]:
            d += f"H{self.axis.x(seconds):.1f}V{self.y(value):.1f}"
        self.path(d + f"H{self.axis.x(end):.1f}", name, colour, dash, width)

    def columns(self, points, name, colour, dash="", width=1.8):
        """A line through the columns' means, which `points` maps from column to value."""
        if len(points) == 1:
            (column, value), = points.items()
            points = {column - 1: value, column: value}
        d = " ".join(f"{LEFT + (column + 0.5) * COLUMN:.1f},{self.y(value):.1f}"
                     for column, value in sorted(points.items()))
        self.path("M" + d, name, colour, dash, width)

    def marks(self, points, colour):
        d = "".join(f"M{x - 3.2:.1f} {y:.1f}a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0 -6.4 0z"
                    for x, y in points)
        self.out.append(f'<path class="find" fill="{colour}" d="{d}"><title>finds</title></path>')

    def legend(self, entries, heading):
        """Entries: (label, colour, dash, width)."""
        x, y = LEFT + PLOT + 16, self.top + 10
        self.text(x, y, heading, more=' class="title"')
        room = min(LEGEND_LINES, int((self.height - 12) / 17))
        shown = entries if len(entries) <= room else entries[:room - 1]
        for label, colour, dash, width in shown:
            y += 17
            dashes = f' stroke-dasharray="{dash}"' if dash else ""
            self.out.append(f'<path class="line" stroke="{colour}" stroke-width="{width}"{dashes} '
                            f'd="M{x} {y - 4}h24"/>')
            self.text(x + 31, y, shorten(label, 26))
        if len(shown) < len(entries):
            self.text(x, y + 17, f"and {len(entries) - len(shown)} more")


def shorten(words, length):
    """Keeps both ends: names of files differ at theirs."""
    if len(words) <= length:
        return words
    head = length // 3
    return words[:head] + "…" + words[head + 1 - length:]


# ---------------------------------------------------------------- panels


class Look:
    """How runs are told apart: a colour for each file, or for each run of a single one."""

    def __init__(self, runs):
        self.crowd = len(runs) > len(COLOURS)
        paths = list(dict.fromkeys(run.path for run in runs))
        self.styles = {}
        seen = {}
        for i, run in enumerate(runs):
            turn = seen[run.path] = seen.get(run.path, -1) + 1
            colour = COLOURS[paths.index(run.path) if len(paths) > 1 else i % len(COLOURS)] \
                if not self.crowd else THIN
            dash = DASHES[turn % len(DASHES)] if len(paths) > 1 and not self.crowd else ""
            self.styles[run] = (colour, dash, 0.9 if self.crowd else 1.8)

    def of(self, run):
        return self.styles[run]


def shade_walkers(panel, run):
    """The share of the walkers at each rank, averaged over the samples of a column."""
    shares, counts = {}, {}
    before = run.samples[0]["seconds"]
    for sample in run.samples:
        ranks = sample.get("ranks") or {}
        walkers = sum(ranks.values())
        first, last = column_of(panel.axis, before), column_of(panel.axis, sample["seconds"])
        before = sample["seconds"]
        if walkers == 0:
            continue
        for column in range(first + (first < last), last + 1):
            counts[column] = counts.get(column, 0) + 1
            for rank, count in ranks.items():
                key = int(rank), column
                shares[key] = shares.get(key, 0) + count / walkers
    levels = {key: math.ceil(SHADE_LEVELS * math.sqrt(share / counts[key[1]]))
              for key, share in shares.items() if share > 0 and key[0] > panel.low}
    for level, d in shade_paths(panel, levels).items():
        panel.out.append(f'<path class="walkers" clip-path="url(#clip{panel.top})" fill="{SHADE}" '
                         f'fill-opacity="{shade_opacity(level):.2f}" d="{d}"/>')
    return bool(levels)


def shade_opacity(level):
    return 0.45 * level / SHADE_LEVELS


def shade_paths(panel, levels):
    """By level, rectangles for the runs of columns that have it."""
    paths = {}
    keys = sorted(key for key in levels if key[0] <= panel.high)
    start = 0
    for i, (rank, column) in enumerate(keys):
        level = levels[rank, column]
        if i + 1 < len(keys) and keys[i + 1] == (rank, column + 1) and levels[keys[i + 1]] == level:
            continue
        left = LEFT + keys[start][1] * COLUMN
        width = (column + 1 - keys[start][1]) * COLUMN
        top, bottom = panel.y(rank + 0.5), panel.y(rank - 0.5)
        paths[level] = paths.get(level, "") + \
            f"M{left} {top:.1f}h{width}V{bottom:.1f}h{-width}z"
        start = i + 1
    return paths


def shade_key(panel, y):
    x = LEFT + PLOT + 16
    for level in range(1, SHADE_LEVELS + 1):
        panel.out.append(f'<rect x="{x + (level - 1) * 4}" y="{y - 10}" width="4" height="10" '
                         f'fill="{SHADE}" fill-opacity="{shade_opacity(level):.2f}"/>')
    panel.text(x + 31, y, "walkers at a rank")


def median_steps(runs):
    """The median of the runs' best ranks; a run that has ended keeps its own."""
    times = sorted({at for run in runs for at, _ in run.best_steps()})
    first = max(run.samples[0]["seconds"] for run in runs)
    steps = []
    for at in [first] + [time for time in times if time > first]:
        best = [min(rank for time, rank in run.best_steps() if time <= at) for run in runs]
        median = statistics.median(best)
        if not steps or steps[-1][1] != median:
            steps.append((at, median))
    return steps


def lowest_steps(runs):
    steps = []
    for at, rank in sorted(step for run in runs for step in run.best_steps()):
        if not steps or rank < steps[-1][1]:
            steps.append((at, rank))
    return steps


def mark_finds(panel, run, colour):
    points, column = [], None
    for at in run.find_times():
        here = column_of(panel.axis, at) // 2
        if here != column:
            best = min(rank for time, rank in run.best_steps() if time <= at)
            if best <= panel.high:
                points.append((panel.axis.x(at), panel.y(best)))
        column = here
    if points:
        panel.marks(points, colour)
    return bool(points)


def rank_limits(runs, arguments):
    """Walkers below the best rank are at smaller formats, and are left out."""
    ranks = {rank for run in runs for _, rank in run.best_steps()}
    low = min(ranks)
    if len(runs) == 1:
        ranks |= {int(rank) for sample in runs[0].samples
                  for rank, count in (sample.get("ranks") or {}).items() if count > 0}
    high = max(ranks)
    if arguments.max_rank is not None:
        high = max(min(high, arguments.max_rank), low)
    return low - 1, high + 1


def rank_panel(axis, top, runs, look, arguments):
    panel = Panel(axis, top, 300, *rank_limits(runs, arguments), "rank")
    shaded = len(runs) == 1 and shade_walkers(panel, runs[0])
    panel.frame(True)
    entries, found = [], False
    for run in runs:
        colour, dash, width = look.of(run)
        best = run.best_rank()
        label = f"{shorten(run.label or 'search', 12)}: {best}, {duration(run.seconds_to(best))}"
        panel.steps(run.best_steps(), run.end(), f"{label}, {run.path}", colour, dash, width)
        entries.append((label, colour, dash, width))
    for run in runs if not look.crowd else []:
        found |= mark_finds(panel, run, look.of(run)[0])
    if look.crowd:
        end = max(run.end() for run in runs)
        panel.steps(median_steps(runs), end, "median", COLOURS[0], width=2.4)
        panel.steps(lowest_steps(runs), end, "lowest", COLOURS[1], width=2.4)
        entries = [(f"{len(runs)} searches", THIN, "", 0.9), ("their median", COLOURS[0], "", 2.4),
                   ("the lowest", COLOURS[1], "", 2.4)]
    panel.legend(entries, "best rank, reached after")
    y = panel.top + 10 + 17 * (min(len(entries), LEGEND_LINES) + 1)
    if shaded:
        shade_key(panel, y)
        y += 17
    if found:
        x = LEFT + PLOT + 28
        panel.out.append(f'<circle cx="{x}" cy="{y - 4}" r="3.2" fill="#444"/>')
        panel.text(x + 19, y, "schemes were saved")
    return panel


def column_means(axis, points):
    columns = {}
    for seconds, value in points:
        columns.setdefault(column_of(axis, seconds), []).append(value)
    return {column: statistics.fmean(values) for column, values in columns.items()}


def flips_panel(axis, top, runs, look):
    """None when no run has a rate."""
    highest = max((rate for run in runs for _, rate in run.rates()), default=0)
    if highest <= 0:
        return None
    size, unit = next((u for u in ((1e9, "billions"), (1e6, "millions"), (1e3, "thousands"))
                       if highest >= u[0]), (1, ""))
    panel = Panel(axis, top, 150, 0, highest / size * 1.08,
                  f"flips/s ({unit})" if unit else "flips/s")
    panel.frame(False)
    together = {}
    for run in runs:
        means = column_means(axis, [(at, rate / size) for at, rate in run.rates()])
        if means:
            panel.columns(means, f"{run.label}, {run.path}", *look.of(run))
        for column, mean in means.items():
            together.setdefault(column, []).append(mean)
    if look.crowd:
        medians = {column: statistics.median(means) for column, means in together.items()}
        panel.columns(medians, "median", COLOURS[0], width=2.4)
    return panel


def pools_panel(axis, top, runs):
    """The pools of a single run; None for more, or without pools."""
    stages = runs[0].pools() if len(runs) == 1 else {}
    if not stages:
        return None
    ranks = [rank for steps, _ in stages.values() for _, rank in steps]
    order = sorted(stages, key=lambda stage: stages[stage][0][-1][1], reverse=True)
    height = max(190, 17 * min(len(order), LEGEND_LINES) + 24)
    margin = max(1, round(0.04 * (max(ranks) - min(ranks))))
    panel = Panel(axis, top, height, max(min(ranks) - margin, 0), max(ranks) + margin,
                  "lowest rank in the pool")
    panel.frame(True)
    entries = []
    for i, stage in enumerate(order):
        style = COLOURS[i % len(COLOURS)], DASHES[i // len(COLOURS) % len(DASHES)]
        steps, size = stages[stage]
        rank = steps[-1][1]
        panel.steps(steps, runs[0].end(), f"{stage}: rank {rank}, {size} schemes", *style)
        entries.append((f"{stage}: {rank} ({size})", *style, 1.8))
    panel.legend(entries, "stage: rank (schemes)")
    return panel


# ---------------------------------------------------------------- the picture

STYLE = """
text { font-family: "DejaVu Sans", Verdana, Helvetica, sans-serif; font-size: 12px; fill: #333 }
.head { font-size: 16px; font-weight: bold; fill: #111 }
.title { font-weight: bold }
.grid { stroke: #e3e6ea; stroke-width: 1; fill: none }
.frame { stroke: #8a929b; stroke-width: 1; fill: none }
.line { fill: none; stroke-linejoin: round; stroke-linecap: butt }
.find { stroke: #fff; stroke-width: 0.8 }
"""


def subtitle(runs):
    best = min(run.best_rank() for run in runs)
    first = min(run.seconds_to(best) for run in runs)
    flips = sum(run.latest("flips") or 0 for run in runs)
    who = runs[0].label if len(runs) == 1 else f"{len(runs)} searches"
    parts = [who, f"best rank {best} after {duration(first)}",
             f"{count_text(flips)} flips" if flips else ""]
    return " · ".join(part for part in parts if part)


def draw(runs, arguments):
    tensors = sorted({run.tensor for run in runs})
    if len(tensors) > 1:
        names = ", ".join(f"{name} over {ring}" for name, ring in tensors)
        raise BadInput(f"the files hold searches of {names}; choose with --format and --ring")
    label_runs(runs)
    look = Look(runs)
    axis = LogTime(runs) if arguments.log else LinearTime(runs)
    panels, top = [], 76
    for make in (lambda: rank_panel(axis, top, runs, look, arguments),
                 lambda: flips_panel(axis, top, runs, look),
                 lambda: pools_panel(axis, top, runs)):
        panel = make()
        if panel is not None:
            panels.append(panel)
            top += panel.height + 40
    height = top + 12
    engines = sorted({run.value("engine") for run in runs if run.value("engine")})
    head = f"{tensors[0][0]} over {tensors[0][1]}" + (
        f", engine {' and '.join(engines)}" if engines else "")
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
           f'viewBox="0 0 {WIDTH} {height}">', f"<title>{escape(head)}</title>",
           f"<style>{STYLE}</style>", f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
           f'<text class="head" x="{LEFT}" y="32">{escape(head)}</text>',
           f'<text x="{LEFT}" y="54">{escape(subtitle(runs))}</text>']
    for panel in panels:
        out += ["<g>"] + panel.out + ["</g>"]
    out.append(f'<text class="title" x="{LEFT + PLOT / 2}" y="{top}" text-anchor="middle">'
               f"{axis.title()}</text>")
    return "\n".join(out + ["</svg>", ""])


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="plot_metrics", description="Draws what 'fewmul search --metrics FILE' wrote, as SVG.",
        epilog="One search is drawn with its walkers and pools, several for comparison, more than "
        f"{len(COLOURS)} with their median. See docs/metrics.md.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="metrics, of one or more searches")
    parser.add_argument("-o", "--output", metavar="OUT.svg", help="the picture [standard output]")
    parser.add_argument("--log", action="store_true", help="a logarithmic time axis")
    parser.add_argument("--max-rank", type=int, metavar="R", help="cut the ranks off above R")
    parser.add_argument("--format", metavar="F", help="only searches of this format")
    parser.add_argument("--ring", metavar="R", help="only searches over this ring")
    parser.add_argument("--seed", metavar="N", help="only searches with this seed")
    parser.add_argument("--text", action="store_true",
                        help="print tables instead: the searches, the median time to each rank")
    return parser.parse_args()


def main():
    arguments = parse_arguments()

    def draw_files():
        runs = []
        for path in dict.fromkeys(arguments.files):
            runs += split_runs(path, read_samples(path))
        runs = select_runs(runs, arguments)
        if arguments.text:
            print_summary(runs)
        if arguments.output or not arguments.text:
            picture = draw(runs, arguments)
            if arguments.output:
                write_whole(arguments.output, picture)
            else:
                sys.stdout.write(picture)

    return plotting.run("plot_metrics", draw_files)


if __name__ == "__main__":
    sys.exit(main())
