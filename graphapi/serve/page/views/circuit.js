// A drawing of some neurons and the connections among them; a click grows it.

import { count, h, number, written } from "../dom.js";
import { drawing } from "../drawing.js";
import { form, threshold } from "../form.js";
import { lesson } from "../frame.js";
import { neuronLink, pairs, records, tableView } from "../table.js";
import { examples } from "./home.js";

export const label = "Circuit";
const ADDED = 8; // strongest partners each way that a click adds

export async function show(page) {
  const { values } = page;
  page.title("Circuit", "Neurons as circles, coloured by class as in every figure; connections as arrows, as wide as they are strong.");
  const controls = [
    { name: "neurons", label: "Neurons", kind: "neurons", wide: true },
    { name: "grow", label: "Grow by hops", kind: "choice", default: "0", options: ["0", "1", "2"] },
    threshold,
    { name: "layout", label: "Layout", kind: "choice", default: "force", options: [["force", "by force"], ["layered", "in layers"]] },
    { name: "by", label: "Colours by", kind: "choice", default: page.classField, options: page.textFields.length ? page.textFields : [""] },
    { name: "names", label: "Labels", kind: "choice", default: "class", options: [["class", "class"], ["id", "root id"], ["", "none"]] },
  ];
  page.head.append(form(page, controls, { action: "Draw" }));
  if (!values.neurons) {
    const found = await examples(page, 2);
    page.result.append(lesson(page, "Name a few neurons: five to fifty make a drawing that can be read. Click one to grow it.",
      found.map((one) => [`${one.text} (${number(one.neurons)})`, { neurons: one.text, threshold: 20 }])));
    return;
  }
  const parameters = { neurons: values.neurons, grow: values.grow, threshold: values.threshold, layout: values.layout, by: values.by };
  await page.answer("subgraph", parameters, (answer) => {
    const nodes = records(answer.nodes);
    const neurons = new Map(records(answer.neurons).map((neuron) => [neuron.root_id, neuron]));
    const edges = records(answer.edges);
    const ids = nodes.map((node) => node.root_id);
    const chosen = h("aside", { class: "chosen card", "aria-live": "polite" }, h("p", { class: "empty" }, "Click a neuron to see it and to grow the drawing."));
    const again = (neurons, more = {}) => page.go("circuit", { ...values, grow: "", neurons: neurons.join(","), ...more });

    function choose(node) {
      if (!node) {
        chosen.replaceChildren(h("p", { class: "empty" }, "Click a neuron to see it and to grow the drawing."));
        return;
      }
      const id = node.root_id;
      const told = h("p", { class: "said" });
      const grow = (direction) => h("button", {
        type: "button", class: "quiet", "data-grow": direction,
        onclick: async () => {
          told.textContent = "…";
          try {
            const found = await page.ask("partners", { neurons: id, direction, threshold: values.threshold });
            const partners = records(found).map((row) => row.partner).filter((one) => !ids.includes(one));
            const added = partners.slice(0, ADDED);
            if (added.length) again([...ids, ...added]);
            else told.textContent = `all its ${direction} partners at this threshold are here`;
          } catch (error) {
            told.textContent = error.message;
          }
        },
      }, `Add ${ADDED} strongest ${direction}`);
      const properties = Object.fromEntries(Object.entries(neurons.get(id)).filter(([key]) => key !== "root_id"));
      chosen.replaceChildren(
        h("h2", {}, h("span", { class: "dot", css: { background: node.color } }), written(node.class ?? "Unknown")), neuronLink(id),
        h("div", { class: "stack" }, grow("upstream"), grow("downstream"),
          h("button", { type: "button", class: "quiet", onclick: () => again(ids.filter((one) => one !== id)) }, "Leave it out")),
        told, pairs(properties));
    }

    const picture = nodes.length ? drawing(nodes, edges, { choose, names: values.names ?? "class", title: page.graph.name, layout: values.layout ?? "force" }) : null;
    return [
      h("p", { class: "sum" }, count(nodes.length, "neuron"), ", ", count(answer.edges.total, "connection")),
      picture ? h("div", { class: "circuit" }, picture, chosen) : h("p", { class: "empty" }, "Nothing to draw."),
      tableView(answer.edges, { heading: "Connections", title: "connections", name: "edges", keep: page.keep, empty: "No connection among these neurons at this threshold: lower it, or grow by a hop." }),
    ];
  });
}
