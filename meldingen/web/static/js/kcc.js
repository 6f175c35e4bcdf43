// The phone desk's form: a map, addresses, the questions of the category, what is near, and what this caller reported before.
// Without JavaScript the next step shows the same.
import { makeSearch } from "./melden/zoekveld.js";

const desk = document.querySelector("[data-desk]");
const { lon, lat, bron, adres, categorie, telefoon, email } = desk.elements;
const { gemeente } = desk.dataset;
const words = desk.querySelector("[data-place-words]");
const near = desk.querySelector("[data-near]");
const caller = desk.querySelector("[data-caller]");
const questions = desk.querySelector("[data-questions]");

const turns = new WeakMap();
const fill = (target, path, values) => {
  const turn = (turns.get(target) ?? 0) + 1;
  turns.set(target, turn);
  fetch(`${path}?${new URLSearchParams({ ...values, gemeente })}`)
    .then((answer) => (answer.ok ? answer.text() : ""))
    .catch(() => "")
    .then((html) => {
      if (turns.get(target) === turn) target.innerHTML = html; // from our own server, escaped by its templates
    });
};

const tellNear = () => {
  if (lon.value) fill(near, "/kcc/nabij", { lon: lon.value, lat: lat.value });
};
const tellPlace = () => {
  fetch(`/melden/plek?${new URLSearchParams({ lon: lon.value, lat: lat.value, gemeente })}`)
    .then((answer) => answer.json())
    .then(({ woorden, fout, adres: found }) => {
      if (bron.value !== "adres") globalThis.vulAdres(adres, found);
      words.textContent = fout || `Gekozen plek: ${woorden}.`;
    })
    .catch(() => {
      words.textContent = "De plek is gekozen.";
    });
};

const map = globalThis.maakKaart(desk.querySelector("[data-map]"), {
  label: "Kaart om de plek te kiezen",
  onPick: (at) => {
    lon.value = at.lon.toFixed(6);
    lat.value = at.lat.toFixed(6);
    bron.value = "pin";
    tellPlace();
    tellNear();
  },
});
if (lon.value && lat.value) {
  map.put(Number(lon.value), Number(lat.value), 16);
  tellPlace();
  tellNear();
}

const options = desk.querySelector("[data-options]");
if (options) {
  const told = {
    one: "1 adres gevonden. Kies met pijl omlaag.",
    more: "{aantal} adressen gevonden. Kies met pijl omlaag.",
    nothing: "Geen adres gevonden. Zet de speld op de kaart, of kies een buurt.",
    away: "Adressen zoeken lukt nu niet. Zet de speld op de kaart, of kies een buurt.",
  };
  makeSearch({
    field: adres,
    list: options,
    ask: (zoek) =>
      fetch(`/melden/adressen?${new URLSearchParams({ zoek, gemeente })}`)
        .then((answer) => (answer.ok ? answer.json() : { gevonden: [], weg: true }))
        .then(({ gevonden, weg }) => (weg ? null : gevonden.filter((found) => found.bron === "adres"))),
    tell: (how, count = 0) => {
      desk.querySelector("[data-search-words]").textContent = (told[how] ?? "").replace("{aantal}", count);
    },
    onChoose: (found) => {
      lon.value = found.lon.toFixed(6);
      lat.value = found.lat.toFixed(6);
      bron.value = "adres";
      globalThis.vulAdres(adres, found.tekst);
      map.put(found.lon, found.lat, 17);
      tellPlace();
      tellNear();
    },
  });
}

categorie.addEventListener("change", () => {
  if (categorie.value) fill(questions, "/kcc/vragen", { categorie: categorie.value });
  else questions.replaceChildren();
});
for (const field of [telefoon, email]) {
  field.addEventListener("change", () => fill(caller, "/kcc/beller", { telefoon: telefoon.value, email: email.value }));
}
