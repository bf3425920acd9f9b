# SPDX-License-Identifier: Apache-2.0
"""Drawings of results by gnuplot, each in a light and a dark SVG of one size."""
import subprocess

# Colours of series tell apart for colour-blind eyes, too (Okabe and Ito, 2008).
LIGHT = {"ink": "#1f2328", "faint": "#d0d7de", "series": ("#0072B2", "#D55E00", "#009E73", "#CC79A7")}
DARK = {"ink": "#e6edf3", "faint": "#3d444d", "series": ("#56B4E9", "#E69F00", "#2FBF9B", "#E69AC4")}

FRAME = '''set terminal svg size 760,{height} font "sans-serif,14" noenhanced rounded
set output "{path}"
set border 3 lc rgb "{ink}"
set tics nomirror textcolor rgb "{ink}"
set grid ytics lc rgb "{faint}" lw 1
set xlabel textcolor rgb "{ink}"
set ylabel textcolor rgb "{ink}"
set key textcolor rgb "{ink}" {key}
'''


def block(name, rows):
    return f"${name} << EOD\n" + "\n".join(" ".join(map(str, row)) for row in rows) + "\nEOD\n"


def draw(folder, name, data, commands, height=380, key="top left"):
    """`commands` may name the colours {ink}, {faint} and {s0} to {s3}."""
    for theme, colours in (("light", LIGHT), ("dark", DARK)):
        words = {"ink": colours["ink"], "faint": colours["faint"],
                 **{f"s{n}": colour for n, colour in enumerate(colours["series"])}}
        script = FRAME.format(path=folder / f"{name}-{theme}.svg", height=height, key=key, **words) + data + commands
        for word, colour in words.items():
            script = script.replace("{" + word + "}", colour)
        subprocess.run(["gnuplot"], input=script, text=True, check=True)


def markdown(folder, name, says):
    """A page's lines that show it; `folder` is relative to the page."""
    return (f'<picture><source media="(prefers-color-scheme: dark)" srcset="{folder}/{name}-dark.svg">'
            f'<img alt="{says}" src="{folder}/{name}-light.svg"></picture>')
