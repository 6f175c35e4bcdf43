// While somebody types: the kinds that the text is probably about, to choose from. They come after a pause, and never
// in the way: a choice that was made stays, nothing moves under the focus, and "iets anders" opens the whole list.
// The list is the field that counts; the proposals only fill it in, and are in no form themselves.

const PAUSE_MS = 500;
const SHORTEST = 5;
const part = document.querySelector("[data-voorstellen]");
const { form } = part.querySelector("[name=voorgesteld]");
const { omschrijving, categorie, voorgesteld, gemeente } = form.elements;
const choices = part.querySelector("[data-keuzes]");
const other = part.querySelector("[data-anders]");
const pattern = part.querySelector("[data-sjabloon]");
const stand = part.querySelector("[data-stand]");
const list = categorie.closest(".utrecht-form-field");

const radios = () => [...choices.querySelectorAll("input")];
const picked = () => radios().find((radio) => radio.checked);
const leaveForm = () => radios().forEach((radio) => radio.setAttribute("form", ""));

// The list is there when there is nothing to choose from, and after "iets anders".
const showList = () => {
  list.hidden = !choices.hidden && picked()?.value !== "";
};

const show = (kinds) => {
  for (const old of choices.querySelectorAll(".choice:not([data-anders])")) old.remove();
  other.querySelector("input").checked = false;
  kinds.forEach(({ slug, naam, hoofd }, place) => {
    const item = pattern.content.cloneNode(true);
    const radio = item.querySelector("input");
    radio.value = slug;
    radio.id = item.querySelector("label").htmlFor = `voorstel-${place + 1}`;
    item.querySelector("[data-naam]").textContent = naam;
    item.querySelector("[data-hoofd]").textContent = hoofd;
    other.before(item);
  });
  leaveForm();
  choices.hidden = !kinds.length;
  if (kinds.length) voorgesteld.value = "ja";
  stand.textContent = kinds.length
    ? part.dataset.nieuw.replace("{soorten}", () => kinds.map(({ naam }) => naam).join(", "))
    : "";
  showList();
};

const mayChange = () => !categorie.value && !picked() && !part.contains(document.activeElement);
const shown = () => radios().map((radio) => radio.value).join();

let asked = "";
let turn = 0;
const ask = async () => {
  const text = omschrijving.value.trim();
  if (text === asked || !mayChange()) return;
  asked = text;
  const mine = ++turn;
  if (text.length < SHORTEST) {
    show([]);
    return;
  }
  const body = new URLSearchParams({ tekst: text });
  if (gemeente) body.set("gemeente", gemeente.value);
  try {
    const answer = await fetch("/melden/soorten", { method: "POST", body });
    if (!answer.ok) return; // no coverage, or too busy: the list is there
    const { soorten } = await answer.json();
    if (mine !== turn || !mayChange()) return;
    if ([...soorten.map(({ slug }) => slug), ""].join() !== shown()) show(soorten);
  } catch {
    asked = ""; // tried again at the next pause
  }
};

let timer;
const askSoon = () => {
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE_MS);
};

let filling = false;
choices.addEventListener("change", ({ target }) => {
  filling = true;
  categorie.value = target.value;
  categorie.dispatchEvent(new Event("change", { bubbles: true }));
  filling = false;
  showList();
});
categorie.addEventListener("change", () => {
  if (filling) return;
  if (categorie.value) show([]); // chosen from the list: nothing left to propose
  asked = "";
  askSoon();
});
omschrijving.addEventListener("input", askSoon);
omschrijving.addEventListener("blur", askSoon);
form.addEventListener("concept:hersteld", () => {
  if (categorie.value) show([]);
  askSoon();
});

leaveForm();
showList();
if (choices.hidden) askSoon();
