// What the tablet's queue does with each kind of answer, as a table: told as JSON to tests/web/test_rij.py.
//
//   node rij_tafel.mjs path/of/rij.js

import { pathToFileURL } from "node:url";

const { Full, applied, backOff, makeQueue } = await import(pathToFileURL(process.argv[2]));

// A queue on a disk in memory, with a clock by hand and a server that answers as it is told (the last answer goes on).
const tabletOf = (answers, { room = Infinity } = {}) => {
  const disk = { stap: new Map(), foto: new Map() };
  const sent = [];
  let [time, number] = [1_000_000, 0];
  const store = {
    read: async (kind, key) => structuredClone(disk[kind].get(key)),
    readAll: async (kind) => structuredClone([...disk[kind].values()]),
    write: async (kind, value) => {
      if (disk.stap.size + disk.foto.size >= room) throw new DOMException("vol", "QuotaExceededError");
      disk[kind].set(value.id ?? value.sha256, structuredClone(value));
    },
    remove: async (kind, key) => void disk[kind].delete(key),
  };
  const send = async (request) => {
    sent.push(structuredClone({ ...request, photo: request.photo ? request.photo.sha256 : undefined }));
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === "net") throw new Error("no line");
    return answer;
  };
  const make = () =>
    makeQueue({ store, send, now: () => time, newId: () => `id-${(number += 1)}`, random: () => 0.5, offset: () => 500 });
  return { queue: make(), again: make, sent, disk, wait: (ms) => (time += ms) };
};
const close = { actie: "afhandelingen", velden: { uitkomst: "opgelost" } };
const done = (versie, more = {}) => ({ status: 201, body: { versie, ...more } });
const problem = (status, code = "x") => ({ status, body: { code, detail: "Nee." } });
const states = async (tablet) => (await tablet.queue.items()).map((item) => item.staat);

const told = {};

const FATES = {
  "201": done(2), "201 overtaken": done(2, { intussenGewijzigd: true }), "200 page of a portal": { status: 200, body: null },
  "409": problem(409), "409 busy": problem(409, "druk"), "403": problem(403), "412": problem(412), "404": problem(404),
  "413 page": { status: 413, body: null }, "422": problem(422), "401": problem(401), "429": problem(429),
  "503": problem(503), "net": "net",
};
told.fates = {};
for (const [name, answer] of Object.entries(FATES)) {
  const tablet = tabletOf([answer]);
  await tablet.queue.enqueue({ opdracht: 1, versie: 1, ...close });
  const { signIn } = await tablet.queue.sendAll();
  told.fates[name] = [...(await states(tablet)), ...(signIn ? ["inloggen"] : [])];
}

// One opdracht that cannot go now holds up its own later steps only; too many requests hold up all.
for (const [name, first] of [["own", problem(503)], ["all", { ...problem(429), waitS: 90 }]]) {
  const tablet = tabletOf([first, done(2)]);
  for (const opdracht of [1, 1, 2]) await tablet.queue.enqueue({ opdracht, versie: 1, ...close });
  await tablet.queue.sendAll();
  told[name] = await states(tablet);
  told[`${name} later`] = [tablet.queue.nextAt() - 1_000_000, tablet.sent.length];
  tablet.wait(100_000);
  await tablet.queue.sendAll();
  told[`${name} then`] = await states(tablet);
}

// The same request to the letter, whatever happened in between; a refused one does not hold up the next.
{
  const tablet = tabletOf(["net", "net", problem(409), done(7)]);
  await tablet.queue.enqueue({ opdracht: 1, versie: 3, ...close });
  await tablet.queue.enqueue({ opdracht: 1, actie: "notities", velden: { tekst: "Kijk." } });
  await tablet.queue.sendAll();
  tablet.queue = tablet.again(); // killed
  await tablet.queue.sendAll(true);
  await tablet.queue.sendAll(true);
  told.same = new Set(tablet.sent.slice(0, 3).map((one) => JSON.stringify(one))).size;
  told.frozen = tablet.sent[0].json;
  told.after = await states(tablet);
}

// What he did himself is no surprise to him: the next step is based on the answer to the one before.
{
  const tablet = tabletOf([done(2), done(3)]);
  await tablet.queue.enqueue({ opdracht: 1, actie: "inbehandelingnames", versie: 1 });
  await tablet.queue.enqueue({ opdracht: 1, versie: 1, ...close });
  await tablet.queue.sendAll();
  told.based = tablet.sent.map((one) => one.json.basisversie);
}

// A photo goes after its step, also when that was refused, and leaves the disk once it is there.
{
  const photo = { sha256: "ab", blob: new Blob(["x"]), naam: "foto.jpg" };
  const tablet = tabletOf([problem(409), { status: 201, body: { fotos: [{ uitkomst: "ontvangen" }] } }]);
  await tablet.queue.enqueue({ opdracht: 1, versie: 1, ...close, fotos: [photo] });
  await tablet.queue.sendAll();
  told.photo = [tablet.sent.map((one) => one.path.split("/").pop()), tablet.disk.foto.size];
}

// No room: nothing is half kept.
{
  const tablet = tabletOf([done(2)], { room: 2 });
  const photos = ["a", "b"].map((sha256) => ({ sha256, blob: new Blob([sha256]), naam: "x" }));
  const error = await tablet.queue.enqueue({ opdracht: 1, versie: 1, ...close, fotos: photos }).catch((one) => one);
  told.full = [error instanceof Full, tablet.disk.stap.size, tablet.disk.foto.size];
}

// What a person decides, and what the screen shows meanwhile.
{
  const tablet = tabletOf([problem(409), done(9)]);
  const item = await tablet.queue.enqueue({ opdracht: 1, versie: 1, ...close });
  const work = { id: 1, versie: 1, status: "nieuw", statusWoorden: "nieuw", stappen: [] };
  told.shown = applied(work, await tablet.queue.items()).status;
  await tablet.queue.sendAll();
  const refused = applied(work, await tablet.queue.items());
  told.refused = [refused.status, refused.aandacht.length];
  const again = await tablet.queue.decide(item.id, "opnieuw", { versie: 8 });
  await tablet.queue.sendAll(true);
  told.again = [again.id !== item.id, tablet.sent.map((one) => one.json.basisversie ?? one.json.besluit)];
}

// What is in the day package counts no more, can be read for an hour, and goes when somebody signs out.
{
  const tablet = tabletOf([done(4, { status: "gereed" })]);
  const work = { id: 1, versie: 1, status: "nieuw", statusWoorden: "nieuw", stappen: [] };
  await tablet.queue.enqueue({ opdracht: 1, versie: 1, ...close });
  await tablet.queue.sendAll();
  const counts = async () => [applied(work, await tablet.queue.items()).status, (await tablet.queue.items()).length];
  told.done = [await counts()];
  for (const minutes of [1, 50, 10]) {
    await tablet.queue.synced(tablet.wait(minutes * 60_000));
    told.done.push(await counts());
  }
  await tablet.queue.enqueue({ opdracht: 1, versie: 1, ...close });
  await tablet.queue.sendAll();
  await tablet.queue.enqueue({ opdracht: 1, versie: 1, ...close });
  await tablet.queue.forget();
  told.forgotten = await states(tablet);
}

told.backOff = [1, 2, 9].map((tries) => [backOff(tries, 0, () => 0), backOff(tries, 0, () => 1)]);
process.stdout.write(JSON.stringify(told));
