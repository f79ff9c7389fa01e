// The phone's page: three views, one queue. Without this script the page is a list of tasks.
import * as db from "./db.js";
import { Position, keepForGood } from "./device.js";
import { WORDS, page, person, word } from "./parts.js";
import { Queue } from "./queue.js";
import { Report } from "./report.js";
import { addressOf, Sender } from "./send.js";
import { Tasks } from "./tasks.js";

const find = (name) => document.querySelector(`[data-${name}]`);
const views = { report: document.getElementById("view-report"), tasks: document.getElementById("view-tasks"), queue: document.getElementById("view-queue") };
const position = new Position();
let why = "";

function badge(name, count) {
  const element = find(name);
  element.textContent = count;
  element.hidden = !count;
}

function waitingIs(count) {
  badge("queue-count", count);
  find("count").textContent = word("queued", count);
}

function status(reason) {
  why = reason || (navigator.onLine ? "" : "offline");
  find("net").textContent = word(why === "offline" ? "offline" : "online");
  const strip = find("strip");
  strip.hidden = !why;
  const text = why === "offline" ? word("kept") : why ? WORDS[why] : "";
  const link = () => Object.assign(document.createElement("a"), { href: page.signIn, textContent: word("sign_in_again") });
  const title = () => Object.assign(document.createElement("b"), { textContent: word("offline_title") });
  strip.replaceChildren(...(why === "sign_in" ? [text, " ", link()] : why === "offline" ? [title(), text] : [text]));
}

const changed = async () => { await queue.draw(); await tasks.draw(); };
const sender = new Sender(person, page.api, changed, status);
const queued = async () => { await queue.draw(); sender.soon(0); };
const queue = new Queue(views.queue, waitingIs, async (send) => { await changed(); if (send) sender.soon(0); });
const tasks = new Tasks(views.tasks, position, queued, (count) => badge("tasks-count", count));
const report = views.report && new Report(views.report, position, queued);

function show() {
  const wanted = location.hash.slice(1);
  const name = views[wanted] ? wanted : report ? "report" : "tasks";
  for (const [key, view] of Object.entries(views)) if (view) view.hidden = key !== name;
  for (const tab of document.querySelectorAll("[data-tabs] a")) {
    const isOn = tab.hash === `#${name}`;
    if (isOn) { tab.setAttribute("aria-current", "page"); find("title").textContent = tab.querySelector("span").textContent; } else tab.removeAttribute("aria-current");
  }
  if (name === "queue") queue.draw();
  if (name === "tasks" && !views.tasks.querySelector("details[open]")) tasks.draw();
}

// The tasks and the classes, fresh where there is a network, kept where there is none.
async function refresh(byTimer) {
  const headers = { Accept: "application/json", ...(byTimer ? { "X-CityOps-Refresh": "1" } : {}) };
  try {
    const [due, classes] = await Promise.all(["tasks/", "classes/"].map((path) => fetch(addressOf(page.api, path), { headers })));
    if (due.status === 401) { status("sign_in"); return; }
    if (due.ok && !(await db.actionsOf(person)).some((action) => action.state === "waiting" && action.case_no)) await tasks.take(await due.json());
    if (classes.ok && report) {
      await db.putNote(`classes:${person}`, await classes.json());
      if (!report.classes.length) await report.refresh();
    }
  } catch {
    status("offline");
  }
}

async function start() {
  find("plain").hidden = true;
  find("app").hidden = false;
  find("tabs").hidden = false;
  status("");
  window.addEventListener("hashchange", show);
  window.addEventListener("offline", () => status("offline"));
  window.addEventListener("online", () => { status(""); refresh(true); });
  find("send-now").addEventListener("click", () => sender.soon(0));
  position.start();
  try {
    await queue.draw();
    await tasks.start();
    await report?.start();
  } catch {
    find("strip").hidden = false;
    find("strip").textContent = word("broken");
    return;
  }
  show();
  document.body.dataset.ready = "";
  sender.soon(0, true);
  keepForGood();
  await refresh(false);
  setInterval(() => { if (!document.hidden && !why) refresh(true); }, 120000);
  navigator.serviceWorker?.register(page.worker, { scope: page.scope }).catch(() => null);
}

start();
