// The page: its frame, and the router. The address, after #, is the whole state of a view.

import { ask, change, work } from "./api.js";
import { problem, elsewhere, findings, trust } from "./frame.js";
import { add, h, number, say } from "./dom.js";
import { neuronsBox, slash } from "./search.js";
import * as circuit from "./views/circuit.js";
import * as cypher from "./views/cypher.js";
import * as home from "./views/home.js";
import * as influence from "./views/influence.js";
import * as matrix from "./views/matrix.js";
import * as motifs from "./views/motifs.js";
import * as neuron from "./views/neuron.js";
import * as partners from "./views/partners.js";
import * as paths from "./views/paths.js";
import * as search from "./views/search.js";
import * as sets from "./views/sets.js";
import * as types from "./views/types.js";

const VIEWS = { home, search, neuron, partners, types, circuit, matrix, paths, influence, motifs, cypher, sets };
const BESIDE = ["home", "partners", "types", "circuit", "matrix", "paths", "influence", "motifs", "cypher", "sets"];

const main = document.getElementById("main");
let graph = null; // the answer of `info`
let colors = null; // the answer of `colors`
let leave = new AbortController();
let here = "";
let searchBox = null;

/** The address of a view. */
export function link(view, parameters = {}) {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    [value].flat().filter((one) => one !== "" && one !== null && one !== undefined).map((one) => [name, one]));
  const query = new URLSearchParams(pairs).toString();
  return `#/${view}${query ? `?${query}` : ""}`;
}

function parse() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const values = {};
  for (const [name, value] of new URLSearchParams(query)) {
    if (name in values) values[name] = [values[name], value].flat();
    else values[name] = value;
  }
  return { view: path || "home", values };
}

/** What a view gets: its parameters, and ways to ask, to go on and to show. */
class Page {
  constructor(view, values, signal) {
    Object.assign(this, { view, values, signal, graph, link });
    this.body = h("div", { class: "view", "data-view": view });
    this.head = h("header", { class: "head" });
    this.result = h("div", { class: "result" });
    add(this.body, this.head, this.result);
  }

  /** The title, and a sentence on what the view is for. */
  title(text, about = null, ...more) {
    this.head.replaceChildren(h("h1", { tabindex: "-1" }, text));
    if (about) add(this.head, h("p", { class: "about" }, about));
    add(this.head, more);
    document.title = `${typeof text === "string" ? text : text.textContent} · ${graph.name}`;
  }

  go(view, parameters) {
    const target = link(view, parameters);
    if (target === location.hash) show();
    else location.hash = target;
  }

  /** Remember how a table is sorted and filtered, in the address, without a new view. */
  get keep() {
    return {
      get: (name) => this.values[name] ?? "",
      set: (name, value) => {
        this.values[name] = value;
        history.replaceState(null, "", link(this.view, this.values));
        here = location.hash;
      },
    };
  }

  ask(question, parameters) {
    return ask(question, parameters, this.signal);
  }

  /** Ask, show that it is being asked, and show notes and the same question elsewhere. */
  async answer(question, parameters, draw) {
    this.result.replaceChildren(h("p", { class: "waiting" }, "…"));
    const answer = await this.ask(question, parameters);
    this.show(answer, draw(answer));
  }

  show(answer, ...children) {
    this.result.replaceChildren();
    add(this.result, findings(answer), children, elsewhere(answer));
    say("shown");
  }

  /** Ask a question that may take long; it has a bar and can be cancelled. */
  async work(question, parameters, draw) {
    const stop = new AbortController();
    this.signal.addEventListener("abort", () => stop.abort(), { once: true });
    const bar = h("progress", { "aria-label": "Progress" });
    const text = h("span", { class: "said" }, "waiting for its turn");
    const cancel = h("button", { type: "button", class: "quiet", onclick: () => stop.abort() }, "Cancel");
    this.result.replaceChildren(h("div", { class: "job", role: "group", "aria-label": "Long work" }, bar, text, cancel));
    const begun = performance.now();
    const told = ({ state, progress }) => {
      const seconds = `${((performance.now() - begun) / 1000).toFixed(0)} s`;
      if (progress?.total) {
        bar.max = progress.total;
        bar.value = progress.done;
        text.textContent = `${progress.title}: ${number(progress.done)} of ${number(progress.total)}, ${seconds}`;
      } else text.textContent = state === "waiting" ? "waiting for its turn" : `${progress?.title ?? "working"}, ${seconds}`;
    };
    try {
      const answer = await work(question, parameters, stop.signal, told);
      this.show(answer, draw(answer));
    } catch (error) {
      if (this.signal.aborted || error.name !== "AbortError") throw error;
      this.result.replaceChildren(h("p", { class: "empty" }, "Cancelled. Nothing of it goes on running."));
    }
  }

