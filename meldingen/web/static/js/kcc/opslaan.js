// Storing: one press, one melding. What is wrong stands at its field; what is stored is there to be read aloud.

import { ask, Away, form, Refused } from "./lijn.js";
import * as concept from "./concept.js";

const button = form.querySelector("[data-opslaan]");
const said = form.querySelector("[data-bewaard]");
const summary = document.querySelector("[data-fouten]");
const done = document.querySelector("[data-klaar]");
let busy = false;

const made = (tag, className, words = "") => Object.assign(document.createElement(tag), { className, textContent: words });

const clear = () => {
  summary.replaceChildren();
  for (const one of form.querySelectorAll("[data-fout]")) one.remove();
  for (const one of form.querySelectorAll("[aria-invalid]")) {
    one.removeAttribute("aria-invalid");
    one.removeAttribute("aria-describedby");
  }
};
const mark = (name, sentence) => {
  const field = document.querySelector(`#veld-${CSS.escape(name)}`);
  if (!field) return;
  for (let box = field.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
  const told = made("div", "utrecht-form-field-error-message utrecht-form-field__error-message", sentence);
  told.id = `veld-${name}-fout`;
  told.dataset.fout = "";
  const whole = field.closest("fieldset") ?? field;
  whole.setAttribute("aria-describedby", told.id);
  whole.setAttribute("aria-invalid", "true");
  if (whole === field && field.matches("input, textarea, select")) field.before(told);
  else whole.prepend(told);
};
const show = (wrong) => {
  const box = made("div", "utrecht-alert utrecht-alert--error error-summary");
  box.setAttribute("role", "alert");
  const inside = made("div", "utrecht-alert__message");
  const list = made("ul", "utrecht-unordered-list");
  for (const [name, sentence] of Object.entries(wrong)) {
    const item = made("li", "utrecht-unordered-list__item");
    const link = made("a", "utrecht-link utrecht-link--html-a", sentence);
    const goal = name === "plaats" ? "adres" : name === "categorie" ? "soort_zoek" : name;
    link.href = `#veld-${goal}`;
    item.append(link);
    list.append(item);
    mark(goal, sentence);
  }
  inside.append(made("h2", "utrecht-heading-3", "Er klopt iets nog niet"), list);
  box.append(inside);
  summary.append(box);
  summary.focus();
};

// This form was stored before, from another tab perhaps, or is somebody else's: say so, and let nothing go twice.
const tellStored = ({ detail, nummer }) => {
  concept.end();
  const box = made("div", "utrecht-alert utrecht-alert--info");
  const line = made("p", "utrecht-paragraph utrecht-alert__message", `${detail} `);
  const way = made("a", "utrecht-link utrecht-link--html-a", nummer ? "Bekijk de melding" : "Begin een nieuwe melding");
  way.href = nummer ? `/kcc/melding/${nummer}?nieuw=ja` : "/kcc/nieuw";
  line.append(way);
  box.append(line);
  form.hidden = true;
  done.replaceChildren(box);
  way.focus();
};

const finish = ({ html }) => {
  concept.end();
  form.hidden = true;
  document.querySelector("[data-weg]").hidden = true;
  clear();
  done.innerHTML = html; // from our own server, escaped by its templates
  done.querySelector("h2").focus();
  scrollTo(0, 0);
};

/** Our server said, while keeping it, that this form cannot be kept. One that was stored already is asked for again:
 * under its own key that stores nothing, and gives what to read aloud. */
export const onRefused = (problem) => {
  if (problem.code !== "al_opgeslagen") tellStored(problem);
  else if (!busy) store();
};

/** Stores the melding; once it is, goes to the next caller. */
export const save = () => {
  if (form.hidden) location.assign("/kcc/nieuw");
  else if (!busy) store();
  return true;
};
const store = async () => {
  busy = true;
  button.setAttribute("aria-disabled", "true");
  said.textContent = "Bezig met opslaan…";
  concept.pause();
  clear();
  try {
    finish(await (await ask("/kcc/nieuw", [...new FormData(form), ["actie", "opslaan"]])).json());
  } catch (error) {
    said.textContent = "Nog niet opgeslagen.";
    if (error instanceof Refused && error.problem.code === "al_opgeslagen") tellStored(error.problem);
    else if (error instanceof Refused) show(error.problem.velden ?? { formulier: error.problem.detail });
    else if (error instanceof Away) concept.soon(); // it may have arrived: keeping it tells
    else throw error;
  } finally {
    busy = false;
    button.removeAttribute("aria-disabled");
  }
};
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter === button) save();
});
button.hidden = false;
