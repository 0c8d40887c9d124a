"""How the page looks: light or dark as the reader's system is, on a phone too."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root { --page: #fdfcfa; --ink: #22252b; --soft: #5c626d; --line: #dcd9d3; --accent: #2f6690;
  --other: #b08a4a; --faint: #2f669026; --good: #1e6b45; --bad: #a4372c; }
@media (prefers-color-scheme: dark) {
  :root { --page: #16181c; --ink: #e4e3df; --soft: #a0a5ad; --line: #363a41; --accent: #7fb4dc;
    --other: #c9a56a; --faint: #7fb4dc2b; --good: #76c79c; --bad: #ee8a7e; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .5rem; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
.verdict { border-left: .25rem solid; padding: .1rem 0 .1rem .8rem; font-weight: 600; }
.good { border-color: var(--good); color: var(--good); }
.bad { border-color: var(--bad); color: var(--bad); }
.wide { overflow-x: auto; margin: .7rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); }
th.number, td.number { text-align: right; padding-left: .8rem; }
.matrix td { background: color-mix(in srgb, var(--shade) var(--share), transparent);
  padding-right: .8rem; min-width: 3.2rem; border: 1px solid var(--line); }
.matrix th { padding-right: .8rem; }
.right { --shade: color-mix(in srgb, var(--accent) 45%, transparent); }
.wrong { --shade: color-mix(in srgb, var(--bad) 75%, transparent); }
.figure { width: 100%; height: auto; display: block; margin: .5rem 0; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .6rem 1.2rem;
  margin: .7rem 0; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: .9em ui-monospace, monospace; }
@media print { section { break-inside: avoid; } }
"""
