// Duty on the map and in the roster. Without scripts the lists and the field of codes are all there is.
// #duty-shapes           outlines (GeoJSON) that are drawn over the map of the page
// [data-duty-codes]      a field with codes of unit grids: a click on the map puts one in or takes it out
// [data-duty-roster]     a table of links: the arrow keys go from cell to cell

const FILL = ["match", ["get", "tone"], "full", "#5f90d2", "part", "#b9d0ee", "none", "#ffffff", "#8fb3e2"];
const EDGE = ["match", ["get", "tone"], "none", "#b3261e", "#164891"];

const ready = (box, act) => {
  if (box.hasAttribute("data-ready")) { act(box.map); return; }
  const seen = new MutationObserver(() => { if (box.hasAttribute("data-ready")) { seen.disconnect(); act(box.map); } });
  seen.observe(box, { attributes: true, attributeFilter: ["data-ready"] });
};

function extent(features) {
  const all = JSON.stringify(features.map((f) => f.geometry.coordinates)).match(/-?\d+\.?\d*/g).map(Number);
  const [x, y] = [all.filter((_, i) => i % 2 === 0), all.filter((_, i) => i % 2 === 1)];
  const least = (a) => a.reduce((p, q) => Math.min(p, q));
  const most = (a) => a.reduce((p, q) => Math.max(p, q));
  return [[least(x), least(y)], [most(x), most(y)]];
}

function draw(map, shapes) {
  if (!shapes.features.length) return;
  map.addSource("duty", { type: "geojson", data: shapes });
  map.addLayer({ id: "duty-fill", type: "fill", source: "duty", paint: { "fill-color": FILL, "fill-opacity": 0.55 } });
  map.addLayer({ id: "duty-edge", type: "line", source: "duty", paint: { "line-color": EDGE, "line-width": 1.6 } });
  map.addLayer({ id: "duty-names", type: "symbol", source: "duty", minzoom: 13, layout: { "text-field": ["get", "name"], "text-font": ["Noto Sans CJK SC"], "text-size": 12 }, paint: { "text-color": "#16202c", "text-halo-color": "#ffffff", "text-halo-width": 2 } });
  map.fitBounds(extent(shapes.features), { padding: 24, animate: false, maxZoom: 16 });
}

function pick(map, field) {
  const read = () => [...new Set(field.value.match(/\d+/g) ?? [])];
  const count = document.querySelector("[data-duty-count]");
  map.addLayer({ id: "duty-ground", type: "fill", source: "grids", "source-layer": "grids", paint: { "fill-color": "#000000", "fill-opacity": 0 } });
  map.addLayer({ id: "duty-picked", type: "fill", source: "grids", "source-layer": "grids", paint: { "fill-color": "#1d5bb8", "fill-opacity": 0.45 }, filter: ["literal", false] });
  const show = () => {
    const codes = read();
    map.setFilter("duty-picked", ["in", ["get", "grid_code"], ["literal", codes]]);
    if (count) { count.hidden = false; count.querySelector("b").textContent = codes.length; }
  };
  map.on("click", "duty-ground", (event) => {
    const code = event.features[0].properties.grid_code;
    const codes = read();
    field.value = (codes.includes(code) ? codes.filter((c) => c !== code) : [...codes, code]).join("\n");
    show();
  });
  map.on("mouseenter", "duty-ground", () => { map.getCanvas().style.cursor = "pointer"; });
  map.on("mouseleave", "duty-ground", () => { map.getCanvas().style.cursor = ""; });
  field.addEventListener("input", show);
  show();
}

const box = document.querySelector("[data-map]");
const shapes = document.getElementById("duty-shapes");
const field = document.querySelector("[data-duty-codes]");
if (box && shapes) ready(box, (map) => draw(map, JSON.parse(shapes.textContent)));
if (box && field) ready(box, (map) => pick(map, field));

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
document.addEventListener("keydown", (event) => {
  const table = event.target.closest?.("[data-duty-roster]");
  const cell = event.target.closest?.("td");
  const step = STEPS[event.key];
  if (!table || !cell || !step) return;
  const row = table.rows[cell.parentElement.rowIndex + step[1]];
  const link = row?.cells[cell.cellIndex + step[0]]?.querySelector("a");
  if (link) { event.preventDefault(); link.focus(); }
});
