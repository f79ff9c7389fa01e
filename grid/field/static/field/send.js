// Sends the queue: photos first, then the actions in their order. What is sent again is the same to the server, so a
// lost answer does no harm. Nothing leaves the phone before the server says that this very person is signed in.
import * as db from "./db.js";
import { phoneId } from "./device.js";

const AT_ONCE = 10;
const FIRST_WAIT = 2000;
const LONGEST_WAIT = 300000;

class Stop extends Error {
  constructor(why) { super(why); this.why = why; }
}

// Where a path of the phone's API is; "api" is the address of its actions.
export const addressOf = (api, path) => new URL(path, new URL("../", new URL(api, location.href)));

export class Sender {
  // changed() is called after every change of the queue; status(why) with "", offline, sign_in, other_person, trouble
  constructor(person, api, changed, status) {
    Object.assign(this, { person, api, changed, status, wait: FIRST_WAIT, timer: 0, busy: false, asked: false });
    window.addEventListener("online", () => this.soon(0));
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.soon(0); });
    setInterval(() => this.soon(0, true), 60000);
  }

  soon(delay, byTimer = false) {
    clearTimeout(this.timer);
    if (delay === 0 && !byTimer) this.wait = FIRST_WAIT;
    this.timer = setTimeout(() => this.send(byTimer), delay);
  }

  // One sending at a time, over all tabs of the phone.
  async send(byTimer = false) {
    if (this.busy) { this.asked = true; return; }
    this.busy = true;
    try {
      await navigator.locks.request("cityops-field-send", { ifAvailable: true }, async (lock) => {
        if (!lock) { this.soon(FIRST_WAIT, true); return; }
        await this.round(byTimer);
      });
    } finally {
      this.busy = false;
      if (this.asked) { this.asked = false; this.soon(0); }
    }
  }

  async round(byTimer) {
    try {
      let left = await this.waiting();
      if (!left.length) { this.status(navigator.onLine ? "" : "offline"); return; }
      await this.meet(byTimer);
      while (left.length) {
        const later = await this.batch(left.slice(0, AT_ONCE));
        if (later) throw new Stop("trouble");
        left = await this.waiting();
      }
      this.status("");
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      this.status(error.why);
      if (error.why === "offline" || error.why === "trouble") {
        this.soon(this.wait, true);
        this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
      }
    }
  }

  async waiting() {
    return (await db.actionsOf(this.person)).filter((action) => action.state === "waiting");
  }

  async ask(path, options = {}, byTimer = true) {
    const headers = { Accept: "application/json", ...options.headers };
    if (byTimer) headers["X-CityOps-Refresh"] = "1";
    let answer;
    try {
      answer = await fetch(addressOf(this.api, path), { credentials: "same-origin", ...options, headers });
    } catch {
      throw new Stop("offline");
    }
    if (answer.status === 401) throw new Stop("sign_in");
    if (answer.status >= 500 || answer.status === 429) throw new Stop("trouble");
    return answer;
  }

  // Whose session it is, and the token for its writes.
  async meet(byTimer) {
    const answer = await this.ask("session/", {}, byTimer);
    if (!answer.ok) throw new Stop("sign_in");
    const session = await answer.json();
    if (session.person !== this.person) throw new Stop("other_person");
    this.csrf = session.csrf;
  }

  // Send a few actions; true where something must come again later.
  async batch(actions) {
    const photos = await db.photosOf(this.person);
    const of = (action) => photos.filter((photo) => photo.action_id === action.action_id);
    const ready = [];
    for (const action of actions) {
      const refusal = await this.upload(of(action));
      if (refusal) await this.settle(action, { outcome: "refused", reason: refusal }, [], false);
      else ready.push(action);
    }
    if (!ready.length) return false;
    const body = { person: this.person, phone_now: new Date().toISOString(), actions: ready.map((action) => action.envelope) };
    const answer = await this.ask("actions/", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrf },
      body: JSON.stringify(body),
    }, false);
    if (!answer.ok) throw new Stop(answer.status === 403 ? "sign_in" : "trouble");
    return this.read(ready, (await answer.json()).answers, of);
  }

  async read(sent, answers, of) {
    let later = false;
    for (const [place, answer] of answers.entries()) {
      const photos = of(sent[place]);
      if (answer.outcome === "again") {
        later = true;
        for (const photo of photos) if (answer.missing.includes(photo.media_id)) await db.putPhoto({ ...photo, sent: false });
      } else {
        await this.settle(sent[place], answer, photos.map((photo) => photo.media_id), answer.outcome === "done");
      }
    }
    return later;
  }

  async settle(action, answer, photoIds, forget) {
    const told = { state: answer.outcome, reason: answer.reason ?? "", case_no: answer.case_no || action.case_no, received_at: answer.received_at ?? null };
    await db.settle({ ...action, ...told }, photoIds, forget);
    await this.changed();
  }

  // Send the photos of an action that are not there yet; what the server says against one, or nothing.
  async upload(photos) {
    for (const photo of photos) {
      if (photo.sent) continue;
      const form = new FormData();
      form.append("photo", photo.blob, "photo.jpg");
      const told = { media_id: photo.media_id, usage: photo.usage, taken_at: photo.taken_at, device_id: phoneId() };
      if (photo.longitude !== undefined) Object.assign(told, { longitude: photo.longitude, latitude: photo.latitude });
      for (const [name, value] of Object.entries(told)) form.append(name, value);
      const answer = await this.ask("../media/", { method: "POST", body: form, headers: { "X-CSRFToken": this.csrf } }, false);
      if (answer.status === 400 || answer.status === 413) return (await answer.json().catch(() => ({}))).detail || String(answer.status);
      if (!answer.ok) throw new Stop(answer.status === 403 ? "sign_in" : "trouble");
      await db.putPhoto({ ...photo, sent: true });
    }
    return "";
  }
}
