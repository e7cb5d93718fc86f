// Partners of neurons: filtered, grouped, with their shares.

import { count, h, number } from "../dom.js";
import { form, threshold } from "../form.js";
import { actions, lesson } from "../frame.js";
import { idsOf, reordered, tableView, without } from "../table.js";
import { examples } from "./home.js";

export const label = "Partners";

/** Transmitters of this graph, where it has any. */
async function transmitters(page) {
  if (!page.graph.has.transmitters) return [];
  const { rows, columns } = await page.ask("values", { field: "transmitter" });
  const place = columns.findIndex((column) => column.name === "value");
  return rows.map((row) => row[place]).filter(Boolean);
}

export async function show(page) {
  const { values, graph } = page;
  page.title("Partners", "Who makes synapses onto these neurons, or gets synapses from them: every partner, with exact shares.");
  const found = await transmitters(page);
  const fields = page.textFields;
  const groups = [["", "each partner"], ...fields.map((name) => [name, `by ${name}`])];
  if (fields.includes("side")) groups.push(...fields.filter((name) => name !== "side").map((name) => [`${name},side`, `by ${name} and side`]));
  groups.push(["shared", "shared by these neurons"], ["similarity", "similarity of these neurons"]);
  const controls = [
    { name: "neurons", label: "Neurons", kind: "neurons", wide: true },
    { name: "direction", label: "Direction", kind: "choice", default: "downstream", options: [["downstream", "downstream"], ["upstream", "upstream"]] },
    threshold,
    { name: "by", label: "Rows", kind: "choice", options: groups },
    { name: "among", label: "Only partners that are", kind: "neurons", placeholder: "any neuron" },
    graph.has.regions && { name: "regions", label: "Regions", kind: "many", options: graph.regions },
    found.length > 0 && { name: "transmitter", label: values.direction === "upstream" ? "Partners' transmitter" : "Partners' transmitter", kind: "choice", options: [["", "any"], ...found] },
  ].filter(Boolean);
  page.head.append(form(page, controls));
  if (!values.neurons) {
    page.result.append(lesson(page, "Name some neurons above: ids, conditions, or @ and a set.",
      (await examples(page)).map((one) => [one.text, { neurons: one.text }])));
    return;
  }
  const { neurons, direction = "downstream", regions = [], by = "" } = values;
  const least = values.threshold ?? "";
  if (by === "shared" || by === "similarity") {
    await apart(page, by, { neurons, direction, threshold: least });
    return;
  }
  let among = values.among ?? "";
  if (values.transmitter) among = among ? `${among};transmitter=${values.transmitter}` : `transmitter=${values.transmitter}`;
  const more = [page.classField, ...["cell_type", "side", "transmitter"].filter((name) => graph.fields.some((field) => field.name === name && field.of_neurons))];
  const parameters = { neurons, direction, threshold: least, regions, among, by, fields: by ? "" : [...new Set(more.filter(Boolean))].join(",") };
  await page.answer("partners", parameters, (answer) => {
    const partners = by ? [] : idsOf(answer, "partner");
    const synapses = answer.synapses ?? null;
    const shown = h("div", {});
    if (partners.length) shown.append(actions(page, partners.join(","), partners.length));
    return [
      h("p", { class: "sum" }, by ? count(answer.total, "group") : [count(answer.total, "connection"), " with ", count(partners.length, "partner")],
        synapses !== null && [", ", h("b", { id: "synapses" }, number(synapses)), synapses === 1 ? " synapse" : " synapses"],
        answer.rows.length < answer.total && ` (partners of the first ${number(answer.rows.length)} rows)`),
      shown,
      tableView(reordered(/^\d+$/.test(neurons.trim()) ? without(answer, "neuron") : answer, ["neuron", "partner", `partner_${page.classField}`]), {
        title: "partners", files: { question: "partners", parameters }, keep: page.keep, colored: page.colored(),
        linked: (column, value) => (by === column.name ? page.link("search", { text: `${by}="${value.replaceAll('"', '""')}"` }) : null),
        empty: "No partner is left. Take a lower threshold, or fewer filters.",
      }),
    ];
  });
}

async function apart(page, by, parameters) {
  const question = by === "shared" ? "common" : "similarity";
  await page.answer(question, parameters, (answer) => [
    h("p", { class: "sum" }, by === "shared" ? [count(answer.total, "partner"), " of more than one of these neurons"]
      : [count(answer.total, "pair"), "; 1 means the same partners in the same proportions"]),
    tableView(answer, {
      title: by, files: { question, parameters }, keep: page.keep, colored: page.colored(),
      empty: by === "shared" ? "These neurons share no partner." : "Similarity compares neurons: name two or more.",
    }),
  ]);
}
