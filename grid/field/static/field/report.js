// Report in three taps: photo, (the place comes by itself), class; then it is in the queue.
import * as db from "./db.js";
import { moved } from "./device.js";
import { enqueue, icon, keepPhoto, make, page, person, photosFor, showPhotos, word } from "./parts.js";

const SHOWN = 6;
const FOUND = 8;

export class Report {
  constructor(view, position, queued) {
    Object.assign(this, { view, position, queued, chosen: null, place: null, byHand: false, isSelf: false, classes: [], recent: [] });
    this.find = (name) => view.querySelector(`[data-${name}]`);
  }

  async start() {
    for (const input of this.view.querySelectorAll("[data-shot]")) input.addEventListener("change", () => this.shot(input));
    this.position.listeners.push(() => { if (!this.byHand) this.follow(); });
    this.find("class-words").addEventListener("input", () => this.search());
    this.find("submit").addEventListener("click", () => this.submit());
    this.find("self-toggle")?.addEventListener("click", () => this.self(!this.isSelf));
    this.adjusting();
    await this.refresh();
    this.follow();
  }

  async refresh() {
    this.classes = (await db.note(`classes:${person}`)) ?? [];
    this.recent = (await db.note(`recent:${person}`)) ?? [];
    this.offer();
    await this.draw();
  }

  async draw() {
    await showPhotos(this.find("photos"), "report", (photos) => {
      this.find("photo-note").textContent = photos.length ? word("taken", photos.length) : "";
      this.step("photo", photos.length > 0);
    });
    if (this.find("after-photos")) await showPhotos(this.find("after-photos"), "after");
  }

  step(name, isDone) { this.view.querySelector(`[data-step=${name}]`).classList.toggle("done", isDone); }
  say(text) { this.find("say").textContent = text; }

  async shot(input) {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    try {
      await keepPhoto(file, input.dataset.shot, input.dataset.shot === "after" ? "self_after" : "report", this.position);
      this.say("");
    } catch (error) {
      this.say(error.message);
    }
    await this.draw();
  }

  // --- place
  follow() {
    const fix = this.position.fix;
    this.place = fix && { longitude: fix.longitude, latitude: fix.latitude };
    this.showPlace();
  }

  showPlace() {
    const fix = this.position.fix;
    this.find("accuracy").textContent = this.byHand ? word("by_hand") : fix ? word("accuracy", fix.accuracy_m) : word("locating");
    this.find("place").textContent = this.place ? word("place", this.place.longitude.toFixed(5), this.place.latitude.toFixed(5)) : word("no_place");
    this.step("place", Boolean(this.place));
    if (document.activeElement !== this.find("longitude") && document.activeElement !== this.find("latitude")) {
      this.find("longitude").value = this.place ? this.place.longitude.toFixed(6) : "";
      this.find("latitude").value = this.place ? this.place.latitude.toFixed(6) : "";
    }
    if (fix) this.find("near").setAttribute("r", Math.max(2, Math.min(58, fix.accuracy_m)));
    const [east, north] = fix && this.place ? offset(fix, this.place) : [0, 0];
    this.find("pin").setAttribute("transform", `translate(${clamp(east)} ${clamp(-north)})`);
  }

  put(place) {
    this.byHand = true;
    this.place = place;
    this.showPlace();
  }

  adjusting() {
    for (const button of this.view.querySelectorAll("[data-move]")) {
      const [east, north] = button.dataset.move.split(",").map(Number);
      button.addEventListener("click", () => { if (this.place) this.put(moved(this.place, east, north)); });
    }
    this.find("pad").addEventListener("click", (event) => {
      const box = this.find("pad").getBoundingClientRect();
      if (!this.position.fix) return;
      const east = ((event.clientX - box.left) / box.width - 0.5) * 120;
      const north = (0.5 - (event.clientY - box.top) / box.height) * 120;
      this.put(moved(this.position.fix, east, north));
    });
    this.find("relocate").addEventListener("click", () => { this.byHand = false; this.follow(); });
    const typed = () => {
      const [longitude, latitude] = [Number(this.find("longitude").value), Number(this.find("latitude").value)];
      if (longitude && latitude && Math.abs(longitude) <= 180 && Math.abs(latitude) < 90) this.put({ longitude, latitude });
    };
    for (const name of ["longitude", "latitude"]) this.find(name).addEventListener("change", typed);
  }

