// What a search found.

import { count, h, written } from "../dom.js";
import { actions, lesson } from "../frame.js";
import { idsOf, tableView } from "../table.js";
import { examples } from "./home.js";

export const label = "Search";
const READ = { ids: "Read as root ids", conditions: "Read as conditions", set: "A saved set", text: "Neurons with this text in a field" };
const FIRST = ["root_id", "display_name", "name"];
const LAST = ["in_synapses", "out_synapses", "in_partners", "out_partners", "autapses", "supervoxel_id"];

/** A table without columns that are empty, what people look for first. */
export function tidy(table, classes = []) {
  const used = table.columns.map((column, i) => [column, i]).filter(([, i]) =>
    table.rows.some((row) => row[i] !== null && row[i] !== "" && !(Array.isArray(row[i]) && !row[i].length)));
  const lead = [...FIRST, ...classes, "cell_class", "cell_type", "side", "transmitter", ...LAST.slice(0, 4)];
  const rank = ([column]) => { const at = lead.indexOf(column.name); return at < 0 ? lead.length : at; };
  used.sort((a, b) => rank(a) - rank(b));
  return { ...table, columns: used.map(([column]) => column), rows: table.rows.map((row) => used.map(([, i]) => row[i])) };
}

export async function show(page) {
  const { text = "", regex = "" } = page.values;
  page.title("Search");
  if (!text) {
    const found = await examples(page);
    page.result.append(lesson(page, "Type ids, any text, or conditions such as field=value;other=a,b. Many ids can be pasted at once; ids of older versions are mapped.",
      found.map((one) => [one.text, { text: one.text }])));
    return;
  }
  await page.answer("search", { text, regex }, (answer) => {
    const ids = idsOf(answer, "root_id");
    if (answer.read_as === "ids" && answer.total === 1 && !answer.unknown.length && !Object.keys(answer.provenance.id_mapping).length) {
      location.replace(page.link("neuron", { id: ids[0] }));
    }
    page.title(count(answer.total, "neuron"), `${READ[answer.read_as] ?? answer.read_as}: `);
    page.head.querySelector(".about").append(written(text.length > 200 ? `${text.slice(0, 200)}…` : text));
    const selection = ["conditions", "set"].includes(answer.read_as) && !regex ? text : ids.join(",");
    return [
      answer.unknown.length > 0 && h("div", { class: "banner bad", role: "note", id: "unknown" },
        h("strong", {}, `${count(answer.unknown.length, "id is", "ids are")} in no version of this datastack`),
        h("p", { class: "id" }, answer.unknown.slice(0, 100).join(", "))),
      answer.total > 0 && actions(page, selection, answer.total),
      tableView(tidy(answer, [page.classField]), {
        title: "neurons", files: { question: "search", parameters: { text, regex } }, keep: page.keep, colored: page.colored(),
        empty: "No neuron matches. Fields and their values are on the first page; a text is found in any of them.",
      }),
    ];
  });
}
