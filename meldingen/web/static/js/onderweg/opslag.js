// What the tablet keeps, in a cupboard of its own (melden/kast.js): the queue with its photos, the day package, pictures.
// All of it is AES-GCM encrypted with the key of one account, which the server derives and this device cannot export.
//
// The key, the day package and the pictures go when somebody signs out, when his session was withdrawn, or 24 hours after
// the last sync. The queue stays, unreadable, until its account signs in again here. Plain are only: whose a step is, and
// whether it still waits, so that the page for signing in can say so.

import { cupboard } from "../melden/kast.js";

const kast = cupboard("meldingen-onderweg", 1, { stap: "id", foto: ["account", "sha256"], vast: "naam", beeld: "adres" });
const KEPT_MS = 24 * 3600 * 1000;
const IN_LINE = ["wacht", "bezig", "mislukt", "geweigerd"];

const encode = (value) => new TextEncoder().encode(value);
const bytesOf = (base64) => Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));

const importKey = (base64) => crypto.subtle.importKey("raw", bytesOf(base64), "AES-GCM", false, ["encrypt", "decrypt"]);

/** Whether what is written outlives this page. */
export const isDurable = kast.isDurable;

// Keys

let held;

/** The account whose key is here, with that key; null when nobody is signed in on this tablet. */
export const holder = async () => {
  held ??= (await kast.read("vast", "sleutel")) ?? null;
  return held;
};

/** Keeps the key of who signed in. What was here of somebody else goes, but for the queues. */
export const signIn = async ({ account, sleutel, eerdereSleutels = [] }) => {
  const before = await holder();
  if (before && before.account.id !== account.id) await wipe();
  const keys = await Promise.all([sleutel, ...eerdereSleutels].map(importKey));
  held = { naam: "sleutel", account, keys };
  await kast.write("vast", held);
};

/** Takes away everything but the encrypted queues. */
export const wipe = async () => {
  held = null;
  await kast.remove("vast", "sleutel");
  await kast.remove("vast", "dag");
  await kast.clear("beeld");
};

/** Another tab signed out or in: what this one knew is asked anew. */
export const forget = () => {
  held = undefined;
};

/** Somebody signed out where the server could not hear it: whose session must still end. Null: nobody's. */
export const owedSignOut = async () => (await kast.read("vast", "uitloggen"))?.account ?? null;
export const oweSignOut = (account) => kast.write("vast", { naam: "uitloggen", account });
export const signedOut = () => kast.remove("vast", "uitloggen");

const seal = async (bytes, about) => {
  const owner = await holder();
  if (!owner) throw new Error("nobody is signed in on this tablet");
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const how = { name: "AES-GCM", iv, additionalData: encode(`${owner.account.id}:${about}`) };
  return { iv, data: await crypto.subtle.encrypt(how, owner.keys[0], bytes) };
};

const unseal = async ({ iv, data }, about) => {
  const owner = await holder();
  if (!owner) return null; // signed out meanwhile: nothing can be read any more
  const how = { name: "AES-GCM", iv, additionalData: encode(`${owner.account.id}:${about}`) };
  for (const key of owner.keys) {
    try {
      return await crypto.subtle.decrypt(how, key, data);
    } catch {
      continue; // made with the key of an earlier secret
    }
  }
  return null;
};

const sealJson = (value, about) => seal(encode(JSON.stringify(value)), about);
const unsealJson = async (row, about) => {
  const bytes = await unseal(row, about);
  return bytes && JSON.parse(new TextDecoder().decode(bytes));
};

const sealBlob = async (blob, about) => ({ ...(await seal(await blob.arrayBuffer(), about)), type: blob.type });
const unsealBlob = async (row, about) => {
  const bytes = await unseal(row, about);
  return bytes && new Blob([bytes], { type: row.type });
};

// The queue's own store (see rij.js), of the account that is signed in

const readStep = async (row) => unsealJson(row, row.id);

