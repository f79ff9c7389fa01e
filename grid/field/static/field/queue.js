// The queue as a person sees it: what waits, what arrived with which receipt, what was refused and why.
import * as db from "./db.js";
import { storage } from "./device.js";
import { WORDS, clock, drawn, icon, light, make, person, word } from "./parts.js";

const LETTER = { waiting: "y", done: "g", refused: "r", conflict: "r" };
const KEPT_DONE = 100;

export class Queue {
  constructor(view, counted, changed) {
    Object.assign(this, { view, counted, changed });
  }

  async draw() {
    const actions = (await db.actionsOf(person)).reverse();
    const waiting = actions.filter((action) => action.state === "waiting");
    const cards = actions.map((action) => this.card(action));
    this.view.querySelector("[data-queue]").replaceChildren(...(cards.length ? cards : [make("p", { className: "ph-card" }, word("no_queue"))]));
    const oldest = waiting.at(-1);
    this.view.querySelector("[data-oldest]").textContent = oldest ? word("oldest", Math.floor((Date.now() - new Date(oldest.claimed_at)) / 60000)) : "";
    this.counted(waiting.length);
    const room = await storage();
    const mega = (bytes) => (bytes / 1048576).toFixed(bytes < 104857600 ? 1 : 0);
    this.view.querySelector("[data-storage]").textContent = room ? `${word("storage", mega(room.used), mega(room.free))} · ${word(room.persisted ? "persisted" : "not_persisted")}` : "";
    for (const old of actions.filter((action) => action.state === "done").slice(KEPT_DONE)) await db.dropAction(old, []);
  }

  card(action) {
    const facts = [word("made", clock(action.claimed_at)), action.photos ? word("photos", action.photos) : "", action.received_at ? word("arrived", clock(action.received_at)) : ""];
    const card = make("article", { className: "ph-card ph-item", "data-state": action.state, "data-action-id": action.action_id },
      action.thumb ? drawn(action.thumb, "") : make("span", { className: "ph-no" }, icon("file-text")),
      make("div", {},
        make("div", { className: "ph-row" }, make("b", {}, `${WORDS.kinds[action.kind]} ${action.title}`), light(LETTER[action.state], word(action.state))),
        action.address ? make("p", { className: "sec" }, action.address) : null,
        make("p", { className: "sec" }, facts.filter(Boolean).join(" · ")),
        action.case_no ? make("p", { className: "sec", "data-receipt": "" }, word("receipt", action.case_no)) : null,
        action.reason ? make("p", { className: "ph-why" }, action.reason) : null));
    if (action.state !== "done") card.lastElementChild.append(this.buttons(action));
    return card;
  }

  buttons(action) {
    const box = make("div", { className: "ph-moves" });
    const ask = () => box.replaceChildren(
      make("p", { role: "alert" }, word("sure")),
      make("button", { type: "button", className: "ph-b ph-red", on: { click: () => this.remove(action) } }, word("sure_yes")),
      make("button", { type: "button", className: "ph-b", on: { click: () => this.draw() } }, word("sure_no")));
    if (action.state !== "waiting") box.append(make("button", { type: "button", className: "ph-b", on: { click: () => this.again(action) } }, word("retry")));
    box.append(make("button", { type: "button", className: "ph-b", on: { click: ask } }, word("delete")));
    return box;
  }

  async photosOf(action) {
    return (await db.photosOf(person)).filter((photo) => photo.action_id === action.action_id);
  }

  async remove(action) {
    await db.dropAction(action, (await this.photosOf(action)).map((photo) => photo.media_id));
    await this.changed(false);
  }

  // What was refused, once more: a new action with the old time and the old photos, which the server may have already.
  async again(action) {
    const { n, ...rest } = action;
    const action_id = crypto.randomUUID();
    const next = { ...rest, action_id, state: "waiting", reason: "", received_at: null, envelope: { ...action.envelope, action_id } };
    await db.renew({ n }, next, await this.photosOf(action));
    await this.changed(true);
  }
}
