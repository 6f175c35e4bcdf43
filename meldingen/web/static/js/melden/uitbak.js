// The outbox: sends what waits in this device, in a page or in the service worker, until the server has answered.
//
// A melding is sent under the key of its form, however often it is tried, so it is one melding (KLANTREIS rule 3). One
// sender at a time in this browser (Web Locks); where a browser has none, the key alone keeps it one. What an answer does:
//
//   2xx                        sent: what the server told is kept, the form goes; photos it did not confirm follow
//   429, 5xx, no answer        again later, each time a bit later, or when the server says (Retry-After)
//   other 4xx                  a person must look: the form stays, with what is wrong
//
// Photos go first, one by one, so that a cut-off upload costs one photo; with danger the words go first. A photo that
// the server refuses is named, and the melding goes without it. Nothing leaves this device before the server has it.

import { BUSY, WAITS, WRONG, all, drop, dropForm, keepSent, load, note, photos, sent, sentFrom } from "./concept.js";

const SOON_S = [10, 30, 120, 300, 900, 3600];
const WORDS_MS = 45_000;
const PHOTO_MS = 300_000;
const REFERENCE_KEPT_MS = 12 * 3600 * 1000; // the server keeps a photo without a melding a bit longer
const NO_PHOTO = [413, 422];
const CONFIRMED = ["ontvangen", "al_ontvangen", "geweigerd"];

/** No answer that helps: to be tried again. cause: "net" or "server". */
class Later extends Error {
  constructor(cause, waitS = 0) {
    super(cause);
    this.cause = cause;
    this.waitS = waitS;
  }
}

const post = async (path, body, patience, options = {}) => {
  let answer;
  try {
    answer = await fetch(path, { method: "POST", body, signal: AbortSignal.timeout(patience), ...options });
  } catch {
    throw new Later("net");
  }
  if (answer.status >= 500 || [408, 425, 429].includes(answer.status)) {
    throw new Later("server", Number(answer.headers.get("Retry-After")) || 0);
  }
  try {
    const json = answer.headers.get("Content-Type")?.includes("json");
    return { ok: answer.ok && json, status: answer.status, told: json ? await answer.json() : {} };
  } catch {
    throw new Later("net"); // the answer was cut off: whether it was taken, the next try tells
  }
};

const asJson = { headers: { Accept: "application/json" } };
const formOf = (fields) => {
  const data = new FormData();
  for (const [name, values] of Object.entries(fields)) for (const value of [values].flat()) data.append(name, value);
  return data;
};

const isFresh = (photo) => photo.reference && Date.now() - photo.keptAt < REFERENCE_KEPT_MS;

const whose = (form) => ({ sleutel: form.key, ...(form.gemeente ? { gemeente: form.gemeente } : {}) });

const bringPhoto = async (form, photo) => {
  if (isFresh(photo) || photo.refused) return;
  const body = formOf(whose(form));
  body.append("foto", photo.blob, photo.name);
  const { ok, status, told } = await post("/melden/foto/bewaren", body, PHOTO_MS, asJson);
  if (ok) await photos.mark(form.key, photo.sha256, { reference: told.referentie, keptAt: Date.now() });
  else if (NO_PHOTO.includes(status)) await photos.mark(form.key, photo.sha256, { refused: told.detail ?? String(status) });
};

// Brings each photo that the server does not have yet, one after whoever is bringing it already (foto.js). One that the
// server cannot keep now stays a file of the melding itself.
const bringPhotos = async (form) => {
  for (const { sha256 } of await photos.list(form.key)) {
    try {
      await photos.alone(form.key, sha256, (photo) => bringPhoto(form, photo));
    } catch (error) {
      if (error.cause !== "server") throw error;
    }
  }
};

const bodyOf = (form, own, off, follow) => {
  const body = formOf({ ...form.values, ...whose(form), foto_weg: off, fotos_volgen: follow || [] });
  for (const photo of own) {
    if (isFresh(photo)) body.append("foto_bewaard", photo.reference);
    else body.append("foto", photo.blob, photo.name);
  }
  return body;
};

