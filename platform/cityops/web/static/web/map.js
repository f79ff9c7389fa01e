// Maps: every element with data-map becomes one. What it shows comes from our own vector tiles, never from elsewhere.
// data-layers  layers to draw, of: grids load components cases
// data-tiles   address with {layer}; data-query  filters of the case list
// data-bounds  west,south,east,north; data-scope  the digits that codes of the own division begin with
// data-point   longitude,latitude of a pin; data-pick  selectors of the two fields that a click fills
// data-values  id of a JSON script {code: {step, light, label}} that colours divisions
// Every map has an equal list beside it; without scripts the list is all there is.

const LIGHT = { green: "#2c9a61", yellow: "#f0ab00", red: "#d4352c", paused: "#8793a6", none: "#8793a6" };
const ORDER = ["none", "green", "paused", "yellow", "red"];
const RAMP = ["#dbe7f6", "#b9d0ee", "#8fb3e2", "#5f90d2"];
const THEMES = {
  light: { ground: "#eef2f6", own: "#ffffff", edge: "#c3ccd8", own_edge: "#8ea3bd", grid: "#cfdae8", text: "#4a586c", dim: "#7b889b", halo: "#ffffff", brand: "#1d5bb8", steps: ["#ffffff", "#dbe7f6", "#b9d0ee", "#8fb3e2", "#5f90d2"], good: "#d9efe3", warn: "#fde9b8", bad: "#f9d3cf", gradeA: "#4fae7b", gradeB: "#5b93d6", gradeC: "#f0c64a", gradeD: "#ec9446", gradeE: "#d9574c", light: LIGHT },
  dark: { ground: "#0c1826", own: "#13273d", edge: "#22374f", own_edge: "#7f9dc4", grid: "#1f3550", text: "#eef4fb", dim: "#8fa3bb", halo: "#0a1420", brand: "#6aa8ff", steps: ["#13273d", "#1b3350", "#24497a", "#2f62a5", "#4582d0"], good: "#16402f", warn: "#4a3a12", bad: "#54221f", gradeA: "#2c7a51", gradeB: "#2f62a5", gradeC: "#8f7420", gradeD: "#9a5a1e", gradeE: "#9a3830", light: { ...LIGHT, green: "#3fbf80", yellow: "#ffb920", red: "#ff5a4f", paused: "#7d8fa6" } },
};
const FONT = ["Noto Sans CJK SC"];
const SHAPES = {
  green: (c) => c.arc(12, 12, 8, 0, 7),
  yellow: (c) => { c.moveTo(12, 2.5); c.lineTo(22, 20); c.lineTo(2, 20); c.closePath(); },
  red: (c) => { c.moveTo(12, 1); c.lineTo(23, 12); c.lineTo(12, 23); c.lineTo(1, 12); c.closePath(); },
  paused: (c) => { c.rect(5, 4, 5, 16); c.rect(14, 4, 5, 16); },
  none: (c) => c.rect(5, 5, 14, 14),
};

// Whether the tiles now asked for are asked for by a timer: then they keep no session awake.
let byTimer = new URLSearchParams(location.search).has("refresh");
let library;
const load = (box) => (library ??= import(box.dataset.lib).then((lib) => { lib.setWorkerUrl(new URL(box.dataset.worker, location.href).href); return lib; }));

function drawIcons(map, theme) {
  for (const [name, path] of Object.entries(SHAPES)) {
    const scale = 3;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 24 * scale;
    const c = canvas.getContext("2d");
    c.scale(scale, scale);
    c.beginPath();
    path(c);
    c.lineJoin = "round";
    c.strokeStyle = theme.halo;
    c.lineWidth = 3.2;
    c.stroke();
    c.fillStyle = theme.light[name];
    c.fill();
    if (name === "yellow") { c.strokeStyle = "#7d5200"; c.lineWidth = 1.5; c.stroke(); }
    map.addImage(`l-${name}`, c.getImageData(0, 0, canvas.width, canvas.height), { pixelRatio: scale });
  }
}

