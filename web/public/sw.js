// Keeps the shell of the page for the moment when the server cannot be reached. It never touches the API: data is live or it is not shown.
const cacheName = "tonypi-shell-1";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(cacheName).then((cache) => cache.add("/")));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  const clean = async () => {
    for (const name of await caches.keys()) if (name !== cacheName) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(clean());
});

const keep = async (key, response) => {
  const cache = await caches.open(cacheName);
  await cache.put(key, response);
};

const page = async (request) => {
  try {
    const response = await fetch(request);
    if (response.ok) await keep("/", response.clone());
    return response;
  } catch {
    return (await caches.match("/")) ?? Response.error();
  }
};

const asset = async (request) => {
  const kept = await caches.match(request);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) await keep(request, response.clone());
  return response;
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && !/^\/(api|docs|metrics|mqtt)(\/|$)/.test(url.pathname))
    event.respondWith(page(request));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(asset(request));
});
