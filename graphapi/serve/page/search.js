// Completion over the graph's own fields and values, for every box that names neurons.

import { ask } from "./api.js";
import { add, h, number, written } from "./dom.js";

const WAIT = 120; // ms after the last key
let boxes = 0;

/**
 * A box that names neurons: ids, conditions or a set, completed as one types.
 *
 * @param options `name`, `value`, `placeholder`, `label`, `required`, `entered`: called on Enter.
 */
export function neuronsBox(options) {
  boxes += 1;
  const list = h("ul", { class: "options", role: "listbox", id: `options${boxes}`, "aria-label": "Suggestions" });
  list.hidden = true;
  const box = h("textarea", {
    name: options.name, rows: 1, spellcheck: "false", autocomplete: "off", autocapitalize: "off", dir: "auto",
    placeholder: options.placeholder ?? "ids, or cell_class=…;side=left, or @set",
    "aria-label": options.label ?? options.name, role: "combobox", "aria-expanded": "false",
    "aria-controls": list.id, "aria-autocomplete": "list", class: "neurons",
  });
  box.value = options.value ?? "";
  let [shown, at, timer, asked] = [[], -1, 0, null];

  const fit = () => {
    box.style.height = "auto";
    if (box.scrollHeight) box.style.height = `${Math.min(140, box.scrollHeight + 2)}px`;
  };

  function close() {
    list.hidden = true;
    at = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  }

  function point(index) {
    at = index;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === at)));
    if (at < 0) return;
    box.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  }

  function choose(index) {
    const one = shown[index];
    box.value = one.text;
    fit();
    close();
    box.focus();
    if (one.kind === "field") suggest();
  }

  async function suggest() {
    asked?.abort();
    asked = new AbortController();
    const typed = box.value;
    if (!typed.trim() || /[\d\s,]{40,}/.test(typed)) return close();
    try {
      const answer = await ask("complete", { text: typed, limit: 12 }, asked.signal);
      if (box.value !== typed || document.activeElement !== box) return undefined;
      shown = answer.suggestions.filter((one) => one.text !== typed);
    } catch (error) {
      if (error.name === "AbortError") return undefined;
      shown = []; // a suggestion that fails is not worth a message: Enter will say what is wrong
    }
    if (!shown.length) return close();
    list.replaceChildren(...shown.map((one, i) => h("li", {
      role: "option", id: `${list.id}-${i}`, "aria-selected": "false",
      onmousedown: (event) => { event.preventDefault(); choose(i); },
    }, h("span", { class: "kind" }, one.kind), written(one.label),
    one.neurons !== null && one.neurons !== undefined && h("span", { class: "count" }, number(one.neurons)))));
    list.hidden = false;
    box.setAttribute("aria-expanded", "true");
    point(-1);
    return undefined;
  }

  box.addEventListener("input", () => {
    fit();
    clearTimeout(timer);
    timer = setTimeout(suggest, WAIT);
  });
  box.addEventListener("blur", () => { clearTimeout(timer); close(); });
  box.addEventListener("keydown", (event) => {
    const open = !list.hidden;
    if (event.key === "ArrowDown" && open) point((at + 1) % shown.length);
    else if (event.key === "ArrowUp" && open) point((at + shown.length) % (shown.length + 1) - 1);
    else if (event.key === "Escape" && open) close();
    else if ((event.key === "Tab" || event.key === "Enter") && open && at >= 0) choose(at);
    else if (event.key === "Enter" && !event.shiftKey) {
      clearTimeout(timer);
      asked?.abort();
      close();
      options.entered?.();
    } else return;
    event.preventDefault();
  });
  requestAnimationFrame(fit);
  return Object.assign(add(h("div", { class: "combo" }), box, list), { box });
}

/** `/` anywhere but in a box: go to the search. */
export function slash(target) {
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      target().focus();
    }
  });
}
