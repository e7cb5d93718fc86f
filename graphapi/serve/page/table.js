// A table: sorted, filtered, with only the rows in sight drawn. It always says how many there are.

import { file, records } from "./api.js";
import { add, copyButton, count, h, number, percent, save, written } from "./dom.js";

const ROW = 30; // pixels, as in style.css
const SPARE = 12; // rows above and below those in sight
const ALL = 150; // a table of so few rows is drawn whole
const LONG = 60; // characters from which a text opens by a click

/** Columns of root ids: they open the neuron. */
const NEURONS = /^(root_id|root_ids|neuron_id|partner|neuron|pre|post|source|target|other|seed|.*_root_id|(pre|post)_id)$/;

export const isNeuron = (column) => NEURONS.test(column.name);

/** A root id as a link to its neuron. */
export const neuronLink = (id) => h("a", { class: "id", href: `#/neuron?id=${id}` }, id);

function compare(kind) {
  if (kind === "id") return (a, b) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
  if (kind === "text" || kind === "list") {
    const order = new Intl.Collator("en", { numeric: true });
    return (a, b) => order.compare(String(a), String(b));
  }
  return (a, b) => a - b;
}

/** Rows in the order of a column; missing values last, whichever way. */
export function sorted(rows, place, kind, down) {
  const order = compare(kind);
  return [...rows].sort((one, other) => {
    const [a, b] = [one[place], other[place]];
    if (a === null || b === null) return (a === null) - (b === null);
    return down ? order(b, a) : order(a, b);
  });
}

const text = (value) => (value === null ? "" : Array.isArray(value) ? value.map(text).join(", ")
  : typeof value === "object" ? JSON.stringify(value) : String(value));

const isShare = (column) => column.kind === "number" && /(^|_)share/.test(column.name);

function whole(title, long) {
  const dialog = h("dialog", { class: "whole", "aria-label": title },
    h("h2", {}, title), h("pre", { dir: "auto" }, long),
    h("form", { method: "dialog" }, copyButton(long), " ", h("button", { class: "quiet small" }, "Close")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function cell(column, value, look) {
  if (value === null) return h("td", { class: "none" }, "–");
  const neuron = isNeuron(column) || look.neurons?.(column);
  if (neuron && /^\d+$/.test(String(value))) return h("td", {}, neuronLink(String(value)));
  if (isNeuron(column) && Array.isArray(value)) {
    return h("td", { class: "chain" }, value.map((id, i) => [i ? " → " : "", neuronLink(id)]));
  }
  if (isShare(column)) {
    return h("td", { class: "number share", css: { "--share": Math.min(1, value) } }, percent(value));
  }
  if (column.kind === "integer" || column.kind === "number") return h("td", { class: "number" }, number(value));
  if (column.kind === "bool") return h("td", {}, value ? "yes" : "no");
  const long = text(value);
  if (column.kind === "id") return h("td", { class: "id" }, long);
  const color = look.colored?.(column, value);
  const dot = color && h("span", { class: "dot", css: { background: color } });
  if (long.length > LONG) {
    return h("td", {}, dot, h("button", {
      type: "button", class: "long", title: "Show all of it", onclick: () => whole(column.name, long),
    }, written(long.slice(0, 200))));
  }
  const link = look.linked?.(column, value);
  return h("td", {}, dot, link ? h("a", { href: link }, written(long)) : written(long));
}

function widths(columns, rows) {
  const sample = rows.slice(0, 100);
  return columns.map((column, i) => {
    const longest = Math.max(0, ...sample.map((row) => (isShare(column) ? 7
      : column.kind === "number" ? 8 : column.kind === "integer" ? number(row[i]).length : text(row[i]).length)));
    const most = column.kind === "list" && isNeuron(column) ? 400 : 34;
    return Math.min(most, Math.max(column.name.length * 0.95 + 4, longest * 1.05 + 3));
  });
}

/**
 * A table to look at.
 *
 * @param table `columns`, `rows`, `total` of an answer.
 * @param options `title`; `files`: question and parameters, for links to files; `colored` and
 *   `linked`: functions of a column and a value; `keep`: an object with `get(name)` and
 *   `set(name, value)` that keeps order and filter in the address; `empty`: what to say of no rows;
 *   `neurons`: whether a column of another name holds root ids; `noun`: what a row is; `first`: the table is the head of a longer one, on purpose;
 *   `name`: tells tables of one view apart; `changed`: called with the rows that are left.
 */
export function tableView(table, options = {}) {
  const { title = "rows", name = "", keep = null, empty = "Nothing." } = options;
  const { columns } = table;
  const [sortKey, filterKey] = [`${name}sort`, `${name}filter`];
  if (table.rows.length === 0) {
    return h("section", { class: "table", "data-table": name || title },
      h("p", { class: "empty" }, empty));
  }
  let order = keep?.get(sortKey) ?? "";
  let wanted = keep?.get(filterKey) ?? "";
  let rows = table.rows;

  const said = h("span", { class: "said", role: "status" });
  const filter = h("input", {
    type: "search", placeholder: "Filter these rows", "aria-label": `Filter: ${title}`, value: wanted, class: "filter",
  });
  const bodyPart = h("tbody");
  const wide = widths(columns, table.rows);
  const heads = columns.map((column) => h("th", {
    scope: "col", class: ["integer", "number"].includes(column.kind) ? "number" : "",
  }, h("button", { type: "button", title: `Sort by ${column.name}`, onclick: () => turn(column.name) },
    h("span", {}, column.name), h("span", { class: "arrow", "aria-hidden": "true" }))));
  const grid = h("table", { "aria-rowcount": table.rows.length + 1, "aria-label": title,
    css: { "min-width": `${wide.reduce((a, b) => a + b, 0)}ch` } },
  h("colgroup", {}, wide.map((w) => h("col", { css: { width: `${w}ch` } }))),
  h("thead", {}, h("tr", {}, heads)), bodyPart);
  const scroll = h("div", { class: "rows", tabindex: "0", role: "region", "aria-label": title }, grid);

  function draw() {
    const n = rows.length;
    let [from, to] = [0, n];
    if (n > ALL) {
      from = Math.max(0, Math.floor(scroll.scrollTop / ROW) - SPARE);
      to = Math.min(n, Math.ceil((scroll.scrollTop + (scroll.clientHeight || 600)) / ROW) + SPARE);
    }
    const lines = [];
    const gap = (height) => h("tr", { class: "gap", "aria-hidden": "true" },
      h("td", { colspan: columns.length, css: { height: `${height}px` } }));
    if (from) lines.push(gap(from * ROW));
    for (let i = from; i < to; i += 1) {
      lines.push(h("tr", { "aria-rowindex": i + 2 }, rows[i].map((value, j) => cell(columns[j], value, options))));
    }
    if (to < n) lines.push(gap((n - to) * ROW));
    bodyPart.replaceChildren(...lines);
  }

  function arrange() {
    const low = wanted.toLowerCase();
    rows = low ? table.rows.filter((row) => row.some((value) => text(value).toLowerCase().includes(low))) : table.rows;
    const down = order.startsWith("-");
    const place = columns.findIndex((column) => column.name === order.replace(/^-/, ""));
    if (place >= 0) rows = sorted(rows, place, columns[place].kind, down);
    columns.forEach((column, i) => {
      const here = i === place;
      heads[i].setAttribute("aria-sort", here ? (down ? "descending" : "ascending") : "none");
      heads[i].querySelector(".arrow").textContent = here ? (down ? "↓" : "↑") : "";
    });
    const parts = [];
    if (rows.length < table.rows.length) parts.push(`${number(rows.length)} of `);
    parts.push(count(table.total, options.noun ?? "row"));
    if (options.first && table.rows.length < table.total) {
      parts.unshift(`the ${number(table.rows.length)} strongest of `);
    } else if (table.rows.length < table.total) {
      parts.push(`; only the first ${number(table.rows.length)} are here: a file has all of them`);
    }
    said.textContent = parts.join("");
    scroll.scrollTop = 0;
    draw();
    options.changed?.(rows, columns);
  }

  function turn(column) {
    const numeric = ["integer", "number"].includes(columns.find((c) => c.name === column).kind);
    const [first, second] = numeric ? [`-${column}`, column] : [column, `-${column}`];
    order = order === first ? second : order === second ? "" : first;
    keep?.set(sortKey, order);
    arrange();
  }

  filter.addEventListener("input", () => {
    wanted = filter.value;
    keep?.set(filterKey, wanted);
    arrange();
  });
  let asked = false;
  scroll.addEventListener("scroll", () => {
    if (asked || rows.length <= ALL) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); });
  });
  const links = options.files ? fileLinks(options.files, () => order) : null;
  const section = h("section", { class: "table", "data-table": name || title },
    h("div", { class: "bar" }, options.heading && h("h2", {}, options.heading), said,
      table.rows.length > 5 && !options.first && filter, h("span", { class: "grow" }), links), scroll);
  arrange();
  return section;
}

