"use strict";
(() => {
  const canvas = document.querySelector("canvas"), told = document.getElementById("told");
  const gl = canvas.getContext("webgl2", { alpha: false, preserveDrawingBuffer: true });
  if (!gl) {
    told.textContent = "This browser draws no WebGL 2.";
    return;
  }
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  const sub = (a, b) => a.map((v, i) => v - b[i]), add = (a, b) => a.map((v, i) => v + b[i]);
  const by = (a, k) => a.map((v) => v * k), dot = (a, b) => a.reduce((s, v, i) => s + v * b[i], 0);
  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const unit = (a) => by(a, 1 / (Math.hypot(...a) || 1));

  function shader(kind, text) {
    const made = gl.createShader(kind);
    gl.shaderSource(made, text);
    gl.compileShader(made);
    if (!gl.getShaderParameter(made, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(made));
    return made;
  }
  const program = gl.createProgram();
  gl.attachShader(program, shader(gl.VERTEX_SHADER, `#version 300 es
    in vec3 place, normal; uniform mat4 view, lens; out vec3 way;
    void main() {
      gl_Position = lens * view * vec4(place, 1.0);
      way = mat3(view) * normal;
    }`));
  gl.attachShader(program, shader(gl.FRAGMENT_SHADER, `#version 300 es
    precision highp float; in vec3 way; uniform vec4 paint; out vec4 shown;
    void main() {
      float light = 0.35 + 0.65 * abs(dot(normalize(way), normalize(vec3(0.2, 0.3, 1.0))));
      shown = vec4(paint.rgb * light, paint.a);
    }`));
  gl.linkProgram(program);
  gl.useProgram(program);
  const where = (name) => gl.getUniformLocation(program, name);

  // Each corner's normal is the mean of its triangles', by their areas: no creases between them.
  function normals(points, faces) {
    const sums = new Float32Array(points.length);
    for (let f = 0; f < faces.length; f += 3) {
      const [a, b, c] = [0, 1, 2].map((k) => faces[f + k] * 3);
      const u = [0, 1, 2].map((k) => points[b + k] - points[a + k]);
      const v = [0, 1, 2].map((k) => points[c + k] - points[a + k]);
      const n = cross(u, v);
      for (const corner of [a, b, c]) for (let k = 0; k < 3; k++) sums[corner + k] += n[k];
    }
    for (let p = 0; p < sums.length; p += 3) {
      const n = unit([sums[p], sums[p + 1], sums[p + 2]]);
      for (let k = 0; k < 3; k++) sums[p + k] = n[k];
    }
    return sums;
  }
  function attribute(name, values) {
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    const slot = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(slot);
    gl.vertexAttribPointer(slot, 3, gl.FLOAT, false, 0, 0);
  }

  const middle = SCENE.focus;
  const meshes = SCENE.meshes.map((mesh) => {
    const points = new Float32Array(bytes(mesh.points)), faces = new Uint32Array(bytes(mesh.faces));
    // Near the middle first: single precision then serves large coordinates too.
    for (let i = 0; i < points.length; i++) points[i] -= middle[i % 3];
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    attribute("place", points);
    attribute("normal", normals(points, faces));
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, faces, gl.STATIC_DRAW);
    return { ...mesh, array, count: faces.length };
  });
  const solid = meshes.filter((m) => m.opacity >= 1), glassy = meshes.filter((m) => m.opacity < 1);
  const clear = glassy.filter((m) => m.name !== "brain"), outline = glassy.filter((m) => m.name === "brain");
  told.textContent = `${meshes.length} surfaces; drag to turn, Shift and drag to move, wheel to zoom`;

  let away = sub(SCENE.position, middle), up = unit(SCENE.up), shift = [0, 0, 0], asked = false;
  function draw() {
    asked = false;
    const wide = canvas.width = canvas.clientWidth * devicePixelRatio;
    const high = canvas.height = canvas.clientHeight * devicePixelRatio;
    gl.viewport(0, 0, wide, high);
    gl.clearColor(1, 1, 1, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const z = unit(away), x = unit(cross(up, z)), y = cross(z, x), eye = add(away, shift);
    gl.uniformMatrix4fv(where("view"), false, [
      x[0], y[0], z[0], 0, x[1], y[1], z[1], 0, x[2], y[2], z[2], 0,
      -dot(x, eye), -dot(y, eye), -dot(z, eye), 1]);
    const far = Math.hypot(...away) * 4, near = far / 4000, f = 1 / Math.tan(SCENE.angle * Math.PI / 360);
    gl.uniformMatrix4fv(where("lens"), false, [
      f * high / wide, 0, 0, 0, 0, f, 0, 0,
      0, 0, (far + near) / (near - far), -1, 0, 0, 2 * far * near / (near - far), 0]);
    gl.enable(gl.DEPTH_TEST);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    const paint = (group) => {
      for (const mesh of group) {
        gl.uniform4f(where("paint"), ...mesh.color, mesh.opacity);
        gl.bindVertexArray(mesh.array);
        gl.drawElements(gl.TRIANGLES, mesh.count, gl.UNSIGNED_INT, 0);
      }
    };
    gl.depthFunc(gl.LEQUAL);
    gl.disable(gl.BLEND);
    paint(solid);
    gl.enable(gl.BLEND);
    gl.depthMask(false);
    paint(clear);
    gl.depthMask(true);
    // Of the outline its nearest layer alone, else its folds would look like creases.
    gl.colorMask(false, false, false, false);
    paint(outline);
    gl.colorMask(true, true, true, true);
    paint(outline);
    if (SCENE.scale) measure(2 * Math.hypot(...away) / f / canvas.clientHeight);
  }
  function measure(nm) {
    const most = canvas.clientWidth * 0.2 * nm, power = 10 ** Math.floor(Math.log10(most));
    const length = Math.max(...[1, 2, 5].map((k) => k * power).filter((v) => v <= most));
    const bar = document.getElementById("scale");
    bar.style.display = "block";
    bar.style.width = `${length / nm}px`;
    bar.textContent = length >= 1000 ? `${length / 1000} \u00b5m` : `${length} nm`;
  }
  const ask = () => { if (!asked) { asked = true; requestAnimationFrame(draw); } };
  function turn(axis, angle) {
    const c = Math.cos(angle), s = Math.sin(angle), a = unit(axis);
    const turned = (v) => add(add(by(v, c), by(cross(a, v), s)), by(a, dot(a, v) * (1 - c)));
    away = turned(away);
    up = turned(up);
  }
  let last = null;
  canvas.addEventListener("pointerdown", (e) => {
    last = [e.clientX, e.clientY];
    canvas.setPointerCapture(e.pointerId);
  });
  canvas.addEventListener("pointermove", (e) => {
    if (!last) return;
    const dx = e.clientX - last[0], dy = e.clientY - last[1];
    last = [e.clientX, e.clientY];
    const z = unit(away), x = unit(cross(up, z)), y = cross(z, x);
    if (e.shiftKey) {
      const k = Math.hypot(...away) * 0.53 / canvas.clientHeight;
      shift = add(shift, add(by(x, -dx * k), by(y, dy * k)));
    } else {
      turn(y, -dx / 150);
      turn(x, -dy / 150);
    }
    ask();
  });
  canvas.addEventListener("pointerup", () => { last = null; });
  canvas.addEventListener("wheel", (e) => {
    e.preventDefault();
    away = by(away, Math.exp(e.deltaY / 700));
    ask();
  }, { passive: false });
  addEventListener("resize", ask);
  draw();
})();
