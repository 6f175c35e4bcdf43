// The groups of the list on a map: each a sign with its number of meldingen, leading to its place in the list.
"use strict";

const groupBox = document.querySelector("[data-group-map]");
const groups = [...document.querySelectorAll(".group[data-lon]")];
const groupMap = groupBox && globalThis.maakKaart?.(groupBox, { label: "Kaart met de groepen", fixed: true, stay: true });
groupMap?.dots(
  groups.map((item) => ({
    lon: Number(item.dataset.lon),
    lat: Number(item.dataset.lat),
    mark: item.dataset.count,
    className: "kaartpunt--open",
    explain: () => {
      const told = document.createElement("div");
      const link = document.createElement("a");
      link.href = `#${item.id}`;
      link.textContent = `${item.dataset.name}: ${item.dataset.count} meldingen`;
      link.addEventListener("click", () => item.focus());
      told.append(link);
      return told;
    },
  })),
  { fit: true },
);
