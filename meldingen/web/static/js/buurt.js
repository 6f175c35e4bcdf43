// The map of /in-de-buurt and "gebruik mijn locatie". Everything on the map is in the list below it too.
"use strict";

const box = document.querySelector("[data-buurt-kaart]");
const { punten, naam, naarLijst, lon, lat } = box.dataset;
const map = globalThis.maakKaart(box, { label: naam, fixed: true });
if (lon && lat) map.put(Number(lon), Number(lat), 15);

const explain = ({ id, soort, stand }) => {
  const told = document.createElement("div");
  told.className = "kaartpunt__uitleg";
  const what = document.createElement("strong");
  what.textContent = soort;
  const how = document.createElement("span");
  how.textContent = stand;
  told.append(what, how);
  if (document.getElementById(`m-${id}`)) {
    const link = document.createElement("a");
    link.href = `#m-${id}`;
    link.textContent = naarLijst;
    link.addEventListener("click", () => document.getElementById(`m-${id}`).focus());
    told.append(link);
  }
  return told;
};

fetch(punten)
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer)))
  .then(({ features }) =>
    map.dots(
      features.map(({ geometry, properties }) => ({
        lon: geometry.coordinates[0],
        lat: geometry.coordinates[1],
        mark: properties.open ? "!" : "\u2713",
        className: properties.open ? "" : "kaartpunt--klaar",
        explain: () => explain(properties),
      })),
      { fit: !lon && /[?&](buurt|soort)=[^&]/.test(punten) },
    ),
  )
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
