// Who calls: from a whole number or address on, who we know by it and what he reported before. Filled in on "ja".

import { form, latest, quiet } from "./lijn.js";

const part = form.querySelector("[data-caller]");
const { telefoon, email } = form.elements;
const FIELDS = ["naam", "email", "telefoon", "postadres"];
const known = latest("text");
let asked = "";

const look = async () => {
  const digits = telefoon.value.replace(/[^\d+]/g, "");
  const phone = digits.length >= 10 ? telefoon.value.trim() : "";
  const mail = /@.+\../.test(email.value) && !phone ? email.value.trim() : "";
  if (`${phone} ${mail}` === asked) return;
  asked = `${phone} ${mail}`;
  if (!phone && !mail) {
    known.stop();
    part.replaceChildren();
    return;
  }
  const html = await known("/kcc/nieuw/beller", [["telefoon", phone], ["email", mail]]);
  if (html === undefined) asked = "";
  else part.innerHTML = html; // from our own server, escaped by its templates
};
const soon = quiet(look, 250);
for (const field of [telefoon, email]) {
  field.addEventListener("input", soon);
  field.addEventListener("change", look);
}

/** Fills in what we know of a caller, and goes on to the next question; what was typed stays. */
export const takeOver = (button = part.querySelector("[data-neem-over]")) => {
  if (!button) return false;
  for (const name of FIELDS) if (!form.elements[name].value) form.elements[name].value = button.dataset[name];
  for (const name of ["alleen_gereed", "ook_nacht"]) form.elements[name].checked ||= button.dataset[name] === "ja";
  const wish = [...form.querySelectorAll("[name=voorkeur]")].find(({ value }) => value === button.dataset.voorkeur);
  if (wish) wish.checked = true;
  if (form.elements.postadres.value) form.querySelector("[data-meer]").open = true;
  asked = `${telefoon.value.trim()} `;
  button.textContent = "Overgenomen";
  button.setAttribute("aria-disabled", "true");
  form.dispatchEvent(new Event("change", { bubbles: true }));
  form.elements.adres.focus();
  return true;
};
part.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-neem-over]");
  if (button && button.getAttribute("aria-disabled") !== "true") takeOver(button);
});

/** Looks up the caller of a form that was put back. */
export const showCaller = look;
