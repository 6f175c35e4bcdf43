// The map of /in-de-buurt and "gebruik mijn locatie". Everything on the map is in the list below it too.
"use strict";

const box = document.querySelector("[data-buurt-kaart]");
const { punten, naam, naarLijst, samen, lon, lat } = box.dataset;
const map = globalThis.maakKaart(box, { label: naam, fixed: true });
if (lon && lat) map.put(Number(lon), Number(lat), 15);
const MARKS = { open: "!", opgelost: "\u2713", anders: "\u2013" };

const line = (tag, text) => {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
};

const explain = ({ id, soort, stand }) => {
  const told = document.createElement("div");
  told.append(line("strong", soort), line("span", stand));
  const item = document.getElementById(`m-${id}`);
  if (item) {
    const link = line("a", naarLijst);
    link.href = `#m-${id}`;
    link.addEventListener("click", () => item.focus());
    told.append(link);
  }
  return told;
};

// What lies on one spot is one mark; what is open comes first.
const draw = ({ features }) => {
  const spots = new Map();
  for (const { geometry, properties } of features) {
    const at = geometry.coordinates.join();
    spots.set(at, [...(spots.get(at) ?? []), properties]);
  }
  const dots = [...spots].map(([at, here]) => {
    const [first] = here.sort((one, other) => (other.teken === "open") - (one.teken === "open"));
    const [east, north] = at.split(",").map(Number);
    return {
      lon: east,
      lat: north,
      mark: here.length > 1 ? String(here.length) : MARKS[first.teken],
      className: `kaartpunt--${first.teken}`,
      explain: () => {
        const told = document.createElement("div");
        told.className = "kaartpunt__uitleg";
        if (here.length > 1) told.append(line("p", `${here.length} ${samen}`));
        told.append(...here.map(explain));
        return told;
      },
    };
  });
  map.dots(dots, { fit: !lon && /[?&](buurt|soort)=[^&]/.test(punten) });
};

fetch(punten)
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer)))
  .then(draw)
  .catch(() => {}); // the list is there

// The place of this device, to about ten metres, becomes the address of the page.
const button = document.querySelector("[data-locatie]");
const standing = document.querySelector("[data-locatie-stand]");
if (navigator.geolocation) {
  button.hidden = false;
  button.addEventListener("click", () => {
    standing.textContent = button.dataset.bezig;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const query = new URLSearchParams(new FormData(button.form));
        for (const [name, value] of [...query]) if (!value || name === "buurt" || name === "adres") query.delete(name);
        query.set("lon", coords.longitude.toFixed(4));
        query.set("lat", coords.latitude.toFixed(4));
        location.assign(`/in-de-buurt?${query}`);
      },
      () => {
        standing.textContent = button.dataset.mislukt;
      },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
    );
  });
}
