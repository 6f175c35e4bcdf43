// /melden with a map, extra questions at once, and what is known nearby. Everything here is also on the server.
"use strict";

const form = document.querySelector("[data-melden]");
const place = form.querySelector("[data-place]");
const words = place.querySelector("[data-place-words]");
const withoutMap = place.querySelector("[data-without-map]");
const { lon, lat, bron, adres, categorie, gevaar } = form.elements;
const box = place.querySelector("[data-map]");
const gemeente = box.dataset.gemeente;

const ask = (path, values) => {
  const query = new URLSearchParams(gemeente ? { ...values, gemeente } : values);
  return fetch(`${path}?${query}`).then((answer) => (answer.ok ? answer : Promise.reject(answer)));
};

// The place

const makeButton = (text, className, act) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = className;
  button.textContent = text;
  button.addEventListener("click", act);
  return button;
};

let asked = 0;
const tellPlace = () => {
  takeOff.hidden = !lon.value;
  const mine = ++asked;
  if (!lon.value) {
    globalThis.vulAdres(adres, "");
    words.textContent = "Er is geen plek gekozen op de kaart.";
    return;
  }
  ask("/melden/plek", { lon: lon.value, lat: lat.value })
    .then((answer) => answer.json())
    .then(({ woorden, fout, adres: found }) => {
      if (mine !== asked) return;
      globalThis.vulAdres(adres, found);
      words.textContent = fout || `Gekozen plek: ${woorden}.`;
      words.classList.toggle("place__chosen--wrong", Boolean(fout));
    })
    .catch(() => {
      if (mine === asked) words.textContent = "De plek is gekozen.";
    });
};

const pick = (at, how) => {
  lon.value = at.lon.toFixed(6);
  lat.value = at.lat.toFixed(6);
  bron.value = how;
  place.classList.remove("utrecht-form-field--invalid");
  place.querySelector("[data-place-error]")?.remove();
  tellPlace();
  tellNear();
};

const takeOff = makeButton("Speld weghalen", "utrecht-button utrecht-button--subtle", () => {
  map.take();
  lon.value = lat.value = bron.value = "";
  tellPlace();
  tellNear();
  box.focus();
});
takeOff.hidden = true;

const useMine = makeButton("Gebruik mijn locatie", "utrecht-button utrecht-button--secondary-action", () => {
  if (!navigator.geolocation) {
    words.textContent = "Uw apparaat geeft geen locatie. Zet de speld op de kaart of kies een buurt.";
    return;
  }
  words.textContent = "Wij zoeken uw locatie…";
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      map.put(coords.longitude, coords.latitude, 17);
      pick({ lon: coords.longitude, lat: coords.latitude }, "gps");
    },
    () => {
      words.textContent = "Uw locatie is niet gevonden, of u gaf geen toestemming. Zet de speld op de kaart of kies een buurt.";
    },
    { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
  );
});

const hint = document.createElement("p");
hint.className = "utrecht-form-field-description";
hint.id = "kaart-uitleg";
hint.textContent = "Tik op de plek. Met het toetsenbord: schuif de kaart met de pijltjes en druk op Enter.";
box.setAttribute("aria-describedby", hint.id);
const skip = document.createElement("a");
skip.className = "utrecht-skip-link utrecht-skip-link--visible-on-focus";
skip.href = "#na-kaart";
skip.textContent = "Sla de kaart over";
const tools = document.createElement("div");
tools.className = "actions";
tools.append(useMine);
box.before(tools, hint, skip);
const after = document.createElement("div");
after.className = "actions";
after.id = "na-kaart";
after.tabIndex = -1;
after.append(makeButton("Zet de speld in het midden", "utrecht-button utrecht-button--subtle", () => map.middle()), takeOff);
box.after(after);
withoutMap.open = Boolean(form.elements.buurt.value || form.elements.adres.value);

const map = globalThis.maakKaart(box, { onPick: pick, label: "Kaart om de plek te kiezen" });

// Questions of the category, and what is known nearby

const questions = form.querySelector("[data-questions]");
const near = form.querySelector("[data-near]");

const fill = (target, path, values) =>
  ask(path, values)
    .then((answer) => answer.text())
    .then((html) => {
      target.innerHTML = html; // from our own server, escaped by its templates
    })
    .catch(() => target.replaceChildren());

const tellNear = () => {
  if (!lon.value) {
    near.replaceChildren();
    return;
  }
  const same = form.querySelector("[name=zelfde_als]:checked")?.value ?? "";
  fill(near, "/melden/nabij", { lon: lon.value, lat: lat.value, categorie: categorie.value, zelfde_als: same });
};

categorie.addEventListener("change", () => {
  if (categorie.value) fill(questions, "/melden/vragen", { categorie: categorie.value });
  else questions.replaceChildren();
  tellNear();
});
if (categorie.value && !questions.querySelector("[name=vragen_van]")) fill(questions, "/melden/vragen", { categorie: categorie.value });

if (lon.value && lat.value) {
  map.put(Number(lon.value), Number(lat.value), 16);
  tellPlace();
  tellNear();
}

// What to do in danger: only when it is

const danger = form.querySelector("[data-danger]");
const tellDanger = () => {
  danger.hidden = !gevaar.checked;
};
gevaar.addEventListener("change", tellDanger);
tellDanger();
