// Comforts of a desk; every part of it can be read and sent without this file.
// Keys: J K walk the queue, / goes to its filter, digits choose a filing condition, letters act, ? lists them; none
// while somebody types, and none of the single ones where the person has turned them off.
// The queue asks again every ten seconds (304 where nothing changed); the case that is open is never replaced.

const desk = document.querySelector("[data-desk]");
const keysOff = desk.hasAttribute("data-keys-off");
const EVERY = 10000;
const TYPING = "input:not([type=radio], [type=checkbox]), select, textarea, [contenteditable]";
desk.classList.add("js");

// --- keys

const rows = () => [...document.querySelectorAll("#queue .dk-rows a")];
const help = document.querySelector(".dk-help");
document.querySelector("[data-desk-help]").addEventListener("click", () => help.showModal());

function walk(step) {
  const links = rows();
  const now = links.findIndex((link) => link.hasAttribute("aria-current"));
  const next = links[now < 0 ? 0 : now + step];
  if (next) next.click();
}

// A move: at once where nothing more is asked, or where its form is open and complete; else its form is opened.
function act(name) {
  const box = document.getElementById(`act-${name}`);
  const form = box?.querySelector("form");
  if (!form) return;
  const asks = [...form.elements].some((field) => field.required);
  const isReady = form.checkValidity() && (box.open || (!asks && !box.classList.contains("act-x") && name !== "correct" && name !== "file"));
  if (isReady) return form.requestSubmit();
  box.open = true;
  box.scrollIntoView({ block: "nearest" });
  const field = [...form.elements].find((one) => one.matches(":invalid")) ?? form.querySelector("input:not([type=hidden]), select, textarea");
  field?.focus();
}

function press(key) {
  if (key === "j") return walk(1);
  if (key === "k") return walk(-1);
  if (key === "x") {
    const box = document.querySelector("#queue li.on input[type=checkbox]");
    if (box) { box.checked = !box.checked; told(); }
    return;
  }
  if (key === "m" && document.querySelector("#join")) return document.querySelector("#join").requestSubmit();
  const digit = /^[1-9]$/.test(key) && document.querySelector(`[data-digit="${key}"]`);
  if (digit) {
    const box = digit.closest("details");
    box.open = true;
    digit.checked = true;
    digit.focus();
    return;
  }
  const button = document.querySelector(`[data-desk-key="${CSS.escape(key)}"]`);
  if (button) return act(button.dataset.do);
  return false;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing || help.open) return;
  if (event.target.closest(TYPING)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "?") { event.preventDefault(); return help.showModal(); }
  if (keysOff) return;
  if (event.key === "/") {
    event.preventDefault();
    return document.querySelector("[data-desk-filter]").focus();
  }
  if (event.key.length === 1 && press(event.key.toLowerCase()) !== false) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) { event.preventDefault(); act(button.dataset.do); }
});

// --- several at once

const boxes = () => [...document.querySelectorAll("#queue input[type=checkbox][name=case]")];
function told() {
  const count = boxes().filter((box) => box.checked).length;
  document.querySelector("[data-desk-picked]").textContent = count ? `× ${count}` : "";
}
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-desk-all]")) for (const box of boxes()) box.checked = event.target.checked;
  told();
});

// --- what was typed stays

const place = `desk:${desk.dataset.case}`;
const typed = () => [...document.querySelectorAll("#acts form")].flatMap((form) => [...form.elements]
  .filter((field) => field.name && field.type !== "hidden" && field.type !== "file" && (/^(radio|checkbox)$/.test(field.type) ? field.checked !== field.defaultChecked : field.value !== (field.defaultValue ?? "")))
  .filter((field) => field.tagName !== "SELECT" || ![...field.options].every((one) => one.selected === one.defaultSelected))
  .map((field) => [form.id, field.name, /^(radio|checkbox)$/.test(field.type) ? field.checked : field.value, field.type === "radio" ? field.value : ""]));

function restore() {
  const kept = JSON.parse(sessionStorage.getItem(place) ?? "[]");
  sessionStorage.removeItem(place);
  for (const [form, name, value, which] of kept) {
    const found = document.querySelector(`#${CSS.escape(form)} [name="${CSS.escape(name)}"]${which ? `[value="${CSS.escape(which)}"]` : ""}`);
    if (!found) continue;
    if (typeof value === "boolean") found.checked = value; else found.value = value;
    found.closest("details").open = true;
  }
}
if (desk.dataset.case) restore();
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-desk-reload]")) return;
  sessionStorage.setItem(place, JSON.stringify(typed()));
  location.reload();
});

// --- fresh, without disturbing

const token = () => document.querySelector("input[name=csrfmiddlewaretoken]").value;
const quiet = { "HX-Request": "true", "X-CityOps-Refresh": "1" };
let etag = "";

async function freshQueue() {
  const answer = await fetch(`${desk.dataset.poll}&open=${desk.dataset.case ?? ""}`, { headers: { ...quiet, "HX-Target": "queue", ...(etag ? { "If-None-Match": etag } : {}) }, cache: "no-store", redirect: "error" });
  if (answer.status !== 200) return;
  etag = answer.headers.get("ETag") ?? "";
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = parsed.querySelector("#queue");
  if (!fresh) return;
  const old = document.querySelector("#queue");
  const picked = new Set(boxes().filter((box) => box.checked).map((box) => box.value));
  const held = document.activeElement?.closest("#queue li")?.dataset.no;
  const top = old.scrollTop;
  const tabs = fresh.querySelector("template[data-tabs]");
  if (tabs) document.querySelector("#tabs").replaceChildren(tabs.content);
  tabs?.remove();
  old.replaceWith(fresh);
  fresh.scrollTop = top;
  for (const box of boxes()) box.checked = picked.has(box.value);
  if (held) document.querySelector(`#queue li[data-no="${held}"] a`)?.focus();
  told();
}

let shown = "";
async function sign() {
  if (!desk.dataset.presence) return;
  const body = new URLSearchParams({ seq: desk.dataset.seq, version: desk.dataset.version });
  const answer = await fetch(desk.dataset.presence, { method: "POST", body, headers: { ...quiet, "X-CSRFToken": token() }, redirect: "error" });
  if (!answer.ok) return;
  const text = (await answer.text()).trim();
  if (text !== shown) document.querySelector("#strip").innerHTML = shown = text;
}

async function refresh() {
  if (document.hidden) return;
  await Promise.allSettled([freshQueue(), sign()]);
}
setInterval(refresh, EVERY);
document.addEventListener("visibilitychange", refresh);
document.addEventListener("desk:refresh", refresh);
if (desk.dataset.presence) sign().catch(() => undefined);

// --- narrow: the map under a tab

const side = document.createElement("button");
side.type = "button";
side.className = "btn-d btn-p dk-side-t";
const title = document.querySelector(".a-map h2")?.textContent;
if (title) {
  side.textContent = title;
  side.setAttribute("aria-pressed", "false");
  side.addEventListener("click", () => {
    const isOn = desk.classList.toggle("at-side");
    side.setAttribute("aria-pressed", String(isOn));
    window.dispatchEvent(new Event("resize"));
  });
  desk.append(side);
}
document.querySelector("#queue li.on")?.scrollIntoView({ block: "nearest" });
