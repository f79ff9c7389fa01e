// Keeps the phone's page, its files and its last tasks for when there is no network. Writes are never kept: the queue
// of the page sends them. Entries named private-… go when somebody signs out (web/signed_out.js).
const FILES = {{ files|safe }};
const FIXED = "field-{{ version }}";
const OWN = "private-field";
const SHELL = "{{ shell }}";
const ASKED = ["/api/v1/field/tasks/", "/api/v1/field/classes/"];
const PATIENCE = 4000;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(FIXED);
    await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("field-") && name !== FIXED) await caches.delete(name);
    }
    await self.clients.claim();
    await keepShell();
  })());
});

self.addEventListener("fetch", (event) => {
  const asked = new URL(event.request.url);
  if (event.request.method !== "GET" || asked.origin !== self.location.origin) return;
  if (event.request.mode === "navigate") {
    if (asked.pathname === SHELL) event.respondWith(networkFirst(event.request, SHELL));
  } else if (FILES.includes(asked.pathname)) {
    event.respondWith(keptFirst(event.request));
  } else if (ASKED.includes(asked.pathname)) {
    event.respondWith(networkFirst(event.request, asked.pathname));
  } else if (/^\/cases\/[^/]+\/media\/[^/]+\/thumb\/$/.test(asked.pathname)) {
    event.respondWith(pictureFirst(event.request));
  }
});

// The page that brought this worker came before it, so it is asked for once more.
async function keepShell() {
  const answer = await fetch(SHELL, { credentials: "same-origin" }).catch(() => null);
  if (answer?.status === 200 && !answer.redirected) await (await caches.open(OWN)).put(SHELL, answer);
}

async function keptFirst(request) {
  const kept = await (await caches.open(FIXED)).match(request, { ignoreSearch: true });
  return kept ?? fetch(request);
}

async function pictureFirst(request) {
  const cache = await caches.open(OWN);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

// The network's answer if it comes in time, else the kept one. Signing in is never replaced by something kept.
async function networkFirst(request, key) {
  const cache = await caches.open(OWN);
  const kept = await cache.match(key);
  const asked = fetch(request).then(async (answer) => {
    if (answer.status === 200 && answer.type === "basic" && !answer.redirected) await cache.put(key, answer.clone());
    return answer;
  });
  if (!kept) return asked;
  const slow = new Promise((resolve) => { setTimeout(() => resolve(kept.clone()), PATIENCE); });
  return Promise.race([asked.catch(() => kept.clone()), slow]);
}
