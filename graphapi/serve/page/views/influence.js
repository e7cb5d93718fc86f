// Influence of seeds over all numbers of hops.

import { count, h } from "../dom.js";
import { form, threshold } from "../form.js";
import { actions, lesson } from "../frame.js";
import { idsOf, tableView } from "../table.js";
import { examples } from "./home.js";

export const label = "Influence";

export async function show(page) {
  const { values } = page;
  page.title("Influence", "Activate the seeds and let activity flow along all connections, over any number of hops: who gets most of it?");
  page.head.append(form(page, [
    { name: "seeds", label: "Seeds", kind: "neurons", wide: true },
    { name: "silenced", label: "Silenced", kind: "neurons", placeholder: "none" },
    { name: "targets", label: "Rank only", kind: "neurons", placeholder: "all neurons" },
    { name: "by", label: "Rows", kind: "choice", options: [["", "each neuron"], ...page.textFields.map((name) => [name, `by ${name}`])] },
    { name: "measure", label: "Strength of a connection", kind: "choice", options: [["", "synapses"], ["share_of_input", "share of input"]] },
    page.graph.has.transmitters && { name: "signed", label: "Signs", kind: "choice", options: [["", "none: all excite"], ["fly", "fly: glutamate inhibits"], ["mammal", "mammal: glutamate excites"]] },
    { ...threshold, default: "5" },
  ].filter(Boolean), { action: "Rank" }));
  if (!values.seeds) {
    page.result.append(lesson(page, "Name the neurons that are activated.", (await examples(page)).map((one) => [one.text, { seeds: one.text }])));
    return;
  }
  const parameters = Object.fromEntries(["seeds", "silenced", "targets", "by", "measure", "signed", "threshold"].map((name) => [name, values[name]]));
  parameters.fields = values.by ? "" : page.classField; // null where the graph has none: left out
  await page.work("influence", parameters, (answer) => {
    const ids = idsOf(answer).slice(0, 30);
    return [
      h("p", { class: "sum" }, values.by ? count(answer.total, "group") : count(answer.total, "neuron"), ", strongest first"),
      ids.length > 1 && [h("p", { class: "said" }, `With the first ${ids.length}:`), actions(page, ids.join(","), ids.length)],
      tableView(answer, { title: "influence", files: { question: "influence", parameters }, keep: page.keep, colored: page.colored(), empty: "The seeds reach nobody at this threshold." }),
    ];
  });
}
