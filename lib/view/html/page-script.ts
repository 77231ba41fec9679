/**
 * The script of a report: fills the table of records, a page at a time. It writes text and never HTML, so
 * that what came from the service stays text. Must hold no `</script`.
 */
export const SCRIPT = `
'use strict';
(() => {
  // On a narrow screen each record takes several lines.
  const PAGE = matchMedia('(max-width: 60rem)').matches ? 25 : 100;
  const { instances, verdicts, texts, columns, errors } = JSON.parse(document.getElementById('data').textContent);
  const total = columns.id.length;
  const element = (id) => document.getElementById(id);
  const instanceNames = instances.map(([target, name]) => target + ' / ' + name);
  // The table is of use only here.
  element('interactive').hidden = false;
  const twoDigits = (number) => String(number).padStart(2, '0');
  const ended = (time) => {
    const date = new Date(time);
    return date.getUTCFullYear() + '-' + twoDigits(date.getUTCMonth() + 1) + '-' + twoDigits(date.getUTCDate()) +
      ' ' + twoDigits(date.getUTCHours()) + ':' + twoDigits(date.getUTCMinutes()) + ':' + twoDigits(date.getUTCSeconds());
  };
  const word = (place) => (place === null ? '' : texts[place]);
  const show = {
    instance: (row) => instanceNames[columns.instance[row]],
    id: (row) => columns.id[row] ?? '',
    name: (row) => word(columns.name[row]),
    status: (row) => word(columns.status[row]),
    user: (row) => word(columns.user[row]),
    ended: (row) => (columns.ended[row] === null ? '' : ended(columns.ended[row])),
    outcome: (row) => verdicts[columns.verdict[row]][0],
    reason: (row) => verdicts[columns.verdict[row]][1],
    rule: (row) => verdicts[columns.verdict[row]][2],
  };
  const FILTERS = ['outcome', 'instance', 'status', 'reason', 'rule'];
  const collator = new Intl.Collator('en', { numeric: true });
  const START = { column: 'ended', order: 1 };
  let sorted = { ...START };
  let rows = [];
  let page = 0;

  for (const column of FILTERS) {
    const values = new Set();
    for (let row = 0; row < total; row += 1) values.add(show[column](row));
    for (const value of [...values].sort(collator.compare)) {
      const option = document.createElement('option');
      // Empty stands for all.
      option.value = '=' + value;
      option.textContent = value === '' ? '(none)' : value;
      element('only-' + column).append(option);
    }
  }

  // Each column's order is computed once; sorting then compares numbers.
  const orders = new Map();
  function orderOf(column) {
    if (column === 'ended') return columns.ended.map((time) => time ?? Infinity);
    if (!orders.has(column)) {
      const values = Array.from({ length: total }, (_, row) => show[column](row));
      const distinct = [...new Set(values)];
      // The collator is too slow for many ids, which are plain ASCII.
      distinct.sort(column === 'id' ? undefined : collator.compare);
      const places = new Map(distinct.map((value, place) => [value, place]));
      places.set('', Infinity);
      orders.set(column, values.map((value) => places.get(value)));
    }
    return orders.get(column);
  }

  function search() {
    const wanted = element('search').value.trim().toLowerCase();
    const only = FILTERS.map((column) => [show[column], element('only-' + column).value])
      .filter(([, value]) => value !== '')
      .map(([read, value]) => [read, value.slice(1)]);
    const matching = (list) => list.map((text) => text.toLowerCase().includes(wanted));
    const inTexts = matching(texts);
    const inInstances = matching(instanceNames);
    const inVerdicts = matching(verdicts.map(([, , rule]) => rule));
    rows = [];
    for (let row = 0; row < total; row += 1) {
      if (!only.every(([read, value]) => read(row) === value)) continue;
      if (wanted === '' || (columns.id[row] ?? '').toLowerCase().includes(wanted) ||
        inTexts[columns.name[row]] || inTexts[columns.user[row]] || inTexts[columns.status[row]] ||
        inInstances[columns.instance[row]] || inVerdicts[columns.verdict[row]] || inTexts[errors[row]]) rows.push(row);
    }
    sort();
  }

  function sort() {
    const { column, order } = sorted;
    const places = orderOf(column);
    rows.sort((a, b) => {
      const left = places[a], right = places[b];
      if (left === right) return a - b;
      // Empty values come last in both orders.
      if (left === Infinity) return 1;
      if (right === Infinity) return -1;
      return order * (left - right);
    });
    for (const heading of document.querySelectorAll('#rows th')) {
      if (heading.dataset.column !== column) heading.removeAttribute('aria-sort');
      else heading.setAttribute('aria-sort', order > 0 ? 'ascending' : 'descending');
    }
    element('sort').value = column;
    element('order').value = String(order);
    draw(0);
  }

  function draw(to) {
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    page = Math.min(Math.max(to, 0), pages - 1);
    const shown = rows.slice(page * PAGE, (page + 1) * PAGE);
    document.querySelector('#rows tbody').replaceChildren(...shown.flatMap((row) => {
      const line = document.createElement('tr');
      line.className = 'is-' + show.outcome(row).replace(' ', '-');
      for (const [column, read] of Object.entries(show)) {
        const cell = document.createElement('td');
        const text = document.createElement('span');
        text.textContent = read(row);
        if (text.textContent === '') cell.className = 'none';
        cell.dataset.column = column;
        cell.append(text);
        line.append(cell);
      }
      if (errors[row] === undefined) return [line];
      const error = document.createElement('tr');
      error.className = 'error';
      const cell = document.createElement('td');
      cell.colSpan = line.children.length;
      cell.textContent = texts[errors[row]];
      error.append(cell);
      return [line, error];
    }));
    const count = (number) => number.toLocaleString('en');
    const of = rows.length === total ? '' : ' (of ' + count(total) + ')';
    element('shown').textContent = rows.length === 0 ? 'no records' + of :
      'records ' + count(page * PAGE + 1) + ' to ' + count(page * PAGE + shown.length) + ' of ' + count(rows.length) + of;
    element('first').disabled = element('previous').disabled = page === 0;
    element('last').disabled = element('next').disabled = page === pages - 1;
  }

  function reset() {
    element('controls').reset();
    sorted = { ...START };
  }

  // A number elsewhere on the page leads to its records.
  for (const link of document.querySelectorAll('a[data-filter]')) {
    link.addEventListener('click', () => {
      reset();
      element('only-' + link.dataset.filter).value = '=' + link.dataset.value;
      search();
    });
  }
  element('search').addEventListener('input', search);
  for (const column of FILTERS) element('only-' + column).addEventListener('change', search);
  for (const id of ['sort', 'order']) {
    element(id).addEventListener('change', () => {
      sorted = { column: element('sort').value, order: Number(element('order').value) };
      sort();
    });
  }
  for (const heading of document.querySelectorAll('#rows th')) {
    heading.firstChild.addEventListener('click', () => {
      const { column } = heading.dataset;
      sorted = { column, order: sorted.column === column ? -sorted.order : 1 };
      sort();
    });
  }
  element('controls').addEventListener('submit', (event) => event.preventDefault());
  document.querySelector('#controls button[type=reset]').addEventListener('click', () => {
    reset();
    search();
  });
  element('first').addEventListener('click', () => draw(0));
  element('previous').addEventListener('click', () => draw(page - 1));
  element('next').addEventListener('click', () => draw(page + 1));
  element('last').addEventListener('click', () => draw(Infinity));
  search();
})();
`;
