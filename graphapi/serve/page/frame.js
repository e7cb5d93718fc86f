// What every view has around it: where its numbers come from, warnings, errors, the same elsewhere.

import { copyButton, count, h, number, written } from "./dom.js";
import { neuronLink } from "./table.js";

/** The graph's name, version and checks, for the top of every view. */
export function trust(graph) {
  const { provenance } = graph;
  const counts = Object.entries(graph.counts ?? {}).filter(([, n]) => typeof n === "number");
  return h("details", { class: "trust" },
    h("summary", { title: "What this graph is" },
      written(provenance.datastack), h("span", { class: "version" }, ` v${provenance.version}`),
      provenance.synthetic && h("span", { class: "badge" }, "synthetic"),
      h("span", { class: "held" }, ` ✓ ${provenance.checks.length}`, h("span", { class: "words" }, provenance.checks.length === 1 ? " check" : " checks"))),
    h("div", { class: "card" },
      provenance.synthetic && h("p", {}, "This brain is synthetic: a program made it."),
      h("ul", { class: "checks" }, provenance.checks.map((check) => h("li", {}, check))),
      h("dl", { class: "pairs" },
        [["graph", graph.name], ["version of", provenance.timestamp], ["loaded", provenance.loaded_at], ["load", provenance.load_id],
          ["engine", provenance.engine], ["synapse table", graph.synapse_table], ["least size", graph.min_size],
          ...counts.map(([name, n]) => [name.replaceAll("_", " "), number(n)])]
          .filter(([, value]) => value !== null && value !== undefined && value !== "")
          .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, written(String(value)))))),
      graph.notes_of_load?.length > 0 && h("details", {}, h("summary", {}, "Notes of the load"),
        h("ul", {}, graph.notes_of_load.map((note) => h("li", {}, written(note)))))));
}

/** Warnings of an answer, and which ids it mapped. */
export function findings(answer) {
  const { provenance, notes = [] } = answer;
  const mapped = Object.entries(provenance?.id_mapping ?? {});
  const parts = [];
  if (mapped.length) {
    parts.push(h("div", { class: "banner", role: "note", id: "mapped" },
      h("strong", {}, `${count(mapped.length, "id is", "ids are")} from another version and ${mapped.length === 1 ? "was" : "were"} mapped to v${provenance.version}`),
      h("ul", {}, mapped.slice(0, 50).map(([old, now]) => h("li", {}, h("span", { class: "id" }, old), " → ", neuronLink(now)))),
      mapped.length > 50 && h("p", {}, `and ${number(mapped.length - 50)} more`)));
  }
  // what a view says itself, in its own words
  const others = notes.filter((note) => !(mapped.length && note.kind === "StaleRootId") && !(answer.cut_off && note.kind === "CutOff"));
  if (others.length) {
    parts.push(h("div", { class: "banner", role: "note" }, others.map((note) => h("p", {}, written(note.message)))));
  }
  if (provenance?.source === "cave") {
    parts.push(h("p", { class: "banner" }, "These numbers come from CAVE, not from the graph."));
  }
  return parts;
}

/** An error: what went wrong and what to do. */
export function problem(error) {
  return h("div", { class: "problem", role: "alert" },
    h("strong", {}, written(error.message || String(error))),
    error.hint && h("p", {}, h("span", { class: "what" }, "What to do: "), written(error.hint)));
}

const LONG = 4000; // characters: eight links of ten thousand ids each slow a page down
const WAYS = [["python", "Python"], ["cypher", "Cypher"], ["command_line", "Command line"]];

/** The same question as Python, as Cypher, as a command line. */
export function elsewhere(answer) {
  const texts = WAYS.filter(([key]) => answer.as?.[key]);
  if (!texts.length) return null;
  const code = h("code", { dir: "ltr" });
  const panel = h("pre", { tabindex: "0", role: "tabpanel", "aria-label": "The same question" }, code);
  let at = 0;
  const tabs = texts.map(([key, label], i) => h("button", {
    type: "button", role: "tab", class: "quiet small", "data-as": key, onclick: () => turn(i),
  }, `as ${label}`));
  function turn(i) {
    at = i;
    tabs.forEach((tab, j) => {
      tab.setAttribute("aria-selected", String(i === j));
      tab.tabIndex = i === j ? 0 : -1;
    });
    code.textContent = answer.as[texts[i][0]];
  }
  const bar = h("div", { class: "bar" }, h("h2", {}, "Ask the same elsewhere"),
    h("span", { role: "tablist", class: "tabs", onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      turn((at + step + tabs.length) % tabs.length);
      tabs[at].focus();
    } }, tabs), h("span", { class: "grow" }), copyButton(() => code.textContent));
  turn(0);
  return h("section", { class: "elsewhere" }, bar, panel);
}

/** What can be done with some neurons. `selection` is what the boxes take. */
export function actions(page, selection, n) {
  if (!selection) return null;
  const to = (view, label, parameters) => {
    if (selection.length < LONG) return h("a", { class: "chip", href: page.link(view, parameters) }, label);
    const long = h("a", { class: "chip", href: page.link(view) }, label); // the ids are written once they are wanted
    for (const kind of ["pointerenter", "focus"]) {
      long.addEventListener(kind, () => { long.href = page.link(view, parameters); }, { once: true });
    }
    return long;
  };
  return h("nav", { class: "actions", "aria-label": "With these neurons" },
    h("span", { class: "label" }, n === 1 ? "This neuron:" : `These ${number(n)}:`),
    to("partners", "Partners", { neurons: selection }),
    to("circuit", "Circuit", { neurons: selection, ...(n === 1 ? { grow: 1, threshold: 5 } : {}) }),
    n > 1 && to("matrix", "Matrix", { pre: selection }),
    n > 1 && to("types", "Left and right", { show: "sides", neurons: selection }),
    to("paths", "Paths from", { sources: selection }),
    to("paths", "Paths to", { targets: selection }),
    to("influence", "Influence of", { seeds: selection }),
    to("sets", "Save as a set", { neurons: selection }));
}

/** What a view says before it has been asked. */
export function lesson(page, text, examples) {
  return h("div", { class: "lesson" }, h("p", {}, text),
    examples.length > 0 && h("p", {}, "Try ", examples.map(([label, parameters, view], i) =>
      [i ? " · " : "", h("a", { href: page.link(view ?? page.view, parameters) }, written(label))])));
}
