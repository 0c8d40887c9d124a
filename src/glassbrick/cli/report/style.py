"""How the page looks: light or dark as the reader's system is, on a phone too, and on paper."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root { --page: #fdfcfa; --ink: #22252b; --soft: #5c626d; --mid: #9aa0a8; --pale: #dbe1e8;
  --line: #dcd9d3; --blue: #2f6690; --red: #b8404f; --code: #f3f1ec; --good: #1e6b45;
  --bad: #a4372c; --warn: #7a5300; }
@media (prefers-color-scheme: dark) {
  :root { --page: #16181c; --ink: #e4e3df; --soft: #a0a5ad; --mid: #6b727c; --pale: #2c3540;
    --line: #363a41; --blue: #7fb4dc; --red: #f08f98; --code: #1f2228; --good: #76c79c;
    --bad: #ee8a7e; --warn: #e0b25a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .5rem; padding-top: .7rem;
  border-top: 1px solid var(--line); }
p, ul, dl { max-width: 46rem; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
.verdict { border-left: .25rem solid; padding: .1rem 0 .1rem .8rem; font-weight: 600; }
.good { border-color: var(--good); color: var(--good); }
.bad { border-color: var(--bad); color: var(--bad); }
.wide { overflow-x: auto; margin: .7rem 0; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; position: relative; }
th, td { padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); }
.plain tbody th { font-weight: normal; color: inherit; }
th.number, td.number { text-align: right; padding-left: .8rem; }
small { display: block; color: var(--soft); font-size: .8rem; white-space: nowrap; }
.matrix td { padding-right: .8rem; min-width: 3.6rem; }
.matrix td.number { background: color-mix(in srgb, var(--shade) var(--share), transparent);
  border: 1px solid var(--line); }
.matrix td small { color: inherit; }
.matrix th { padding-right: .8rem; }
.right { --shade: color-mix(in srgb, var(--blue) 38%, transparent); }
.wrong { --shade: color-mix(in srgb, var(--red) 60%, transparent); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr));
  gap: 1rem 2rem; align-items: start; }
.pair > * { min-width: 0; }
figure { margin: .7rem 0; }
figcaption { color: var(--soft); font-size: .9rem; max-width: 40rem; overflow-wrap: anywhere; }
.figure { width: 100%; height: auto; display: block; margin: 0 0 .3rem; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .6rem 1.2rem;
  margin: .7rem 0; }
header dl { max-width: none; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.remarks { list-style: none; padding: 0; }
.remarks li { margin: .8rem 0; padding-left: .8rem; border-left: .2rem solid var(--line); }
.remarks p { margin: .1rem 0; }
.remedy { color: var(--soft); }
strong.error { color: var(--bad); } strong.warning { color: var(--warn); }
strong.note { color: var(--blue); }
code { font: .9em ui-monospace, SFMono-Regular, Menlo, monospace; overflow-wrap: anywhere; }
pre { background: var(--code); padding: .7rem .9rem; border-radius: .3rem; max-width: 46rem;
  white-space: pre-wrap; }
:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
@media print {
  :root { --page: #fff; --ink: #000; --soft: #444; --mid: #888; --pale: #ddd; --line: #ccc;
    --blue: #2f6690; --red: #b8404f; --code: #f5f5f5; --good: #1e6b45; --bad: #a4372c;
    --warn: #7a5300; }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  h2 { break-after: avoid; }
  figure, tr, li, pre { break-inside: avoid; }
  .pair { grid-template-columns: 1fr 1fr; }
}
"""
