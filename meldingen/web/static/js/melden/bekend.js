// /melden/bekend: what is known nearby as pins beside the list, with the same numbers. The list says all of it too.

const box = document.querySelector("[data-near-map]");
const { lon, lat, label } = box.dataset;
const map = globalThis.maakKaart(box, { fixed: true, label });
map.put(Number(lon), Number(lat), 17);
const items = [...document.querySelectorAll("[data-near-lon]")].map(({ dataset }, index) => ({
  lon: Number(dataset.nearLon),
  lat: Number(dataset.nearLat),
  sign: String(index + 1),
}));
map.marks("known", items);
