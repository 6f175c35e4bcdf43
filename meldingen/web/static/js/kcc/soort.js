// What it is about: three proposals while somebody types, to choose by 1, 2 or 3; and a field to search the whole list.
// The select of the form is what counts; here it is only filled in.

import { makeSearch } from "../melden/zoekveld.js";
import { form, latest, quiet } from "./lijn.js";
import { isOn } from "./toetsen.js";

const PAUSE_MS = 350;
const SHORTEST = 5;
const { omschrijving, categorie, gemeente } = form.elements;
const field = document.querySelector("#veld-soort_zoek");
const part = form.querySelector("[data-voorstellen]");
const choices = part.querySelector("[data-keuzes]");
const told = form.querySelector("[data-soort-stand]");
const script = form.querySelector("[data-questions]");

field.removeAttribute("name"); // it finds a kind; it is none
form.querySelector("[data-soort-lijst]").hidden = true;
form.querySelector("[data-soort-zoek]").hidden = false;

const nameOf = (slug) => [...categorie.options].find((one) => one.value === slug && slug)?.textContent.trim() ?? "";

// The words to say and the questions of this kind. What was answered already stays, when it is asked again.
const script_of = latest("text");
const askScript = async () => {
  if (!categorie.value) {
    script_of.stop();
    script.replaceChildren();
    return;
  }
  if (script.querySelector("[name=vragen_van]")?.value === categorie.value) return;
  const given = new FormData(form);
  const html = await script_of(`/kcc/vragen?${new URLSearchParams({ categorie: categorie.value, gemeente: gemeente.value })}`);
  if (html === undefined) return;
  script.innerHTML = html; // from our own server, escaped by its templates
  for (const one of script.querySelectorAll("[name^=antwoord_]")) {
    const said = given.getAll(one.name);
    if (one.type === "radio" || one.type === "checkbox") one.checked = said.includes(one.value);
    else if (said.length) [one.value] = said;
  }
};

/** Chooses a kind, as if by hand. */
export const chooseKind = (slug) => {
  categorie.value = slug;
  categorie.dispatchEvent(new Event("change", { bubbles: true }));
};
const shown = () => {
  field.value = nameOf(categorie.value);
  for (const radio of choices.querySelectorAll("input")) radio.checked = radio.value === categorie.value;
};
categorie.addEventListener("change", () => {
  shown();
  askScript();
});

// Proposals

const show = (kinds) => {
  choices.replaceChildren(
    ...kinds.map(({ slug, naam, hoofd }, place) => {
      const item = document.createElement("div");
      item.className = "choice";
      const radio = document.createElement("input");
      Object.assign(radio, { type: "radio", name: "voorstel", value: slug, id: `voorstel-${place + 1}` });
      radio.className = "utrecht-radio-button utrecht-radio-button--html-input";
      radio.setAttribute("form", ""); // only the select is sent
      const label = document.createElement("label");
      label.htmlFor = radio.id;
      label.className = "utrecht-form-label utrecht-form-label--radio choice__label";
      const key = document.createElement("kbd");
      key.className = "key";
      key.textContent = String(place + 1);
      key.setAttribute("aria-hidden", "true");
      label.append(key, ` ${naam}`);
      if (hoofd) {
        const main = document.createElement("span");
        main.className = "desk-kinds__main";
        main.textContent = hoofd;
        label.append(main);
      }
      item.append(radio, label);
      return item;
    }),
  );
  part.hidden = !kinds.length;
  told.textContent = kinds.length ? `Voorstellen: ${kinds.map(({ naam }) => naam).join(", ")}.` : "";
};
const propose = latest("json");
let proposed = "";
const askKinds = async () => {
  const text = omschrijving.value.trim();
  if (text === proposed || part.contains(document.activeElement) || categorie.value) return;
  proposed = text;
  if (text.length < SHORTEST) {
    propose.stop();
    show([]);
    return;
  }
  const answer = await propose("/melden/soorten", [["tekst", text], ["gemeente", gemeente.value]]);
  if (!answer) proposed = "";
  else if (!part.contains(document.activeElement)) show(answer.soorten);
};
const soon = quiet(askKinds, PAUSE_MS);
omschrijving.addEventListener("input", soon);
omschrijving.addEventListener("blur", askKinds);
choices.addEventListener("change", ({ target }) => chooseKind(target.value));
part.addEventListener("keydown", (event) => {
  const radio = choices.querySelectorAll("input")[Number(event.key) - 1];
  if (!radio || !isOn() || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  radio.focus();
  chooseKind(radio.value);
});

// The whole list, searched here: every typed word must begin a word of a kind

const plain = (words) => words.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const kinds_of = latest("json");
let kinds = [];
const load = async () => {
  const answer = await kinds_of(`/kcc/nieuw/soorten?${new URLSearchParams({ gemeente: gemeente.value })}`);
  if (!answer) return;
  kinds = answer.soorten.map((one) => ({ ...one, tekst: one.hoofd ? `${one.naam} (${one.hoofd})` : one.naam, woorden: plain(`${one.naam} ${one.hoofd} ${one.woorden}`).split(/[\s,/()-]+/) }));
  const kept = categorie.value;
  const options = kinds.map(({ slug, naam }) => new Option(naam, slug));
  categorie.replaceChildren(new Option("Weet ik niet", ""), ...options);
  categorie.value = kinds.some(({ slug }) => slug === kept) ? kept : "";
  shown();
};
makeSearch({
  field,
  list: document.querySelector("#soorten"),
  ask: async (typed) => {
    const asked = plain(typed).split(/\s+/).filter(Boolean);
    return kinds.filter(({ woorden }) => asked.every((word) => woorden.some((one) => one.startsWith(word)))).slice(0, 8);
  },
  tell: (how, count = 0) => {
    told.textContent = { one: "1 soort gevonden.", more: `${count} soorten gevonden.`, nothing: "Geen soort gevonden. Laat het open, dan kiest een collega." }[how] ?? "";
  },
  onChoose: ({ slug }) => chooseKind(slug),
});
field.addEventListener("blur", () => {
  if (!field.value.trim() && categorie.value) chooseKind("");
  else shown(); // what is typed and not chosen is no kind
});
gemeente.addEventListener("change", async () => {
  await load();
  proposed = "";
  askKinds();
  askScript();
});

/** Shows the kind that the form has now: on opening, and after a form was put back. */
export const showKind = () => {
  shown();
  askScript();
  askKinds();
};
load();
