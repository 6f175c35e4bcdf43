// The form in this device: every field and photo, kept at each change, until the melding was sent.
//
// One record per form, under the same key (32 hex characters) that the server's concept and the melding's idempotency
// key have: the hidden field `sleutel` of each step. Other scripts of the form need only this:
//
//   keyOf(form)                          the key of the page's form
//   load(key)                            the form: {key, values: {name: [text, …]}, words: {name: text}, state, …}
//   save(key, values, words)             changes these fields, leaves the others; words: how people read a value
//   photos.list(key)                     the photos in the order they were added:
//                                        {key, sha256, name, type, size, blob, reference, refused, addedAt}
//   photos.put(key, file)                keeps a file (or blob with a name); the same photo again is the same photo
//   photos.remove(key, sha256)           takes it out of this device
//   photos.takeOff(key, sha256)          the same for one that the server may have: remembered until it heard so
//   photos.takenOff(key)                 the prints of those that the server must still hear of
//   photos.toldOff(key, sha256)          it heard; kept, since a page that was made before still shows the photo
//   photos.gone(key)                     the prints of all that were taken off
//   photos.alone(key, sha256, act)       act(photo) while nobody else in this browser is bringing it
//   photos.mark(key, sha256, facts)      notes what became of it: {reference} once the server has it, {refused: words}
//   onChange(act)                        act({kind: "concept" | "foto" | "melding", key}) after each change, by any tab
//
// Writing rejects with a QuotaExceededError when the device is full: tell it, and send the photo at once instead. A
// browser that keeps nothing (opslag.isDurable()) works until the page closes; then the server's concept is what there is.
//
// WHOSE VALUES COUNT. Each change by hand raises `count`; a POST carries it as `versie` and the server gives back the
// last one that it got. Same key: the device's fields count when its count is higher than the server's, else the
// server's. Other key: a form that the server has something of counts, and the device's own stays here as "not
// finished"; an empty one gives way to the device's. No clocks are compared. (stappen.js does it.)

import * as opslag from "./opslag.js";

export const BUSY = "bezig";
export const WAITS = "wacht";
export const WRONG = "mis";

const OURS_ALONE = /^(sleutel|versie|csrf_token|onderwerp|actie|taal|gemeente|terug|ding|gevonden|gezocht|foto.*)$/;
const LAST_WORDS = "meldingen-laatste-woorden-";
const page = LAST_WORDS + Math.random();
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("meldingen") : null;
const listeners = [];

const tell = (kind, key) => {
  channel?.postMessage({ kind, key });
  for (const act of listeners) act({ kind, key });
};

/** Calls act after each change, of this page or another. */
export const onChange = (act) => {
  listeners.push(act);
  channel?.addEventListener("message", (event) => act(event.data));
};

/** A new key: 128 random bits. */
export const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** The key of a form in the page; "" for an empty page that the service worker kept. */
export const keyOf = (form) => form.elements.sleutel?.value ?? "";

/** The names that are kept of a form; not those that only the page and the server need. */
export const isKept = (name) => Boolean(name) && !OURS_ALONE.test(name);

/** One form, or undefined. */
export const load = (key) => opslag.read("concept", key);

/** Every form in this device, the newest first. */
export const all = async () => (await opslag.readAll("concept")).sort((a, b) => b.changedAt - a.changedAt);

/** The form that people are filling in: the newest one that is not waiting to be sent. */
export const current = async (gemeente) =>
  (await all()).find((one) => one.state === BUSY && (one.gemeente ?? "") === gemeente);

const empty = (key, { gemeente = "", link = "" }) => ({ key, gemeente, link, values: {}, words: {}, count: 0, state: BUSY });
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Whether nothing was filled in yet; photos are counted apart. */
export const isEmpty = (form) => !Object.values(form.values).flat().some(Boolean);

/** Makes a form under a new key, for a photo that comes before any word. from: as save takes it. */
export const begin = async (key, from) => {
  await opslag.change("concept", key, (before) => (before ? undefined : { ...empty(key, from), changedAt: Date.now() }));
  tell("concept", key);
};

/** Changes these fields of a form by hand; nothing is written when they are what they were. from: {gemeente, link} of a
 * new form; link is the address that filled it in. */
export const save = async (key, values, words = {}, from = {}) => {
  let changed = false;
  const kept = await opslag.change("concept", key, (before) => {
    const form = before ?? empty(key, from);
    const after = { ...form, values: { ...form.values, ...values }, words: { ...form.words, ...words } };
    if (same(after.values, form.values) && same(after.words, form.words)) return undefined;
    if (!before && isEmpty(after)) return undefined;
    changed = true;
    return { ...after, count: form.count + 1, changedAt: Date.now() };
  });
  if (changed) tell("concept", key);
  return kept;
};

/** Keeps the last words at once, for a page that is going away: the database would come too late. See recover. */
export const saveAtOnce = (key, values, words, from) => {
  try {
    localStorage.setItem(page, JSON.stringify([key, values, words, from]));
  } catch {
    // no room: what was typed in the last moment is lost, the rest is not
  }
};

