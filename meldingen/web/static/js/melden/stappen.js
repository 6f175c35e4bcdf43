// One step of the form in the browser: every change is kept in the device, what is there comes back after a reload or a
// crash, a step goes on without coverage, and the last button puts the melding in the outbox.
//
// A step is a plain POST with everything that is known, so that the server can check it and show the next page. The
// mark `?bewaard=verder` in its address tells the service worker that this device holds it all, so that it may go on to
// the next page by itself; `?bewaard=hier` is a button that stays at this one. A browser that keeps nothing gets the plain form. After the fields of a step were filled in by this
// script, the form gets the event "concept:hersteld"; scripts that show a field in another way listen to it.

import * as concept from "./concept.js";
import { isDurable } from "./opslag.js";
import { keepSending, put, sendNow, takeBack } from "./uitbak.js";
import { chosenKey, forgetChoice } from "./verder.js";

const TYPING_MS = 200;
const PATIENCE_MS = 20_000;
const LINE_MS = 5000;
const HERE = "meldingen-bezig"; // the form that this tab is at
const form = document.querySelector("form[data-melden]");
const step = form?.dataset.stap ?? "";
const gemeente = form?.elements.gemeente?.value ?? "";
const shown = (name) => document.querySelector(`[data-${name}]`);
const buttonWords = [...document.querySelectorAll("form[data-melden] button[data-busy-words]")].map((button) => [button, button.textContent]);

// What somebody filled in before this script knew whose form it is: that stands above all that is known.
const touched = new Set();
const touch = ({ target }) => concept.isKept(target?.name) && touched.add(target.name);
const field = document.activeElement;
if (field?.form === form && field?.value !== field?.defaultValue) touch({ target: field });
for (const kind of ["input", "change"]) form?.addEventListener(kind, touch);

// What stands in the page

const wordsOf = (field) => {
  if (field.tagName === "SELECT") return field.value ? field.selectedOptions[0]?.textContent.trim() : "";
  if (!["radio", "checkbox"].includes(field.type)) return undefined;
  return field.checked ? (field.labels?.[0]?.firstChild?.textContent.trim() ?? "") : undefined;
};

const readPage = () => {
  const values = {};
  const words = {};
  for (const field of form.elements) {
    if (!concept.isKept(field.name)) continue;
    values[field.name] ??= [];
    const told = wordsOf(field);
    if (told !== undefined) words[field.name] = words[field.name] && told ? `${words[field.name]}, ${told}` : told;
  }
  for (const [name, value] of new FormData(form)) if (name in values) values[name].push(value);
  const place = document.querySelector("[data-place-words]");
  if (place) words.plaats = place.dataset.placeName || place.textContent.trim();
  return { values, words };
};

const putInPage = ({ values }) => {
  for (const field of form.elements) {
    const given = concept.isKept(field.name) && values[field.name];
    if (!given || touched.has(field.name)) continue;
    if (["radio", "checkbox"].includes(field.type)) field.checked = given.includes(field.value);
    else field.value = given[0] ?? "";
  }
  form.dispatchEvent(new CustomEvent("concept:hersteld", { bubbles: true, detail: { values } }));
};

// Keeping it

let key = "";
let timer = 0;
let unkept = false; // something changed that the database has not said yes to
const from = { gemeente, link: location.search };
const tellFull = () => shown("vol")?.removeAttribute("hidden"); // with coverage the form works as always
const keep = async () => {
  clearTimeout(timer);
  timer = 0;
  const { values, words } = readPage();
  try {
    await concept.save(key, values, words, from);
  } catch {
    tellFull();
    return false;
  }
  unkept = Boolean(timer);
  concept.forgetLast();
  return true;
};
const keepSoon = () => {
  unkept = true;
  clearTimeout(timer);
  timer = setTimeout(keep, TYPING_MS);
};

const keepAtOnce = () => {
  if (!unkept) return;
  const { values, words } = readPage();
  concept.saveAtOnce(key, values, words, from);
  keep();
};

const keepFiles = async () => {
  for (const input of form.querySelectorAll("input[type=file]")) {
    for (const file of input.files) await concept.photos.put(key, file);
    input.value = "";
  }
};

// The server's form and the device's: whose values count (the rule stands in concept.js)

// Photos that only this device has yet, so that the server does not ask for one.
const openPhotos = async () =>
  (await concept.photos.list(key)).filter((photo) => !photo.reference && !photo.refused).length || "";

const bodyOf = async (kept) => {
  const body = new FormData();
  for (const [name, values] of Object.entries(kept?.values ?? {})) for (const value of values) body.append(name, value);
  body.set("sleutel", key);
  body.set("versie", kept?.count ?? 0);
  body.set("fotos_volgen", await openPhotos());
  if (gemeente) body.set("gemeente", gemeente);
  return body;
};

