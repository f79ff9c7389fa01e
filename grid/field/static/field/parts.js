// Small things that the views share: words, icons, elements, photos on the screen, a new action.
import * as db from "./db.js";
import { shrink } from "./device.js";

export const WORDS = JSON.parse(document.getElementById("field-words").textContent);
export const page = document.body.dataset;
export const person = Number(page.fieldPerson);

export const word = (key, ...values) => values.reduce((text, value, place) => text.replace(`{${place}}`, value), WORDS[key]);

export function make(name, settings = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(settings)) {
    if (key === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else if (key in element && key !== "list") element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export function symbol(href, css = "ic") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", href);
  svg.setAttribute("class", css);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

export const icon = (name) => symbol(`${page.icons}#${name}`);
export const light = (letter, text) => make("span", { className: `li li-${letter}` }, symbol(`${page.lights}#l-${letter}`, ""), make("span", {}, text));
const two = (number) => String(number).padStart(2, "0");
export function clock(value) {
  const at = new Date(value);
  const day = at.toDateString() === new Date().toDateString() ? "" : `${two(at.getMonth() + 1)}-${two(at.getDate())} `;
  return `${day}${two(at.getHours())}:${two(at.getMinutes())}`;
}

// A picture from the phone's own store; its address is given back once it is drawn.
export function drawn(blob, label) {
  const address = URL.createObjectURL(blob);
  const image = make("img", { alt: label, on: { load: () => URL.revokeObjectURL(address) } });
  image.src = address;
  return image;
}

// Keep a photo the moment it is taken: a phone may end the page while its camera is open.
export async function keepPhoto(file, slot, usage, position) {
  let blob;
  try {
    blob = await shrink(file);
  } catch {
    throw new Error(word("not_photo"));
  }
  const spot = position.claim();
  const photo = { media_id: crypto.randomUUID(), person, slot, action_id: "", usage, taken_at: new Date().toISOString(), blob, sent: false };
  if (spot) Object.assign(photo, { longitude: spot.longitude, latitude: spot.latitude });
  await guarded(() => db.putPhoto(photo));
  return photo;
}

export const photosFor = async (slot) => (await db.photosOf(person)).filter((photo) => photo.slot === slot).sort((a, b) => a.taken_at.localeCompare(b.taken_at));

// Draw the photos of a slot into a box, each with a button that takes it away.
export async function showPhotos(box, slot, changed) {
  const photos = await photosFor(slot);
  box.replaceChildren(...photos.map((photo, place) => make("figure", {},
    drawn(photo.blob, word("photo", place + 1)),
    make("button", { type: "button", ariaLabel: `${word("remove")} ${place + 1}`, on: { click: async () => { await db.dropPhoto(photo.media_id); await showPhotos(box, slot, changed); } } }, icon("x")),
  )));
  changed?.(photos);
  return photos;
}

// Put an action into the queue with its photos; it is on the disk when this returns. Throws words where it is not.
export async function enqueue({ kind, title, address = "", case_no = "", seen_step = null, inputs, spot, photos }) {
  const action_id = crypto.randomUUID();
  const claimed_at = new Date().toISOString();
  const envelope = { action_id, kind, claimed_at, inputs, media: photos.map((photo) => photo.media_id) };
  if (case_no) Object.assign(envelope, { case_no, seen_step });
  if (spot) envelope.spot = spot;
  const thumb = photos.length ? await shrink(photos[0].blob, 160) : null;
  const action = { person, action_id, kind, case_no, title, address, claimed_at, state: "waiting", reason: "", photos: photos.length, thumb, envelope };
  await guarded(() => db.addAction(action, photos));
}

async function guarded(write) {
  try {
    await write();
  } catch (error) {
    throw new Error(word(db.isFull(error) ? "full" : "broken"));
  }
}
