// What every form of a step shares: its errors, its length, tips for its words, and choices drawn from the day package.

import { draw, part, say } from "./sjabloon.js";

const MOST = 500;
const PAUSE_MS = 500;

/** How many characters a text has, counted as the server does: code points, after NFC. */
export const lengthOf = (text) => [...text.normalize("NFC").trim()].length;

/** Shows what is wrong (a name of a sentence, or nothing) at a place in a form, and leads to its field. */
export const showError = (form, name, { at = "fout", field = null, values = {} } = {}) => {
  const line = part(form, at);
  line.hidden = !name;
  line.textContent = name ? say(name, values) : "";
  const control = field && form.elements[field];
  for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
  if (!name || !control) return;
  const first = control instanceof RadioNodeList ? control[0] : control;
  if (control === first) first.setAttribute("aria-invalid", "true");
  first?.focus();
};

/** A text of a form, trimmed; says so and gives null when it is too long. */
export const textOf = (form, field, at = "fout") => {
  const text = form.elements[field].value.trim();
  const over = lengthOf(text) - MOST;
  if (over <= 0) return text;
  showError(form, "te-lang", { at, field, values: { n: over } });
  return null;
};

/** Radio buttons in a fieldset. choices: [{ waarde, woorden, uitleg? }]; chosen: the value that is on. */
export const drawChoices = (fieldset, name, choices, chosen) => {
  for (const { waarde, woorden, uitleg = "" } of choices) {
    const label = draw("keuze", { woorden, uitleg });
    const radio = label.querySelector("input");
    [radio.name, radio.value, radio.checked] = [name, waarde, waarde === chosen];
    fieldset.append(label);
  }
};

/** The kinds of the gemeente in a list, under their main kinds. */
export const drawKinds = (select, motor, gemeente) => {
  const kinds = motor.day.soorten.filter((one) => !gemeente || one.gemeente === gemeente);
  const names = new Map(kinds.map((one) => [one.slug, one.naam]));
  const groups = new Map();
  for (const { slug, naam, hoofd } of kinds) {
    if (!hoofd) continue;
    if (!groups.has(hoofd)) groups.set(hoofd, Object.assign(document.createElement("optgroup"), { label: names.get(hoofd) ?? hoofd }));
    groups.get(hoofd).append(new Option(naam, slug));
  }
  for (const { slug, naam, hoofd } of kinds) if (!hoofd && !groups.has(slug)) select.add(new Option(naam, slug));
  select.append(...groups.values());
};

/** Tips for what the melder will read, a moment after the typing stops; without coverage there are none. */
export const giveTips = (form, field, motor) => {
  let waiting;
  let turn = 0;
  const ask = async () => {
    const mine = ++turn;
    const tips = await motor.tips(form.elements[field].value);
    if (mine !== turn) return;
    part(form, "tips").hidden = tips.length === 0;
    part(form, "tiplijst").replaceChildren(
      ...tips.map((words) => Object.assign(document.createElement("li"), { className: "hints__one", textContent: words })),
    );
  };
  form.elements[field].addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, PAUSE_MS);
  });
};

/** Hears a form being sent, once at a time. act gets the button that was pressed. */
export const onSend = (form, act) => {
  let busy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    try {
      await act(event.submitter);
    } finally {
      busy = false;
    }
  });
};
