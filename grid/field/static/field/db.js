// What the phone keeps: the queue with its photos, and a few notes. Everything is keyed by the person, so that who
// signs in on the same phone neither sees nor sends what another left.
// actions  n (in order) → { n, person, action_id, kind, case_no, title, claimed_at, state, … }
// photos   media_id → { media_id, person, slot, action_id, usage, taken_at, longitude, latitude, blob, sent }
//          slot names what a photo was taken for while it belongs to no action yet
// notes    key → value

const NAME = "cityops-field";
let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      const db = asked.result;
      db.createObjectStore("actions", { keyPath: "n", autoIncrement: true }).createIndex("person", "person");
      db.createObjectStore("photos", { keyPath: "media_id" }).createIndex("person", "person");
      db.createObjectStore("notes");
    };
    asked.onsuccess = () => {
      asked.result.onversionchange = () => asked.result.close();
      resolve(asked.result);
    };
    asked.onerror = () => { opened = undefined; reject(asked.error); };
  });
  return opened;
}

// Run work over stores in one transaction; resolves with what it returned once everything is on the disk.
async function run(stores, mode, work) {
  const db = await open();
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(stores, mode, mode === "readwrite" ? { durability: "strict" } : undefined);
    let result;
    transaction.oncomplete = () => resolve(result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("aborted"));
    work(...stores.map((name) => transaction.objectStore(name)), (value) => { result = value; });
  });
}

const all = (store, person) => run([store], "readonly", (rows, give) => {
  rows.index("person").getAll(person).onsuccess = (event) => give(event.target.result);
});

export const actionsOf = (person) => all("actions", person);
export const photosOf = (person) => all("photos", person);
export const putPhoto = (photo) => run(["photos"], "readwrite", (rows) => { rows.put(photo); });
export const dropPhoto = (id) => run(["photos"], "readwrite", (rows) => { rows.delete(id); });
export const note = (key) => run(["notes"], "readonly", (rows, give) => {
  rows.get(key).onsuccess = (event) => give(event.target.result);
});
export const putNote = (key, value) => run(["notes"], "readwrite", (rows) => { rows.put(value, key); });

// A new action with the photos that were taken for it: both are kept, or neither.
export const addAction = (action, photos) => run(["actions", "photos"], "readwrite", (rows, pictures) => {
  rows.add(action);
  for (const photo of photos) pictures.put({ ...photo, slot: "", action_id: action.action_id });
});

// What became of an action; with forget its photos go from the phone, because the server has them.
export const settle = (action, photoIds, forget) => run(["actions", "photos"], "readwrite", (rows, pictures) => {
  rows.put(action);
  if (forget) for (const id of photoIds) pictures.delete(id);
});

// The same thing once more under a new id, in the place of the old: for what was refused.
export const renew = (action, next, photos) => run(["actions", "photos"], "readwrite", (rows, pictures) => {
  rows.delete(action.n);
  rows.add(next);
  for (const photo of photos) pictures.put({ ...photo, action_id: next.action_id });
});

export const dropAction = (action, photoIds) => run(["actions", "photos"], "readwrite", (rows, pictures) => {
  rows.delete(action.n);
  for (const id of photoIds) pictures.delete(id);
});

export const isFull = (error) => error?.name === "QuotaExceededError";
