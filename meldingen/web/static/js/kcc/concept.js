// What was typed survives a crash: kept in this tab at each key, and at our server a moment later. Only who typed it
// gets it back. The key of the form is that of the melding it becomes, so that it is never stored twice.

import { ask, Away, form, quiet, Refused } from "./lijn.js";

const SLOT = "kcc-gesprek-";
const PAUSE_MS = 600;
const NOT_KEPT = new Set(["csrf_token", "sleutel", "versie"]);
const TELLS = ["omschrijving", "adres", "toelichting", "lon", "telefoon", "naam", "email", "notitie"];
const { sleutel, versie } = form.elements;
const stand = form.querySelector("[data-stand]");
const said = form.querySelector("[data-bewaard]");
const begun = document.querySelector("[data-begonnen]");
let ended = false;
let running;
let onRefused = () => {};

/** Whether anything was filled in that would be missed. */
export const tells = () => TELLS.some((name) => form.elements[name].value.trim());
const drop = (key) => sessionStorage.removeItem(SLOT + key);
const slots = () => Object.keys(sessionStorage).filter((one) => one.startsWith(SLOT));
const clock = (at) => new Date(at).toLocaleTimeString("nl-NL", { hour: "2-digit", minute: "2-digit" }).replace(":", ".");
const tell = (words) => {
  if (said.textContent !== words) said.textContent = words;
};

const send = async () => {
  running?.abort();
  if (ended) return;
  const mine = new AbortController();
  running = mine;
  try {
    const html = await (await ask("/kcc/nieuw/stand", [...new FormData(form)], mine.signal)).text();
    if (mine.signal.aborted || ended) return;
    stand.innerHTML = html; // from our own server, escaped by its templates
    stand.hidden = false;
    tell(tells() ? "Bewaard, nog niet opgeslagen." : "");
  } catch (error) {
    if (mine.signal.aborted || ended) return;
    if (error instanceof Refused) onRefused(error.problem);
    else if (error instanceof Away) tell("Nog niet bij ons bewaard.");
    else throw error;
  }
};
/** Keeps the form at our server when the typing stops; of one that was stored meanwhile we hear it so. */
export const soon = quiet(send, PAUSE_MS);

/** Keeps the form as it is now: in this tab at once, at our server when the typing stops. */
export const keep = () => {
  if (ended) return;
  versie.value = String(Number(versie.value) + 1);
  if (tells()) {
    const values = [...new FormData(form)].filter(([name]) => !NOT_KEPT.has(name));
    const kept = { account: form.dataset.account, at: Date.now(), versie: Number(versie.value), values };
    try {
      sessionStorage.setItem(SLOT + sleutel.value, JSON.stringify(kept));
    } catch {
      // no room in this browser: our server has it
    }
  }
  soon();
};

/** Stops keeping while the form is being sent. */
export const pause = () => {
  soon.stop();
  running?.abort();
};

/** The form was sent or thrown away: this tab forgets it. */
export const end = () => {
  ended = true;
  pause();
  drop(sleutel.value);
};

/** Throws this form away, here and at our server. */
export const throwAway = async () => {
  end();
  await ask("/kcc/nieuw/weggooien", [["sleutel", sleutel.value]]).catch(() => {}); // swept after a day
};

const hold = () => navigator.locks?.request(SLOT + sleutel.value, { ifAvailable: true }, (lock) => lock && new Promise(() => {}));
const heldElsewhere = async () => new Set((await navigator.locks?.query())?.held?.map(({ name }) => name) ?? []);

const mine = (slot) => {
  const kept = JSON.parse(sessionStorage.getItem(slot));
  if (kept?.account === form.dataset.account) return kept;
  sessionStorage.removeItem(slot); // of a colleague who worked here before
  return null;
};
const offer = (key, kept, putBack) => {
  const item = document.querySelector("[data-begonnen-hier]").content.cloneNode(true).firstElementChild;
  item.querySelector("[data-hoe-laat]").textContent = clock(kept.at);
  item.querySelector("[data-ga-verder]").addEventListener("click", () => {
    sleutel.value = key;
    versie.value = String(kept.versie);
    hold();
    item.remove();
    putBack(kept.values);
  });
  item.querySelector("[data-gooi-weg]").addEventListener("click", () => {
    drop(key);
    item.remove();
  });
  begun.append(item);
};

/** Begins: offers what was not finished, and puts back what this tab knows better. putBack(pairs) fills in the form;
 * refused(problem): this form was stored before, or may not be kept. */
export const begin = async ({ putBack, refused }) => {
  onRefused = refused;
  const began = document.activeElement;
  const open = await heldElsewhere();
  hold();
  for (const item of begun.querySelectorAll("[data-begonnen-sleutel]")) {
    const key = item.dataset.begonnenSleutel;
    const button = item.querySelector("[data-gooi-weg]");
    if (open.has(SLOT + key)) {
      item.querySelector(".actions").remove();
      item.querySelector("p").append(". Zij is open in een ander tabblad.");
      continue;
    }
    button.hidden = false;
    button.addEventListener("click", async () => {
      await ask("/kcc/nieuw/weggooien", [["concept", button.dataset.gooiWeg]]);
      drop(key);
      item.remove();
    });
  }
  const known = new Set([...begun.querySelectorAll("[data-begonnen-sleutel]")].map(({ dataset }) => dataset.begonnenSleutel));
  for (const slot of slots()) {
    const key = slot.slice(SLOT.length);
    const kept = mine(slot);
    if (!kept) continue;
    if (key === sleutel.value) {
      if (kept.versie > Number(versie.value)) {
        versie.value = String(kept.versie);
        putBack(kept.values);
      }
    } else if (!known.has(key) && !open.has(slot)) offer(key, kept, putBack);
  }
  for (const kind of ["input", "change"]) form.addEventListener(kind, keep);
  for (const kind of ["online", "focus"]) window.addEventListener(kind, () => tells() && soon());
  if (tells()) send();
  if (document.activeElement === began) begun.querySelector("a, button:not([hidden])")?.focus(); // who types, types on
};
