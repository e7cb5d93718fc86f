// Named sets of neurons: kept beside the graph, combined, shared as a link.

import { change } from "../api.js";
import { copyButton, count, h, number, written } from "../dom.js";
import { form } from "../form.js";
import { actions, problem } from "../frame.js";
import { neuronsBox } from "../search.js";
import { idsOf, records, tableView } from "../table.js";

export const label = "Sets";

/** The form that saves neurons under a name. */
function keeper(page, { name = "", neurons = "", note = "" }) {
  const box = neuronsBox({ name: "neurons", value: neurons, label: "Neurons of the set" });
  const title = h("input", { type: "text", name: "name", value: name, required: true, dir: "auto", maxlength: 200 });
  const said = h("input", { type: "text", name: "note", value: note, dir: "auto" });
  const bad = h("div");
  return h("form", {
    class: "ask", id: "keep",
    onsubmit: async (event) => {
      event.preventDefault();
      try {
        await change(`sets/${encodeURIComponent(title.value.trim())}`, "PUT", { neurons: box.box.value.trim(), note: said.value });
        page.go("sets", { name: title.value.trim() });
      } catch (error) {
        bad.replaceChildren(problem(error));
      }
    },
  }, h("label", { class: "control" }, h("span", { class: "label" }, "Name"), title),
  h("label", { class: "control neurons wide" }, h("span", { class: "label" }, "Neurons"), box),
  h("label", { class: "control" }, h("span", { class: "label" }, "Note"), said), h("button", { class: "go" }, "Save"), bad);
}

export async function show(page) {
  const { values } = page;
  page.title("Sets", "Neurons under a name: write @name wherever neurons are asked for. They are kept beside the graph, for all who open it.");
  if (values.name) return one(page);
  const all = await page.ask("sets", {});
  const names = records(all).map((row) => row.name);
  page.head.append(h("h2", {}, values.neurons ? "Save these neurons" : "Save a set"), keeper(page, { neurons: values.neurons ?? "", note: values.note ?? "", name: values.as ?? "" }));
  const parts = [];
  if (names.length > 1 || values.a) {
    parts.push(h("h2", {}, "Combine two"), form(page, [
      { name: "a", label: "Neurons", kind: "neurons", placeholder: "@one" },
      { name: "how", label: "that are", kind: "choice", default: "and", waits: true, options: [["and", "also in"], ["or", "here or in"], ["without", "not in"]] },
      { name: "b", label: "the others", kind: "neurons", placeholder: "@other" },
    ], { action: "Combine" }));
  }
  page.show(all, h("h2", {}, "Saved sets"), tableView(all, {
    title: "sets", keep: page.keep, linked: (column, value) => (column.name === "name" ? page.link("sets", { name: value }) : null),
    empty: "There is no set yet. Save one above: it is then @name in every box.",
  }), parts);
  if (values.a && values.b) {
    const answer = await page.ask("combine", { a: values.a, b: values.b, how: values.how ?? "and" });
    const ids = idsOf(answer, "root_id");
    page.result.append(h("div", { id: "combined" }, h("p", { class: "sum" }, count(answer.total, "neuron")),
      ids.length ? actions(page, ids.join(","), ids.length) : "", tableView(answer, { title: "combined", name: "combined", keep: page.keep, empty: "No neuron is in the result." })));
  }
  return undefined;
}

async function one(page) {
  const { name } = page.values;
  page.title(h("span", {}, "Set ", written(name)));
  await page.answer(`sets/${encodeURIComponent(name)}`, {}, (answer) => {
    const ids = idsOf(answer, "root_id");
    const shared = `${location.origin}${location.pathname}${page.link("sets", { neurons: ids.join(","), as: name, note: answer.note ?? "" })}`;
    const bad = h("div");
    const remove = h("button", {
      type: "button", class: "quiet",
      onclick: async () => {
        if (remove.dataset.sure) {
          try {
            await change(`sets/${encodeURIComponent(name)}`, "DELETE");
            page.go("sets", {});
          } catch (error) {
            bad.replaceChildren(problem(error));
          }
        }
        remove.dataset.sure = "1";
        remove.textContent = "Delete it for everybody?";
      },
    }, "Delete");
    return [
      answer.note && h("p", {}, written(answer.note)),
      h("p", { class: "line" }, copyButton(shared, "Copy a link with these neurons in it"), " ", remove), bad,
      ids.length ? actions(page, `@${name}`, ids.length) : null,
      h("p", { class: "sum" }, `${number(answer.total)} neurons`),
      tableView(answer, { title: "set", keep: page.keep, files: { question: `sets/${encodeURIComponent(name)}`, parameters: {} }, empty: "The set is empty." }),
    ];
  });
}
