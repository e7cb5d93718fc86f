// The first page: what the graph is, and where to begin.

import { count, h, number, written } from "../dom.js";
import { tableView } from "../table.js";

export const label = "Home";

const DOORS = [
  ["partners", "Partners", "Who talks to whom, with shares of input and output"],
  ["types", "Types", "Classes, the table between them, left against right"],
  ["circuit", "Circuit", "Draw a few neurons and grow them by a click"],
  ["matrix", "Matrix", "Two sets as a heat map, sorted or clustered"],
  ["paths", "Paths", "Shortest and strongest, with every weight"],
  ["influence", "Influence", "Effect over any number of hops"],
  ["motifs", "Motifs", "DotMotif: counts, examples, z-scores"],
  ["cypher", "Cypher", "Any question, read only"],
];

/** Classes of this graph with most neurons, for examples. */
export async function examples(page) {
  const field = page.classField;
  return field ? picked(field, await page.ask("values", { field })) : [];
}

function picked(field, { rows, columns }, most = 3) {
  const place = (name) => columns.findIndex((column) => column.name === name);
  const quoted = (value) => (/[;,"]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return rows.filter((row) => row[place("value")] && String(row[place("value")]).length < 40).slice(0, most)
    .map((row) => ({ text: `${field}=${quoted(String(row[place("value")]))}`, neurons: row[place("neurons")] }));
}

export async function show(page) {
  const { graph } = page;
  const made = graph.provenance;
  page.title(written(graph.name), made.synthetic ? "A synthetic brain: a program made it, to try things on." : null);
  const of = (name) => graph.counts?.[name];
  const tiles = [["neurons", of("neurons")], ["of them annotated", of("neurons_annotated")], ["connections", of("connections")],
    ["synapses", of("synapses_kept")], ["annotation rows", of("annotation_rows")]]
    .filter(([, n]) => n !== undefined && n !== null);
  const doors = h("nav", { class: "doors", "aria-label": "Questions" }, DOORS.map(([view, name, about]) =>
    h("a", { href: page.link(view), class: "door" }, h("strong", {}, name), h("span", {}, about))));
  const begin = h("p", { class: "begin" });
  const values = h("div");
  page.show(graph, h("div", { class: "tiles" }, tiles.map(([name, n]) =>
    h("div", { class: "tile" }, h("b", {}, number(n)), h("span", {}, name)))), begin, doors, values);
  const field = page.values.field ?? page.classField;
  const table = field ? await page.ask("values", { field }) : null;
  const found = field === page.classField && table ? picked(field, table) : await examples(page);
  if (found.length) {
    begin.append("Begin with ", ...found.flatMap((one, i) => [i ? ", " : "",
      h("a", { class: "chip", href: page.link("search", { text: one.text }) }, written(one.text), " ", h("span", { class: "count" }, number(one.neurons)))]));
  } else if (of("neurons_annotated")) begin.append("Choose a field below, search for a root id or any text, or ask in Cypher.");
  else begin.append("No neuron of this graph has an annotation: search for a root id, or ask in Cypher.");
  if (!field) return;
  const fields = graph.fields.map((one) => one.name);
  const choose = h("select", { "aria-label": "Field", onchange: (event) => page.go("home", { field: event.target.value }) },
    fields.map((name) => h("option", { value: name, selected: name === field }, name)));
  values.append(h("div", { class: "bar" }, h("h2", {}, "Values of"), choose, h("span", { class: "said" }, count(fields.length, "field"))),
    tableView(table, {
      title: `Values of ${field}`, files: { question: "values", parameters: { field } }, keep: page.keep,
      colored: (column, value) => (column.name === "value" && field === page.colors.by ? page.colors.colors[value] ?? page.colors.unknown : null),
      linked: (column, value) => (column.name === "value" ? page.link("search", { text: `${field}=${/[;,"]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value}` }) : null),
      empty: `No neuron has a value of ${field}.`,
    }));
}
