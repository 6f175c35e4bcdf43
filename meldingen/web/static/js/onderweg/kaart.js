// The map of a team: its opdrachten on the outlines that are kept here, several on one spot as a number. By keyboard and
// screen reader the list says the same.

import { currentList } from "./lijst.js";
import { inOrder } from "./orde.js";
import { whereAmI } from "./plek.js";
import { drawLine } from "./regel.js";
import { copyOf, onPress, part, say } from "./sjabloon.js";

const SPOT_PX = 48;
const MOST_LISTED = 20;
const NEAR_ZOOM = 16;

/** A map in a box, with the outlines of this device. → what globalThis.maakKaart gives; null without its script. */
export const openMap = (box, motor, options = {}) => {
  if (!globalThis.maakKaart) return null;
  box.dataset.pin = document.body.dataset.pin;
  if (motor.day?.kaart.tegels) box.dataset.tiles = motor.day.kaart.tegels;
  const shapes = motor.areas().then((found) => ({ type: "FeatureCollection", features: found.filter(Boolean).flatMap((one) => one.features) }));
  return globalThis.maakKaart(box, { label: say("kaart-naam"), shapes, tileAt: motor.tileAt, ...options });
};

/** The place of one opdracht. */
export const drawPlace = (box, work, motor) => openMap(box, motor, { fixed: true })?.put(work.lon, work.lat, NEAR_ZOOM);

const extent = (list) => L.latLngBounds(list.map(({ lat, lon }) => [lat, lon]));

// The works in view, those that stand on one spot of the screen together: no two signs lie over each other.
const together = (leaflet, list) => {
  const view = leaflet.getBounds().pad(0.1);
  const spots = [];
  for (const work of list) {
    if (!view.contains([work.lat, work.lon])) continue;
    const at = leaflet.project([work.lat, work.lon]);
    const spot = spots.find((one) => one.at.distanceTo(at) < SPOT_PX);
    if (spot) spot.works.push(work);
    else spots.push({ at, works: [work] });
  }
  return spots.map((one) => one.works);
};

/** The screen of the map. */
export const drawMapScreen = ({ motor }) => {
  const element = copyOf("kaart");
  const lines = part(element, "regels");
  let list = currentList(motor);
  let [map, layer] = [null, null];

  const choose = (works) => {
    const leaflet = map.leaflet;
    if (works.length > 1 && leaflet.getZoom() < 18) leaflet.fitBounds(extent(works), { padding: [48, 48], maxZoom: 18 });
    lines.replaceChildren(...inOrder(works, "termijn").slice(0, MOST_LISTED).map((work) => drawLine(work, motor)));
    lines.scrollIntoView({ block: "nearest" });
  };
  const drawSpots = () => {
    layer?.remove();
    layer = L.layerGroup(
      together(map.leaflet, list).map((works) => {
        const urgent = works.some((work) => work.spoed);
        const sign = document.createElement("span");
        sign.className = `werkpunt${urgent ? " werkpunt--spoed" : ""}${works.length > 1 ? " werkpunt--groep" : ""}`;
        sign.textContent = works.length > 1 ? String(works.length) : "";
        const icon = L.divIcon({ html: sign, className: "werkpunt-vlak", iconSize: [44, 44] });
        const title = works.length > 1 ? say("kaart-groep", { n: works.length }) : works[0].soort;
        return L.marker([works[0].lat, works[0].lon], { icon, keyboard: false, title, alt: "", zIndexOffset: urgent ? 500 : 0 }).on("click", () => choose(works));
      }),
    ).addTo(map.leaflet);
  };
  const shown = () => {
    map = openMap(part(element, "kaart"), motor, { fixed: true, stay: list.length > 0 });
    if (!map) return;
    if (list.length) map.leaflet.fitBounds(extent(list), { paddingTopLeft: [72, 32], paddingBottomRight: [32, 32], maxZoom: NEAR_ZOOM });
    map.leaflet.on("moveend", drawSpots);
    drawSpots();
  };
  onPress(part(element, "hier"), async () => {
    const at = await whereAmI({ fresh: true });
    part(element, "uitleg").textContent = at ? say("plek-hier", { m: at.accuracy_m }) : say("uitleg-geen-plek");
    if (at) map?.put(at.lon, at.lat, NEAR_ZOOM);
  });
  const changed = () => {
    list = currentList(motor);
    if (map) drawSpots();
  };
  return { element, changed, shown };
};
