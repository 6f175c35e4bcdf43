// A tablet without a screen: the real queue (static/js/onderweg/rij.js), a store in memory, and a line that fails.
//
// It does what people do, at random by its seed: takes up, plans, notes, photographs, hands over, splits, joins, closes and
// undoes work of its day package; loses its line before and after a request, is killed while sending, and has its clock
// two hours off. At last the line holds, a person decides about what was refused, and it tells what became of each step.
//
//   node tablet.mjs '{"rij": file, "base": url, "bearer": secret, "seed": 1, "steps": 40, "name": "t1", "skew": ms}'

import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";

const { rij, base, bearer, seed, steps, name, skew } = JSON.parse(process.argv[2]);
const { applied, inLine, makeQueue, wantsPerson } = await import(pathToFileURL(rij));

const JPEG = "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=";
const PATIENCE = 200;

let state = seed >>> 0;
const random = () => {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};
const chance = (share) => random() < share;
const pick = (list) => list[Math.floor(random() * list.length)];
const rest = () => new Promise((go) => setTimeout(go, random() * 15));

// What is kept on the "disk", and what became of every step that was ever there

const disk = { stap: new Map(), foto: new Map() };
const ledger = new Map();
const wrong = [];
const keyOf = { stap: "id", foto: "sha256" };
const store = {
  read: async (kind, key) => structuredClone(disk[kind].get(key)),
  readAll: async (kind) => [...disk[kind].values()].map((one) => structuredClone(one)),
  write: async (kind, value) => {
    disk[kind].set(value[keyOf[kind]], structuredClone(value));
    if (kind === "stap") ledger.set(value.id, { ...structuredClone(value), decided: ledger.get(value.id)?.decided });
  },
  remove: async (kind, key) => {
    const gone = disk[kind].get(key);
    if (kind === "stap" && gone && !deciding && gone.staat !== "gedaan") wrong.push(`lost: ${gone.actie} ${key}`);
    disk[kind].delete(key);
  },
};
let deciding = false;

// The line

let line = { cut: 0.12, lost: 0.1, kill: 0.06, away: 0.02 };
const fetchIt = async (path, options) => {
  const headers = { Authorization: `Bearer ${bearer}`, Accept: "application/json", ...options.headers };
  const answer = await fetch(base + path, { ...options, headers });
  if (answer.status >= 500) wrong.push(`${answer.status} ${path}`);
  const isJson = answer.headers.get("Content-Type")?.includes("json");
  return { status: answer.status, body: isJson ? await answer.json() : null, waitS: 0 };
};

const post = ({ path, json, photo, headers }) => {
  if (!photo) {
    const typed = { ...headers, "Content-Type": "application/json" };
    return fetchIt(path, { method: "POST", body: JSON.stringify(json), headers: typed });
  }
  const form = new FormData();
  form.append("foto", photo.blob, photo.naam);
  return fetchIt(path, { method: "POST", body: form, headers });
};

let killed = false;
const send = async (request) => {
  let fate = random();
  if ((fate -= line.cut) < 0) throw new Error("no line");
  if ((fate -= line.away) < 0) return { status: 401, body: {} };
  const answer = await post(request);
  if ((fate -= line.lost) < 0) throw new Error("the answer was lost");
  if ((fate -= line.kill) < 0) {
    killed = true;
    return new Promise(() => {}); // nothing after this happens in this app; another one starts
  }
  return answer;
};

// The app, which a kill starts anew from what is on the disk

const start = () => makeQueue({ store, send, random, now: () => Date.now() + skew, offset: () => -skew });
let queue = start();
const sendAll = async () => {
  const done = queue.sendAll(true);
  const ended = await Promise.race([done.then(() => true), new Promise((go) => {
    const look = setInterval(() => killed && (clearInterval(look), go(false)), 5);
    done.then(() => clearInterval(look));
  })]);
  if (!ended) queue = start();
  killed = false;
};

