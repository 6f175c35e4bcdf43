// All that the screen needs of the tablet, in one object; the drawing is elsewhere (begin.js and what it imports).
//
//   const tablet = await openTablet();
//   tablet.state()      { account: {id, naam} | null, signIn: nobody is signed in, or the session ended: link to
//                       /inloggen?naar=/team/onderweg, expired: … and what is here may still be used, asked: whether a
//                       first try to reach the server is over, online, syncing, syncedAt: device ms | null, durable:
//                       false when this browser keeps nothing }
//   await tablet.day()  the day package with `opdrachten` as they look now (applied), or null: nothing is here
//   await tablet.items() the queue (rij.js)
//   tablet.queue        enqueue, decide … (rij.js). After enqueue() it is sent by itself; nobody has to press anything.
//   await tablet.sync(again?)  sends and fetches now; also done at the start, when there is coverage, and in between
//   tablet.listen(tell) after anything changed: queue, package, coverage, who is signed in; gives a stop function
//   tablet.now()        the time by the server's clock, ms: what "today" is, also where the device's clock is wrong
//   await tablet.photo(adres)  an address for <img> of a photo of the package; ownPhoto(sha256): of one taken here
//   await tablet.areas(adres)  outlines for the map, from the package's kaart.gebieden
//   await tablet.photoOf(file) → { sha256, blob, naam } as enqueue() takes it in `fotos`
//   await tablet.signOut()     ends the session, wipes; the unsent queue stays encrypted

import * as dag from "./dag.js";
import * as opslag from "./opslag.js";
import { applied, backOff, inLine, makeQueue } from "./rij.js";
import { makeConnection } from "./verbinding.js";

const AGAIN_MS = 5 * 60_000;
const LEAST_MS = 2_000;
const EXPIRED = "sessie_verlopen";

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("onderweg") : null;

// One sender in this browser. Without Web Locks the id of a step alone keeps it from being done twice.
const alone = (act) =>
  navigator.locks
    ? navigator.locks.request("onderweg-versturen", { ifAvailable: true }, (lock) => (lock ? act() : undefined))
    : act();

const hex = (bytes) => [...new Uint8Array(bytes)].map((one) => one.toString(16).padStart(2, "0")).join("");

/** A photo as the queue takes it: its bytes are read once, so that it is the same photo however often it is sent. */
export const photoOf = async (file) => {
  const bytes = await file.arrayBuffer();
  const sha256 = hex(await crypto.subtle.digest("SHA-256", bytes));
  return { sha256, blob: new Blob([bytes], { type: file.type }), naam: file.name ?? "foto.jpg" };
};

