// Paths from some neurons to others.

import { count, h, number } from "../dom.js";
import { form, threshold } from "../form.js";
import { actions, lesson } from "../frame.js";
import { reordered, tableView } from "../table.js";
import { examples } from "./home.js";

export const label = "Paths";

export async function show(page) {
  const { values } = page;
  page.title("Paths", "Ways from the sources to the targets, along connections with enough synapses.");
  page.head.append(form(page, [
    { name: "sources", label: "From", kind: "neurons", wide: true },
    { name: "targets", label: "To", kind: "neurons", wide: true },
    { name: "kind", label: "Paths", kind: "choice", default: "shortest", options: [["shortest", "shortest"], ["strongest", "strongest: the weakest step counts"], ["all", "all"]] },
    { name: "max_hops", label: "At most hops", kind: "whole", default: "4", most: 20 },
    threshold,
    { name: "paths", label: "Most paths", kind: "whole", default: "1000" },
  ], { action: "Find" }));
  if (!values.sources || !values.targets) {
    const found = await examples(page, 2);
    page.result.append(lesson(page, "Name where paths begin and where they end.", found.length > 1
      ? [[`${found[0].text} → ${found[1].text}`, { sources: found[0].text, targets: found[1].text, kind: "strongest", threshold: 10, max_hops: 3 }]] : []));
    return;
  }
  const parameters = { sources: values.sources, targets: values.targets, kind: values.kind, max_hops: values.max_hops, threshold: values.threshold, paths: values.paths ?? "1000" };
  await page.work("paths", parameters, (answer) => {
    const place = answer.columns.findIndex((column) => column.name === "root_ids");
    const on = [...new Set(answer.rows.flatMap((row) => row[place] ?? []))];
    return [
      h("p", { class: "sum" }, count(answer.total, "path"), on.length > 0 && [" over ", count(on.length, "neuron")]),
      answer.cut_off && h("p", { class: "banner", id: "cut", role: "note" }, `There are more: this stops at ${number(Number(parameters.paths))} paths. Raise that, or the threshold.`),
      on.length > 0 && on.length <= 300 && actions(page, on.join(","), on.length),
      tableView(reordered(answer, ["source", "target", "hops", "weakest", "weights"]), { title: "paths", files: { question: "paths", parameters }, keep: page.keep,
        empty: `No path of at most ${values.max_hops ?? 4} hops. Allow more hops, or fewer synapses a connection.` }),
    ];
  });
}
