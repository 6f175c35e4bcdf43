// The screen of the phone desk, put together. Each concern has a file of its own beside this one; without any of them
// the form works by the page that reads it back.

import { takeOver, showCaller } from "./beller.js";
import * as concept from "./concept.js";
import { form } from "./lijn.js";
import { join, wasJoined } from "./nabij.js";
import { onRefused, save } from "./opslaan.js";
import { showPlace } from "./plek.js";
import { showKind } from "./soort.js";
import { listen } from "./toetsen.js";

for (const one of document.querySelectorAll("[data-zonder-script]")) one.remove();

// With danger the talk is short: where, what, and then a number. Words to say come first.
const number = form.querySelector("[data-nummer]");
const home = form.querySelector("[data-wie] > h2");
const caller = form.querySelector("[data-caller-part]");
const melding = caller.nextElementSibling;
const agreement = form.querySelector("[data-afspraak] > h2");
const tellDanger = () => {
  const said = form.elements.gevaar.value;
  if (form.dataset.spoed === said) return;
  form.dataset.spoed = said;
  form.querySelector("[data-gevaar-ja]").hidden = said !== "ja";
  (said === "ja" ? agreement : home).after(number);
  if (said === "ja") melding.after(caller);
  else melding.before(caller);
};
form.addEventListener("change", tellDanger);

const showAll = () => {
  tellDanger();
  showPlace();
  showKind();
  showCaller();
};
const putBack = (pairs) => {
  const said = new Map();
  for (const [name, value] of pairs) said.set(name, [...(said.get(name) ?? []), value]);
  for (const field of form.elements) {
    if (!field.name || ["csrf_token", "sleutel", "versie"].includes(field.name)) continue;
    const given = said.get(field.name) ?? [];
    if (field.type === "radio" || field.type === "checkbox") field.checked = given.includes(field.value);
    else if (field.type !== "submit") field.value = given[0] ?? "";
  }
  wasJoined(said.get("aansluiten")?.[0] ?? "");
  showAll();
  concept.keep();
  form.elements.omschrijving.focus();
};

// Enter in a field is no order to store: that is Ctrl with Enter, or the button.
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.ctrlKey && event.target.matches("input, select")) event.preventDefault();
});
const off = document.querySelector("[data-weg]");
off.hidden = false;
off.addEventListener("click", async () => {
  if (concept.tells() && !confirm("Wat u typte, gaat weg. Weggooien?")) return;
  await concept.throwAway();
  location.assign("/kcc/nieuw");
});

listen({ join, takeOver, save });
showAll();
if (form.dataset.aansluiten) wasJoined(form.dataset.aansluiten);
if (!document.querySelector("[data-focus-on-load]")) form.querySelector("#veld-gevaar").focus();
concept.begin({ putBack, refused: onRefused });
