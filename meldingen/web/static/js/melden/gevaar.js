// /melden/wat: words of danger in the text turn the tick into the question "Is het nu gevaarlijk?", and what to do then
// shows when it is. Without this, or without coverage, the page asks after the next press. Which words: the server says.

const form = document.querySelector("[data-melden]");
const part = form.querySelector("[data-gevaar]");
const shown = part.querySelector("[data-gevaar-nu]");
const advice = part.querySelector("[data-danger]");
const text = form.elements.omschrijving;
const PAUSE_MS = 500;

const answer = () => new FormData(form).get("gevaar") ?? "";

const tell = () => {
  advice.hidden = answer() !== "ja";
};

// The tick or the question, with what was said already; an answer stays when the words go.
const show = (what) => {
  const said = answer();
  if (shown.dataset.gevaarNu === what || (what === "vinkje" && said === "nee")) return;
  shown.dataset.gevaarNu = what;
  shown.replaceChildren(part.querySelector(`template[data-gevaar-${what}]`).content.cloneNode(true));
  for (const choice of shown.querySelectorAll("[name=gevaar]")) choice.checked = choice.value === said;
  tell();
};

let asking;
const ask = () => {
  asking?.abort();
  asking = new AbortController();
  const body = new URLSearchParams({ tekst: text.value.slice(0, 500) });
  if (part.dataset.gemeente) body.set("gemeente", part.dataset.gemeente);
  fetch("/melden/gevaar", { method: "POST", body, signal: asking.signal })
    .then((found) => (found.ok ? found.json() : Promise.reject(found)))
    .then(({ vragen }) => show(vragen ? "vraag" : "vinkje"))
    .catch(() => {}); // no coverage: the page asks after the next press
};

let pause;
text.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(ask, PAUSE_MS);
});
part.addEventListener("change", tell);
tell();
