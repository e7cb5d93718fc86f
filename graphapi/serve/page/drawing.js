// A circuit as SVG: moved, zoomed, dragged; saved as SVG or PNG.

import { h, number, s, save, say } from "./dom.js";

const [WIDTH, HEIGHT, EDGE] = [1000, 640, 46];
const MOST = 4000; // connections that a browser moves smoothly
const FONT = "ui-sans-serif, system-ui, sans-serif";
const LIGHT = { ink: "#1d2327", paper: "#ffffff" };

/** Radius of a neuron, in the drawing's units. */
const radius = (node, n) => (node.given ? 1 : 0.75) * (n > 150 ? 6 : n > 60 ? 9 : 12);

function ends(a, b, ra, rb, bent) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [dx / length, dy / length];
  const bend = bent ? Math.min(26, length / 5) : 0;
  const middle = { x: (a.x + b.x) / 2 - uy * bend, y: (a.y + b.y) / 2 + ux * bend };
  const toward = (from, r) => {
    const [x, y] = [middle.x - from.x, middle.y - from.y];
    const l = Math.hypot(x, y) || 1;
    return { x: from.x + (x / l) * r, y: from.y + (y / l) * r };
  };
  return { start: toward(a, ra), end: toward(b, rb), middle };
}

/**
 * A drawing.
 *
 * @param nodes `root_id`, `x`, `y` from 0 to 1, `class`, `color`, `given`.
 * @param edges `pre`, `post`, `weight`.
 * @param options `choose`: called with the neuron that was clicked, or null; `names`: `class`,
 *   `id` or empty; `title`: of the files.
 */
