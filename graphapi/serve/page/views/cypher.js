// Any question in Cypher, on the door that only reads.

import { count, h, number, written } from "../dom.js";
import { form } from "../form.js";
import { lesson } from "../frame.js";
import { tableView } from "../table.js";

export const label = "Cypher";
const FIRST = "MATCH (n:Neuron)-[c:CONNECTS]->(m:Neuron)\nRETURN n.root_id AS pre, m.root_id AS post, c.weight AS weight\nORDER BY weight DESC LIMIT 20";

export async function show(page) {
  const { values, graph } = page;
  page.title("Cypher", `Any question. The door only reads: a query that would write is refused. Each question has ${number(graph.limits.seconds)} seconds.`);
  const { queries } = await page.ask("saved", {});
  const choose = h("select", {
    "aria-label": "Saved queries",
    onchange: (event) => {
      const one = queries[Number(event.target.value)];
      if (one) page.go("cypher", { draft: one.name });
    },
  }, h("option", { value: "" }, `Saved queries (${queries.length})`));
  const folders = new Map();
  queries.forEach((one, i) => {
    const place = folders.get(one.folder) ?? folders.set(one.folder, h("optgroup", { label: one.folder || "queries" })).get(one.folder);
    place.append(h("option", { value: i, selected: one.name === values.draft }, one.title));
  });
  choose.append(...folders.values());
  const draft = queries.find((one) => one.name === values.draft);
  page.values.text ??= draft?.text ?? "";
  const ran = Boolean(page.values.text) && !draft;
  page.head.append(h("p", { class: "ready" }, choose, draft && [" ", written(draft.summary ?? ""), draft.change && h("span", { class: "said" }, " Change: ", written(String(draft.change)))]),
    form(page, [
      { name: "text", label: "Query", kind: "code", wide: true, rows: 9 },
      { name: "params", label: "Parameters, as JSON", kind: "text", placeholder: '{"limit": 10}', wide: true },
      { name: "rows", label: "Most rows", kind: "whole", default: "1000" },
    ], { action: "Run" }));
  if (!ran) {
    page.result.append(lesson(page, draft ? "Change it if you like, then run it: Ctrl-Enter." : "Write a query, or take a saved one. Ctrl-Enter runs it.",
      draft ? [] : [["the 20 strongest connections", { text: FIRST }]]));
    return;
  }
  const parameters = { text: values.text, params: values.params, rows: values.rows ?? "1000" };
  await page.answer("cypher", parameters, (answer) => [
    answer.cut_off && h("p", { class: "banner", id: "cut", role: "note" }, `There are more rows: this shows the first ${number(answer.rows.length)}. Raise "Most rows", or sum in the query.`),
    !answer.cut_off && h("p", { class: "sum" }, count(answer.total, "row"), ": all there are"),
    tableView(answer, { title: "result", files: { question: "cypher", parameters }, keep: page.keep, colored: page.colored(), empty: "The query ran; no row came back." }),
  ]);
}
