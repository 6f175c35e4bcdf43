// The queue of the tablet: what a team did, each step an operation of its own, kept until the server has judged it.
//
// It knows no page, no IndexedDB and no fetch, so the same file runs in the page and, in the fuzz test, under node.
//
//   const queue = makeQueue({ store, send, alone?, now?, newId?, random?, offset? })
//
//   store   async read(kind, key) · readAll(kind) · write(kind, value) · remove(kind, key); kinds "stap" (key `id`) and
//           "foto" (key `sha256`). A write that does not fit rejects with an Error named QuotaExceededError.
//   send    async ({ id, path, json?, photo?, headers }) => { status, body, waitS? }; rejects when no answer came.
//   alone   async (act) => …: runs act when nobody else in this browser is sending (Web Locks). Default: just runs.
//   offset  () => milliseconds that the server's clock is ahead of this device's, or null while unknown.
//
//   await queue.enqueue({ opdracht, actie, velden, versie, fotos?, van? })   → the item; done "at once" for the person.
//           actie: as in the API (afhandelingen, notities…), velden: its body; versie: of the opdracht as it was shown
//           (of applied()); fotos: [{ sha256, blob, naam }]. Only photos: actie "fotos", no velden. Own intake: actie
//           "meldingen", opdracht null. van: what it is about, in words, for when that has left the day package. Throws
//           Full when the device has no room; then nothing is kept.
//   await queue.items()                 every item, oldest first (see below)
//   await queue.decide(id, what, more?) a person's decision: "gezien" (intussen_gewijzigd was read), "opnieuw" (a refused
//           step once more, on more = { versie, velden? }), "notitie" (only its words, as a note), "laten" (drop it).
//   await queue.sendAll(again?)         sends whatever is due; → { left, signIn }. again: also what should wait a while.
//   await queue.synced(askedAt)         a day package asked for at askedAt (device ms) is here: what was done is in it
//   await queue.forget()                drops what was done: for who signs out
//   queue.nextAt()                      when something is due again, device ms, or null
//   queue.listen(tell)                  tell() after each change; gives a function that stops it
//   applied(opdracht, items)            the opdracht as it looks after what waits and what was just done
//
// An item: { id, opdracht, actie, velden, van, nummer (order), op (device ms), staat, reden, code, pogingen, nietVoor, versie,
// basis (frozen at the first try), foto: { sha256, naam, bij }, antwoord, klaarOp, verwerkt }. Its staat:
//
//   wacht · bezig · mislukt (no answer that helps: tried again by itself, at nietVoor)     it is in the line
//   gedaan                       judged and done; verwerkt once the day package knows of it, and then still to be read,
//                                and a closing to be undone, for an hour
//   intussen_gewijzigd           done, though somebody was first: leaves once the person saw it
//   geweigerd                    the server said no, reden tells why: leaves by a person's decision only
//
// Order per opdracht is kept; one that fails does not hold up another. Photos go after the step they belong to, in a line
// of their own, by content hash: what was cut off is sent whole again. The same id is used however often it is tried, so
// a step is done once, also when the app was killed while sending. Nothing is ever dropped silently.

import { BEZIG, GEDAAN, GEWEIGERD, INTUSSEN, MISLUKT, WACHT, applied, inLine, wantsPerson } from "./stand.js";

export { BEZIG, GEDAAN, GEWEIGERD, INTUSSEN, MISLUKT, WACHT, applied, inLine, wantsPerson };

const SOON_S = [5, 15, 60, 180, 600];
const READ_MS = 3_600_000;
const LATER = [408, 425, 429];
const BUSY_CODES = ["druk"];
const UNVERSIONED = ["notities", "fotos", "meldingen", "tabletbesluiten"];
const API = "/api/v1";

/** This device has no room for it; nothing was kept. */
export class Full extends Error {
  name = "Full";
}

/** How long to wait after so many tries, in ms: longer each time, and never all tablets at the same moment. */
export const backOff = (tries, waitS = 0, random = Math.random) => {
  const soon = SOON_S[Math.min(tries, SOON_S.length) - 1] ?? SOON_S[0];
  return 1000 * Math.max(waitS, soon * (0.5 + random()));
};