export function drawing(nodes, edges, { choose, names = "class", title = "circuit" }) {
  const strongest = [...edges].sort((a, b) => b.weight - a.weight).slice(0, MOST);
  const most = strongest[0]?.weight ?? 1;
  const wide = (weight) => 0.6 + 6 * Math.sqrt(weight / most);
  const at = new Map(nodes.map((node) => [node.root_id, {
    node, x: EDGE + node.x * (WIDTH - 2 * EDGE), y: EDGE + node.y * (HEIGHT - 2 * EDGE), r: radius(node, nodes.length), edges: [],
  }]));
  const there = new Set(edges.map((edge) => `${edge.pre}>${edge.post}`));
  const moved = s("g");
  const svg = s("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "drawing", role: "group", tabindex: "0", color: "currentColor",
    "aria-label": `Drawing of ${nodes.length} neurons and ${edges.length} connections. Arrow keys move it, plus and minus zoom, Tab goes from neuron to neuron.`,
  }, moved);

  const lines = [...strongest].reverse().map((edge) => {
    const [a, b] = [at.get(edge.pre), at.get(edge.post)];
    const width = wide(edge.weight);
    const line = s("path", { fill: "none", stroke: a.node.color, "stroke-width": width, "stroke-opacity": 0.55, "stroke-linecap": "butt" });
    const head = s("path", { fill: a.node.color, "fill-opacity": 0.8 });
    const group = s("g", { "data-pre": edge.pre, "data-post": edge.post, "data-weight": edge.weight },
      s("title", {}, `${edge.pre} → ${edge.post}: ${number(edge.weight)} synapses`), line, head);
    const one = { a, b, group, line, head, width, bent: there.has(`${edge.post}>${edge.pre}`) };
    a.edges.push(one);
    b.edges.push(one);
    return one;
  });

  function place(one) {
    const size = 5 + one.width;
    const { start, end, middle } = ends(one.a, one.b, one.a.r, one.b.r + 1.5, one.bent);
    const [dx, dy] = [end.x - middle.x, end.y - middle.y];
    const l = Math.hypot(dx, dy) || 1;
    const [ux, uy] = [dx / l, dy / l];
    const base = { x: end.x - ux * size, y: end.y - uy * size };
    const f = (v) => v.toFixed(1);
    one.line.setAttribute("d", `M${f(start.x)} ${f(start.y)}Q${f(middle.x)} ${f(middle.y)} ${f(base.x)} ${f(base.y)}`);
    const half = size * 0.5 + one.width * 0.25;
    one.head.setAttribute("d", `M${f(end.x)} ${f(end.y)}L${f(base.x - uy * half)} ${f(base.y + ux * half)}L${f(base.x + uy * half)} ${f(base.y - ux * half)}Z`);
  }

  const circles = [...at.values()].map((spot) => {
    const { node } = spot;
    const text = names === "id" ? node.root_id : names === "class" ? node.class ?? "" : "";
    const group = s("g", { class: "neuron", "data-id": node.root_id, tabindex: "0", role: "button", "aria-label": `${node.class ?? "Unknown"} ${node.root_id}` },
      s("title", {}, `${node.class ?? "Unknown"}\n${node.root_id}`),
      s("circle", { r: spot.r, fill: node.color, stroke: "currentColor", "stroke-width": node.given ? 1.6 : 0.8, "stroke-opacity": node.given ? 0.9 : 0.5 }),
      text && s("text", { y: spot.r + 12, "text-anchor": "middle", "font-size": nodes.length > 60 ? 9 : 11.5, "font-family": FONT, fill: "currentColor" }, text.length > 28 ? `${text.slice(0, 27)}…` : text));
    spot.group = group;
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); select(spot); }
    });
    return group;
  });
  moved.append(s("g", {}, lines.map((one) => one.group)), s("g", {}, circles));
  const settle = (spot) => spot.group.setAttribute("transform", `translate(${spot.x.toFixed(1)} ${spot.y.toFixed(1)})`);
  lines.forEach(place);
  at.forEach(settle);

  let chosen = null;
  function select(spot) {
    chosen = chosen === spot ? null : spot;
    const near = new Set(chosen ? [chosen, ...chosen.edges.flatMap((one) => [one.a, one.b])] : []);
    at.forEach((one) => {
      one.group.classList.toggle("aside", Boolean(chosen) && !near.has(one));
      one.group.classList.toggle("picked", one === chosen);
    });
    lines.forEach((one) => one.group.classList.toggle("aside", Boolean(chosen) && one.a !== chosen && one.b !== chosen));
    choose(chosen?.node ?? null);
  }

  // where one looks: zoom and shift
  const eye = { k: 1, x: 0, y: 0 };
  const look = () => moved.setAttribute("transform", `translate(${eye.x} ${eye.y}) scale(${eye.k})`);
  function zoom(by, x = WIDTH / 2, y = HEIGHT / 2) {
    const k = Math.min(20, Math.max(0.3, eye.k * by));
    eye.x = x - ((x - eye.x) * k) / eye.k;
    eye.y = y - ((y - eye.y) * k) / eye.k;
    eye.k = k;
    look();
  }
  function whole() {
    Object.assign(eye, { k: 1, x: 0, y: 0 });
    look();
  }
  const point = (event) => {
    const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [p.x, p.y];
  };
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * 0.0015), ...point(event));
  }, { passive: false });
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
    if (step) { eye.x += step[0]; eye.y += step[1]; look(); } else if (event.key === "+" || event.key === "=") zoom(1.25);
    else if (event.key === "-") zoom(0.8);
    else if (event.key === "0") whole();
    else if (event.key === "Escape" && chosen) select(chosen);
    else return;
    event.preventDefault();
  });

  let drag = null;
  svg.addEventListener("pointerdown", (event) => {
    const group = event.target.closest(".neuron");
    drag = { spot: group ? at.get(group.dataset.id) : null, from: point(event), far: 0 };
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [x, y] = point(event);
    const [dx, dy] = [x - drag.from[0], y - drag.from[1]];
    drag.far += Math.abs(dx) + Math.abs(dy);
    if (drag.far < 4) return;
    drag.from = [x, y];
    if (drag.spot) {
      drag.spot.x += dx / eye.k;
      drag.spot.y += dy / eye.k;
      settle(drag.spot);
      drag.spot.edges.forEach(place);
    } else {
      eye.x += dx;
      eye.y += dy;
      look();
    }
  });
  svg.addEventListener("pointerup", () => {
    if (drag && drag.far < 4) {
      if (drag.spot) select(drag.spot);
      else if (chosen) select(chosen);
    }
    drag = null;
  });

  const classes = new Map();
  nodes.forEach((node) => {
    const name = node.class ?? "Unknown";
    classes.set(name, { color: node.color, n: (classes.get(name)?.n ?? 0) + 1 });
  });
  const legend = [...classes].sort((a, b) => b[1].n - a[1].n);
  const button = (text, label, act) => h("button", { type: "button", class: "quiet small", "aria-label": label, title: label, onclick: act }, text);
  return h("figure", { class: "figure" },
    h("div", { class: "bar" }, button("+", "Zoom in", () => zoom(1.3)), button("−", "Zoom out", () => zoom(1 / 1.3)), button("Whole", "Show all of it", whole),
      h("span", { class: "grow" }), button("SVG", "Save as SVG", () => save(new Blob([asText(svg, legend)], { type: "image/svg+xml" }), `${title}.svg`)),
      button("PNG", "Save as PNG", () => asPng(asText(svg, legend), `${title}.png`))),
    svg,
    h("figcaption", {}, legend.slice(0, 24).map(([name, { color, n }]) =>
      h("span", { class: "key" }, h("span", { class: "dot", css: { background: color } }), h("span", { dir: "auto" }, name), ` ${number(n)}`)),
    legend.length > 24 && `and ${legend.length - 24} more`,
    h("span", { class: "said" }, ` Widest arrow: ${number(most)} synapses.`),
    edges.length > MOST && h("strong", {}, ` The ${number(MOST)} strongest of ${number(edges.length)} connections are drawn; the table has all.`)));
}

/** The drawing as a file: dark on white, with its legend. */
function asText(svg, legend) {
  const copy = svg.cloneNode(true);
  const foot = 24 * Math.ceil(Math.min(24, legend.length) / 6) + 12;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT + foot}`);
  copy.setAttribute("width", WIDTH);
  copy.setAttribute("height", HEIGHT + foot);
  copy.setAttribute("color", LIGHT.ink);
  copy.prepend(s("rect", { width: WIDTH, height: HEIGHT + foot, fill: LIGHT.paper }));
  legend.slice(0, 24).forEach(([name, { color, n }], i) => {
    const [x, y] = [20 + (i % 6) * 160, HEIGHT + 14 + 24 * Math.floor(i / 6)];
    copy.append(s("circle", { cx: x, cy: y, r: 6, fill: color }),
      s("text", { x: x + 12, y: y + 4, "font-size": 12, "font-family": FONT, fill: LIGHT.ink }, `${name.slice(0, 18)} ${n}`));
  });
  return new XMLSerializer().serializeToString(copy);
}

async function asPng(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = h("canvas", { width: image.width * 2, height: image.height * 2 });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    save(await new Promise((done) => canvas.toBlob(done, "image/png")), name);
  } catch (error) {
    say(`the picture could not be made: ${error.message}`);
    throw error;
  } finally {
    URL.revokeObjectURL(address);
  }
}