  // --- class
  offer() {
    const ranked = this.classes.filter((one) => one.rank !== null).sort((a, b) => a.rank - b.rank).map((one) => one.key);
    const keys = [...new Set([...this.recent, ...ranked])].slice(0, SHOWN);
    const shown = keys.map((key) => this.classes.find((one) => one.key === key)).filter(Boolean);
    for (const one of this.classes) if (shown.length < SHOWN && !shown.includes(one)) shown.push(one);
    this.buttons("classes", shown);
  }

  search() {
    const typed = this.find("class-words").value.trim().toLowerCase().replaceAll(/[\s']/g, "");
    const rank = (one) => {
      if (one.name.startsWith(typed) || one.code.startsWith(typed)) return 0;
      if (one.initials.startsWith(typed) || one.spelling.startsWith(typed)) return 1;
      return one.name.includes(typed) || (typed.length > 1 && one.initials.includes(typed)) ? 2 : 9;
    };
    const found = typed ? this.classes.filter((one) => rank(one) < 9).sort((a, b) => rank(a) - rank(b)).slice(0, FOUND) : [];
    this.buttons("found", found);
    if (typed && !found.length) this.find("found").textContent = word("none_found");
  }

  buttons(box, classes) {
    this.find(box).replaceChildren(...classes.map((one) => make("button", {
      type: "button", "data-class": one.key, "aria-pressed": String(this.chosen?.key === one.key), on: { click: () => this.choose(one) },
    }, one.name, make("small", {}, one.code))));
  }

  choose(one) {
    this.chosen = one;
    for (const button of this.view.querySelectorAll("[data-class]")) button.setAttribute("aria-pressed", String(button.dataset.class === one.key));
    this.step("class", true);
    if (this.find("self")) {
      this.find("self").hidden = !one.may_self_handle;
      if (!one.may_self_handle) this.self(false);
    }
    this.say("");
  }

  self(isSelf) {
    this.isSelf = isSelf;
    this.find("self-toggle")?.setAttribute("aria-pressed", String(isSelf));
    if (this.find("self-after")) this.find("self-after").hidden = !isSelf;
  }

  // --- submit
  async submit() {
    const [before, after] = [await photosFor("report"), this.isSelf ? await photosFor("after") : []];
    const fault = !before.length ? "need_photo" : !this.place ? "need_place" : !this.chosen ? "need_class" : this.isSelf && !after.length ? "need_after" : "";
    if (fault) { this.say(word(fault)); return; }
    const inputs = { class_key: this.chosen.key, ...this.place };
    for (const name of ["description", "address"]) if (this.find(name).value.trim()) inputs[name] = this.find(name).value.trim();
    const photos = [...before.map((photo) => (this.isSelf ? { ...photo, usage: "self_before" } : photo)), ...after];
    try {
      await enqueue({ kind: this.isSelf ? "self_handle" : "report", title: this.chosen.name, address: inputs.address, inputs, spot: this.position.claim(), photos });
    } catch (error) {
      this.say(error.message);
      return;
    }
    this.recent = [this.chosen.key, ...this.recent.filter((key) => key !== this.chosen.key)].slice(0, SHOWN);
    await db.putNote(`recent:${person}`, this.recent).catch(() => null);
    await this.clear();
    await this.queued();
  }

  async clear() {
    this.chosen = null;
    this.byHand = false;
    this.self(false);
    if (this.find("self")) this.find("self").hidden = true;
    for (const name of ["description", "address", "class-words"]) this.find(name).value = "";
    this.find("adjust").open = false;
    this.step("class", false);
    this.search();
    this.offer();
    this.follow();
    await this.draw();
    this.say(word("kept"));
  }
}

const clamp = (value) => Math.max(-56, Math.min(56, Math.round(value)));
function offset(from, to) {
  const degree = 111195;
  return [(to.longitude - from.longitude) * degree * Math.cos((from.latitude * Math.PI) / 180), (to.latitude - from.latitude) * degree];
}
