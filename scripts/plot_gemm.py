#!/usr/bin/env python3
"""Draws what `fewmul bench gemm --csv FILE` wrote, as SVG; see docs/gemm.md."""
import argparse
import csv
import math
import sys
from xml.sax.saxutils import escape

from plotting import COLOURS, BadInput, nice_step, run, write_whole

COLUMNS = ["type", "threads", "m", "n", "k", "role", "name", "gflops", "error", "peak", "machine"]
ROLES = ["plan", "classical", "scheme", "peer"]

WIDTH, LEFT, RIGHT, TOP, HEIGHT = 760, 70, 210, 70, 250
PLOT = WIDTH - LEFT - RIGHT
BETWEEN = 54  # panels

STYLE = """
text { font-family: "DejaVu Sans", Verdana, Helvetica, sans-serif; font-size: 12px; fill: #333 }
.head { font-size: 16px; font-weight: bold; fill: #111 }
.title { font-weight: bold }
.grid { stroke: #e3e6ea; stroke-width: 1; fill: none }
.frame { stroke: #8a929b; stroke-width: 1; fill: none }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round }
.peak { stroke: #555; stroke-width: 1.2; stroke-dasharray: 6 3; fill: none }
"""


# ---------------------------------------------------------------- reading


def number(text, place, least):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= least):
        raise BadInput(f"{place}: '{text}' is not a number of at least {least:g}")
    return value


def read_rows(path):
    try:
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            table = csv.DictReader(file)
            if table.fieldnames is None or [c for c in COLUMNS if c not in table.fieldnames]:
                raise BadInput(f"{path}:1: no table of 'fewmul bench gemm --csv': it begins with "
                               f"{','.join(COLUMNS)}")
            rows = []
            for row in table:
                place = f"{path}:{table.line_num}"
                if row["machine"] is None or None in row or row["role"] not in ROLES:
                    raise BadInput(f"{place}: not a line of this table")
                for key, least in (("threads", 1), ("m", 1), ("n", 1), ("k", 1), ("gflops", 0),
                                   ("error", 0), ("peak", 0)):
                    row[key] = number(row[key], f"{place}: {key}", least)
                rows.append(row)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None
    if not rows:
        raise BadInput(f"{path}: holds no measurements")
    return rows


def size_of(row):
    """That of the cube of the same volume."""
    return (row["m"] * row["n"] * row["k"]) ** (1 / 3)


def label_of(row):
    """Plans differ from size to size, and are one curve."""
    if row["role"] in ("plan", "classical"):
        return f"fewmul, {'by plan' if row['role'] == 'plan' else 'classical'}"
    return row["name"].split(", ")[0] + (" generated" if row["role"] == "scheme" else "")


def curves_of(rows):
    """By label, in the order of the roles, points (size, GF/s, error, name) by ascending size."""
    curves = {}
    for row in sorted(rows, key=lambda row: ROLES.index(row["role"])):
        point = size_of(row), row["gflops"], row["error"], row["name"]
        curves.setdefault(label_of(row), []).append(point)
    return {label: sorted(points) for label, points in curves.items()}


# ---------------------------------------------------------------- axes


class Linear:
    def __init__(self, high):
        self.high = high

    def place(self, value):
        return value / self.high

    def ticks(self):
        step = nice_step(self.high, 7)
        return [(i * step, f"{i * step:g}") for i in range(int(self.high / step + 1e-9) + 1)]


class Logarithmic:
    def __init__(self, values, marks):
        self.low, self.high = min(values), max(values)
        if self.low == self.high:
            self.low, self.high = self.low / 2, self.high * 2
        self.marks = marks

    def place(self, value):
        return math.log(value / self.low) / math.log(self.high / self.low)

    def ticks(self):
        return [(v, label) for v, label in self.marks
                if self.low * 0.999 <= v <= self.high * 1.001]


def size_axis(curves):
    sizes = [size for points in curves.values() for size, *_ in points]
    return Logarithmic(sizes, [(2.0 ** e, str(2 ** e)) for e in range(31)])


def error_axis(curves):
    errors = [error for points in curves.values() for _, _, error, _ in points if error > 0]
    if not errors:
        return None
    axis = Logarithmic([min(errors) / 1.3, max(errors) * 1.3],
                       [(d * 10.0 ** e, f"{d}e{e}") for e in range(-20, 1) for d in (1, 2, 5)])
    return axis


# ---------------------------------------------------------------- drawing


