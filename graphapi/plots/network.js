"use strict";
(() => {
  const svg = document.querySelector("svg"), all = document.getElementById("all");
  const neurons = [...all.querySelectorAll(".neuron")];
  const arrows = [...all.querySelectorAll(".pre-post")];
  const place = new Map(neurons.map((n) => {
    const p = n.transform.baseVal.getItem(0).matrix;
    return [n.dataset.id, { x: p.e, y: p.f }];
  }));
  let view = { x: 0, y: 0, k: 1 }, held = null, last = null, moved = false;
  const show = () => all.setAttribute("transform", `translate(${view.x},${view.y}) scale(${view.k})`);
  const at = (event) => new DOMPoint(event.clientX, event.clientY)
    .matrixTransform(svg.getScreenCTM().inverse());

  function bend(arrow) {
    const a = place.get(arrow.dataset.pre), b = place.get(arrow.dataset.post);
    const far = Math.max(Math.hypot(b.x - a.x, b.y - a.y), 1e-6);
    const ux = (b.x - a.x) / far, uy = (b.y - a.y) / far, out = 0.12 * far;
    arrow.setAttribute("d", `M${a.x + ux * 11},${a.y + uy * 11} ` +
      `Q${(a.x + b.x) / 2 + uy * out},${(a.y + b.y) / 2 - ux * out} ` +
      `${b.x - ux * 14},${b.y - uy * 14}`);
  }
  function only(id) {
    const near = new Set([id]);
    for (const a of arrows) {
      const mine = id === null || a.dataset.pre === id || a.dataset.post === id;
      a.classList.toggle("aside", !mine);
      if (mine) near.add(a.dataset.pre).add(a.dataset.post);
    }
    for (const n of neurons) n.classList.toggle("aside", id !== null && !near.has(n.dataset.id));
  }
  svg.addEventListener("pointerdown", (event) => {
    held = event.target.closest(".neuron") || svg;
    last = at(event);
    moved = false;
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    if (!held) return;
    const now = at(event), dx = now.x - last.x, dy = now.y - last.y;
    moved = moved || Math.hypot(dx, dy) > 1;
    last = now;
    if (held === svg) {
      view.x += dx;
      view.y += dy;
      show();
      return;
    }
    const p = place.get(held.dataset.id);
    p.x += dx / view.k;
    p.y += dy / view.k;
    held.setAttribute("transform", `translate(${p.x},${p.y})`);
    arrows.filter((a) => [a.dataset.pre, a.dataset.post].includes(held.dataset.id)).forEach(bend);
  });
  svg.addEventListener("pointerup", () => {
    if (held && !moved) only(held === svg ? null : held.dataset.id);
    held = null;
  });
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    const p = at(event), k = Math.exp(-event.deltaY / 500);
    view = { x: p.x - (p.x - view.x) * k, y: p.y - (p.y - view.y) * k, k: view.k * k };
    show();
  }, { passive: false });
})();
