/** The style sheet of a report. Must hold no `</style`. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fff; --card: #f6f7f9; --text: #1b1f24; --quiet: #57606a; --line: #d0d7de;
  --kept: #5b8db8; --expired: #d9741a; --cut: #a3123a; --beyond: #d9741a1a;
  --good: #1a7f37; --poor: #7d5300; --bad: #b3261e; --goes: #9a4a00; --link: #0b5cad;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --card: #1d2127; --text: #e6e9ed; --quiet: #9aa5b1; --line: #3a424c;
    --kept: #5a93c4; --expired: #e88b36; --cut: #ff7a9c; --beyond: #e88b3621;
    --good: #57c271; --poor: #dcb44a; --bad: #ff8178; --goes: #f2a35e; --link: #7cb8f2;
  }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --card: #fff; --text: #000; --quiet: #444; --line: #bbb;
    --kept: #5b8db8; --expired: #d9741a; --cut: #a3123a; --beyond: #d9741a1a;
    --good: #1a7f37; --poor: #7a5200; --bad: #b3261e; --goes: #9a4a00; --link: #000;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 1rem; max-width: 80rem; background: var(--page); color: var(--text);
  font: 15px/1.45 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.5rem; margin: 0 0 .3rem; }
h2 { font-size: 1.2rem; margin: 2rem 0 .4rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: .3rem 0; }
code, pre { font: .9em ui-monospace, monospace; }
pre { background: var(--card); border: 1px solid var(--line); padding: .8rem; white-space: pre-wrap; }
.note { border-left: 4px solid var(--poor); padding-left: .6rem; margin: .3rem 0; }
.note ul { margin: .2rem 0; }
a { color: var(--link); }
bdi { overflow-wrap: anywhere; }
.skip { position: absolute; left: -100rem; }
.skip:focus { position: static; }
nav { background: var(--card); border: 1px solid var(--line); padding: .4rem .8rem; margin-top: .8rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; list-style: none; margin: .2rem 0; padding: 0; }
.count { color: var(--quiet); font-size: .85rem; font-variant-numeric: tabular-nums; }
summary { cursor: pointer; }
caption { text-align: left; color: var(--quiet); font-size: .87rem; padding: .2rem 0; }
tbody th { font-weight: 400; }
.badge {
  display: inline-block; font-size: .8rem; font-weight: 600; padding: 0 .5rem; border-radius: 1rem;
  border: 1px solid currentColor; vertical-align: middle;
}
.complete { color: var(--good); } .incomplete { color: var(--poor); } .failed { color: var(--bad); }
.tiles { display: flex; flex-wrap: wrap; gap: .6rem; margin: .5rem 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-top: 4px solid var(--line); padding: .4rem .8rem; min-width: 6.5rem; }
.tile.is-kept { border-top-color: var(--kept); } .tile.is-failed { border-top-color: var(--bad); }
.tile.is-deleted, .tile.is-remaining { border-top-color: var(--expired); } .tile.is-held-back { border-top-color: var(--poor); }
.tile dt { color: var(--quiet); font-size: .85rem; }
.tile dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
ul.equations { list-style: none; margin: .3rem 0; padding: 0; font-variant-numeric: tabular-nums; }
b.is-kept, b.is-expired { border-bottom: 2px solid; }
b.is-kept { border-color: var(--kept); } b.is-expired { border-color: var(--expired); }
.failures { padding-left: 1.2rem; } .failures > li { margin: .4rem 0; }
.held { color: var(--poor); font-size: .87rem; }
.details, .id, .reasons, .cuts, figcaption { color: var(--quiet); font-size: .87rem; }
ol.cuts { margin: .2rem 0; padding-left: 1.6rem; }
.instances { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); gap: .8rem; margin-top: .8rem; }
article { background: var(--card); border: 1px solid var(--line); padding: .7rem .8rem; min-width: 0; }
article .equations { font-size: .87rem; }
figure { margin: .5rem 0; }
.chart { display: grid; grid-template-columns: 40px 1fr; padding-right: .5rem; }
.plot { width: 100%; overflow: visible; display: block; }
svg text { font: 11px system-ui, sans-serif; fill: var(--quiet); }
.grid, .tick { stroke: var(--line); }
path.kept { fill: var(--kept); } path.expired { fill: var(--expired); }
.beyond { fill: var(--beyond); }
.cut { stroke: var(--cut); stroke-width: 2; }
svg .cut-label { fill: var(--cut); font-weight: 600; }
.rule { stroke: var(--text); stroke-dasharray: 2 3; opacity: .6; }
svg .rule-label { fill: var(--text); }
.key { display: inline-block; width: .75em; height: .75em; margin: 0 .35em 0 0; background: var(--kept); }
.key.is-expired { background: var(--expired); }
.mark { display: inline-block; width: .75em; height: .75em; margin: 0 .35em 0 0; background: var(--expired); }
.mark.is-kept { background: var(--kept); } .mark.is-failed { background: var(--bad); } .mark.is-held-back { background: var(--poor); }
figcaption .key:not(:first-child) { margin-left: .6em; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid var(--line); }
.plain { width: auto; }
.plain tbody th, .plain .number { white-space: nowrap; }
.others { margin-top: .8rem; font-size: .87rem; width: auto; min-width: min(100%, 40rem); }
.others thead th { vertical-align: bottom; }
.others tbody th code { color: var(--quiet); display: block; font-size: .8rem; }
.gone { margin-top: .8rem; font-size: .8rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
form { display: flex; flex-wrap: wrap; gap: .5rem .8rem; align-items: end; margin: .5rem 0; }
label { display: grid; color: var(--quiet); font-size: .85rem; max-width: 100%; }
input, select, button { font: inherit; color: var(--text); background: var(--card); border: 1px solid var(--line); border-radius: .3rem; padding: .25rem .5rem; max-width: 100%; }
input[type=search] { width: 16rem; }
select { max-width: 13rem; }
::placeholder { color: var(--quiet); opacity: 1; }
button:not(:disabled) { cursor: pointer; }
button:disabled { color: var(--quiet); border-style: dashed; }
:focus-visible { outline: 2px solid var(--cut); outline-offset: 1px; }
.pager { display: flex; flex-wrap: wrap; gap: .4rem; align-items: center; position: sticky; bottom: 0; background: var(--page); padding: .4rem 0; margin: 0; }
#shown { margin-right: auto; font-variant-numeric: tabular-nums; }
#rows { font-size: .85rem; }
#rows th { position: sticky; top: 0; background: var(--page); padding: 0; }
#rows th button { width: 100%; border: 0; background: none; text-align: left; font-weight: 600; padding: .35rem .5rem; white-space: nowrap; }
#rows th[aria-sort=ascending] button::after { content: ' \\25B2'; font-size: .7em; }
#rows th[aria-sort=descending] button::after { content: ' \\25BC'; font-size: .7em; }
#rows td[data-column=id] { font: .75rem/1.6 ui-monospace, monospace; min-width: 15.6rem; }
#rows td[data-column=name] { min-width: 11rem; } #rows td[data-column=user] { min-width: 6rem; }
#rows td[data-column=status] { white-space: nowrap; }
#rows td > span { unicode-bidi: isolate; }
#rows tr.error td { color: var(--bad); padding-top: 0; padding-left: 1.5rem; }
#rows tr:has(+ tr.error) td { border-bottom: 0; }
#rows td[data-column=ended] { white-space: nowrap; font-variant-numeric: tabular-nums; }
#rows td[data-column=instance] { min-width: 8rem; } #rows td[data-column=outcome] { min-width: 6.5rem; }
#rows td[data-column=reason] { min-width: 7.4rem; } #rows td[data-column=rule] { min-width: 4rem; }
#rows td[data-column=outcome]::before { content: ''; display: inline-block; width: .7em; height: .7em; margin-right: .35em; background: var(--expired); }
#rows tr.is-kept td[data-column=outcome]::before { background: var(--kept); }
#rows tr.is-failed td[data-column=outcome]::before { background: var(--bad); }
#rows tr.is-held-back td[data-column=outcome]::before { background: var(--poor); }
@media screen and (min-width: 60.01rem) {
  /* There, the headings sort. */
  .sorting { display: none; }
}
@media screen and (max-width: 60rem) {
  #rows, #rows tbody, #rows caption { display: block; }
  #rows thead { display: none; }
  #rows tr { display: grid; grid-template-columns: 5.5rem 1fr; border-bottom: 1px solid var(--line); padding: .4rem 0; }
  #rows td { display: contents; }
  #rows td > span { min-width: 0; }
  #rows td::before, #rows tr[class] td[data-column=outcome]::before { content: attr(data-column); width: auto; height: auto; margin: 0; background: none; display: block; color: var(--quiet); font: .8rem system-ui, sans-serif; }
  #rows td.none { display: none; }
  #rows tr:has(+ tr.error) { border-bottom: 0; padding-bottom: 0; }
  #rows tr.error { display: block; padding-top: 0; }
  #rows tr.error td { display: block; padding-left: 5.5rem; border: 0; }
  #rows tr.error td::before { display: none; }
  #rows tr td[data-column=outcome] > span { color: var(--goes); font-weight: 600; }
  #rows tr.is-kept td[data-column=outcome] > span { color: inherit; font-weight: inherit; }
  #rows tr.is-failed td[data-column=outcome] > span { color: var(--bad); }
  .others, .others tbody, .others caption, .gone, .gone tbody, .gone caption { display: block; }
  .others thead, .gone thead { display: none; }
  .others tr, .gone tr { display: flex; flex-wrap: wrap; gap: 0 1rem; border-bottom: 1px solid var(--line); padding: .3rem 0; }
  .others th { flex-basis: 100%; padding: 0; border: 0; }
  .others td, .gone td { padding: 0; border: 0; }
  .others td::before { content: attr(data-label) ' '; color: var(--quiet); }
}
@media screen and (max-width: 30rem) {
  body { padding: .7rem; }
  .tiles { display: grid; grid-template-columns: repeat(3, 1fr); }
  .tile { min-width: 0; padding: .3rem .5rem; }
  #shown { flex-basis: 100%; }
  .tile dd { font-size: 1.2rem; }
  form label { flex: 1 1 45%; } input[type=search], select { width: 100%; max-width: 100%; }
}
@page { margin: 14mm; }
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10pt; padding: 0; max-width: none; }
  form, nav, .skip, .pager button { display: none; }
  .pager { position: static; }
  article, figure, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .instances { grid-template-columns: 1fr 1fr; }
  #rows { font-size: 7pt; }
  #rows th { position: static; }
  #rows th button { padding: 0 .3rem; font-size: 7pt; }
  #rows td, #rows td[data-column] { min-width: 0; padding: .1rem .3rem; font-size: 7pt; }
  #rows td[data-column=id] { min-width: 46mm; font-size: 6pt; }
  #rows td:not([data-column=id], [data-column=name]) { overflow-wrap: break-word; }
}
`;
