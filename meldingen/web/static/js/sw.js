// The pages of the form without coverage, what waits to be sent, and our push messages (adapters/push.py).
//
// Kept per release: the empty page of each step (nobody's data is in it), everything those pages load, and a page that
// says there is no coverage. A new release has another worker and another store, which is filled whole before the old
// one goes: HTML and scripts of two releases never meet. A page of a person is never kept.
//
// A page comes from the server first; when that takes too long or fails, from the store. A step that is sent without
// coverage goes on to the next page: what was filled in is in the browser (melden/concept.js), which then says so
// itself with `?bewaard=…`.

import { takeShared } from "./melden/gedeeld.js";
import { sendAll, waiting } from "./melden/uitbak.js";
import * as onderweg from "./onderweg/werker.js";

const { release, store: STORE, gemeente, shells, steps, data, icon } = "HIER KOMT WAT DE SERVER WEET";
const FILLED_AT = "/schil-gevuld";
const STALE_MS = 6 * 3600 * 1000;
const PATIENCE_MS = 8000;
const LITTLE_PATIENCE_MS = 2000;
const REMEMBER_MS = 20_000;
const AWAY = [502, 503, 504];

// Filling the store

const partsOf = (text, type) => {
  const found = [];
  const take = (pattern) => found.push(...[...text.matchAll(pattern)].map((hit) => hit[1]));
  if (type.includes("html")) take(/="(\/static\/[^"]+)"/g);
  else if (type.includes("css")) take(/url\(["']?(?!data:)([^"')]+)/g);
  else if (type.includes("javascript")) take(/(?:from|import) "(\.[^"]+)"/g);
  return found;
};

// Brings these pages and everything they load into a store.
const bringAll = async (name, pages) => {
  const store = await caches.open(name);
  const seen = new Set();
  const bring = async (path) => {
    if (seen.has(path)) return;
    seen.add(path);
    const part = path.startsWith("/static/");
    if (part && (await store.match(path))) return;
    // Without cookies: what comes is what a stranger gets.
    const answer = await fetch(path, { credentials: "omit", cache: part ? "default" : "no-store" });
    if (!answer.ok || answer.redirected) throw new Error(`${path}: ${answer.status}`);
    const text = await answer.clone().text();
    const type = answer.headers.get("Content-Type") ?? "";
    if (type.includes("html") && !text.includes(`data-release="${release}"`)) throw new Error(`${path}: another release`);
    for (const one of partsOf(text, type)) {
      const { pathname, search, origin } = new URL(one, new URL(path, location.origin));
      if (origin === location.origin) await bring(pathname + search);
    }
    await store.put(path, answer);
  };
  for (const one of pages) await bring(one);
  await store.put(FILLED_AT, new Response(String(Date.now())));
};

const fill = () => bringAll(STORE, [...Object.values(shells), ...data, icon]);
const fillTablet = () => onderweg.fill(bringAll, release);

// The categories and words of the gemeente change without a release: now and then the pages are fetched anew.
const refresh = async () => {
  const at = await (await caches.open(STORE)).match(FILLED_AT);
  if (at && Date.now() - Number(await at.text()) < STALE_MS) return;
  await fill().catch(() => registration.update());
};

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(fill());
  event.waitUntil(onderweg.isTablet().then((known) => known && fillTablet()));
});

const clean = async () => {
  for (const name of await caches.keys()) if (name.startsWith("schil-") && name !== STORE) await caches.delete(name);
};

self.addEventListener("activate", (event) =>
  event.waitUntil(Promise.all([clean(), onderweg.clean(release)]).then(() => self.clients.claim())),
);

// Answering pages

let failedAt = 0;
const patience = () => (Date.now() - failedAt < REMEMBER_MS ? LITTLE_PATIENCE_MS : PATIENCE_MS);

const inTime = async (request, limit) => {
  const late = new Promise((_, reject) => setTimeout(reject, limit, new Error("too slow")));
  try {
    const answer = await Promise.race([fetch(request), late]);
    if (AWAY.includes(answer.status)) throw new Error(String(answer.status));
    failedAt = 0;
    return answer;
  } catch (error) {
    failedAt = Date.now();
    throw error;
  }
};

const kept = async (path) => (await caches.open(STORE)).match(path);

const answerData = (event) => inTime(event.request, patience()).catch(() => kept(event.request.url));

const file = async (request) =>
  (await kept(request.url)) ?? (await onderweg.kept(release, request.url)) ?? fetch(request);

const page = async (event, { pathname, search }) => {
  const shell = shells[pathname];
  if (!shell) return fetch(event.request).catch(async () => (await kept(shells["/offline"])) ?? Response.error());
  try {
    const answer = await inTime(event.request, patience());
    event.waitUntil(refresh());
    return answer;
  } catch {
    return (await kept(shell)) ?? fetch(event.request);
  }
};

const start = (event, { search }) =>
  inTime(event.request, patience()).catch(() => Response.redirect(steps[0] + search, 303));

const step = (request, { pathname, searchParams }) => {
  const on = searchParams.get("bewaard") === "verder" ? 1 : 0;
  return inTime(request, patience()).catch(() => Response.redirect(steps[steps.indexOf(pathname) + on], 303));
};

const share = async (request, { search }) => {
  const again = request.clone();
  const taken = await takeShared(await request.formData(), gemeente);
  return taken ? Response.redirect(`/melden/foto${search}`, 303) : fetch(again);
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === "GET" && url.pathname.startsWith("/static/")) return event.respondWith(file(request));
  if (data.includes(url.pathname + url.search)) return event.respondWith(answerData(event));
  if (request.mode !== "navigate") return;
  if (onderweg.isMine(url) && request.method === "GET") {
    const late = () => onderweg.kept(release, onderweg.PAGE);
    return event.respondWith(inTime(request, patience()).catch(async () => (await late()) ?? fetch(request)));
  }
  if (request.method === "POST") {
    if (url.pathname === "/melden/delen") event.respondWith(share(request, url));
    else if (url.searchParams.has("bewaard") && steps.includes(url.pathname)) event.respondWith(step(request, url));
  } else if (url.pathname === "/melden" && steps[0] in shells) event.respondWith(start(event, url));
  else event.respondWith(page(event, url));
});

// Sending what waits: when a page of ours was opened or hears of coverage, and in browsers that wait for it themselves

self.addEventListener("message", (event) => {
  if (event.data === "verstuur") event.waitUntil(sendAll());
  if (event.data === "onderweg") event.waitUntil(fillTablet());
});

self.addEventListener("sync", (event) => {
  const send = async () => {
    await sendAll(true);
    if ((await waiting()).length) throw new Error("something waits still");
  };
  event.waitUntil(send());
});

// Push messages

self.addEventListener("push", (event) => {
  const { titel, tekst, pad, kenmerk, dringend } = event.data.json();
  const shown = { body: tekst, tag: kenmerk, lang: "nl", icon, data: { pad } };
  if (dringend) Object.assign(shown, { requireInteraction: true, vibrate: [400, 150, 400] });
  event.waitUntil(self.registration.showNotification(titel, shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const goal = new URL(event.notification.data.pad, self.location.origin);
  if (goal.origin === self.location.origin) event.waitUntil(self.clients.openWindow(goal.href));
});
