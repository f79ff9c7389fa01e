// The tasks: what to look at and what to settle, with all that is needed without a network.
import * as db from "./db.js";
import { metresBetween } from "./device.js";
import { WORDS, clock, enqueue, icon, keepPhoto, light, make, person, photosFor, showPhotos, word } from "./parts.js";

const MAIN = ["verify_true", "verify_false", "pass_check", "fail_check", "sign", "feed_back"];
const USAGE = { verify: "verify", check: "check", handle: "handle" };

export class Tasks {
  constructor(view, position, queued, counted) {
    Object.assign(this, { view, position, queued, counted, tasks: [], asOf: "", actions: [] });
  }

  async start() {
    const kept = await db.note(`tasks:${person}`);
    if (kept) Object.assign(this, { tasks: kept.tasks, asOf: kept.as_of });
    await this.draw();
  }

  async take(answer) {
    if (answer.person !== person) return;
    Object.assign(this, { tasks: answer.tasks, asOf: answer.as_of });
    await db.putNote(`tasks:${person}`, { tasks: answer.tasks, as_of: answer.as_of }).catch(() => null);
    if (!this.view.querySelector("details[open]")) await this.draw();
    this.counted(this.tasks.length);
  }

  sorted() {
    const here = this.position.fix;
    const away = (task) => (here ? metresBetween(here, task) : 0);
    const byTime = (a, b) => (a.due_at ?? "9").localeCompare(b.due_at ?? "9");
    return [...this.tasks].sort((a, b) => (a.kind === "handle" || b.kind === "handle" || !here ? byTime(a, b) : away(a) - away(b)));
  }

  async draw() {
    this.actions = (await db.actionsOf(person)).filter((action) => action.case_no && action.state === "waiting");
    this.view.querySelector("[data-as-of]").textContent = this.asOf ? word("tasks_of", clock(this.asOf)) : "";
    const cards = this.sorted().map((task) => this.card(task));
    this.view.querySelector("[data-tasks]").replaceChildren(...(cards.length ? cards : [make("p", { className: "ph-card" }, word("no_tasks"))]));
    this.counted(this.tasks.length);
  }

  card(task) {
    const far = this.position.fix && metresBetween(this.position.fix, task);
    const where = far === null || far === undefined ? "" : far < 1000 ? word("far", Math.round(far)) : word("far_km", (far / 1000).toFixed(1));
    const marks = [task.kind === "handle" ? "" : word(task.kind), task.kind === "handle" ? "" : word(task.is_own ? "own" : "anybody"), task.rework_count ? word("rework", task.rework_count) : "", task.is_supervised ? word("supervised") : "", where];
    const waiting = this.actions.filter((action) => action.case_no === task.case_no).map((action) => WORDS.kinds[action.kind]);
    const body = make("div", { className: "ph-in" });
    const details = make("details", { className: "ph-card ph-task", "data-case": task.case_no },
      make("summary", {},
        make("span", { className: "ph-row" }, lightOf(task), make("span", { className: "sec" }, marks.filter(Boolean).join(" · "))),
        make("b", {}, task.title), make("span", {}, task.address),
        waiting.length ? make("span", { className: "ph-q" }, word("queued_task", waiting.join("、"))) : null),
      body);
    details.addEventListener("toggle", () => { if (details.open && !body.childElementCount) this.fill(body, task); });
    return details;
  }