let day = { opdrachten: [], overdrachtTeams: [] };
const sync = async () => {
  const { status, body } = await fetchIt("/team/onderweg/dag", {});
  if (status === 200) day = body;
};
const works = async () => {
  const items = await store.readAll("stap");
  return day.opdrachten.map((one) => applied(one, items.sort((a, b) => a.nummer - b.nummer))).filter((one) => !one.weg);
};

// What people do

let count = 0;
const tag = () => `[${name}-${(count += 1)}]`;
const photo = (mark) => {
  const bytes = Buffer.concat([Buffer.from(JPEG, "base64"), Buffer.from(mark)]);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { sha256, naam: "foto.jpg", blob: new Blob([bytes], { type: "image/jpeg" }) };
};
const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);

const DOINGS = {
  inbehandelingnames: () => ({}),
  planningen: () => ({ velden: { plandatum: tomorrow() } }),
  notities: (mark) => ({ velden: { tekst: `Notitie ${mark}` } }),
  fotos: (mark) => ({ fotos: [photo(mark)] }),
  afhandelingen: (mark) => ({
    velden: { uitkomst: "opgelost", zin: `Opgelost ${mark}` },
    fotos: chance(0.4) ? [photo(mark)] : [],
  }),
  overdrachten: (mark) => ({ velden: { team: pick(["groen", "serviceteam"]), reden: `Overdragen ${mark}` } }),
  splitsingen: (mark) => ({ velden: { categorie: "gras-te-hoog", reden: `Splitsen ${mark}` } }),
  samenvoegingen: (mark, others) => others.length && { velden: { opdracht: pick(others).id } },
  terugdraaiingen: () => ({}),
};
const WEIGHTS = ["inbehandelingnames", "planningen", "notities", "notities", "fotos", "afhandelingen", "afhandelingen",
  "terugdraaiingen", "overdrachten", "splitsingen", "samenvoegingen"];

const act = async () => {
  const list = await works();
  if (!list.length) return sync();
  const actie = pick(WEIGHTS);
  const closed = list.filter((one) => one.status === "gereed");
  const chosen = actie === "terugdraaiingen" && closed.length ? pick(closed) : pick(list);
  const mark = tag();
  const what = DOINGS[actie](mark, list.filter((one) => one.id !== chosen.id));
  if (!what) return undefined;
  return queue.enqueue({ opdracht: chosen.id, actie, versie: chosen.versie, ...what });
};

const decide = async (last = false) => {
  for (const item of (await queue.items()).filter(wantsPerson)) {
    deciding = true;
    const versie = (await works()).find((one) => one.id === item.opdracht)?.versie ?? item.versie;
    const what = item.staat === "intussen_gewijzigd" ? "gezien" : last ? "laten" : pick(["opnieuw", "notitie", "laten"]);
    const possible = item.foto && what !== "gezien" ? "laten" : what;
    ledger.get(item.id).decided = possible;
    await queue.decide(item.id, possible, { versie });
    deciding = false;
  }
};

for (let step = 0; step < steps; step += 1) {
  if (step === 0 || chance(0.15)) await sync().catch(() => {});
  await act();
  if (chance(0.35)) await sendAll();
  if (chance(0.1)) await decide();
  await rest();
}
line = { cut: 0, lost: 0, kill: 0, away: 0 };
for (let round = 0; round < PATIENCE; round += 1) {
  await sendAll();
  await decide(round > 5);
  const items = await queue.items();
  if (!items.some((one) => inLine(one) || wantsPerson(one))) break;
}
const left = (await queue.items()).filter((one) => inLine(one) || wantsPerson(one));
if (left.length) wrong.push(`never ended: ${left.map((one) => `${one.actie} ${one.staat} ${one.reden}`)}`);
const told = [...ledger.values()].map(({ id, actie, opdracht, velden, staat, code, foto, decided, antwoord }) => ({
  id, actie, opdracht, velden, staat, code, decided, sha256: foto?.sha256 ?? null, alGedaan: antwoord?.alGedaan ?? false,
}));
process.stdout.write(JSON.stringify({ ledger: told, wrong }));