const address = (box, layer, query) => new URL(box.dataset.tiles.replace("LAYER", layer) + (query ? `?${query}` : ""), location.href).href.replaceAll("%7B", "{").replaceAll("%7D", "}");
const source = (box, layer, query = "") => ({ type: "vector", tiles: [address(box, layer, query)], minzoom: 0, maxzoom: layer === "divisions" ? 13 : 16 });

function label(id, from, theme, more = {}) {
  return {
    id, type: "symbol", source: from, "source-layer": more.layer ?? "names", filter: more.filter ?? ["all"], minzoom: more.min ?? 0,
    layout: { "text-field": ["get", more.field ?? "name"], "text-font": FONT, "text-size": more.size ?? 12, "text-padding": 2, "text-offset": more.offset ?? [0, 0] },
    paint: { "text-color": more.color ?? theme.text, "text-halo-color": theme.halo, "text-halo-width": 2 },
  };
}

function ground(box, theme, values) {
  const scope = box.dataset.scope ?? "";
  const own = scope ? ["==", ["slice", ["get", "code"], 0, scope.length], scope] : ["literal", true];
  const level = Number(box.dataset.level ?? 0);
  const shown = level ? ["==", ["get", "level"], level] : ["<=", ["get", "level"], 4];
  const layers = [
    { id: "ground", type: "background", paint: { "background-color": theme.ground } },
    { id: "own", type: "fill", source: "divisions", "source-layer": "divisions", filter: ["all", own, shown], paint: { "fill-color": fillOf(values, theme), "fill-antialias": false } },
    { id: "edges", type: "line", source: "divisions", "source-layer": "divisions", filter: ["all", ["!", own], ["<=", ["get", "level"], level || 4]], paint: { "line-color": theme.edge, "line-width": 1, "line-dasharray": [4, 3] } },
    { id: "own-edges", type: "line", source: "divisions", "source-layer": "divisions", filter: level ? ["all", own, ["<=", ["get", "level"], level]] : own, paint: { "line-color": theme.own_edge, "line-width": ["match", ["get", "level"], 2, 1.6, 3, 1.4, 4, 1.2, 0.8] } },
  ];
  return layers;
}

function fillOf(values, theme) {
  const entries = Object.entries(values);
  if (!entries.length) return theme.own;
  const match = ["match", ["get", "code"]];
  for (const [code, value] of entries) match.push(code, value.tone ? theme[value.tone] : theme.steps[value.step ?? 0]);
  match.push(theme.own);
  return match;
}

function names(theme, values) {
  const layers = [
    label("names-cities", "divisions", theme, { filter: ["<=", ["get", "level"], 3] }),
    label("names-counties", "divisions", theme, { filter: ["==", ["get", "level"], 4], min: 8 }),
    label("names-streets", "divisions", theme, { filter: ["==", ["get", "level"], 5], min: 12, color: theme.dim }),
  ];
  if (Object.keys(values).length) layers.splice(0, 2);
  return layers;
}

// How many cases of a cell are shown: all, or those with one of the lights; how large it is, and the worst of them.
const countOf = (lit) => (lit.length ? ["+", 0, ...lit.map((light) => ["coalesce", ["get", light], 0])] : ["get", "count"]);
const sizeOf = (lit) => ["step", countOf(lit), 11, 10, 15, 50, 20, 200, 26];
const edgeOf = (lit, theme) => {
  const has = (light) => ["all", !lit.length || lit.includes(light), [">", ["coalesce", ["get", light], 0], 0]];
  return ["case", has("red"), theme.light.red, has("yellow"), theme.light.yellow, theme.halo];
};

