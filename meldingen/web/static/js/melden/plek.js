// The place of /melden/waar, at once: search field, own location, map, and what is around. The step works without it
// too (web/melden/place.py). All words stand in the page: in data-words-… and in what the server sends.

import { makeSearch } from "./zoekveld.js";

const form = document.querySelector("[data-melden]");
const place = form.querySelector("[data-place]");
const say = place.dataset;
const part = (name) => place.querySelector(`[data-${name}]`);
const { lon, lat, bron, nauwkeurigheid, object, adres, buurt } = form.elements;
const words = part("place-words");
const field = part("search-field");
const box = part("map");
const EXACT_M = 50;
const NEAR_ZOOM = 17;

const ask = (path, values) => {
  const query = new URLSearchParams(say.gemeente ? { ...values, gemeente: say.gemeente } : values);
  return fetch(`${path}?${query}`).then((answer) => (answer.ok ? answer : Promise.reject(answer)));
};
const tell = (told, { wrong = false, name = "" } = {}) => {
  words.textContent = told;
  words.dataset.placeName = name; // what *Mijn meldingen* shows of it
  words.classList.toggle("place__chosen--wrong", wrong);
};
const changed = () => form.dispatchEvent(new Event("change", { bubbles: true })); // for who keeps the form

// What is around the place: a list in the page, and marks on the map

const around = (name, kind, act) => {
  const items = [...part(name).querySelectorAll("[data-lon]")].map((item, n) => ({
    lon: Number(item.dataset.lon),
    lat: Number(item.dataset.lat),
    sign: kind === "thing" ? String(n + 1) : "!",
    title: (item.labels?.[0] ?? item).textContent.trim().replace(/\s+/g, " "),
    pick: act ? () => act(item) : undefined,
  }));
  map?.marks(kind, items);
};
const fill = (name, path, values) =>
  ask(path, values)
    .then((answer) => answer.text())
    .catch(() => "")
    .then((html) => {
      part(name).innerHTML = html; // from our own server, escaped by its templates
    });
const chooseThing = (radio) => {
  radio.checked = true;
  radio.dispatchEvent(new Event("change", { bubbles: true }));
};
const showAround = () => {
  around("things", "thing", chooseThing);
  around("known", "known");
};

// The place itself

let asked = 0;
const tellPlace = (before = "", { surroundings = true } = {}) => {
  const mine = ++asked;
  part("chosen").hidden = !lon.value;
  if (!lon.value) {
    part("things").replaceChildren();
    part("known").replaceChildren();
    showAround();
    tell(say.wordsNone);
    return;
  }
  const here = { lon: lon.value, lat: lat.value };
  ask("/melden/plek", here)
    .then((answer) => answer.json())
    .then(({ woorden, fout, adres: found }) => {
      if (mine !== asked) return;
      if (bron.value !== "adres") globalThis.vulAdres(adres, found);
      tell([before, fout || say.wordsChosen.replace("{plek}", woorden)].filter(Boolean).join(" "), { wrong: Boolean(fout), name: fout ? "" : woorden });
      changed();
    })
    .catch(() => {
      if (mine === asked) tell([before, say.wordsKept].filter(Boolean).join(" "));
    });
  if (!surroundings) return;
  const categorie = form.elements.categorie?.value ?? "";
  const both = [fill("things", "/melden/objecten", { ...here, categorie, object: object.value }), fill("known", "/melden/nabij", here)];
  Promise.all(both).then(() => {
    if (mine === asked) showAround();
  });
};

const pick = (at, how, { thing = "", metres = 0, before = "", searched = false, surroundings = true } = {}) => {
  lon.value = at.lon.toFixed(6);
  lat.value = at.lat.toFixed(6);
  bron.value = how;
  object.value = thing;
  nauwkeurigheid.value = metres ? String(Math.ceil(metres)) : "";
  buurt.value = "";
  if (field && !searched) field.value = "";
  place.classList.remove("utrecht-form-field--invalid");
  part("place-error")?.remove();
  part("photo-place")?.remove();
  changed();
  tellPlace(before, { surroundings });
};