/** The database has them now. */
export const forgetLast = () => localStorage.removeItem(page);

/** Brings the last words of pages that went away into their forms, unless those were sent. First thing of each page. */
export const recover = async () => {
  for (const name of Object.keys(localStorage).filter((one) => one.startsWith(LAST_WORDS))) {
    const last = JSON.parse(localStorage.getItem(name));
    try {
      if (last && !(await sentFrom(last[0]))) await save(...last);
    } catch {
      continue; // no room now: they stay where they are
    }
    localStorage.removeItem(name);
  }
};

/** Takes over what the server has of a form: all its fields, in place of ours, and the count that it got last. */
export const adopt = async (key, values, words, count, from = {}) => {
  await opslag.change("concept", key, (before) => {
    const form = before ?? empty(key, from);
    const after = { ...form, values, words: { ...form.words, ...words } };
    if (same(after.values, form.values) && same(after.words, form.words)) return undefined;
    return { ...after, count: Math.max(form.count, count), changedAt: Date.now() };
  });
  tell("concept", key);
};

/** Notes how it stands with a form: waiting, wrong, tries; gone when it is not there any more. */
export const note = async (key, facts) => {
  const kept = await opslag.change("concept", key, (before) => before && { ...before, ...facts });
  tell("concept", key);
  return kept;
};

/** Takes a form out of this device, not its photos. */
export const dropForm = async (key) => {
  await opslag.remove("concept", key);
  tell("concept", key);
};

/** Takes a form and its photos out of this device. */
export const drop = async (key) => {
  for (const photo of await opslag.readAll("foto")) if (photo.key === key) await opslag.remove("foto", [key, photo.sha256]);
  await dropForm(key);
};

/** The print of a file by which server and device know a photo. */
export const sha256Of = async (blob) => {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
};

const gone = async (key) => (await opslag.readAll("foto")).filter((one) => one.key === key && one.off);

export const photos = {
  async all() {
    return (await opslag.readAll("foto")).filter((one) => !one.off);
  },
  async list(key) {
    const kept = (await photos.all()).filter((one) => one.key === key);
    return kept.sort((a, b) => a.addedAt - b.addedAt || (a.sha256 < b.sha256 ? -1 : 1));
  },
  async put(key, file) {
    const sha256 = crypto.subtle ? await sha256Of(file) : newKey(); // without https there is no way to make a print
    const { name = "foto.jpg", type, size } = file;
    // A copy of the bytes: the file that a camera or another app lent may be gone tomorrow.
    const blob = new Blob([await file.arrayBuffer()], { type });
    const kept = await opslag.change("foto", [key, sha256], (before) =>
      before && !before.off ? undefined : { key, sha256, name, type, size, blob, reference: "", refused: "", addedAt: Date.now() },
    );
    tell("foto", key);
    return kept;
  },
  async remove(key, sha256) {
    await opslag.remove("foto", [key, sha256]);
    tell("foto", key);
  },
  async takeOff(key, sha256) {
    await opslag.write("foto", { key, sha256, off: true });
    tell("foto", key);
  },
  async takenOff(key) {
    return (await gone(key)).filter((one) => !one.told).map((one) => one.sha256);
  },
  async toldOff(key, sha256) {
    await opslag.change("foto", [key, sha256], (before) => (before?.off ? { ...before, told: true } : undefined));
    tell("foto", key);
  },
  gone: async (key) => (await gone(key)).map((one) => one.sha256),
  async alone(key, sha256, act) {
    const bring = async () => {
      const photo = await opslag.read("foto", [key, sha256]);
      return photo && !photo.off ? act(photo) : null; // it may have been brought or taken off while this waited
    };
    return navigator.locks ? navigator.locks.request(`meldingen-foto-${key}-${sha256}`, bring) : bring();
  },
  async mark(key, sha256, facts) {
    const marked = (before) => (before && !before.off ? { ...before, ...facts } : undefined);
    // A full device forgets it: then the photo goes once more, and the server knows it by its print.
    const kept = await opslag.change("foto", [key, sha256], marked).catch(() => undefined);
    tell("foto", key);
    return kept;
  },
};

/** The meldingen that were sent from this device or opened on it, the newest first. */
export const sent = async () => (await opslag.readAll("melding")).sort((a, b) => (b.sentAt ?? 0) - (a.sentAt ?? 0));

/** The melding that a form became, or undefined. */
export const sentFrom = async (key) => (await sent()).find((one) => one.key === key);

/** Keeps what is known of a sent melding, over what was known before. */
export const keepSent = async (nummer, facts) => {
  await opslag.change("melding", nummer, (before) => ({ ...before, ...facts, nummer }));
  tell("melding", nummer);
};

/** Takes a sent melding off this device; the melding itself stays. */
export const forgetSent = async (nummer) => {
  await opslag.remove("melding", nummer);
  tell("melding", nummer);
};
