// "Mijn meldingen": what waits in this device and how it stands, what is half done, and what was sent from here. Works
// without coverage; the words stand in the templates of the page.

import { BUSY, WAITS, WRONG, all, forgetSent, isEmpty, keepSent, onChange, photos, recover, sent } from "./concept.js";
import { keepSending, put, sendNow, takeBack, throwAway } from "./uitbak.js";
import { goOnWith } from "./verder.js";

const part = (name) => document.querySelector(`[data-deel="${name}"]`);
const pattern = (name) => document.querySelector(`[data-sjabloon="${name}"]`);
const news = document.querySelector("[data-nieuws]");
const confirmBox = document.querySelector("[data-bevestig]");
const moment = new Intl.DateTimeFormat(document.documentElement.lang || "nl", { dateStyle: "long", timeStyle: "short" });
const say = (words, values = {}) => words.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const spaced = (nummer) => nummer.replace(/^(..)(....)(....)$/, "$1 $2 $3");
const joined = (...words) => words.filter(Boolean).join(" · ");
const inside = (item, name) => item.querySelector(`[data-${name}]`);
const button = (item, name) => item.querySelector(`[data-doe="${name}"]`);
const sending = new Set();

const describe = (item, form, count, words) => {
  const text = form.values.omschrijving?.[0] ?? "";
  const kind = form.words.categorie ?? "";
  inside(item, "naam").textContent = kind || text || words.zonder;
  const pictures = count === 1 ? words.foto : count ? say(words.fotos, { n: count }) : "";
  inside(item, "wat").textContent = joined(kind && text, form.words.plaats || form.values.adres?.[0], pictures);
};

const act = (item, name, what) => button(item, name)?.addEventListener("click", what);

const throwOut = (key) => () => {
  confirmBox.returnValue = "";
  confirmBox.showModal();
  confirmBox.onclose = async () => {
    if (confirmBox.returnValue !== "ja") return;
    await throwAway(key);
    news.textContent = news.dataset.weg;
    document.querySelector("h1").focus();
  };
};

const change = (key, step) => async () => {
  const became = await takeBack(key);
  if (!became) goOnWith(key, step);
};

const try_ = (form) => async () => {
  sending.add(form.key);
  await show();
  if (form.state === WRONG) await put(form.key);
  const became = await sendNow(form.key).finally(() => sending.delete(form.key));
  if (became) news.textContent = say(news.dataset.verstuurd, { nummer: spaced(became.nummer) });
  await show();
};

const waits = async (form) => {
  const words = pattern("wacht").dataset;
  const item = pattern("wacht").content.firstElementChild.cloneNode(true);
  const { failure } = form;
  describe(item, form, (await photos.list(form.key)).length, words);
  inside(item, "gevaar").hidden = form.values.gevaar?.[0] !== "ja" || failure?.code === "al_verstuurd";
  const stands = inside(item, "stand");
  const wrong = form.state === WRONG && !sending.has(form.key);
  if (sending.has(form.key)) stands.textContent = words.nu;
  else if (failure?.code === "al_verstuurd") stands.textContent = words.al;
  else if (wrong) stands.textContent = words.mens;
  else if (failure?.cause === "server") stands.textContent = say(words.server, { moment: moment.format(form.nextAt) });
  else stands.textContent = words.net;
  if (wrong && failure.code !== "al_verstuurd") {
    const faults = Object.values(failure.fields ?? {});
    const list = inside(item, "fouten");
    list.hidden = false;
    for (const fault of faults.length ? faults : [failure.words ?? ""]) {
      const line = document.createElement("li");
      line.className = "utrecht-unordered-list__item";
      line.textContent = fault;
      list.append(line);
    }
  }
  const came = failure?.code === "al_verstuurd";
  button(item, "stuur").hidden = came || sending.has(form.key);
  button(item, "verbeter").hidden = !wrong || came;
  button(item, "wijzig").hidden = wrong;
  button(item, "open").hidden = !came;
  if (came) button(item, "open").href = `/volgen/${failure.nummer}`;
  act(item, "stuur", try_(form));
  act(item, "verbeter", change(form.key, failure?.step));
  act(item, "wijzig", change(form.key, "controleren"));
  act(item, "weg", throwOut(form.key));
  return item;
};

const busy = async (form) => {
  const words = pattern("bezig").dataset;
  const item = pattern("bezig").content.firstElementChild.cloneNode(true);
  describe(item, form, (await photos.list(form.key)).length, words);
  inside(item, "stand").textContent = say(words.moment, { moment: moment.format(form.changedAt) });
  act(item, "wijzig", () => goOnWith(form.key, ""));
  act(item, "weg", throwOut(form.key));
  return item;
};