function caseLayers(theme) {
  return [
    { id: "cells", type: "circle", source: "cases", "source-layer": "cells", paint: { "circle-color": theme.brand, "circle-opacity": 0.82, "circle-radius": sizeOf([]), "circle-stroke-color": edgeOf([], theme), "circle-stroke-width": 2.5 } },
    { id: "cells-count", type: "symbol", source: "cases", "source-layer": "cells", layout: { "text-field": ["to-string", countOf([])], "text-font": FONT, "text-size": 12, "text-allow-overlap": true }, paint: { "text-color": theme.halo } },
    { id: "cases", type: "symbol", source: "cases", "source-layer": "cases", layout: { "icon-image": ["concat", "l-", ["get", "light"]], "icon-size": ["interpolate", ["linear"], ["zoom"], 12, 0.5, 16, 0.9], "icon-allow-overlap": true, "symbol-sort-key": ["match", ["get", "light"], "red", 4, "yellow", 3, "paused", 2, "green", 1, 0] } },
  ];
}

const EXTRA = {
  grids: (theme) => [
    { id: "grids", type: "line", source: "grids", "source-layer": "grids", paint: { "line-color": theme.grid, "line-width": ["interpolate", ["linear"], ["zoom"], 13, 0.5, 17, 1.4] } },
    label("grid-codes", "grids", theme, { layer: "grids", field: "grid_code", min: 17, size: 11, color: theme.dim }),
  ],
  load: () => [
    { id: "load", type: "fill", source: "load", "source-layer": "load", paint: { "fill-color": ["step", ["get", "open"], RAMP[0], 2, RAMP[1], 3, RAMP[2], 4, RAMP[3]], "fill-opacity": 0.75 } },
  ],
  components: (theme) => [
    { id: "component-cells", type: "circle", source: "components", "source-layer": "cells", paint: { "circle-color": "#5f7fa8", "circle-opacity": 0.6, "circle-radius": ["interpolate", ["linear"], ["ln", ["get", "count"]], 0, 4, 8, 18] } },
    { id: "component-counts", type: "symbol", source: "components", "source-layer": "cells", layout: { "text-field": ["to-string", ["get", "count"]], "text-font": FONT, "text-size": 11 }, paint: { "text-color": theme.text, "text-halo-color": theme.halo, "text-halo-width": 1.5 } },
    { id: "components", type: "circle", source: "components", "source-layer": "components", paint: { "circle-color": "#5f7fa8", "circle-radius": 4.5, "circle-stroke-color": theme.halo, "circle-stroke-width": 1.5 } },
  ],
  cases: caseLayers,
};

function style(box, theme, values) {
  const wanted = (box.dataset.layers ?? "").split(" ").filter(Boolean);
  const sources = { divisions: source(box, "divisions") };
  const layers = ground(box, theme, values);
  for (const name of ["load", "grids", "components", "cases"]) {
    if (!wanted.includes(name)) continue;
    sources[name] = source(box, name, name === "cases" ? box.dataset.query : "");
    layers.push(...EXTRA[name](theme));
    if (name === "grids") layers.push(...names(theme, values).splice(0));
  }
  if (!wanted.includes("grids")) layers.push(...names(theme, values));
  return { version: 8, sources, layers };
}

function popupNode(box, properties) {
  const node = document.createElement("div");
  node.className = "pop";
  const title = document.createElement("b");
  title.textContent = properties.name ?? properties.obj_name ?? "";
  const line = document.createElement("span");
  line.className = "sec sm";
  line.textContent = properties.no ?? properties.obj_id ?? "";
  node.append(title, line);
  const pattern = properties.no ? box.dataset.caseUrl : box.dataset.componentUrl;
  if (pattern) {
    const link = document.createElement("a");
    link.href = pattern.replace("CODE", properties.no ?? properties.obj_id);
    link.textContent = box.dataset.open;
    node.append(link);
  }
  return node;
}

