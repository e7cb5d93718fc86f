// A heat map on a canvas: zoomed, moved, labelled by class; smooth at a million cells.

import { h, number, save, say } from "./dom.js";

// viridis, as in the project's other heat maps: readable without colour vision
const STOPS = ["#440154", "#482878", "#3e4a89", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"]
  .map((one) => [1, 3, 5].map((i) => parseInt(one.slice(i, i + 2), 16)));
const STRIP = 10; // pixels: the bar of class colours
const [NARROW, BROAD] = [48, 132]; // pixels for the names of classes
const SHORT = new Intl.NumberFormat("en-US", { notation: "compact" });
const PLAIN = 160; // CSS pixels at least

/** Colour of a value as a share of the strongest: strong ones stand out from either background. */
function shade(share, night) {
  return viridis(night ? 0.16 + 0.84 * share : 1 - share);
}

function viridis(share) {
  const place = Math.min(0.9999, Math.max(0, share)) * (STOPS.length - 1);
  const [i, f] = [Math.floor(place), place % 1];
  return STOPS[i].map((low, c) => Math.round(low + f * (STOPS[i + 1][c] - low)));
}

const dark = () => {
  const theme = document.documentElement.dataset.theme;
  return theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
};

/** Runs of the same class, in the order shown: where a label goes. */
function runs(side) {
  const found = [];
  side.forEach((one, i) => {
    const last = found.at(-1);
    if (last && last.class === one.class) last.to = i + 1;
    else found.push({ class: one.class ?? "Unknown", color: one.color, from: i, to: i + 1 });
  });
  return found;
}

/**
 * A heat map.
 *
 * @param data `pre`, `post`: lists of `{id, class, color}` in the order shown; `cells`: lists of
 *   row, column and value; `unit`: what the values count; `names`: a row is a class, not a neuron.
 * @param page What the router gives a view.
 */
export function heatmap({ pre, post, cells, unit, names = false }, page) {
  const [rows, columns] = [pre.length, post.length];
  if (!rows || !columns) return h("p", { class: "empty" }, "Nothing to show.");
  const values = new Map(cells.map(([i, j, value]) => [i * columns + j, value]));
  const most = cells.reduce((top, one) => Math.max(top, one[2]), 0);
  const scale = Math.log1p(most) || 1;
  const canvas = h("canvas", {
    class: "matrix", tabindex: "0", role: "img",
    "aria-label": `Heat map, ${rows} rows and ${columns} columns, ${cells.length} cells that are not zero. Plus and minus zoom, arrow keys move. The table below has the same numbers.`,
  });
  const picture = h("canvas", { width: columns, height: rows });
  const said = h("p", { class: "said", id: "under", "aria-live": "polite" }, "Point at a cell.");
  const legend = h("canvas", { width: 120, height: 10, class: "legend", "aria-hidden": "true" });
  const [left, below] = [runs(pre), runs(post)];
  const room = (parts, share) => Math.min(BROAD, Math.max(NARROW, 14 + share * 7.2 * Math.min(17, Math.max(...parts.map((one) => one.class.length)))));
  const [LABELS, FOOT] = [room(left, 1), room(below, 0.87)];
  const eye = { k: 0, x: 0, y: 0 };
  let wide = 0;
  let high = 0;

  function paint() { // one pixel a cell, once
    const context = picture.getContext("2d");
    const image = context.createImageData(columns, rows);
    const night = dark();
    for (const [i, j, value] of cells) {
      const share = Math.log1p(value) / scale;
      const [r, g, b] = shade(share, night);
      image.data.set([r, g, b, 255], 4 * (i * columns + j));
    }
    context.putImageData(image, 0, 0);
    const bar = legend.getContext("2d");
    for (let x = 0; x < 120; x += 1) {
      bar.fillStyle = `rgb(${shade(x / 120, night).join(" ")})`;
      bar.fillRect(x, 0, 1, 10);
    }
  }

  const fit = () => Math.min((wide - LABELS - STRIP) / columns, (high - FOOT - STRIP) / rows);

  function draw() {
    const ratio = devicePixelRatio || 1;
    const context = canvas.getContext("2d");
    const style = getComputedStyle(canvas);
    const [x0, y0] = [LABELS + STRIP, STRIP];
    const [w, tall] = [wide - x0, high - y0 - FOOT];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, wide, high);
    context.save();
    context.beginPath();
    context.rect(x0, y0, w, tall);
    context.clip();
    context.fillStyle = style.getPropertyValue("--well");
    context.fillRect(x0 + eye.x, y0 + eye.y, columns * eye.k, rows * eye.k);
    context.imageSmoothingEnabled = eye.k < 1;
    context.drawImage(picture, x0 + eye.x, y0 + eye.y, columns * eye.k, rows * eye.k);
    if (eye.k > 14) numbers(context, x0, y0, w, tall);
    context.restore();
    sideNames(context, style, x0, y0, w, tall);
  }

  function numbers(context, x0, y0, w, tall) {
    context.font = `${Math.min(13, eye.k * 0.42)}px ui-sans-serif, system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const [i0, i1] = [Math.max(0, Math.floor(-eye.y / eye.k)), Math.min(rows, Math.ceil((tall - eye.y) / eye.k))];
    const [j0, j1] = [Math.max(0, Math.floor(-eye.x / eye.k)), Math.min(columns, Math.ceil((w - eye.x) / eye.k))];
    for (let i = i0; i < i1; i += 1) {
      for (let j = j0; j < j1; j += 1) {
        const value = values.get(i * columns + j);
        if (value === undefined) continue;
        const share = Math.log1p(value) / scale;
        context.fillStyle = (dark() ? share : 1 - share) > 0.6 ? "#111" : "#fff";
        const fits = (text) => context.measureText(text).width < eye.k - 3;
        const text = [number(value), SHORT.format(value)].find(fits);
        if (text) context.fillText(text, x0 + eye.x + (j + 0.5) * eye.k, y0 + eye.y + (i + 0.5) * eye.k);
      }
    }
  }

  function sideNames(context, style, x0, y0, w, tall) {
    const ink = style.getPropertyValue("--ink");
    context.font = "12px ui-sans-serif, system-ui, sans-serif";
    context.textBaseline = "middle";
    const short = (text, room) => {
      if (context.measureText(text).width <= room) return text;
      let kept = text.slice(0, 40);
      while (kept && context.measureText(`${kept}…`).width > room) kept = kept.slice(0, -1);
      return `${kept}…`;
    };
    const each = (parts, shift, room, long, strip, write) => {
      let free = -Infinity;
      for (const one of parts) {
        const from = Math.max(0, shift + one.from * eye.k);
        const to = Math.min(room, shift + one.to * eye.k);
        if (to <= from) continue;
        context.fillStyle = one.color;
        strip(from, to - from);
        const middle = (from + to) / 2;
        if (middle - free < 13) continue;
        free = middle;
        context.fillStyle = ink;
        write(short(one.class, long), middle);
      }
    };
    each(left, eye.y, tall, LABELS - 8, (from, size) => context.fillRect(x0 - STRIP, y0 + from, STRIP - 3, size), (text, middle) => {
      context.textAlign = "right";
      context.fillText(text, x0 - STRIP - 6, y0 + middle);
    });
    const foot = Math.min(tall, Math.max(0, eye.y + rows * eye.k));
    each(below, eye.x, w, (FOOT - STRIP - 14) / Math.sin(Math.PI / 3), (from, size) => context.fillRect(x0 + from, y0 + foot + 3, size, STRIP - 3), (text, middle) => {
      context.save();
      context.translate(x0 + middle, y0 + foot + STRIP + 6);
      context.rotate(-Math.PI / 3);
      context.textAlign = "right";
      context.fillText(text, 0, 0);
      context.restore();
    });
  }

  function size() {
    wide = canvas.parentElement?.clientWidth || 900;
    const k = Math.min(40, (wide - LABELS - STRIP) / columns);
    high = Math.round(Math.min(760, Math.max(PLAIN, rows * k + FOOT + STRIP)));
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(wide * ratio);
    canvas.height = Math.round(high * ratio);
    canvas.style.width = `${wide}px`;
    canvas.style.height = `${high}px`;
    if (eye.k < fit() || eye.k === 0) whole();
    else draw();
  }
  function whole() {
    Object.assign(eye, { k: Math.min(40, fit()), x: 0, y: 0 });
    draw();
  }
  let asked = false;
  const soon = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); });
  };
  function zoom(by, x = (wide - LABELS) / 2, y = (high - FOOT) / 2) {
    const k = Math.min(80, Math.max(Math.min(40, fit()), eye.k * by));
    eye.x = Math.min(0, x - ((x - eye.x) * k) / eye.k);
    eye.y = Math.min(0, y - ((y - eye.y) * k) / eye.k);
    eye.k = k;
    soon();
  }
  const inside = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left - LABELS - STRIP, event.clientY - box.top - STRIP];
  };
  const under = (event) => {
    const [x, y] = inside(event);
    const [j, i] = [Math.floor((x - eye.x) / eye.k), Math.floor((y - eye.y) / eye.k)];
    return i >= 0 && j >= 0 && i < rows && j < columns && x >= 0 && y >= 0 ? [i, j] : null;
  };
  const tell = (one) => (names ? one.id : `${one.class ?? "Unknown"} ${one.id}`);

  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * 0.0015), ...inside(event));
  }, { passive: false });
  let drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    drag = { x: event.clientX, y: event.clientY, far: 0 };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (drag) {
      const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
      drag.far += Math.abs(dx) + Math.abs(dy);
      Object.assign(drag, { x: event.clientX, y: event.clientY });
      eye.x = Math.min(0, eye.x + dx);
      eye.y = Math.min(0, eye.y + dy);
      soon();
      return;
    }
    const cell = under(event);
    if (cell) said.textContent = `${tell(pre[cell[0]])} → ${tell(post[cell[1]])}: ${number(values.get(cell[0] * columns + cell[1]) ?? 0)} ${unit}`;
  });
  canvas.addEventListener("pointerup", (event) => {
    const cell = drag && drag.far < 4 ? under(event) : null;
    drag = null;
    if (cell && !names) page.go("circuit", { neurons: [...new Set([pre[cell[0]].id, post[cell[1]].id])].join(",") });
  });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
    if (step) { eye.x = Math.min(0, eye.x + step[0]); eye.y = Math.min(0, eye.y + step[1]); soon(); } else if (event.key === "+" || event.key === "=") zoom(1.3);
    else if (event.key === "-") zoom(1 / 1.3);
    else if (event.key === "0") whole();
    else return;
    event.preventDefault();
  });
  const recolor = () => { paint(); draw(); };
  addEventListener("recolored", recolor, { signal: page.signal });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolor, { signal: page.signal });
  const watch = new ResizeObserver(size);
  page.signal.addEventListener("abort", () => watch.disconnect(), { once: true });
  const holder = h("div", { class: "well" }, canvas);
  watch.observe(holder);
  paint();
  const button = (text, label, act) => h("button", { type: "button", class: "quiet small", "aria-label": label, title: label, onclick: act }, text);
  return h("figure", { class: "figure" },
    h("div", { class: "bar" }, button("+", "Zoom in", () => zoom(1.4)), button("−", "Zoom out", () => zoom(1 / 1.4)), button("Whole", "Show all of it", whole),
      said, h("span", { class: "grow" }), h("span", { class: "said" }, `1 `, legend, ` ${number(most)} ${unit}, log`),
      button("PNG", "Save as PNG", () => canvas.toBlob((blob) => (blob ? save(blob, "matrix.png") : say("the picture could not be made")), "image/png"))),
    holder);
}
