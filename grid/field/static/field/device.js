// Camera, position and storage of the phone. Photos are drawn anew and made smaller here; the server draws them again.

const LONGEST = 1600;
const QUALITY = 0.82;
const FRESH = 120000;

export async function shrink(file, longest = LONGEST) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", QUALITY); });
  if (!blob) throw new Error("not drawn");
  return blob;
}

// The latest position: { longitude, latitude, accuracy_m, at }, or null; tells whoever listens.
export class Position {
  constructor() {
    this.fix = null;
    this.listeners = [];
  }

  start() {
    if (!navigator.geolocation) { this.tell(); return; }
    const take = ({ coords }) => {
      this.fix = { longitude: coords.longitude, latitude: coords.latitude, accuracy_m: Math.round(coords.accuracy), at: Date.now() };
      this.tell();
    };
    navigator.geolocation.watchPosition(take, () => this.tell(), { enableHighAccuracy: true, maximumAge: 10000 });
  }

  tell() { for (const listener of this.listeners) listener(this.fix); }

  // The position as a claim of this moment; none where the last one is old.
  claim() {
    if (!this.fix || Date.now() - this.fix.at > FRESH) return null;
    const { longitude, latitude, accuracy_m } = this.fix;
    return { longitude, latitude, accuracy_m };
  }
}

export function metresBetween(one, other) {
  const radians = Math.PI / 180;
  const x = (other.longitude - one.longitude) * radians * Math.cos(((one.latitude + other.latitude) / 2) * radians);
  const y = (other.latitude - one.latitude) * radians;
  return Math.hypot(x, y) * 6371008.8;
}

export function moved(from, east, north) {
  const degree = 111195;
  return {
    longitude: from.longitude + east / (degree * Math.cos((from.latitude * Math.PI) / 180)),
    latitude: from.latitude + north / degree,
  };
}

export function phoneId() {
  let id = localStorage.getItem("cityops-phone");
  if (!id) {
    id = crypto.randomUUID();
    localStorage.setItem("cityops-phone", id);
  }
  return id;
}

export const keepForGood = () => navigator.storage?.persist?.().catch(() => false);
export async function storage() {
  const estimate = await navigator.storage?.estimate?.();
  return estimate && { used: estimate.usage, free: estimate.quota - estimate.usage, persisted: await navigator.storage.persisted?.() };
}