const stepStore = {
  read: async (id) => {
    const row = await kast.read("stap", id);
    const owner = await holder();
    return row && row.account === owner?.account.id ? readStep(row) : undefined;
  },
  readAll: async () => {
    const owner = await holder();
    if (!owner) return [];
    const rows = (await kast.readAll("stap")).filter((row) => row.account === owner.account.id);
    return (await Promise.all(rows.map(readStep))).filter(Boolean);
  },
  write: async (item) => {
    const sealed = await sealJson(item, item.id);
    const { account } = await holder();
    const plain = { id: item.id, account: account.id, naam: account.naam, wacht: IN_LINE.includes(item.staat) && !item.foto };
    await kast.write("stap", { ...plain, ...sealed });
  },
  remove: (id) => kast.remove("stap", id),
};

const photoStore = {
  read: async (sha256) => {
    const { account } = await holder();
    const row = await kast.read("foto", [account.id, sha256]);
    const blob = row && (await unsealBlob(row, sha256));
    return blob && { sha256, blob, naam: row.naam };
  },
  readAll: async () => [],
  write: async ({ sha256, blob }) => {
    const sealed = await sealBlob(blob, sha256);
    const { account } = await holder();
    await kast.write("foto", { account: account.id, sha256, naam: "foto.jpg", ...sealed });
  },
  remove: async (sha256) => kast.remove("foto", [(await holder()).account.id, sha256]),
};

const kinds = { stap: stepStore, foto: photoStore };

/** What rij.js keeps its items and photos in. */
export const queueStore = {
  read: (kind, key) => kinds[kind].read(key),
  readAll: (kind) => kinds[kind].readAll(),
  write: (kind, value) => kinds[kind].write(value),
  remove: (kind, key) => kinds[kind].remove(key),
};

/** How many steps of whom wait on this tablet, for the page for signing in: [{ naam, stappen }]. */
export const waitingByAccount = async () => {
  const found = new Map();
  for (const { account, naam, wacht } of await kast.readAll("stap")) {
    if (wacht) found.set(account, { naam, stappen: (found.get(account)?.stappen ?? 0) + 1 });
  }
  return [...found.values()];
};

// The day package and its pictures

/** Keeps the package. at: device time at which it was asked for. */
export const keepDay = async (day, etag, at) => kast.write("vast", { naam: "dag", etag, at, ...(await sealJson(day, "dag")) });

/** The package is as it was: it counts from now. */
export const renewDay = (at) => kast.change("vast", "dag", (row) => row && { ...row, at });

/** { day, etag, at } or null. One older than 24 hours is wiped, with everything that came with it. */
export const readDay = async (now = Date.now()) => {
  const row = await kast.read("vast", "dag");
  if (!row) return null;
  if (Math.abs(now - row.at) > KEPT_MS) {
    await wipe();
    return null;
  }
  const day = (await holder()) && (await unsealJson(row, "dag"));
  return day ? { day, etag: row.etag, at: row.at } : null;
};

/** Keeps one picture under its address. */
export const keepPicture = async (adres, blob) => kast.write("beeld", { adres, ...(await sealBlob(blob, adres)) });

/** The picture of this address, or null. */
export const readPicture = async (adres) => {
  const row = (await holder()) && (await kast.read("beeld", adres));
  return row ? unsealBlob(row, adres) : null;
};

/** The addresses of the pictures that are here. */
export const pictures = async () => (await kast.readAll("beeld")).map((row) => row.adres);

/** Takes a picture away. */
export const removePicture = (adres) => kast.remove("beeld", adres);

// The clock

/** How much the server is ahead of this device, in ms, as measured at the last sync; null when never. */
export const readOffset = async () => (await kast.read("vast", "klok"))?.verschil ?? null;

/** Keeps it. */
export const keepOffset = (verschil) => kast.write("vast", { naam: "klok", verschil });