// Brings the device's form to the server and shows the page again; once per version, so that it cannot go round.
let leaving = false;
form?.addEventListener("submit", () => {
  leaving = true; // a button was pressed before this script was ready: that goes first
});
const bringAlong = async (kept) => {
  const mark = `${key}:${kept?.count ?? 0}:${step}`;
  if (sessionStorage.getItem("meldingen-bijgewerkt") === mark) return false;
  sessionStorage.setItem("meldingen-bijgewerkt", mark);
  const body = await bodyOf(kept);
  body.set("actie", "toevoegen"); // keeps, and judges nothing
  try {
    const path = step === "controleren" ? "contact" : step;
    const answer = await fetch(`/melden/${path}`, { method: "POST", body, redirect: "manual" });
    if (answer.status === 409) {
      await put(key); // a try of which the answer was lost did arrive: the outbox finds out which melding it is
      location.assign(form.dataset.mijn);
      return true;
    }
    if (answer.type !== "opaqueredirect") return false;
  } catch {
    return false;
  }
  if (touched.size && !leaving) return false; // somebody is typing already: this page stays
  if (!leaving) location.replace(location.href);
  return true;
};

const linkedValues = () => {
  const given = new URLSearchParams(location.search);
  const names = form.dataset.link.split(" ").filter((name) => given.get(name));
  return Object.fromEntries(names.map((name) => [name, [given.get(name)]]));
};

// Makes this page the form under `own`; gives false when the page is about to be shown again.
const become = async (own, ownKey) => {
  key = ownKey;
  form.elements.sleutel.value = key;
  if (await bringAlong(own)) return false;
  putInPage(own ?? { values: {} });
  return true;
};

// The empty page that the service worker kept.
const settleEmpty = async (own) => {
  const linked = linkedValues();
  const fresh = Object.keys(linked).length && own?.link !== location.search;
  key = fresh || !own ? concept.newKey() : own.key;
  form.elements.sleutel.value = key;
  if (fresh) await concept.save(key, linked, {}, { gemeente, link: location.search }).catch(tellFull);
  putInPage((await concept.load(key)) ?? { values: linked });
  return true;
};

// Decides whose form this page shows; gives false when the page is about to be shown again.
const settle = async () => {
  const pageKey = concept.keyOf(form);
  const theirs = JSON.parse(form.dataset.velden);
  const known = pageKey ? await concept.load(pageKey) : undefined;
  const over = known ? known.state !== concept.BUSY : Boolean(pageKey && (await concept.sentFrom(pageKey)));
  const chosen = chosenKey() ? await concept.load(chosenKey()) : undefined;
  forgetChoice();
  const own = chosen ?? (known && !over ? known : await concept.current(gemeente));
  if (!pageKey) return settleEmpty(own);
  const linked = "gelinkt" in form.dataset && own?.link !== location.search;
  const serverHas = !over && (linked || Object.keys(theirs).length > 0);
  if (own?.key === pageKey ? own.count > Number(form.dataset.versie) : own && (chosen || !serverHas)) {
    return become(own, own.key);
  }
  if (over) return become(undefined, concept.newKey()); // it waits to be sent, or was sent: this is another one
  key = pageKey;
  if (Object.keys(theirs).length) {
    await concept.adopt(key, theirs, readPage().words, Number(form.dataset.versie), { gemeente }).catch(tellFull);
  }
  return true;
};

// Going on

const add = (name, value) => {
  const field = document.createElement("input");
  field.type = "hidden";
  [field.name, field.value] = [name, value];
  form.append(field);
};

// What the other steps have, for a server that may not have heard it.
const addKnown = ({ values, count }) => {
  const inPage = new Set([...form.elements].map((field) => field.name));
  for (const [name, given] of Object.entries(values)) if (!inPage.has(name)) for (const one of given) add(name, one);
  add("versie", count);
};

// A full device cannot go on without the server: is it there? The service worker leaves this question alone.
const hasLine = () => {
  const asked = { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(LINE_MS) };
  return fetch(`/melden/${step}?leeg`, asked).then(({ ok }) => ok, () => false);
};

// Neither the device nor the server can take it now: the page stays, with all that is in it, and says so.
const stay = () => {
  delete form.dataset.busy;
  for (const [button, words] of buttonWords) {
    button.removeAttribute("aria-disabled");
    button.textContent = words;
  }
  const told = shown("vol-alleen");
  told.hidden = false;
  told.focus();
};

