// The shortcuts of the screen: shown with "?", and put off by a switch (WCAG 2.1.4). Alt with a digit and Ctrl with
// Enter mean nothing to browsers on Windows or to screen readers; AltGr is Alt with Ctrl, and is left alone.

const KEPT = "kcc-sneltoetsen";
const list = document.querySelector("[data-toetsen-lijst]");
const opener = document.querySelector("[data-toetsen]");
const tick = list.querySelector("[name=toetsen_aan]");

/** Whether this medewerker uses shortcuts. */
export const isOn = () => tick.checked;

const show = () => document.documentElement.classList.toggle("toetsen-uit", !tick.checked);
try {
  tick.checked = localStorage.getItem(KEPT) !== "uit";
} catch {
  tick.checked = true; // a browser that keeps nothing
}
show();
tick.addEventListener("change", () => {
  show();
  try {
    localStorage.setItem(KEPT, tick.checked ? "aan" : "uit");
  } catch {
    // it counts until the page closes
  }
});
opener.addEventListener("click", () => list.showModal());
list.querySelector("[data-sluit]").addEventListener("click", () => list.close());

const writes = ({ target }) => target.matches("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox])");

/** Listens for the shortcuts. acts: {join(place), takeOver(), save()}, each true when it did something. */
export const listen = ({ join, takeOver, save }) => {
  opener.hidden = false; // from here on: who is shown it can press them
  document.addEventListener("keydown", (event) => {
    if (!isOn() || list.open || event.metaKey || event.repeat) return;
    const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
    let done = false;
    if (event.altKey && !event.ctrlKey && !event.shiftKey && digit) {
      done = digit === "9" ? takeOver() : join(Number(digit) - 1);
    } else if (event.ctrlKey && !event.altKey && event.key === "Enter") done = save();
    else if (event.key === "?" && !event.altKey && !event.ctrlKey && !writes(event)) {
      list.showModal();
      done = true;
    }
    if (done) event.preventDefault();
  });
};

// J and N only where the question about danger has the focus.
const danger = document.querySelector("[data-gevaar]");
danger.addEventListener("keydown", (event) => {
  const said = { j: "ja", n: "nee" }[event.key.toLowerCase()];
  if (!said || !isOn() || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const radio = danger.querySelector(`[value=${said}]`);
  radio.checked = true;
  radio.dispatchEvent(new Event("change", { bubbles: true }));
  document.querySelector(said === "ja" ? "#veld-adres" : "#veld-telefoon").focus();
});
