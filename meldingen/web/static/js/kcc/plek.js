// Where it is: an address as the caller says it, a number on a lamp post, or a pin. The place decides the gemeente.

import { makeSearch } from "../melden/zoekveld.js";
import { ask, form, latest } from "./lijn.js";

const NEAR_ZOOM = 17;
const { lon, lat, bron, object, adres, buurt, gemeente } = form.elements;
const words = form.querySelector("[data-place-words]");
const found = form.querySelector("[data-plek-gevonden]");
const box = form.querySelector("[data-map]");
const listeners = [];

/** Calls act({lon, lat} or null) after each change of the place. */
export const onPlace = (act) => listeners.push(act);
const keep = () => form.dispatchEvent(new Event("change", { bubbles: true })); // for who keeps the form
const changed = () => {
  const at = lon.value && lat.value ? { lon: lon.value, lat: lat.value } : null;
  for (const act of listeners) act(at);
  keep();
};

const whose = latest("json");
const tell = async () => {
  if (!lon.value) return;
  words.textContent = "De plek is gekozen.";
  const told = await whose("/kcc/nieuw/plek", [["lon", lon.value], ["lat", lat.value]]);
  if (!told) return;
  if (bron.value === "pin") globalThis.vulAdres(adres, told.adres);
  words.textContent = told.fout || `Gekozen plek: ${told.woorden}.`;
  words.classList.toggle("place__chosen--wrong", Boolean(told.fout));
  if (told.gemeente && told.gemeente !== gemeente.value) {
    gemeente.value = told.gemeente;
    gemeente.dispatchEvent(new Event("change", { bubbles: true }));
  }
  keep();
};

const choose = (at, how, thing = "") => {
  lon.value = Number(at.lon).toFixed(6);
  lat.value = Number(at.lat).toFixed(6);
  bron.value = how;
  object.value = thing;
  buurt.value = "";
  changed();
  tell();
};

let map = null;
if (globalThis.maakKaart && globalThis.L) {
  form.querySelector("[data-kaart]").hidden = false;
  map = globalThis.maakKaart(box, { label: "Kaart om de plek te kiezen", onPick: (at) => choose(at, "pin") });
}
form.querySelector("[data-buurt]").open = Boolean(buurt.value) || !map;

makeSearch({
  field: adres,
  list: document.querySelector("#plekken"),
  ask: async (zoek) => {
    const answer = await (await ask("/kcc/nieuw/plekken", [["zoek", zoek]])).json();
    return answer.weg ? null : answer.gevonden;
  },
  tell: (how, count = 0) => {
    const told = {
      one: "1 plek gevonden. Kies haar met pijl omlaag en Enter.",
      more: `${count} plekken gevonden. Kies met de pijltjes en Enter.`,
      nothing: "Niets gevonden. Vraag het anders, zet de speld op de kaart, of kies de buurt.",
      away: "Zoeken kan nu niet. Zet de speld op de kaart, of kies de buurt.",
    }[how];
    found.textContent = told ?? "";
    if (how === "nothing" || how === "away") words.textContent = told;
  },
  onChoose: (one) => {
    if (one.bron === "hoek") {
      map?.look(one.lon, one.lat, NEAR_ZOOM - 1);
      words.textContent = "Zet nu de speld op de hoek: klik op de kaart, of schuif haar met de pijltjes en druk Enter.";
      box.focus();
      return;
    }
    map?.put(one.lon, one.lat, NEAR_ZOOM);
    choose(one, one.bron, one.object);
  },
});

// Another text is another place, until it is chosen; a pin stays where it was put.
adres.addEventListener("input", () => {
  words.textContent = "";
  if (!lon.value || bron.value === "pin") return;
  for (const field of [lon, lat, bron, object]) field.value = "";
  map?.take();
  changed();
});
buurt.addEventListener("change", () => {
  if (!buurt.value) return;
  for (const field of [lon, lat, bron, object]) field.value = "";
  map?.take();
  words.textContent = "";
  changed();
});

/** Shows the place that the form has now: on opening, and after a form was put back. */
export const showPlace = () => {
  if (buurt.value) form.querySelector("[data-buurt]").open = true;
  if (!lon.value || !lat.value) return;
  map?.put(Number(lon.value), Number(lat.value), NEAR_ZOOM);
  changed();
  tell();
};

/** Marks the open work around on the map. */
export const markNear = (items) => map?.marks("known", items);
