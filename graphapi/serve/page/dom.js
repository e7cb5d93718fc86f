// Elements. Text goes in as text, never as markup; styles are set one property at a time.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "css") for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  add(element, children);
  return element;
}

/** Append children: elements, texts, lists of them; null is left out. */
export function add(element, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

/** Make an HTML element. */
export const h = (tag, properties = {}, ...children) =>
  fill(document.createElement(tag), properties, children);

/** Make an SVG element. */
export const s = (tag, properties = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), properties, children);

/** Text that a person or a table wrote: its own direction, never markup. */
export const written = (text, tag = "span") => h(tag, { dir: "auto", class: "written" }, text);

/** Say something to people who listen to the page. */
export function say(text) {
  document.getElementById("say").textContent = text;
}

const WHOLE = new Intl.NumberFormat("en-US");

/** Write a number: 12,345 or 0.0123. */
export function number(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value)) return WHOLE.format(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e6)) return value.toExponential(3);
  return String(Number(value.toPrecision(4)));
}

/** Write how many there are: "1 neuron", "1,200 neurons". */
export const count = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;

export const percent = (share) => (share === null ? "" : `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`);

/** Give the person a file. */
export function save(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Put text on the clipboard; away from this machine, browsers allow it only the old way. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const box = h("textarea", { class: "unseen", value: text });
    document.body.append(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    if (!done) throw new Error("the browser does not allow copying");
  }
  say("copied");
}

/** A button that copies a text. */
export function copyButton(text, label = "Copy") {
  const button = h("button", { type: "button", class: "quiet small" }, label);
  button.addEventListener("click", async () => {
    try {
      await copy(typeof text === "function" ? text() : text);
      button.textContent = "Copied";
    } catch (error) {
      button.textContent = error.message;
    }
    setTimeout(() => { button.textContent = label; }, 1500);
  });
  return button;
}
