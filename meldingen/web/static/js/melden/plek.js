// The place on the map of /melden/waar. Everything here can be done without it too. Its sentences stand in data-words-….

const form = document.querySelector("[data-melden]");
const place = form.querySelector("[data-place]");
const words = place.querySelector("[data-place-words]");
const withoutMap = place.querySelector("[data-without-map]");
const { lon, lat, bron, adres } = form.elements;
const say = place.dataset;
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
    words.textContent = say.wordsNone;
    return;
  }
  ask("/melden/plek", { lon: lon.value, lat: lat.value })
    .then((answer) => answer.json())
    .then(({ woorden, fout, adres: found }) => {
      if (mine !== asked) return;
      globalThis.vulAdres(adres, found);
      words.textContent = fout || `${say.wordsChosen} ${woorden}.`;
      words.classList.toggle("place__chosen--wrong", Boolean(fout));
    })
    .catch(() => {
      if (mine === asked) words.textContent = say.wordsKept;
    });
};

const pick = (at, how) => {
  lon.value = at.lon.toFixed(6);
  lat.value = at.lat.toFixed(6);
  bron.value = how;
  place.classList.remove("utrecht-form-field--invalid");
  place.querySelector("[data-place-error]")?.remove();
  tellPlace();
};

const takeOff = makeButton(say.wordsOff, "utrecht-button utrecht-button--subtle", () => {
  map.take();
  lon.value = lat.value = bron.value = "";
  tellPlace();
  box.focus();
});
takeOff.hidden = true;

const useMine = makeButton(say.wordsMine, "utrecht-button utrecht-button--secondary-action", () => {
  if (!navigator.geolocation) {
    words.textContent = say.wordsNoDevice;
    return;
  }
  words.textContent = say.wordsSearching;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      map.put(coords.longitude, coords.latitude, 17);
      pick({ lon: coords.longitude, lat: coords.latitude }, "gps");
    },
    () => {
      words.textContent = say.wordsNotFound;
    },
    { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
  );
});

const hint = document.createElement("p");
hint.className = "utrecht-form-field-description";
hint.id = "kaart-uitleg";
hint.textContent = say.wordsHint;
box.setAttribute("aria-describedby", hint.id);
const skip = document.createElement("a");
skip.className = "utrecht-skip-link utrecht-skip-link--visible-on-focus";
skip.href = "#na-kaart";
skip.textContent = say.wordsSkip;
const tools = document.createElement("div");
tools.className = "actions";
tools.append(useMine);
box.before(tools, hint, skip);
const after = document.createElement("div");
after.className = "actions";
after.id = "na-kaart";
after.tabIndex = -1;
after.append(makeButton(say.wordsMiddle, "utrecht-button utrecht-button--subtle", () => map.middle()), takeOff);
box.after(after);
withoutMap.open = Boolean(form.elements.buurt.value || form.elements.adres.value);

const map = globalThis.maakKaart(box, { onPick: pick, label: say.wordsMap });

if (lon.value && lat.value) {
  map.put(Number(lon.value), Number(lat.value), 16);
  tellPlace();
}

