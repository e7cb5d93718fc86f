// One neuron: what is known of it, its partners both ways, its mesh and the image around it.

import { address, given } from "../api.js";
import { copyButton, count, h, number, written } from "../dom.js";
import { actions, lesson, problem } from "../frame.js";
import { pairs, reordered, tableView } from "../table.js";
import { examples } from "./home.js";

export const label = "Neuron";
const TILES = [["in_synapses", "synapses in"], ["out_synapses", "synapses out"], ["in_partners", "upstream partners"],
  ["out_partners", "downstream partners"], ["autapses", "autapses"]];
const HIDDEN = new Set(["root_id", ...TILES.map(([name]) => name)]);

function partners(page, answer, direction, heading) {
  const table = answer[direction];
  return h("div", {}, tableView(reordered(table, ["partner", `partner_${answer.by}`, "weight", direction === "upstream" ? "share_of_input" : "share_of_output"]), {
    heading, title: heading, name: direction, first: true, noun: "partner", keep: page.keep, colored: page.colored(answer.by),
    empty: direction === "upstream" ? "Nobody makes a synapse onto it." : "It makes no synapse onto others.",
  }), table.rows.length > 0 && h("p", { class: "more" },
    h("a", { href: page.link("partners", { neurons: answer.root_id, direction }) },
      table.rows.length < table.total ? `All ${number(table.total)} ${direction} partners` : `Filter and group the ${direction} partners`)));
}

function links(answer) {
  const found = [];
  if (answer.links.neuroglancer) {
    found.push(h("a", { class: "chip", href: answer.links.neuroglancer, target: "_blank", rel: "noopener noreferrer" }, "Neuroglancer ↗"));
  }
  const browser = answer.links.neo4j_browser;
  if (browser && /^https?:/.test(browser)) {
    found.push(h("a", { class: "chip", href: browser, target: "_blank", rel: "noopener noreferrer" }, "Neo4j Browser ↗"));
  } else if (browser) found.push(h("span", { class: "chip" }, "Neo4j Browser: ", h("code", {}, browser), " ", copyButton(browser)));
  return found;
}

function meshes(page, answer) {
  if (!answer.has_mesh) return h("p", { class: "empty" }, "This graph names no segmentation, so there is no mesh to show. A load from CAVE names one.");
  const place = h("div", { class: "mesh" });
  place.append(h("button", {
    type: "button", class: "quiet",
    onclick: () => place.replaceChildren(h("iframe", {
      sandbox: "allow-scripts", title: "Mesh of the neuron", src: address("scene", { neurons: answer.root_id }),
    })),
  }, "Show its mesh"));
  return place;
}

/** x, y and z in voxels, from a field that holds a position as text or list. */
function voxels(properties) {
  for (const name of ["position", "root_position", "nucleus_position"]) {
    const found = String(properties[name] ?? "").match(/-?\d+(\.\d+)?/g);
    if (found?.length === 3) return { name, place: found.map(Number).map(Math.round) };
  }
  return null;
}

function image(page, answer) {
  if (!page.graph.has.images) return h("p", { class: "empty" }, "This graph names no EM images.");
  const found = voxels(answer.properties);
  if (!found) return h("p", { class: "empty" }, "No annotation says where this neuron is, so there is no image to centre.");
  const place = h("div", { class: "em" });
  const [x, y, z] = found.place;
  const button = (label, filled) => h("button", { type: "button", class: "quiet", onclick: () => draw(filled) }, label);
  function draw(filled) {
    const asked = given({ x, y, z, size: 512, fill_missing: filled ? 1 : null });
    const picture = h("img", { alt: `EM around ${found.name} ${x}, ${y}, ${z}`, src: address("em", asked) });
    picture.addEventListener("error", async () => {
      try {
        await page.ask("em", asked); // the error says what a broken picture cannot
      } catch (error) {
        if (page.signal.aborted) return;
        const gaps = !filled && error.hint?.includes("fill_missing"); // chunks that the volume does not store
        place.replaceChildren(problem(gaps ? { message: error.message } : error), ...(gaps ? [button("Show missing chunks as black", true)] : []));
      }
    });
    place.replaceChildren(picture, h("p", { class: "said" }, `${found.name}: ${x}, ${y}, ${z} voxels${filled ? "; black may be missing" : ""}`));
  }
  place.append(button("Show the EM image at its position", false));
  return place;
}

export async function show(page) {
  const { id = "" } = page.values;
  if (!id) {
    page.title("Neuron");
    page.result.append(lesson(page, "Search for a neuron, or click a root id in any table.",
      (await examples(page)).map((one) => [one.text, { text: one.text }, "search"])));
    return;
  }
  page.title(`Neuron ${id}`);
  await page.answer("neuron", { id, by: page.values.by }, (answer) => {
    const { properties, root_id: root } = answer;
    const name = properties.display_name ?? properties.name ?? properties.cell_type ?? properties[answer.by];
    page.title(h("span", { class: "who" }, h("span", { class: "dot large", css: { background: answer.color } }), written(name ?? "Unknown"),
      h("span", { class: "id sub" }, root), copyButton(root, "Copy id")));
    document.title = `${root} · ${page.graph.name}`;
    const shown = Object.fromEntries(Object.entries(properties).filter(([key]) => !HIDDEN.has(key)));
    return [
      h("div", { class: "tiles" }, TILES.filter(([key]) => properties[key] !== null && properties[key] !== undefined)
        .map(([key, said]) => h("div", { class: "tile", "data-total": key }, h("b", {}, number(properties[key])), h("span", {}, said))),
      answer.transmitter && h("div", { class: "tile" }, h("b", {}, written(answer.transmitter)), h("span", {}, "transmitter"))),
      h("div", { class: "line" }, actions(page, root, 1), links(answer)),
      h("div", { class: "halves" }, partners(page, answer, "upstream", "Strongest upstream"), partners(page, answer, "downstream", "Strongest downstream")),
      h("div", { class: "halves" },
        h("section", {}, h("h2", {}, "Properties"), Object.keys(shown).length ? pairs(shown) : h("p", { class: "empty" }, "None."),
          h("h2", {}, "Mesh"), meshes(page, answer), h("h2", {}, "EM image"), image(page, answer)),
        h("section", {}, h("h2", {}, "Regions"), answer.regions ? tableView(answer.regions, { title: "regions", name: "regions", keep: page.keep, empty: "No synapse is in a region." })
          : h("p", { class: "empty" }, "The regions of synapses were not loaded."))),
      tableView(dropId(answer.annotations), {
        heading: "Annotations", title: "annotation rows", name: "annotations", keep: page.keep, colored: page.colored(answer.by),
        files: { question: "annotations", parameters: { neurons: root } },
        empty: "No table annotates this neuron: most partners in a connectome are like that.",
      }),
      h("p", { class: "said" }, count(answer.annotations.total, "annotation row")),
    ];
  });
}

/** The annotation rows of one neuron: its id is in the title, columns that no row fills are left out. */
function dropId(table) {
  const used = table.columns.map((_, i) => i).filter((i) => table.columns[i].name !== "root_id"
    && table.rows.some((row) => row[i] !== null && row[i] !== "" && !(Array.isArray(row[i]) && !row[i].length)));
  return { ...table, columns: used.map((i) => table.columns[i]), rows: table.rows.map((row) => used.map((i) => row[i])) };
}
