// Types: their members, the table between them, and left against right.

import { count, h, number, written } from "../dom.js";
import { form, threshold } from "../form.js";
import { lesson } from "../frame.js";
import { heatmap } from "../matrix.js";
import { tableView, records } from "../table.js";
import { examples } from "./home.js";

export const label = "Types";
const KINDS = [["table", "From type to type"], ["members", "Members"], ["sides", "Left and right"]];
const MOST = 60; // types of a heat map whose names can be read

export async function show(page) {
  const { values } = page;
  const kind = values.show ?? "table";
  page.title("Types", {
    table: "Synapses from each type to each type, and what share of the input they are.",
    members: "How many neurons each type has.",
    sides: "The same type on the left and on the right: what one side has and the other lacks.",
  }[kind]);
  page.head.append(h("nav", { class: "tabs", "aria-label": "About types" }, KINDS.map(([key, said]) =>
    h("a", { href: page.link("types", { show: key === "table" ? "" : key, by: values.by, neurons: key === "sides" ? values.neurons : "" }),
      "aria-current": key === kind ? "page" : null }, said))));
  const by = { name: "by", label: "Type", kind: "choice", default: page.classField, options: page.textFields };
  const keep = { name: "show", label: "", kind: "fixed", default: "table" };
  const regions = page.graph.has.regions && { name: "regions", label: "Regions", kind: "many", options: page.graph.regions };
  if (!page.textFields.length) {
    page.result.append(lesson(page, "No neuron of this graph has a class or a type. Load annotations to group them: cavegraph load ... -a FILE.", []));
    return;
  }
  if (kind === "members") return members(page, form(page, [keep, by]));
  if (kind === "sides") return sides(page, form(page, [keep, { name: "neurons", label: "Neurons of one type", kind: "neurons", wide: true }, { ...by, label: "Partners by" }, threshold]));
  page.head.append(form(page, [by, { name: "pre", label: "From", kind: "neurons", placeholder: "all neurons" },
    { name: "post", label: "To", kind: "neurons", placeholder: "all neurons" }, threshold, regions].filter(Boolean)));
  const parameters = { by: values.by ?? page.classField, pre: values.pre, post: values.post, threshold: values.threshold, regions: values.regions };
  await page.answer("types", parameters, (answer) => [
    picture(page, answer),
    tableView(answer, {
      title: "types", files: { question: "types", parameters }, keep: page.keep, colored: page.colored(values.by ?? page.classField),
      empty: "No connection is left. Take a lower threshold.",
    }),
  ]);
  return undefined;
}

function picture(page, answer) {
  const rows = records(answer);
  const sum = (key) => {
    const all = new Map();
    for (const row of rows) all.set(row[key] ?? "Unknown", (all.get(row[key] ?? "Unknown") ?? 0) + row.synapses);
    return [...all].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  };
  if (!rows.length || !("pre_type" in rows[0])) return null;
  const [pre, post] = [sum("pre_type"), sum("post_type")];
  const [across, down] = [post.slice(0, MOST), pre.slice(0, MOST)];
  const at = (names) => new Map(names.map((name, i) => [name, i]));
  const [row, column] = [at(down), at(across)];
  const { colors, unknown } = page.colors;
  const side = (names) => names.map((name) => ({ id: name, class: name, color: colors[name] ?? unknown }));
  const cells = new Map();
  for (const one of rows) {
    const [i, j] = [row.get(one.pre_type ?? "Unknown"), column.get(one.post_type ?? "Unknown")];
    if (i !== undefined && j !== undefined) cells.set(`${i},${j}`, (cells.get(`${i},${j}`) ?? 0) + one.synapses);
  }
  const map = heatmap({
    pre: side(down), post: side(across), unit: "synapses", names: true,
    cells: [...cells].map(([key, weight]) => [...key.split(",").map(Number), weight]),
  }, page);
  return [map, (pre.length > MOST || post.length > MOST) && h("p", { class: "said" },
    `The picture has the ${MOST} types with most synapses; the table has all ${number(pre.length)} and ${number(post.length)}.`)];
}

async function members(page, made) {
  page.head.append(made);
  const field = page.values.by ?? page.classField;
  await page.answer("values", { field }, (answer) => [
    h("p", { class: "sum" }, count(answer.total, "type")),
    tableView(answer, {
      title: "members", files: { question: "values", parameters: { field } }, keep: page.keep,
      colored: (column, value) => (column.name === "value" && field === page.colors.by ? page.colors.colors[value] ?? page.colors.unknown : null),
      linked: (column, value) => (column.name === "value" ? page.link("search", { text: `${field}="${value.replaceAll('"', '""')}"` }) : null),
      empty: `No neuron has a value of ${field}.`,
    })]);
}

async function sides(page, made) {
  page.head.append(made);
  const { neurons, by = page.classField, threshold: least } = page.values;
  if (!neurons) {
    page.result.append(lesson(page, "Name the neurons of one type: their partners on the left are set against those on the right.",
      (await examples(page)).map((one) => [one.text, { show: "sides", neurons: one.text }])));
    return;
  }
  const parameters = { neurons, by, threshold: least };
  await page.answer("sides", parameters, (answer) => {
    const missing = records(answer).filter((row) => row.missing_on);
    const size = (side) => answer.members?.[side]?.length ?? 0;
    return [
      h("p", { class: "sum" }, `${count(size("left"), "left member")}, ${count(size("right"), "right member")}`,
        answer.without_side?.length ? `, ${number(answer.without_side.length)} without a side` : "", ". ",
        missing.length ? `${count(missing.length, "partner type is", "partner types are")} missing on one side:` : "No partner type is missing on one side."),
      missing.length > 0 && h("ul", { class: "missing" }, missing.slice(0, 12).map((row) =>
        h("li", {}, written(row.partner_type), ` (${row.direction}) is missing on the ${row.missing_on}`))),
      missing.length > 12 && h("p", { class: "said" }, `and ${missing.length - 12} more: the table has all`),
      tableView(answer, { title: "sides", files: { question: "sides", parameters }, keep: page.keep, colored: page.colored(by),
        empty: "These neurons have no partner at this threshold." }),
    ];
  });
}