class Panel:
    def __init__(self, top, x_axis, y_axis, title):
        self.top, self.x_axis, self.y_axis = top, x_axis, y_axis
        self.out = []
        for value, label in y_axis.ticks():
            y = self.y(value)
            self.out.append(f'<path class="grid" d="M{LEFT} {y:.1f}h{PLOT}"/>')
            self.text(LEFT - 8, y + 4, label, "end")
        for value, label in x_axis.ticks():
            x = self.x(value)
            self.out.append(f'<path class="grid" d="M{x:.1f} {top}v{HEIGHT}"/>')
            self.text(x, top + HEIGHT + 17, label, "middle")
        self.out.append(f'<rect class="frame" x="{LEFT}" y="{top}" width="{PLOT}" '
                        f'height="{HEIGHT}"/>')
        self.text(20, top + HEIGHT / 2, title, "middle",
                  f' transform="rotate(-90 20 {top + HEIGHT / 2:.1f})" class="title"')

    def x(self, value):
        return LEFT + PLOT * self.x_axis.place(value)

    def y(self, value):
        return self.top + HEIGHT * (1 - self.y_axis.place(value))

    def text(self, x, y, words, anchor="start", more=""):
        self.out.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>'
                        f"{escape(words)}</text>")

    def curve(self, points, colour):
        """Points: (size, value, what it says when pointed at)."""
        d = " ".join(f"{self.x(size):.1f},{self.y(value):.1f}" for size, value, _ in points)
        self.out.append(f'<path class="line" stroke="{colour}" d="M{d}"/>')
        for size, value, words in points:
            self.out.append(f'<circle cx="{self.x(size):.1f}" cy="{self.y(value):.1f}" r="2.8" '
                            f'fill="{colour}"><title>{escape(words)}</title></circle>')

    def peak(self, value):
        self.out.append(f'<path class="peak" d="M{LEFT} {self.y(value):.1f}h{PLOT}"/>')
        self.text(LEFT + PLOT + 8, self.y(value) + 4, f"peak {value:.3g}")

    def legend(self, labels, top):
        for i, (label, colour) in enumerate(labels):
            y = top + 18 * i
            self.out.append(f'<path class="line" stroke="{colour}" d="M{LEFT + PLOT + 12} '
                            f'{y - 4}h22"/>')
            self.text(LEFT + PLOT + 40, y, label)


def rate_panel(top, axis, curves, peak):
    highest = max([rate for points in curves.values() for _, rate, _, _ in points] + [peak])
    panel = Panel(top, axis, Linear(highest * 1.06), "GF/s")
    if peak > 0:
        panel.peak(peak)
    for i, points in enumerate(curves.values()):
        panel.curve([(size, rate, f"{name}: {rate:.4g} GF/s") for size, rate, _, name in points],
                    COLOURS[i % len(COLOURS)])
    labels = [(label, COLOURS[i % len(COLOURS)]) for i, label in enumerate(curves)]
    panel.legend(labels, top + HEIGHT - 18 * len(labels))
    return panel


def error_panel(top, axis, curves):
    errors = error_axis(curves)
    if errors is None:
        return None
    panel = Panel(top, axis, errors, "largest error")
    for i, points in enumerate(curves.values()):
        shown = [(size, error, f"{name}: {error:.2g}") for size, _, error, name in points
                 if error > 0]
        if shown:
            panel.curve(shown, COLOURS[i % len(COLOURS)])
    return panel


def draw(rows):
    settings = {(row["type"], row["threads"], row["machine"]) for row in rows}
    if len(settings) > 1:
        raise BadInput("the files hold more than one type, number of threads or machine: draw them "
                       "one by one")
    (scalar, threads, machine), = settings
    curves = curves_of(rows)
    axis = size_axis(curves)
    panels = [rate_panel(TOP, axis, curves, max(row["peak"] for row in rows))]
    errors = error_panel(TOP + HEIGHT + BETWEEN, axis, curves)
    panels += [errors] if errors is not None else []
    height = TOP + len(panels) * (HEIGHT + BETWEEN)
    head = f"Products of {scalar} matrices"
    below = f"{machine}, {threads:g} thread{'s' if threads > 1 else ''}"
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
           f'viewBox="0 0 {WIDTH} {height}">', f"<title>{escape(head)}</title>",
           f"<style>{STYLE}</style>", f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
           f'<text class="head" x="{LEFT}" y="28">{escape(head)}</text>',
           f'<text x="{LEFT}" y="50">{escape(below)}</text>']
    for panel in panels:
        out += ["<g>"] + panel.out + ["</g>"]
    out.append(f'<text class="title" x="{LEFT + PLOT / 2}" y="{height - 14}" '
               'text-anchor="middle">n (m n k to the power of 1/3)</text>')
    return "\n".join(out + ["</svg>", ""])


def main():
    parser = argparse.ArgumentParser(
        prog="plot_gemm", description="Draws what 'fewmul bench gemm --csv FILE' wrote, as SVG: "
        "GF/s and errors against n, for each library.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="tables, of one type and machine")
    parser.add_argument("-o", "--output", metavar="OUT.svg", help="the picture [standard output]")
    arguments = parser.parse_args()

    def draw_files():
        picture = draw([row for path in arguments.files for row in read_rows(path)])
        if arguments.output:
            write_whole(arguments.output, picture)
        else:
            sys.stdout.write(picture)

    return run("plot_gemm", draw_files)


if __name__ == "__main__":
    sys.exit(main())
