// Motifs in DotMotif's language: how many, examples, and more or fewer than by chance.

import { h, number } from "../dom.js";
import { form } from "../form.js";
import { lesson } from "../frame.js";
import { tableView } from "../table.js";

export const label = "Motifs";
const MOTIFS = [
  ["feed-forward loop", "A -> B [weight >= 5]\nB -> C [weight >= 5]\nA -> C [weight >= 5]"],
  ["cycle of three", "A -> B [weight >= 5]\nB -> C [weight >= 5]\nC -> A [weight >= 5]"],
  ["reciprocal pair", "A -> B [weight >= 5]\nB -> A [weight >= 5]"],
  ["chain that is not closed", "A -> B [weight >= 10]\nB -> C [weight >= 10]\nA !> C"],
];

export async function show(page) {
  const { values } = page;
  page.title("Motifs", "Draw a motif in DotMotif's language: A -> B is a connection, A !> B is none, [weight >= 5] its least synapses, A.cell_class = \"...\" a condition.");
  page.head.append(h("p", { class: "ready" }, "Ready-made: ", MOTIFS.map(([name, motif]) =>
    h("a", { class: "chip", href: page.link("motifs", { ...values, motif }) }, name))),
  form(page, [
    { name: "motif", label: "Motif", kind: "code", wide: true, rows: 5 },
    { name: "matches", label: "Examples", kind: "whole", default: "100" },
    { name: "nulls", label: "Random graphs to compare with", kind: "whole", default: "0", least: 0, most: 1000 },
    { name: "model", label: "They keep", kind: "choice", default: "degree", waits: true,
      options: [["degree", "each neuron's degrees"], ["reciprocal", "degrees and reciprocal pairs"], ["random", "only the counts"], ["block", "counts between classes"]] },
    { name: "seed", label: "Random seed", kind: "whole", default: "0", least: 0 },
  ], { action: "Search" }));
  if (!values.motif) {
    page.result.append(lesson(page, "Choose a ready-made motif, or write one: an edge a line. Ctrl-Enter searches.", []));
    return;
  }
  const parameters = Object.fromEntries(["motif", "matches", "nulls", "model", "seed"].map((name) => [name, values[name]]));
  await page.work("motifs", parameters, (answer) => [
    h("div", { class: "tiles" },
      h("div", { class: "tile", id: "count" }, h("b", {}, number(answer.count)), h("span", {}, answer.count === 1 ? "match" : "matches")),
      answer.significance && ["mean", "sd", "z", "p"].filter((name) => name in answer.significance).map((name) =>
        h("div", { class: "tile", "data-figure": name }, h("b", {}, answer.significance[name] === null ? "–" : number(answer.significance[name])),
          h("span", {}, { mean: "mean of random graphs", sd: "their spread (sd)", z: "z-score", p: "p" }[name])))),
    !answer.significance && h("p", { class: "said" }, "For a z-score, compare with random graphs: 20 or more."),
    answer.count > answer.rows.length && h("p", { class: "sum", id: "cut" }, `${number(answer.rows.length)} examples of ${number(answer.count)} matches. Raise Examples for more.`),
    tableView(answer, { title: "examples", files: { question: "motifs", parameters: { ...parameters, nulls: "" } }, keep: page.keep,
      neurons: (column) => !/^weight|\./.test(column.name),
      empty: "No match. Take lower weights, or ask for less." }),
  ]);
}