function popups(lib, map, box) {
  for (const id of ["cases", "components"]) {
    map.on("click", id, (event) => {
      const found = event.features[0];
      new lib.Popup({ closeButton: false, maxWidth: "260px" }).setLngLat(found.geometry.coordinates).setDOMContent(popupNode(box, found.properties)).addTo(map);
    });
  }
  for (const id of ["cells", "component-cells"]) map.on("click", id, (event) => map.easeTo({ center: event.lngLat, zoom: map.getZoom() + 2 }));
  for (const id of ["cases", "components", "cells", "component-cells"]) {
    map.on("mouseenter", id, () => { map.getCanvas().style.cursor = "pointer"; });
    map.on("mouseleave", id, () => { map.getCanvas().style.cursor = ""; });
  }
}

function pinElement(kind = "") {
  const node = document.createElement("div");
  node.className = `mpin ${kind}`;
  return node;
}

function points(lib, map, box) {
  if (box.dataset.point) {
    const at = box.dataset.point.split(",").map(Number);
    new lib.Marker({ element: pinElement(), anchor: "bottom" }).setLngLat(at).addTo(map);
  }
  for (const [code, value] of Object.entries(valuesOf(box))) {
    if (!value.at) continue;
    const node = document.createElement(value.url ? "a" : "div");
    node.className = "mval";
    if (value.url) node.href = value.url;
    const name = document.createElement("span");
    name.textContent = value.name ?? code;
    node.append(name);
    if (value.light) {
      const mark = document.createElement("b");
      mark.append(shapeOf(box, value.light));
      if (value.label) mark.append(` ${value.label}`);
      node.append(mark);
    }
    new lib.Marker({ element: node }).setLngLat(value.at).addTo(map);
  }
}

function shapeOf(box, light) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${box.dataset.lights}#l-${light[0]}`);
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `ms-${light[0]}`);
  svg.append(use);
  return svg;
}

function picking(lib, map, box) {
  if (!box.dataset.pick) return;
  const [longitude, latitude] = box.dataset.pick.split(",").map((id) => document.querySelector(id));
  let marker = null;
  const put = (at) => {
    if (!marker) {
      marker = new lib.Marker({ element: pinElement(), anchor: "bottom", draggable: true }).setLngLat(at).addTo(map);
      marker.on("dragend", () => fill(marker.getLngLat()));
    }
    marker.setLngLat(at);
  };
  const fill = (at) => {
    longitude.value = at.lng.toFixed(6);
    latitude.value = at.lat.toFixed(6);
    latitude.dispatchEvent(new Event("change", { bubbles: true }));
  };
  map.on("click", (event) => { put(event.lngLat); fill(event.lngLat); });
  const read = () => {
    const at = [Number(longitude.value), Number(latitude.value)];
    if (longitude.value && latitude.value && Math.abs(at[1]) < 90) { put(at); return at; }
    return null;
  };
  for (const field of [longitude, latitude]) field.addEventListener("change", () => { const at = read(); if (at) map.easeTo({ center: at }); });
  const given = read();
  if (given) map.jumpTo({ center: given, zoom: 16 });
}

function buttons(map, box, bounds, theme) {
  const frame = box.closest(".mapbox");
  let touched = false;
  const whole = () => (bounds ? map.fitBounds(bounds, { padding: 20, animate: false }) : null);
  map.on("movestart", (event) => { if (event.originalEvent) touched = true; });
  map.on("resize", () => { if (!touched && !box.dataset.point) whole(); });
  const on = (name, act) => frame.querySelector(`[data-map-${name}]`)?.addEventListener("click", (event) => { event.preventDefault(); act(); });
  on("in", () => { touched = true; map.zoomIn(); });
  on("out", () => { touched = true; map.zoomOut(); });
  on("home", () => { touched = false; whole(); });
  const toggles = [...frame.querySelectorAll("[data-map-light]")];
  const apply = () => {
    const lit = toggles.filter((t) => t.getAttribute("aria-pressed") === "true").map((t) => t.dataset.mapLight);
    map.setFilter("cases", lit.length ? ["in", ["get", "light"], ["literal", lit]] : null);
    for (const layer of ["cells", "cells-count"]) map.setFilter(layer, lit.length ? [">", countOf(lit), 0] : null);
    map.setPaintProperty("cells", "circle-radius", sizeOf(lit));
    map.setPaintProperty("cells", "circle-stroke-color", edgeOf(lit, theme));
    map.setLayoutProperty("cells-count", "text-field", ["to-string", countOf(lit)]);
  };
  for (const toggle of toggles) {
    toggle.addEventListener("click", () => { toggle.setAttribute("aria-pressed", toggle.getAttribute("aria-pressed") !== "true"); apply(); });
  }
}

