#!/usr/bin/env python3
"""Makes the figures and the tables of benches/README.md from benches/results.

    python3 benches/plot.py

Figures go to benches/figures, tables between the two markers of the README. Needs nothing but Python's standard library.
"""

import json
import math
import pathlib
from html import escape

HERE = pathlib.Path(__file__).parent
README = HERE / "README.md"
FIGURES = HERE / "figures"
BEGIN, END = "<!-- results: begin -->\n", "<!-- results: end -->\n"

# Read on white as on black: no colour is near either.
TEXT, LINE = "#767676", "#80808060"
OTHERS = {
    "memory": ("memory handler", "#7a8fa6"),
    "handwritten": ("by hand", "#d07a1f"),
    "drf": ("Django", "#4f9d4f"),
    "node": ("Node.js", "#a05fb5"),
}
SIZES = ["#5aa0d6", "#d07a1f", "#c0504d", "#a05fb5", "#4f9d4f"]
TITLES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
# The size that is shown first, if it was measured.
MAIN = 100_000
# With less than this a run is a trial.
ROUNDS, SECONDS = 3, 3


def results():
    """By database, by number of users: the run and the figures of each work."""
    found = {}
    for path in (HERE / "results").glob("*.json"):
        run, *items = [json.loads(line) for line in path.read_text().splitlines()]
        database = path.stem.rpartition("-")[0]
        found.setdefault(database, {})[run["users"]] = (run, {item["work"]: item["servers"] for item in items})
    return {database: dict(sorted(found[database].items())) for database in TITLES if database in found}


def ratio(number):
    if number < 0.01:
        return f"{number:.4f}"
    return f"{number:.2f}" if number < 9.995 else f"{number:.0f}"


def latency(micros):
    return f"{micros:.0f} us" if micros < 1000 else f"{micros / 1000:.2f} ms"


def failed(figures):
    return f" ({figures['failures']} failed)" if figures["failures"] else ""


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def comparison(items):
    others = [name for name in OTHERS if any(name in servers for servers in items.values())]
    head = ["work", *(f"÷ {OTHERS[name][0]}" for name in others), "rolecall /s", "p50", "p99", "CPU a request"]
    rows = []
    for work, servers in items.items():
        ours = servers["rolecall"]
        cells = [
            ratio(ours["rate"] / servers[name]["rate"]) + failed(servers[name])
            if name in servers and servers[name]["rate"]
            else ""
            for name in others
        ]
        figures = [f"{ours['rate']:.0f}{failed(ours)}", latency(ours["p50_us"]), latency(ours["p99_us"])]
        rows.append([work, *cells, *figures, f"{ours['cpu_us']:.0f} us"])
    return table(head, rows)


def growth(sizes):
    """Rows of a work, its median latencies by size, and how often the first fits into the last."""
    rows = []
    for work in next(iter(sizes.values()))[1]:
        medians = [items[work]["rolecall"]["p50_us"] for _, items in sizes.values() if work in items]
        if len(medians) == len(sizes) and min(medians) > 0:
            rows.append((work, medians, medians[-1] / medians[0]))
    return rows


def growth_table(sizes):
    ends = f"{max(sizes):,} : {min(sizes):,}"
    head = ["median latency", *(f"{users:,} users" for users in sizes), ends]
    return table(head, [[work, *map(latency, medians), ratio(grown)] for work, medians, grown in growth(sizes)])


def resources(sizes):
    head = ["users", "first answer after", "memory when started", "memory after the run"]
    rows = [
        [f"{users:,}", f"{run['start_ms']:.0f} ms", f"{run['idle_mib']} MiB", f"{run['after_mib']} MiB"]
        for users, (run, _) in sizes.items()
    ]
    return table(head, rows)


def rounds(run):
    trial = "" if run["rounds"] >= ROUNDS and run["seconds"] >= SECONDS else " **This is a trial, not a measurement.**"
    many = "1 round" if run["rounds"] == 1 else f"{run['rounds']} rounds"
    return f"{many} of {run['seconds']} s a server.{trial}"


def section(database, sizes):
    main = min(sizes, key=lambda users: abs(math.log(users / MAIN)))
    run, items = sizes[main]
    title = TITLES[database]
    yield f"### {title}\n\n"
    yield f"{run['database']}, {run['durability']}; {run['cores']} cores of {run['processor']}. "
    yield f"{rounds(run)}\n\n"
    yield f"![How often rolecall's rate holds that of the others, {title}](figures/ratios-{database}.svg)\n\n"
    yield f"{main:,} users:\n\n{comparison(items)}\n"
    for users, (other, more) in sizes.items():
        if users != main:
            yield f"<details><summary>{users:,} users</summary>\n\n{rounds(other)}\n\n{comparison(more)}\n</details>\n\n"
    if len(sizes) > 1:
        yield f"![Median latencies by the number of users, {title}](figures/growth-{database}.svg)\n\n"
        yield f"{growth_table(sizes)}\n"
    yield f"{resources(sizes)}\n"


def svg(width, height, parts):
    style = f"text {{ font: 12px sans-serif; fill: {TEXT}; }} .end {{ text-anchor: end; }} .middle {{ text-anchor: middle; }}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
        f"<style>{style}</style>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def text(x, y, words, kind=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(words)}</text>'