  /** Colour of a class, as in every figure. */
  colored(by = colors?.by) {
    const names = new Set([by, `partner_${by}`, `pre_${by}`, `post_${by}`, "class", "partner_type", "pre_type", "post_type"]);
    const found = by === colors?.by ? colors : null;
    return (column, value) => (found && names.has(column.name) ? found.colors[value] ?? found.unknown : null);
  }

  /** The field that groups neurons, unless the person asks for another. */
  get classField() {
    return colors?.by || this.textFields[0] || "";
  }

  get colors() {
    return colors ?? { by: null, colors: {}, unknown: "#999999" };
  }

  /** Fields of neurons that hold one text: what they can be grouped by. */
  get textFields() {
    return graph.fields.filter((field) => field.of_neurons && /^(string|str|text)$/i.test(field.type)).map((field) => field.name);
  }
}

function frame() {
  searchBox = neuronsBox({
    name: "search", label: "Search neurons", placeholder: "Search: id, text or field=value      press /",
    entered: () => {
      const text = searchBox.box.value.trim();
      if (!text) return;
      searchBox.box.blur();
      const target = link("search", { text });
      if (target === location.hash) show();
      else location.hash = target;
    },
  });
  searchBox.setAttribute("role", "search");
  document.getElementById("top").replaceChildren(
    h("a", { class: "brand", href: "#/home", "aria-label": "cavegraph, home" },
      h("img", { src: "/page/icon.svg", alt: "", width: 22, height: 22 }), "cavegraph"),
    searchBox, trust(graph), themeButton());
  document.getElementById("side").replaceChildren(...BESIDE.map((name) =>
    h("a", { href: `#/${name}`, "data-to": name }, VIEWS[name].label)));
}

function themeButton() {
  const kinds = ["auto", "light", "dark"];
  const now = () => localStorage.getItem("cavegraph-theme") ?? "auto";
  const signs = { auto: "◐", light: "☀", dark: "☾" };
  const button = h("button", { type: "button", class: "quiet", id: "theme" });
  const apply = () => {
    document.documentElement.dataset.theme = now();
    button.textContent = signs[now()];
    button.setAttribute("aria-label", `Colours: ${now()}. Change them`);
    button.title = `Colours: ${now()}`;
  };
  button.addEventListener("click", () => {
    localStorage.setItem("cavegraph-theme", kinds[(kinds.indexOf(now()) + 1) % kinds.length]);
    apply();
    dispatchEvent(new CustomEvent("recolored"));
  });
  apply();
  return button;
}

function login() {
  const box = h("input", { type: "password", autocomplete: "current-password", id: "password", required: true });
  const bad = h("p", { class: "bad", role: "alert" });
  main.replaceChildren(h("form", {
    class: "login",
    onsubmit: async (event) => {
      event.preventDefault();
      try {
        await change("login", "POST", { password: box.value });
        await start();
      } catch (error) {
        bad.textContent = error.message;
        box.select();
      }
    },
  }, h("h1", {}, "This graph needs a password"), h("p", { class: "about" }, "Who started the server knows it: it was printed there, or is in its --token-file."),
  h("label", { class: "control" }, h("span", { class: "label" }, "Password"), box), h("button", { class: "go" }, "Open"), bad));
  box.focus();
}

async function show() {
  if (!graph) return start();
  leave.abort();
  leave = new AbortController();
  const first = here === "";
  here = location.hash;
  const { view, values } = parse();
  document.querySelectorAll("#side a").forEach((one) => {
    if (one.dataset.to === view) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  });
  searchBox.box.value = view === "search" ? values.text ?? "" : "";
  const page = new Page(view, values, leave.signal);
  const { signal } = page;
  main.replaceChildren(page.body);
  scrollTo(0, 0);
  page.body.setAttribute("aria-busy", "true");
  try {
    if (!(view in VIEWS)) throw Object.assign(new Error(`this page has no view "${view}"`), { hint: "choose one from the list" });
    const drawn = VIEWS[view].show(page);
    if (!first) page.head.querySelector("h1")?.focus({ preventScroll: true });
    await drawn;
  } catch (error) {
    if (signal.aborted) return undefined;
    if (error.kind === "password") return login();
    if (!page.head.firstChild) page.title(VIEWS[view]?.label ?? "Not found");
    page.result.replaceChildren(problem(error));
  }
  page.body.setAttribute("aria-busy", "false");
  return undefined;
}

async function start() {
  try {
    [graph, colors] = await Promise.all([ask("info"), ask("colors")]);
  } catch (error) {
    if (error.kind === "password") return login();
    main.replaceChildren(problem(error));
    return undefined;
  }
  frame();
  return show();
}

addEventListener("hashchange", () => { if (location.hash !== here) show(); });
addEventListener("pagehide", () => leave.abort());
addEventListener("pageshow", (event) => { if (event.persisted) show(); });
document.getElementById("skip").addEventListener("click", (event) => { event.preventDefault(); main.focus(); });
slash(() => searchBox?.box ?? main);
start();
