// The open work around the place, and "sluit de beller aan": one key joins him to one of these, the same key undoes it.

import { form, latest } from "./lijn.js";
import { markNear, onPlace } from "./plek.js";
import { chooseKind } from "./soort.js";

const part = form.querySelector("[data-near]");
const { categorie, omschrijving } = form.elements;
const around = latest("text");
let at = null;
let wanted = "";
let filled = "";

const radios = () => [...part.querySelectorAll("[name=aansluiten]")];
const rows = () => [...part.querySelectorAll("[data-nabij-lijst] > li")];

const joined = () => {
  const row = rows().find(({ dataset }) => dataset.id === wanted);
  if (omschrijving.value === filled) omschrijving.value = "";
  filled = "";
  if (!row) return;
  if (!categorie.value) chooseKind(row.dataset.soort);
  if (!omschrijving.value.trim()) {
    filled = `De beller meldt hetzelfde: ${row.dataset.naam.toLowerCase()}.`;
    omschrijving.value = filled;
  }
};
const show = (html) => {
  part.innerHTML = html; // from our own server, escaped by its templates
  for (const radio of radios()) radio.checked = radio.value === wanted; // the list may be of before the last key
  const labels = radios().slice(1).map((radio) => radio.labels[0]);
  labels.forEach((label, place) => {
    const key = document.createElement("kbd");
    key.className = "key";
    key.textContent = `Alt ${place + 1}`;
    key.setAttribute("aria-hidden", "true");
    label.prepend(key, " ");
    label.control.setAttribute("aria-keyshortcuts", `Alt+${place + 1}`);
  });
  markNear(rows().map(({ dataset }, place) => ({ lon: Number(dataset.lon), lat: Number(dataset.lat), sign: String(place + 1), title: dataset.naam, pick: () => join(place) })));
};
const look = async () => {
  if (!at) {
    around.stop();
    show("");
    return;
  }
  const html = await around(`/kcc/nabij?${new URLSearchParams({ ...at, categorie: categorie.value, aansluiten: wanted })}`);
  if (html === undefined || html === part.dataset.last) return;
  part.dataset.last = html;
  show(html);
};

/** Joins the caller to the so-manieth problem of the list, or takes him off when he was joined to it. */
export const join = (place) => {
  const radio = radios()[place + 1];
  if (!radio) return false;
  const chosen = radio.checked ? radios()[0] : radio;
  chosen.checked = true;
  chosen.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
};
part.addEventListener("change", ({ target }) => {
  if (target.name !== "aansluiten") return;
  wanted = target.value;
  joined();
});
onPlace((place) => {
  at = place;
  look();
});
categorie.addEventListener("change", look);

/** What the form that was put back said about joining. */
export const wasJoined = (id) => {
  wanted = id;
  delete part.dataset.last;
  look();
};