const summaryOf = (form) => ({
  key: form.key,
  gemeente: form.gemeente,
  soort: form.words.categorie ?? "",
  tekst: form.values.omschrijving?.[0] ?? "",
  plek: form.words.plaats ?? form.values.adres?.[0] ?? "",
});

// The words of a form to the server; photos that must follow stay, under its key. Gives why not, or null: it was sent.
const bring = async (form) => {
  const wordsFirst = form.values.gevaar?.[0] === "ja" && form.values.omschrijving?.[0];
  if (!wordsFirst) await bringPhotos(form);
  const list = await photos.list(form.key);
  const good = list.filter((photo) => !photo.refused);
  const own = wordsFirst ? good.filter(isFresh) : good;
  const heavy = own.some((photo) => !isFresh(photo));
  const off = await photos.takenOff(form.key);
  const body = bodyOf(form, own, off, good.length - own.length);
  const { ok, status, told } = await post("/melden/versturen", body, heavy ? PHOTO_MS : WORDS_MS, asJson);
  if (status === 409) return cameEarlier(form);
  if (!ok) return { cause: "mens", status, code: told.code, words: told.detail, step: told.stap, fields: told.velden };
  const refused = list.filter((photo) => photo.refused).map(({ name, refused: words }) => ({ name, words }));
  const follow = [];
  own.forEach((photo) => {
    const fate = told.fotos?.find((one) => one.sha256 === photo.sha256);
    if (fate?.uitkomst === "geweigerd") refused.push({ name: photo.name, words: fate.uitleg });
    if (!CONFIRMED.includes(fate?.uitkomst)) follow.push(photo.sha256);
  });
  follow.push(...good.filter((photo) => !own.includes(photo)).map((photo) => photo.sha256));
  const { nummer, code, volgen, ontvangen } = told;
  const facts = { ...summaryOf(form), code, volgen, ontvangen, sentAt: Date.now(), refused, follow };
  const fits = await keepSent(nummer, facts).then(() => true, () => false);
  for (const sha256 of [...list.map((photo) => photo.sha256), ...off]) {
    if (!follow.includes(sha256)) await photos.remove(form.key, sha256);
  }
  await dropForm(form.key);
  if (!fits) await keepSent(nummer, facts).catch(() => {}); // there is room for it now; if not, the server lists it
  return null;
};

// It was changed after a try whose answer never came, and that try did arrive. The server tells which melding it became.
const cameEarlier = async (form) => {
  const { ok, told } = await post("/melden/versturen", formOf({ sleutel: form.key }), WORDS_MS, asJson);
  if (!ok) return { cause: "mens", status: 409, words: told.detail };
  const { nummer, code, volgen, ontvangen } = told;
  await keepSent(nummer, { ...summaryOf(form), code, volgen, ontvangen, sentAt: Date.now(), refused: [], follow: [] });
  return { cause: "mens", status: 409, code: "al_verstuurd", nummer };
};

// Photos of a melding that the server has, one by one to the address where any app brings them; known by their hash.
const bringFollowing = async (melding) => {
  const path = `/api/v1/meldingen/${melding.nummer}/fotos`;
  const headers = { "Volg-Token": melding.volgen.split("/").pop() };
  for (const photo of await photos.list(melding.key)) {
    if (!melding.follow.includes(photo.sha256)) continue;
    const body = new FormData();
    body.append("foto", photo.blob, photo.name);
    const { ok, told } = await post(path, body, PHOTO_MS, { headers, credentials: "omit" });
    const fate = told.fotos?.[0];
    if (fate?.uitkomst === "opnieuw_sturen") throw new Later("server");
    const words = ok && fate?.uitkomst !== "geweigerd" ? "" : fate?.detail || told.detail || "";
    melding.follow = melding.follow.filter((one) => one !== photo.sha256);
    if (!ok || words) melding.refused = [...(melding.refused ?? []), { name: photo.name, words }];
    await keepSent(melding.nummer, { follow: melding.follow, refused: melding.refused, nextAt: 0, tries: 0 });
    await photos.remove(melding.key, photo.sha256);
  }
};