/** Buttons that give a question's answer as a file, with every row. */
function fileLinks({ question, parameters }, order) {
  const failed = h("span", { class: "bad" });
  const one = (label, form, ending, more = {}) => h("button", {
    type: "button", class: "quiet small", title: `All rows as ${label}`,
    onclick: async () => {
      failed.textContent = "";
      try {
        save(await file(question, { ...parameters, sort: order(), ...more }, form), `${question.replaceAll("/", "_")}.${ending}`);
      } catch (error) {
        failed.textContent = error.message;
      }
    },
  }, label);
  return h("span", { class: "files" }, failed, one("CSV", "csv", "csv"),
    one("CSV for spreadsheets", "csv", "csv", { csv_safe: 1 }), one("Parquet", "parquet", "parquet"));
}

/** The root ids of a table, each once, from its first column of neurons. */
export function idsOf(table, column = null) {
  const place = table.columns.findIndex((one) => (column ? one.name === column : isNeuron(one)));
  return place < 0 ? [] : [...new Set(table.rows.map((row) => row[place]))];
}

/** A table with some columns first. */
export function reordered(table, first) {
  const rank = (column) => { const at = first.indexOf(column.name); return at < 0 ? first.length : at; };
  const order = table.columns.map((_, i) => i).sort((a, b) => rank(table.columns[a]) - rank(table.columns[b]) || a - b);
  return { ...table, columns: order.map((i) => table.columns[i]), rows: table.rows.map((row) => order.map((i) => row[i])) };
}

/** A table without a column. */
export function without(table, name) {
  const order = table.columns.map((_, i) => i).filter((i) => table.columns[i].name !== name);
  return { ...table, columns: order.map((i) => table.columns[i]), rows: table.rows.map((row) => order.map((i) => row[i])) };
}

/** Two columns: names and values. */
export function pairs(object, look = {}) {
  const list = h("dl", { class: "pairs" });
  for (const [name, value] of Object.entries(object)) {
    if (value === null || value === "" || (Array.isArray(value) && value.length === 0)) continue;
    const kind = Array.isArray(value) ? "list" : typeof value === "number" ? "integer"
      : typeof value === "boolean" ? "bool" : "text";
    const shown = cell({ name, kind }, value, look);
    add(list, h("div", {}, h("dt", {}, name), h("dd", {}, [...shown.childNodes])));
  }
  return list;
}

export { records };