const laneOf = (item) => `${item.foto ? "foto" : "stap"}:${item.opdracht ?? item.foto?.bij ?? item.id}`;

export const makeQueue = ({
  store,
  send,
  alone = (act) => act(),
  now = () => Date.now(),
  newId = () => crypto.randomUUID(),
  random = Math.random,
  offset = () => null,
}) => {
  const listeners = new Set();
  const sending = new Set();
  let due = null;
  let quiet = { until: 0, told: false }; // nobody answers, or the server told us to wait: then nothing goes

  const tell = () => {
    for (const one of listeners) one();
  };
  const all = async () => (await store.readAll("stap")).sort((a, b) => a.nummer - b.nummer || (a.id < b.id ? -1 : 1));
  const keep = async (item) => {
    await store.write("stap", item);
    tell();
    return item;
  };

  // Into the line

  const make = (facts, nummer) => ({
    id: newId(),
    opdracht: null,
    velden: {},
    versie: null,
    foto: null,
    nummer,
    op: now(),
    verschil: offset(),
    staat: WACHT,
    pogingen: 0,
    nietVoor: 0,
    ...facts,
  });

  const enqueue = async ({ opdracht = null, actie, velden = {}, versie = null, fotos = [], van = "" }) => {
    const last = (await all()).at(-1)?.nummer ?? 0;
    const step = actie === "fotos" ? [] : [make({ opdracht, actie, velden, versie, van }, last + 1)];
    const photos = fotos.map(({ sha256, naam }, index) =>
      make({ opdracht, actie: "fotos", foto: { sha256, naam, bij: step[0]?.id ?? null }, van }, last + 2 + index),
    );
    const kept = [];
    try {
      for (const { sha256, blob, naam } of fotos) {
        if (await store.read("foto", sha256)) continue;
        await store.write("foto", { sha256, blob, naam });
        kept.push(["foto", sha256]);
      }
      for (const item of [...photos, ...step]) {
        await store.write("stap", item); // the step last: without it its photos are swept
        kept.push(["stap", item.id]);
      }
    } catch (error) {
      for (const [kind, key] of kept.reverse()) await store.remove(kind, key).catch(() => {});
      tell();
      throw new Full("Dit apparaat heeft geen ruimte meer. Uw stap is niet bewaard.", { cause: error });
    }
    tell();
    return step[0] ?? photos[0];
  };

  const sweepPhoto = async (sha256) => {
    const wanted = (await all()).some((item) => item.foto?.sha256 === sha256 && (inLine(item) || item.staat === GEWEIGERD));
    if (!wanted) await store.remove("foto", sha256);
  };

  // What is sent

  const addressOf = (item, items) => {
    if (item.actie === "meldingen") return { path: `${API}/meldingen` };
    if (item.opdracht !== null) return { path: `${API}/opdrachten/${item.opdracht}/${item.actie}` };
    const { nummer, volgToken } = items.find((one) => one.id === item.foto.bij)?.antwoord ?? {};
    return nummer ? { path: `${API}/meldingen/${nummer}/fotos`, headers: { "Volg-Token": volgToken } } : null;
  };

  // Frozen and kept before the first try, so that each try is the same request to the letter.
  const freeze = async (item) => {
    if (item.basis) return item;
    const at = new Date(item.op + (item.verschil ?? offset() ?? 0)).toISOString();
    const basis = UNVERSIONED.includes(item.actie) ? {} : { basisversie: item.versie, apparaattijd: at };
    return { ...item, basis };
  };

  const requestOf = async (item, items) => {
    const { path, headers = {} } = addressOf(item, items);
    if (item.foto) return { id: item.id, path, headers, photo: await store.read("foto", item.foto.sha256) };
    return { id: item.id, path, headers: { ...headers, "Idempotency-Key": item.id }, json: { ...item.velden, ...item.basis } };
  };

  // What an answer does

  const finish = async (item, staat, more) => {
    const { contact, ...rest } = item.velden; // whom it came from is with the server now, and no longer here
    const velden = contact && staat !== GEWEIGERD ? rest : item.velden;
    await keep({ ...item, ...more, velden, staat, klaarOp: now(), nietVoor: 0 });
    if (item.foto) await sweepPhoto(item.foto.sha256);
  };

  // The person had what he did himself before him: his next steps are based on that.
  const carryOn = async (done, versie) => {
    for (const item of await all()) {
      if (item.opdracht === done.opdracht && !item.basis && inLine(item) && item.versie !== null && item.versie < versie) {
        await store.write("stap", { ...item, versie });
      }
    }
  };

  const refusalOf = (body) => {
    const fields = (body?.errors ?? []).map((one) => one.detail).filter(Boolean);
    return [...new Set([body?.detail ?? "", ...fields])].filter(Boolean).join(" ") || "De server nam dit niet aan.";
  };

  const photoFate = (body) => body?.fotos?.[0] ?? {};

  const judge = async (item, { status, body }) => {
    const told = { antwoord: body, pogingen: item.pogingen + 1 };
    if (status >= 200 && status < 300) {
      if (item.foto && photoFate(body).uitkomst === "geweigerd") {
        return finish(item, GEWEIGERD, { ...told, reden: photoFate(body).uitleg ?? photoFate(body).detail, code: "foto" });
      }
      if (body.versie) await carryOn(item, body.versie);
      return finish(item, body.intussenGewijzigd ? INTUSSEN : GEDAAN, told);
    }
    return finish(item, GEWEIGERD, { pogingen: told.pogingen, reden: refusalOf(body), code: body?.code ?? String(status) });
  };

  const isLater = ({ status, body }, item) =>
    status >= 500 ||
    LATER.includes(status) ||
    BUSY_CODES.includes(body?.code) ||
    (status !== 413 && (typeof body !== "object" || body === null)) || // a page of somebody between us and the server
    (item.foto && photoFate(body).uitkomst === "opnieuw_sturen");

  const postpone = async (item, waitS, why) => {
    const pogingen = item.pogingen + 1;
    const nietVoor = now() + backOff(pogingen, waitS, random);
    await keep({ ...item, staat: MISLUKT, pogingen, reden: why, nietVoor });
    return nietVoor;
  };

  // One item: gives "next" (go on), "lane" (this opdracht waits), "all" (nothing goes now), "sign in".
  const bring = async (item, items) => {
    const busy = { ...(await freeze(item)), staat: BEZIG };
    await keep(busy);
    sending.add(item.id);
    let answer;
    try {
      answer = await send(await requestOf(busy, items));
    } catch {
      quiet = { until: await postpone(busy, 0, "Geen verbinding."), told: false };
      return "all";
    } finally {
      sending.delete(item.id);
    }
    if (answer.status === 401) {
      await keep({ ...busy, staat: WACHT });
      return "sign in";
    }
    if (isLater(answer, busy)) {
      const told = answer.status === 429;
      const until = await postpone(busy, answer.waitS ?? 0, told ? "Even wachten." : "De server kan het nu niet aan.");
      if (told) quiet = { until, told };
      return told ? "all" : "lane";
    }
    await judge(busy, answer);
    return "next";
  };

  // A moment further away than we ever wait was made by a clock that was put right since.
  const isPast = (moment) => moment <= now() || moment > now() + 2000 * SOON_S.at(-1);
  const isDue = (item, again) => again || isPast(item.nietVoor);

  // The next item that may go: the first of its lane, steps before photos, a photo only after its own step was judged.
  const nextOf = (items, held, again) => {
    const seen = new Set();
    const line = items.filter(inLine);
    for (const item of [...line.filter((one) => !one.foto), ...line.filter((one) => one.foto)]) {
      const lane = laneOf(item);
      if (held.has(lane) || seen.has(lane)) continue;
      const own = item.foto?.bij && items.find((one) => one.id === item.foto.bij);
      if (own && inLine(own)) continue;
      if (item.foto && item.opdracht === null && !addressOf(item, items)) continue; // its melding was refused: it waits for a person
      if (!item.foto) seen.add(lane);
      if (isDue(item, again)) return item;
    }
    return null;
  };

  const sendAll = async (again = false) => {
    let signIn = false;
    await alone(async () => {
      const held = new Set();
      const tried = new Set();
      if (!isPast(quiet.until) && (quiet.told || !again)) return;
      for (;;) {
        const items = await all();
        const item = nextOf(items, held, again);
        if (!item) break;
        if (tried.has(item.id)) {
          held.add(laneOf(item));
          continue;
        }
        tried.add(item.id);
        const outcome = await bring(item, items);
        if (outcome === "lane") held.add(laneOf(item));
        signIn = outcome === "sign in";
        if (outcome === "all" || signIn) break;
      }
    });
    const left = (await all()).filter(inLine);
    due = left.length ? Math.max(quiet.until, Math.min(...left.map((item) => item.nietVoor))) : null;
    return { left: left.length, signIn };
  };

  // A person decides

  const dropPhotosOf = async (id) => {
    for (const item of await all()) {
      if (item.foto?.bij !== id || !inLine(item)) continue;
      await store.remove("stap", item.id);
      await sweepPhoto(item.foto.sha256);
    }
  };

  const tellDecision = async (item, besluit) => {
    if (item.opdracht === null || item.foto || item.actie === "tabletbesluiten") return;
    await enqueue({ opdracht: item.opdracht, actie: "tabletbesluiten", velden: { stap: item.id, besluit } });
  };

  // The coordinator's word is in the line before the refused step is gone: who sees it go knows that all of it is kept.
  const instead = async (item, next, besluit) => {
    await tellDecision(item, besluit);
    await store.remove("stap", item.id);
    tell();
    return next;
  };

  const wordsOf = (item) => Object.values(item.velden).filter((one) => typeof one === "string").join(" ");

  const decide = async (id, what, more = {}) => {
    const item = await store.read("stap", id);
    if (!item) return null;
    if (what === "gezien") return item.staat === INTUSSEN ? keep({ ...item, staat: GEDAAN, klaarOp: now() }) : item;
    if (item.staat === BEZIG || item.staat === GEDAAN) return item;
    const refused = item.staat === GEWEIGERD;
    const again = { id: newId(), staat: WACHT, basis: null, reden: "", code: "", pogingen: 0, nietVoor: 0, op: now() };
    if (what === "opnieuw" && refused) {
      const velden = more.velden ?? item.velden;
      const next = await keep({ ...item, ...again, velden, versie: more.versie ?? item.versie, verschil: offset() });
      return instead(item, next, "opnieuw");
    }
    if (what === "notitie" && refused && !item.foto && item.opdracht !== null) {
      const tekst = more.tekst ?? (wordsOf(item) || item.reden);
      const next = await keep({ ...item, ...again, actie: "notities", velden: { tekst }, versie: null });
      return instead(item, next, "notitie");
    }
    if (what === "laten") {
      await store.remove("stap", id);
      if (item.foto) await sweepPhoto(item.foto.sha256);
      else if (!refused) await dropPhotosOf(id); // of a refused step the server keeps words and photos
      if (refused) await tellDecision(item, "laten");
      tell();
      return null;
    }
    return item;
  };

  // What was done before the package was asked for is in the package: it counts no more, and is only read from now on. A
  // melding's photos still need its number.
  const synced = async (askedAt) => {
    const items = await all();
    const needed = new Set(items.filter((item) => item.foto && inLine(item)).map((item) => item.foto.bij));
    for (const item of items) {
      if (item.staat !== GEDAAN || item.klaarOp >= askedAt || needed.has(item.id)) continue;
      const { versie, alGedaan } = item.antwoord ?? {};
      if (Math.abs(now() - item.klaarOp) > READ_MS) await store.remove("stap", item.id);
      else if (!item.verwerkt) await store.write("stap", { ...item, verwerkt: true, antwoord: { versie, alGedaan } });
    }
    tell();
  };

  const forget = async () => {
    for (const item of await all()) if (item.staat === GEDAAN) await store.remove("stap", item.id);
  };

  return {
    enqueue,
    decide,
    sendAll,
    synced,
    forget,
    items: all,
    nextAt: () => due,
    isSending: () => sending.size > 0,
    listen: (one) => {
      listeners.add(one);
      return () => listeners.delete(one);
    },
  };
};
