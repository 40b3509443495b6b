"""What plot_metrics.py and plot_gemm.py share."""
import math
import os
import sys

# Okabe and Ito 2008, told apart by the colour-blind; without their yellow, which white swallows.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]


class BadInput(Exception):
    """Its text says FILE:LINE: what is wrong."""


def nice_step(span, ticks):
    raw = span / ticks
    power = 10.0 ** math.floor(math.log10(raw))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)


def write_whole(path, content):
    """Under another name first: who watches the picture never sees a part of it."""
    part = f"{path}.{os.getpid()}.part"
    try:
        with open(part, "w", encoding="utf-8") as file:
            file.write(content)
        os.replace(part, path)
    except OSError as error:
        if os.path.exists(part):
            os.unlink(part)
        raise BadInput(f"{path}: {error.strerror}") from None


def run(name, draw):
    """Calls draw; the exit code of the program of that name."""
    try:
        draw()
    except BadInput as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    return 0