// The row under the cursor or with the focus is shown on the map; a filter that replaced the list replaces the tiles.
function following(lib, map, box) {
  let ring = null;
  const show = (row) => {
    const at = [Number(row.dataset.lng), Number(row.dataset.lat)];
    ring ??= new lib.Marker({ element: pinElement("ring") }).setLngLat(at).addTo(map);
    ring.setLngLat(at);
    if (!map.getBounds().contains(at)) map.easeTo({ center: at });
  };
  const find = (event) => event.target.closest?.("[data-lng]");
  document.addEventListener("focusin", (event) => { const row = find(event); if (row) show(row); });
  document.addEventListener("mouseover", (event) => { const row = find(event); if (row) show(row); });
  document.body.addEventListener("htmx:afterSettle", () => {
    const results = document.querySelector("#results[data-query]");
    if (results && map.getSource("cases")) map.getSource("cases").setTiles([address(box, "cases", results.dataset.query)]);
  });
  const seconds = Number(box.dataset.refresh ?? 0);
  if (seconds) {
    map.on("movestart", () => { byTimer = false; });
    setInterval(() => {
      const cases = map.getSource("cases");
      if (document.hidden || !cases) return;
      byTimer = true;
      cases.setTiles(cases.tiles);
    }, seconds * 1000);
  }
}

function valuesOf(box) {
  const script = box.dataset.values && document.getElementById(box.dataset.values);
  return script ? JSON.parse(script.textContent) : {};
}

async function make(box) {
  const lib = await load(box);
  const theme = THEMES[box.dataset.theme ?? "light"];
  const values = valuesOf(box);
  const numbers = (box.dataset.bounds ?? "").split(",").map(Number);
  const bounds = numbers.length === 4 ? [numbers.slice(0, 2), numbers.slice(2)] : null;
  const at = box.dataset.point?.split(",").map(Number);
  const map = new lib.Map({
    container: box, style: style(box, theme, values), attributionControl: false, fadeDuration: 0, dragRotate: false, pitchWithRotate: false,
    ...(at ? { center: at, zoom: 15.5 } : bounds ? { bounds, fitBoundsOptions: { padding: Number(box.dataset.padding ?? 20) } } : { center: [104, 36], zoom: 3 }),
    interactive: box.dataset.still === undefined, maxZoom: 19,
    transformRequest: (url) => ({ url, headers: byTimer ? { "X-CityOps-Refresh": "1" } : {} }),
  });
  box.map = map;
  map.touchZoomRotate?.disableRotation();
  map.getCanvas().setAttribute("aria-label", box.getAttribute("aria-label") ?? "");
  drawIcons(map, theme);
  map.on("error", (event) => console.warn("map:", event.error?.message));
  popups(lib, map, box);
  points(lib, map, box);
  picking(lib, map, box);
  buttons(map, box, bounds, theme);
  following(lib, map, box);
  map.once("idle", () => box.setAttribute("data-ready", ""));
}

for (const box of document.querySelectorAll("[data-map]")) make(box).catch((error) => box.closest(".mapbox").classList.add("broken") || console.warn("map:", error.message));