const backOff = (tries, waitS) => Date.now() + 1000 * Math.max(waitS, SOON_S[Math.min(tries, SOON_S.length) - 1]);

const isDue = ({ nextAt = 0 }, again) => again || nextAt <= Date.now();

// A try before its time (somebody pressed the button, or did so in another tab) does not make the wait longer.
const triesOf = (one) => (one.tries ?? 0) + (isDue(one) || !one.tries ? 1 : 0);

// One form: sends it and notes what came of it. Gives the melding when it was sent, else nothing.
const send = async (key) => {
  const form = await load(key);
  if (form?.state === WRONG) return undefined;
  if (form?.state !== WAITS) return sentFrom(key);
  try {
    const failure = await bring(form);
    if (!failure) return sentFrom(key);
    await note(key, { state: WRONG, failure });
  } catch (error) {
    if (!(error instanceof Later)) throw error;
    const tries = triesOf(form);
    await note(key, { tries, failure: { cause: error.cause }, nextAt: backOff(tries, error.waitS) });
  }
  return undefined;
};

const follow = async (melding) => {
  try {
    await bringFollowing(melding);
  } catch (error) {
    if (!(error instanceof Later)) throw error;
    const tries = triesOf(melding);
    await keepSent(melding.nummer, { tries, nextAt: backOff(tries, error.waitS) });
  }
};

const alone = (act, options = {}) =>
  navigator.locks ? navigator.locks.request("meldingen-versturen", options, (held) => held && act()) : act();

/** Whether something waits: meldingen, or photos that must follow. */
export const waiting = async () => [
  ...(await all()).filter((form) => form.state === WAITS),
  ...(await sent()).filter((melding) => melding.follow?.length),
];

/** Puts a form in the outbox. From here on it is sent by itself; nobody has to press anything. */
export const put = async (key) => {
  await note(key, { state: WAITS, queuedAt: Date.now(), tries: 0, nextAt: 0, failure: null });
  navigator.storage?.persist?.().catch(() => {}); // asks the browser not to clear this when it needs room
  const worker = await navigator.serviceWorker?.getRegistration?.().catch(() => undefined);
  await worker?.sync?.register("versturen").catch(() => {}); // only some browsers know how to wait for coverage
};

/** Sends one melding now, after whoever is sending. Gives what it became, or nothing when it still waits. */
export const sendNow = (key) => alone(() => send(key));

/** Sends whatever is due, unless somebody else in this browser is doing that. again: also what should wait a while. */
export const sendAll = (again = false) =>
  alone(
    async () => {
      for (const form of await all()) if (form.state === WAITS && isDue(form, again)) await send(form.key);
      for (const melding of await sent()) if (melding.follow?.length && isDue(melding, again)) await follow(melding);
    },
    { ifAvailable: true },
  );

/** Takes a form out of the outbox, to change it. Not while it is being sent: then it gives what it became. */
export const takeBack = (key) =>
  alone(async () => {
    const form = await load(key);
    if (!form) return sentFrom(key);
    await note(key, { state: BUSY, failure: null, changedAt: Date.now() });
    return undefined;
  });

/** Throws a form away, unless it was just sent. */
export const throwAway = (key) => alone(() => drop(key));

/** Keeps sending while this page is open: at once, when there is coverage again, and when a waiting time is over. */
export const keepSending = () => {
  let timer;
  const go = async (again = false) => {
    clearTimeout(timer);
    await sendAll(again);
    const left = (await waiting()).map((one) => one.nextAt ?? 0);
    if (left.length) timer = setTimeout(go, Math.max(5000, Math.min(...left) - Date.now()));
  };
  addEventListener("online", () => go(true));
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && go());
  return go();
};