  fill(body, task) {
    const slot = `task:${task.case_no}`;
    const mine = make("div", { className: "ph-photos" });
    const say = make("p", { className: "ph-say", role: "alert" });
    const opinion = make("textarea", { rows: 2, maxLength: 1000 });
    const camera = make("input", { type: "file", accept: "image/*", "data-shot": "task" });
    camera.setAttribute("capture", "environment");
    camera.addEventListener("change", async () => {
      const [file] = camera.files;
      camera.value = "";
      try {
        if (file) await keepPhoto(file, slot, USAGE[task.kind], this.position);
        say.textContent = "";
      } catch (error) {
        say.textContent = error.message;
      }
      await showPhotos(mine, slot);
    });
    const move = (one) => make("button", { type: "button", className: one.action === primary(task) ? "ph-b ph-p" : "ph-b", "data-action": one.action, on: { click: () => this.act(task, one, { slot, opinion, say, more }) } }, WORDS.kinds[one.action]);
    const rest = task.moves.filter((one) => !MAIN.includes(one.action));
    const more = rest.length ? this.more(rest, move) : null;
    body.replaceChildren(
      make("p", {}, task.description),
      make("div", { className: task.photos.length ? "ph-pair" : "" },
        make("div", { className: "ph-photos" }, ...task.photos.map((photo) => make("a", { href: photo.picture }, make("img", { src: photo.thumbnail, alt: word(photo.usage === "handle" || photo.usage === "check" ? "photo_after" : "photo_before"), loading: "lazy" })))),
        make("label", { className: "ph-shot" }, icon("camera"), make("span", {}, word("camera")), camera)),
      mine,
      make("label", { className: "ph-f" }, word("opinion"), opinion),
      say,
      make("div", { className: "ph-moves" }, ...task.moves.filter((one) => MAIN.includes(one.action)).map(move)),
      more ?? "",
      make("a", { className: "ph-link", href: task.address_of_page }, word("open_case")));
    showPhotos(mine, slot);
  }

  more(moves, move) {
    const extra = [];
    if (moves.some((one) => one.action === "apply_suspension")) {
      const reasons = Object.entries(WORDS.reasons).map(([value, text]) => make("option", { value }, text));
      extra.push(make("div", { className: "ph-two" },
        make("label", {}, word("why"), make("select", { "data-why": "" }, ...reasons)),
        make("label", {}, word("until"), make("input", { type: "date", "data-until": "" }))));
    }
    return make("details", { className: "ph-more" }, make("summary", {}, word("more")), ...extra, make("div", { className: "ph-moves" }, ...moves.map(move)));
  }

  async act(task, move, { slot, opinion, say, more }) {
    const photos = await photosFor(slot);
    const inputs = opinion.value.trim() ? { opinion: opinion.value.trim() } : {};
    if (move.inputs.includes("why")) inputs.why = more.querySelector("[data-why]").value;
    if (move.inputs.includes("until")) inputs.until = more.querySelector("[data-until]").value;
    const fault = move.inputs.includes("opinion") && !inputs.opinion ? word("need_opinion") : move.inputs.includes("until") && !inputs.until ? word("need_until") : photos.length < move.photos ? word("need_photos", move.photos) : "";
    if (fault) { say.textContent = fault; return; }
    try {
      await enqueue({ kind: move.action, title: task.title, address: task.address, case_no: task.case_no, seen_step: task.seen_step, inputs, spot: this.position.claim(), photos });
    } catch (error) {
      say.textContent = error.message;
      return;
    }
    this.afterwards(task, move);
    await this.draw();
    await this.queued();
  }

  // What the person may do next, as far as the phone knows it: who signed can feed back, who answered is done.
  afterwards(task, move) {
    if (move.action === "sign") {
      task.moves = task.moves.filter((one) => one.action !== "sign");
      task.moves.unshift({ action: "feed_back", label: WORDS.kinds.feed_back, inputs: ["opinion"], photos: 1 });
    } else if (MAIN.includes(move.action)) {
      this.tasks = this.tasks.filter((one) => one !== task);
    } else {
      task.moves = task.moves.filter((one) => one.action !== move.action);
    }
    db.putNote(`tasks:${person}`, { tasks: this.tasks, as_of: this.asOf }).catch(() => null);
  }
}

const primary = (task) => MAIN.find((action) => task.moves.some((one) => one.action === action));

function lightOf(task) {
  if (task.is_paused) return light("p", word("paused"));
  const now = new Date().toISOString();
  const at = (value) => value && new Date(value).toISOString();
  const due = task.due_at ? ` ${word("due", clock(task.due_at))}` : "";
  if (task.due_at && at(task.due_at) < now) return light("r", word("red") + due);
  if (task.warn_at && at(task.warn_at) < now) return light("y", word("yellow") + due);
  return light("g", word("green") + due);
}
