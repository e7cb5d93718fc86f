// The form of a view: each control is one parameter of the address.

import { h } from "./dom.js";
import { neuronsBox } from "./search.js";

/**
 * A form.
 *
 * @param page What the router gives a view.
 * @param controls List of `{name, label, kind, default, ...}`; `kind` is `neurons`, `whole`,
 *   `choice` (`options`: texts or pairs of value and label), `many`, `flag`, `text`, `code`.
 * @param options `action`: label of the button; `fixed`: parameters kept as they are.
 */
export function form(page, controls, { action = "Show" } = {}) {
  const readers = {};
  let made = null;
  const submit = () => {
    const parameters = {};
    for (const { name, default: usual = "" } of controls) {
      const value = readers[name]();
      if (String(value) !== String(usual) && value !== "" && value.length !== 0) parameters[name] = value;
    }
    page.go(page.view, parameters);
  };
  const parts = controls.map((control) => {
    const { name, label, kind, help } = control;
    const value = page.values[name] ?? control.default ?? "";
    const id = `f-${name}`;
    let input;
    if (kind === "neurons") {
      input = neuronsBox({ name, value, label, placeholder: control.placeholder, entered: submit });
      readers[name] = () => input.box.value.trim();
    } else if (kind === "choice") {
      input = h("select", { id, name }, control.options.map((one) => {
        const [key, said] = Array.isArray(one) ? one : [one, one];
        return h("option", { value: key, selected: key === value }, said);
      }));
      input.addEventListener("change", () => { if (!control.waits) submit(); });
      readers[name] = () => input.value;
    } else if (kind === "many") {
      const chosen = new Set([value].flat());
      input = h("select", { id, name, multiple: true, size: Math.min(4, control.options.length) },
        control.options.map((one) => h("option", { value: one, selected: chosen.has(one) }, one)));
      readers[name] = () => [...input.selectedOptions].map((one) => one.value);
    } else if (kind === "flag") {
      input = h("input", { id, name, type: "checkbox", checked: value === "1" });
      input.addEventListener("change", () => { if (!control.waits) submit(); });
      readers[name] = () => (input.checked ? "1" : "");
    } else if (kind === "code") {
      input = h("textarea", { id, name, class: "code", rows: control.rows ?? 6, spellcheck: "false", value, dir: "ltr" });
      input.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); submit(); }
      });
      readers[name] = () => input.value.trim();
    } else if (kind === "whole") {
      input = h("input", { id, name, type: "number", min: control.least ?? 1, max: control.most, step: 1, value });
      readers[name] = () => input.value;
      if (control.slider) return slider(control, input, submit);
    } else if (kind === "fixed") { // a parameter that has its control elsewhere
      readers[name] = () => value;
      return null;
    } else {
      input = h("input", { id, name, type: "text", value, spellcheck: "false", placeholder: control.placeholder });
      readers[name] = () => input.value.trim();
    }
    return h("label", { class: `control ${kind} ${control.wide ? "wide" : ""}`, title: help },
      h("span", { class: "label" }, label), input);
  });
  made = h("form", { class: "ask", onsubmit: (event) => { event.preventDefault(); submit(); } },
    parts, h("button", { type: "submit", class: "go" }, action));
  return made;
}

/** A number with a slider beside it: quick to drag, exact to type. */
function slider(control, input, submit) {
  const reach = Math.max(control.slider, Number(input.value) || 1);
  input.setAttribute("aria-label", control.label); // the label around both names the first only
  const range = h("input", {
    type: "range", min: control.least ?? 1, max: reach, value: input.value, "aria-label": `${control.label}, slider`,
  });
  range.addEventListener("input", () => { input.value = range.value; });
  range.addEventListener("change", submit);
  input.addEventListener("change", () => { range.value = input.value; });
  return h("label", { class: "control slider", title: control.help },
    h("span", { class: "label" }, control.label), h("span", { class: "both" }, range, input));
}

/** The threshold, which every view of connections has. */
export const threshold = {
  name: "threshold", label: "Least synapses", kind: "whole", default: "1", slider: 50,
  help: "Connections with fewer synapses are left out",
};
