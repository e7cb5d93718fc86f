// The matrix of two sets, as a heat map and as a table.

import { count, h, number } from "../dom.js";
import { form, threshold } from "../form.js";
import { lesson } from "../frame.js";
import { heatmap } from "../matrix.js";
import { tableView } from "../table.js";
import { examples } from "./home.js";

export const label = "Matrix";

export async function show(page) {
  const { values } = page;
  page.title("Matrix", "Rows make synapses onto columns. Wheel to zoom, drag to move, click a cell for its two neurons.");
  page.head.append(form(page, [
    { name: "pre", label: "Rows (pre)", kind: "neurons", wide: true },
    { name: "post", label: "Columns (post)", kind: "neurons", placeholder: "the same as rows", wide: true },
    { name: "order", label: "Order", kind: "choice", default: "class", options: [["class", "by class"], ["clustered", "clustered"], ["strongest", "strongest first"], ["id", "by id"]] },
    { name: "by", label: "Classes", kind: "choice", default: page.classField, options: page.textFields.length ? page.textFields : [""] },
    threshold,
  ]));
  if (!values.pre) {
    page.result.append(lesson(page, "Name the neurons of the rows; the columns are the same unless you name others.",
      (await examples(page)).map((one) => [one.text, { pre: one.text }])));
    return;
  }
  const parameters = { pre: values.pre, post: values.post, threshold: values.threshold, by: values.by, order: values.order ?? "class" };
  await page.answer("matrix", parameters, (answer) => {
    const at = (name) => answer.columns.findIndex((column) => column.name === name);
    const [row, column, weight] = [at("row"), at("column"), at("weight")];
    const cells = answer.rows.map((one) => [one[row], one[column], one[weight]]);
    const total = cells.reduce((sum, one) => sum + one[2], 0);
    return [
      h("p", { class: "sum" }, `${number(answer.pre.length)} × ${number(answer.post.length)}: `, count(answer.total, "connection"), ", ",
        answer.rows.length === answer.total ? [h("b", { id: "synapses" }, number(total)), " synapses"] : `the first ${number(answer.rows.length)} are drawn`),
      heatmap({ pre: answer.pre, post: answer.post, cells, unit: "synapses" }, page),
      tableView(answer, { heading: "Cells that are not zero", title: "cells", files: { question: "matrix", parameters }, keep: page.keep,
        empty: "No connection between these sets at this threshold." }),
    ];
  });
}