part("take-off").addEventListener("click", (event) => {
  event.preventDefault();
  map?.take();
  for (const field of [lon, lat, bron, nauwkeurigheid, object]) field.value = "";
  globalThis.vulAdres(adres, "");
  changed();
  tellPlace();
  if (field) field.value = "";
  (field ?? box).focus();
});

part("things").addEventListener("change", ({ target }) => {
  if (target.name !== "ding") return;
  object.value = target.value;
  if (!target.value) return;
  const at = { lon: Number(target.dataset.lon), lat: Number(target.dataset.lat) };
  map?.put(at.lon, at.lat, NEAR_ZOOM);
  pick(at, "object", { thing: target.value, surroundings: false });
});

// Search

if (field) {
  part("found")?.remove(); // the list of who has no script
  const search = makeSearch({
    field,
    list: part("options"),
    ask: (zoek) =>
      ask("/melden/adressen", { zoek })
        .then((answer) => answer.json())
        .then(({ gevonden, weg }) => (weg ? null : gevonden)),
    tell: (how, count = 0) => {
      const told = { one: say.wordsOne, more: say.wordsMore, nothing: say.wordsNothing, away: say.wordsAway }[how] ?? "";
      part("search-words").textContent = told.replace("{aantal}", count);
    },
    onChoose: (found) => {
      map?.put(found.lon, found.lat, NEAR_ZOOM);
      if (found.bron === "adres") globalThis.vulAdres(adres, found.tekst);
      pick(found, found.bron, { thing: found.object, searched: true });
    },
  });
  part("search-button").addEventListener("click", (event) => {
    event.preventDefault();
    field.focus();
    search.search();
  });
}

// Own location, and that of a photo

part("tools").hidden = false;
part("mine").addEventListener("click", () => {
  if (!navigator.geolocation) {
    tell(say.wordsUnknown);
    return;
  }
  tell(say.wordsAsking);
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const vague = coords.accuracy > EXACT_M;
      const before = (vague ? say.wordsVague : say.wordsAccuracy).replace("{meters}", Math.ceil(coords.accuracy));
      map?.put(coords.longitude, coords.latitude, vague ? 15 : NEAR_ZOOM);
      pick({ lon: coords.longitude, lat: coords.latitude }, "gps", { metres: coords.accuracy, before });
    },
    (refusal) => tell(refusal.code === refusal.PERMISSION_DENIED ? say.wordsRefused : say.wordsUnknown),
    { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
  );
});
part("photo-yes")?.addEventListener("click", (event) => {
  event.preventDefault();
  const at = { lon: Number(part("photo-place").dataset.lon), lat: Number(part("photo-place").dataset.lat) };
  map?.put(at.lon, at.lat, NEAR_ZOOM);
  pick(at, "foto");
});

// The map: it may be missing on an old or offline device, and the rest goes on

let map = null;
if (globalThis.maakKaart && globalThis.L) {
  part("mapped").hidden = false;
  map = globalThis.maakKaart(box, { onPick: pick, label: box.dataset.label });
  for (const button of place.querySelectorAll("[data-move]")) {
    button.addEventListener("click", () => {
      box.classList.add("place__map--aiming");
      map.move(button.dataset.move);
    });
  }
  part("middle").addEventListener("click", () => map.middle());
}
if (!buurt.value) part("without-map").open = false;
const showPin = () => {
  if (!lon.value || !lat.value) return;
  map?.put(Number(lon.value), Number(lat.value), 16);
  showAround();
};
showPin();
let shownAt = `${lon.value} ${lat.value}`;
form.addEventListener("concept:hersteld", () => {
  const at = `${lon.value} ${lat.value}`;
  if (buurt.value) part("without-map").open = true;
  if (at === shownAt) return;
  shownAt = at;
  if (lon.value) tellPlace();
  else map?.take();
  showPin();
});