const goOn = async (event) => {
  if (event.defaultPrevented) return; // a second press (pagina.js)
  event.preventDefault();
  const button = event.submitter;
  const wordsFit = await keep();
  const allFits = (await keepFiles().then(() => true, () => false)) && wordsFit;
  if (!allFits && !(await hasLine())) return stay();
  const known = await concept.load(key);
  if (button?.name) add(button.name, button.value);
  if (known || !wordsFit) {
    const { values, count } = known ?? { values: {}, count: 0 };
    addKnown({ values, count: wordsFit ? count : count + 1 }); // what stands in the page is newer than what fitted
    add("fotos_volgen", await openPhotos());
  }
  if (known && allFits) form.action += `?bewaard=${!button?.name || button.value === "verder" ? "verder" : "hier"}`;
  return form.submit();
};

// A device without room has no outbox. What the server has goes, with the photos that only this device has.
const sendPlain = async (known) => {
  if (!(await hasLine())) return stay();
  if (known) addKnown(known);
  const files = (await concept.photos.list(key)).filter((photo) => !photo.refused);
  const input = document.createElement("input");
  [input.type, input.name, input.hidden] = ["file", "foto", true];
  const carrier = new DataTransfer();
  for (const { blob, name, type } of files) carrier.items.add(new File([blob], name, { type }));
  input.files = carrier.files;
  if (files.length) form.append(input);
  return form.submit();
};

const sendOff = async (event) => {
  if (event.defaultPrevented) return;
  event.preventDefault();
  const known = await concept.load(key);
  if (!known || known.count < Number(form.dataset.versie)) return sendPlain(); // the server has what did not fit here
  const queued = await put(key).then(() => true, () => false);
  if (!queued) return sendPlain(known);
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  const became = await Promise.race([sendNow(key).catch(() => undefined), late]);
  if (became) return location.assign(became.ontvangen);
  const failure = (await concept.load(key))?.failure;
  if (failure?.step && failure.status === 400) {
    await takeBack(key);
    return location.assign(`/melden/${failure.step}?controle=ja`); // the server shows what is wrong, at its field
  }
  return location.assign(form.dataset.mijn);
};

// The summary without coverage: the rows that the page names, with what this device holds

const summarise = async (kept) => {
  const list = document.querySelector("[data-samenvatting]");
  if (!list) return;
  const pattern = document.querySelector("template[data-rij]").content.firstElementChild;
  const photos = await concept.photos.list(key);
  const words = (name) => {
    if (name === "fotos") return photos.map((photo) => photo.name).join("\n");
    const given = (kept.values[name] ?? []).filter(Boolean).join(", ");
    return name === "plaats" ? kept.words.plaats || kept.words.buurt : given && (kept.words[name] || given);
  };
  const rows = JSON.parse(list.dataset.samenvatting).flatMap(({ veld, naam, stap, anders }) => {
    const text = words(veld) || anders;
    if (!text) return [];
    const row = pattern.cloneNode(true);
    row.querySelector("dt").textContent = naam;
    row.querySelector("dd").textContent = text;
    const link = row.querySelector("a");
    if (stap) link.href = `/melden/${stap}`;
    else link.parentElement.remove();
    link.querySelector("span").textContent = ` ${naam.toLowerCase()}`;
    return [row];
  });
  list.replaceChildren(...rows);
  const danger = shown("bij-gevaar");
  if (danger) danger.hidden = kept.values.gevaar?.[0] !== "ja";
};

const open = async () => {
  const before = concept.keyOf(form);
  if (!(await settle())) return;
  const kept = await concept.load(key);
  if (kept && key !== before && sessionStorage.getItem(HERE) !== key) shown("hersteld")?.removeAttribute("hidden");
  sessionStorage.setItem(HERE, key);
  await summarise(kept ?? { values: {}, words: {} });
  if (touched.size) keepSoon();
  for (const kind of ["input", "change"]) form.removeEventListener(kind, touch);
  touched.clear(); // keeping reads the page; from here on other pages and tabs may fill it in as always
  form.addEventListener("input", keepSoon);
  form.addEventListener("change", keep);
  form.addEventListener("click", keepSoon); // a pin, a photo or a place chosen by a button of another script
  addEventListener("pagehide", keepAtOnce);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && keepAtOnce());
  form.addEventListener("submit", step === "controleren" ? sendOff : goOn);
  form.dataset.klaar = "ja";
};

// The page that asks whether to go on with what was begun. Starting anew throws away what this device holds too; what
// waits to be sent, or was sent, is not asked about: then it is a new form.
const settleBegun = async (begun) => {
  const own = begun.elements.sleutel.value;
  const known = await concept.load(own);
  if (known ? known.state !== concept.BUSY : await concept.sentFrom(own)) return begun.submit();
  begun.addEventListener("submit", async (event) => {
    event.preventDefault();
    await concept.drop(own).catch(() => {});
    begun.submit();
  });
};

if (await isDurable()) {
  await concept.recover();
  const begun = document.querySelector("form[action^='/melden/opnieuw']");
  if (begun) await settleBegun(begun);
  if (form) await open();
  await keepSending();
} else shown("niet-bewaard")?.removeAttribute("hidden");