const photoLines = (melding) => {
  const words = pattern("foto").dataset;
  const lines = (melding.refused ?? []).map(({ name, words: why }) => say(words.geweigerd, { naam: name, uitleg: why }));
  const left = melding.follow?.length ?? 0;
  if (left) lines.push(left === 1 ? words.volg : say(words.volgen, { n: left }));
  return lines.map((line) => {
    const item = pattern("foto").content.firstElementChild.cloneNode(true);
    item.textContent = line;
    return item;
  });
};

const sentItem = (melding) => {
  const words = pattern("verstuurd").dataset;
  const item = pattern("verstuurd").content.firstElementChild.cloneNode(true);
  const link = inside(item, "naam");
  link.textContent = say(words.naam, { nummer: spaced(melding.nummer) });
  link.href = melding.volgen ? new URL(melding.volgen, location.href).pathname : `/volgen/${melding.nummer}`;
  inside(item, "wat").textContent = joined(melding.soort, melding.tekst?.slice(0, 80), melding.plek);
  inside(item, "stand").textContent = melding.stand || words.stand;
  if (melding.sentAt) inside(item, "moment").textContent = say(words.moment, { moment: moment.format(melding.sentAt) });
  item.dataset.eigen = melding.nummer;
  act(item, "vergeet", () => forgetSent(melding.nummer));
  return item;
};

// What the server knows of the meldingen in its cookie is kept, for when there is no coverage.
const learn = async () => {
  const known = new Map((await sent()).map((melding) => [melding.nummer, melding]));
  for (const item of document.querySelectorAll("[data-nummer]")) {
    const { nummer, volgen, soort, stand, plek, tekst, moment: at } = item.dataset;
    const before = known.get(nummer);
    if (before?.stand === stand && before.volgen) continue;
    await keepSent(nummer, { volgen, soort, plek, tekst, sentAt: Date.parse(at), ...before, stand });
  }
};

// Of the others, whose cookie went with the browser, it is asked how they stand, each with its own token.
const ask = async () => {
  for (const { nummer, volgen, stand } of await sent()) {
    if (!volgen || document.querySelector(`[data-nummer="${nummer}"]`)) continue;
    try {
      const headers = { "Volg-Token": volgen.split("/").pop() };
      const answer = await fetch(`/api/v1/meldingen/${nummer}`, { headers, credentials: "omit" });
      if (!answer.ok) continue;
      const { statusTekst } = await answer.json();
      if (statusTekst !== stand) await keepSent(nummer, { stand: statusTekst });
    } catch {
      return; // no coverage: what was known stands there
    }
  }
};

const fill = (name, items) => {
  const list = part(name).querySelector("[data-lijst]");
  const isSame = items.length === list.children.length && items.every((item, n) => item.isEqualNode(list.children[n]));
  if (isSame) return; // a button stays under the finger that is about to press it, and keeps the focus
  const focused = document.activeElement?.closest?.(`[data-deel="${name}"] .mine__item`);
  list.replaceChildren(...items);
  part(name).hidden = items.length === 0;
  if (focused && !focused.isConnected) document.querySelector("h1").focus();
};

const showSent = async () => {
  const list = part("verstuurd").querySelector("[data-lijst]");
  for (const item of list.querySelectorAll("[data-eigen]")) item.remove();
  const known = await sent();
  for (const melding of known) {
    const told = list.querySelector(`[data-nummer="${melding.nummer}"]`);
    const item = told ?? sentItem(melding);
    inside(item, "fotos").replaceChildren(...photoLines(melding));
    if (!told) list.append(item);
  }
  part("verstuurd").querySelector("[data-niets]").hidden = list.children.length > 0;
  part("verstuurd").querySelector("[data-oud]").hidden = navigator.onLine || !list.children.length;
};

let drawing = Promise.resolve();
const draw = async () => {
  const pictured = new Set((await photos.all()).map((photo) => photo.key));
  const forms = (await all()).filter((form) => pictured.has(form.key) || !isEmpty(form));
  fill("wacht", await Promise.all(forms.filter((form) => form.state === WAITS || form.state === WRONG).map(waits)));
  fill("bezig", await Promise.all(forms.filter((form) => form.state === BUSY).map(busy)));
  await showSent();
};
const show = () => (drawing = drawing.then(draw, draw)); // one at a time, so that no older picture comes last

document.querySelector("h1").tabIndex = -1;
for (const form of document.querySelectorAll("[data-vergeet]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await forgetSent(form.elements.nummer.value).catch(() => {});
    form.submit();
  });
}
addEventListener("online", () => show().then(ask));
addEventListener("offline", show);
onChange(() => show());
await recover();
await learn();
await show();
await keepSending();
news.dataset.klaar = "ja";
await ask();