def vertical(x, top, bottom, colour=LINE):
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" stroke="{colour}"/>'


LEFT, WIDTH, RIGHT, TOP, ROW = 270, 460, 70, 50, 14


class Scale:
    """Logarithmic, from a power of ten to another."""

    def __init__(self, numbers):
        numbers = [number for number in numbers if number > 0] or [1]
        # A little room, so that no number stands in the names beside it.
        self.low = math.floor(math.log10(min(numbers)) - 0.15)
        self.high = max(math.ceil(math.log10(max(numbers))), self.low + 1)

    def at(self, number):
        return LEFT + WIDTH * (math.log10(number) - self.low) / (self.high - self.low)

    def marks(self):
        return [10.0**power for power in range(self.low, self.high + 1)]


def legend(entries):
    parts, x = [], 10
    for colour, words in entries:
        parts.append(f'<rect x="{x}" y="8" width="10" height="10" fill="{colour}"/>')
        parts.append(text(x + 15, 17, words))
        x += 30 + 7 * len(words)
    return parts


def ratios_figure(items):
    """A bar from 1 to each ratio: to the right where rolecall is quicker."""
    groups = [
        (work, [(name, servers["rolecall"]["rate"] / servers[name]["rate"]) for name in OTHERS if rated(name, servers)])
        for work, servers in items.items()
        if servers["rolecall"]["rate"]
    ]
    scale = Scale([1, *(number for _, bars in groups for _, number in bars)])
    names = [name for name in OTHERS if any(name == other for _, bars in groups for other, _ in bars)]
    parts = legend([(OTHERS[name][1], f"rolecall ÷ {OTHERS[name][0]}") for name in names])
    y = TOP
    bars_drawn = []
    for work, bars in groups:
        bars_drawn.append(text(LEFT - 8, y + ROW * len(bars) / 2 + 4, work, "end"))
        for name, number in bars:
            ends = sorted((scale.at(1), scale.at(number)))
            bars_drawn.append(
                f'<rect x="{ends[0]:.1f}" y="{y + 2}" width="{max(ends[1] - ends[0], 1):.1f}" height="{ROW - 3}" '
                f'fill="{OTHERS[name][1]}"/>'
            )
            inside = number >= 1
            x = scale.at(number) + (4 if inside else -4)
            bars_drawn.append(text(x, y + ROW - 2, ratio(number), "" if inside else "end"))
            y += ROW
        y += 8
    for mark in scale.marks():
        parts.append(vertical(scale.at(mark), TOP - 4, y, TEXT if mark == 1 else LINE))
        parts.append(text(scale.at(mark), TOP - 10, f"{mark:g}", "middle"))
    return svg(LEFT + WIDTH + RIGHT, y + 6, parts + bars_drawn)


def rated(name, servers):
    return name in servers and servers[name]["rate"] > 0


def growth_figure(sizes):
    """A line for each work, from its least to its greatest median latency."""
    rows = growth(sizes)
    scale = Scale([micros for _, medians, _ in rows for micros in medians])
    parts = legend([(SIZES[place % len(SIZES)], f"{users:,} users") for place, users in enumerate(sizes)])
    height = 20
    bottom = TOP + height * len(rows)
    for mark in scale.marks():
        parts.append(vertical(scale.at(mark), TOP - 4, bottom))
        words = f"{mark:g} us" if mark < 1e3 else f"{mark / 1e3:g} ms" if mark < 1e6 else f"{mark / 1e6:g} s"
        parts.append(text(scale.at(mark), TOP - 10, words, "middle"))
    for place, (work, medians, grown) in enumerate(rows):
        y = TOP + height * place + height / 2
        low, high = scale.at(min(medians)), scale.at(max(medians))
        parts.append(text(LEFT - 8, y + 4, work, "end"))
        parts.append(f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" stroke="{TEXT}" stroke-width="2"/>')
        for size, micros in enumerate(medians):
            parts.append(f'<circle cx="{scale.at(micros):.1f}" cy="{y}" r="4" fill="{SIZES[size % len(SIZES)]}"/>')
        parts.append(text(LEFT + WIDTH + 12, y + 4, f"× {ratio(grown)}"))
    return svg(LEFT + WIDTH + RIGHT, bottom + 6, parts)


def main():
    found = results()
    if not found:
        raise SystemExit("there is nothing in benches/results; ROLECALL_BENCH_WRITE=1 puts it there")
    FIGURES.mkdir(exist_ok=True)
    block = ""
    for database, sizes in found.items():
        block += "".join(section(database, sizes))
        main_size = min(sizes, key=lambda users: abs(math.log(users / MAIN)))
        (FIGURES / f"ratios-{database}.svg").write_text(ratios_figure(sizes[main_size][1]))
        if len(sizes) > 1:
            (FIGURES / f"growth-{database}.svg").write_text(growth_figure(sizes))
    before, _, rest = README.read_text().partition(BEGIN)
    _, marker, after = rest.partition(END)
    if not marker:
        raise SystemExit(f"{README} has not both markers")
    README.write_text(before + BEGIN + block + END + after)


if __name__ == "__main__":
    main()