export const openTablet = async () => {
  const listeners = new Set();
  const connection = makeConnection();
  let offset = await opslag.readOffset();
  const owner = await opslag.holder();
  const known = {
    account: owner?.account ?? null,
    signIn: !owner,
    expired: false,
    asked: false,
    online: navigator.onLine,
    syncing: false,
    syncedAt: null,
    durable: await opslag.isDurable(),
  };
  const tell = (elsewhere = true) => {
    for (const one of listeners) one();
    if (elsewhere) channel?.postMessage("anders");
  };

  const queue = makeQueue({ store: opslag.queueStore, send: connection.send, alone, offset: () => offset });
  let timer;
  const plan = (ms) => {
    clearTimeout(timer);
    timer = setTimeout(() => sync(), ms);
  };

  const wiped = async () => {
    dag.dropPictures();
    await queue.forget();
    await opslag.wipe();
    Object.assign(known, { account: null, syncedAt: null, signIn: true, expired: false });
  };

  // Nobody is signed in any more: expired (what is here may be used until it is a day old), or withdrawn (it goes now).
  const signedOut = async (code) => {
    known.signIn = true;
    known.expired = code === EXPIRED;
    if (!known.expired) await wiped();
  };

  // Whoever signed out in a dead spot is signed out before anything else, unless a colleague signed in meanwhile.
  const leaveFirst = async () => {
    const owed = await opslag.owedSignOut();
    if (owed === null) return;
    const { status, body } = await connection.who();
    if (status !== 200 && status !== 401) throw new Error(`no answer: ${status}`);
    if (body.account?.id === owed) await connection.signOut();
    await opslag.signedOut();
  };

  const recognise = async () => {
    const { status, body, offset: measured } = await connection.who();
    if (status === 401) {
      await signedOut(body?.code);
      return false;
    }
    if (status === 403) {
      await wiped();
      return false;
    }
    if (status !== 200 || !body) throw new Error(`no answer: ${status}`);
    offset = measured;
    await opslag.keepOffset(measured);
    await opslag.signIn(body);
    Object.assign(known, { account: body.account, signIn: false, expired: false });
    return true;
  };

  const exchange = async (again) => {
    await leaveFirst();
    if (!(await recognise())) return;
    const { signIn } = await queue.sendAll(again);
    if (signIn) return void (await recognise());
    const at = Date.now();
    const came = await dag.fetchDay(connection);
    if (came === "sign in") return void (await recognise());
    if (came === "later") return;
    known.syncedAt = at;
    await queue.synced(at);
    tell();
    const { day } = (await opslag.readDay()) ?? {};
    if (day && came === "new") await Promise.all([dag.fetchPictures(connection, day), dag.fetchAreas(day)]);
  };

  let running = null;
  let failures = 0; // in a row: without coverage a tablet asks less and less often, until the device says there is some
  const sync = (again = false) => {
    running ??= (async () => {
      known.syncing = true;
      tell(false);
      try {
        await exchange(again);
        known.online = true;
        failures = 0;
      } catch {
        known.online = false;
        failures += 1;
      } finally {
        Object.assign(known, { syncing: false, asked: true });
        running = null;
        const next = queue.nextAt();
        const due = next === null ? AGAIN_MS : next - Date.now();
        plan(failures ? backOff(failures) : Math.max(LEAST_MS, Math.min(AGAIN_MS, due)));
        tell();
      }
    })();
    return running;
  };

  // What was queued while a sync was under way must not wait for the next one.
  const soon = async () => {
    if (running) await running;
    return sync(true);
  };

  const day = async () => {
    const kept = await opslag.readDay();
    if (!kept) {
      if (known.syncedAt !== null) await wiped();
      return null;
    }
    known.syncedAt = kept.at;
    const items = await queue.items();
    return { ...kept.day, opdrachten: kept.day.opdrachten.map((one) => applied(one, items)) };
  };

  const ownUrls = new Map();
  const ownPhoto = async (sha256) => {
    if (!ownUrls.has(sha256)) {
      if (!(await opslag.holder())) return null;
      const kept = await opslag.queueStore.read("foto", sha256);
      if (!kept) return null;
      ownUrls.set(sha256, URL.createObjectURL(kept.blob));
    }
    return ownUrls.get(sha256);
  };

  const signOut = async () => {
    const account = known.account?.id ?? null;
    await wiped(); // without coverage too
    tell();
    await connection.signOut().catch(() => account !== null && opslag.oweSignOut(account));
    if (!running) return;
    await running; // what was on its way may have been kept after all
    await wiped();
    tell();
  };

  queue.listen(() => tell());
  channel?.addEventListener("message", () => {
    opslag.forget();
    tell(false);
  });
  addEventListener("online", () => sync(true));
  addEventListener("offline", () => {
    known.online = false;
    tell(false);
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && sync());
  navigator.storage?.persist?.().catch(() => {});

  return {
    state: () => ({ ...known, signIn: known.signIn && known.asked }),
    day,
    items: queue.items,
    queue: {
      ...queue,
      enqueue: async (what) => {
        const item = await queue.enqueue(what);
        soon();
        return item;
      },
      decide: async (...what) => {
        const item = await queue.decide(...what);
        soon();
        return item;
      },
    },
    waiting: async () => (await queue.items()).filter(inLine).length,
    sync,
    now: () => Date.now() + (offset ?? 0),
    photo: dag.pictureUrl,
    ownPhoto,
    areas: dag.areas,
    photoOf,
    signOut,
    listen: (one) => {
      listeners.add(one);
      return () => listeners.delete(one);
    },
  };
};
