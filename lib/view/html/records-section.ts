import { number } from '../text.ts';
import { embeddedJson, type Markup, markup } from './markup.ts';
import type { TableData } from './table-data.ts';

const COLUMNS = [
  'instance',
  'id',
  'name',
  'status',
  'user',
  'ended',
  'outcome',
  'reason',
  'rule',
] as const;

/**
 * The table of records: empty and hidden here, and filled by the page's script.
 * @param withoutScripts stands in its place where there are none.
 */
export function recordsSection(data: TableData, withoutScripts: Markup): Markup {
  const { instances, verdicts, texts, columns, errors, omitted } = data;
  return markup`<section id="records"><h2>Records</h2>
<noscript>${withoutScripts}</noscript>
<div id="interactive" hidden>
${omitted > 0 ? markup`<p class="note">The table holds the first ${number(columns.id.length)} records: those that go come first. The other ${number(omitted)} are in the totals only, and in the charts as far as memory reaches; --records FILE writes them all into a file.</p>` : undefined}
<form id="controls">
<label>contains <input type="search" id="search" placeholder="id, name, user, instance, error" autocomplete="off"></label>
${['outcome', 'instance', 'status', 'reason', 'rule'].map(
  (column) =>
    markup`<label>${column} <select id="only-${column}"><option value="">all</option></select></label>`,
)}
<label class="sorting">sort by <select id="sort">${COLUMNS.map((column) => markup`<option value="${column}">${column}</option>`)}</select></label>
<label class="sorting">order <select id="order"><option value="1">ascending</option><option value="-1">descending</option></select></label>
<button type="reset">reset</button>
</form>
<div>
<table id="rows"><caption>Every record that the run saw, and what became of it; times are UTC</caption><thead><tr>${COLUMNS.map((column) => markup`<th scope="col" data-column="${column}"><button type="button">${column}</button></th>`)}</tr></thead><tbody></tbody></table>
<p class="pager"><span id="shown" role="status"></span> <button type="button" id="first">first</button> <button type="button" id="previous">previous</button> <button type="button" id="next">next</button> <button type="button" id="last">last</button></p>
</div>
</div>
<script type="application/json" id="data">${embeddedJson({ instances, verdicts, texts, columns, errors })}</script>
</section>`;
}
