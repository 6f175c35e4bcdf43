// The map of our pages, on Leaflet: outlines of the gemeente, tiles when configured, one pin, and marks of what is near.
// By mouse or touch a single tap puts the pin; by keyboard the arrows move the map and Enter puts it in the middle.
"use strict";

// box: the element with data-tiles, data-outlines, data-bounds (west,south,east,north) and data-pin; its words may be
// in another language: data-words-in, -out, -pin and -tiles.
// onPick({lon, lat}, how) is told each new place. fixed: the pin only shows a place; nobody moves it.
// shapes: the outlines (GeoJSON) themselves, or a promise of them, instead of their address in data-outlines. stay: they
// do not decide what part of the world is shown.
// Returns { leaflet, put(lon, lat, zoom), take(), middle(), move(way), marks(kind, items), dots(list, { fit }) }; dots:
// small signs with something to read, each { lon, lat, mark, className, explain() → element }; fit: show them all.
globalThis.maakKaart = (box, { onPick = () => {}, label = "Kaart", fixed = false, shapes = null, stay = false, tileAt = null } = {}) => {
  box.hidden = false;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", label);
  const { tiles, outlines, bounds, pin, wordsIn = "Inzoomen", wordsOut = "Uitzoomen", wordsPin = "Speld op de gekozen plek", wordsTiles = "Kaart: {bron}" } = box.dataset;
  const map = L.map(box, { zoomControl: false, attributionControl: true, minZoom: 8, maxZoom: 19, zoomAnimation: false, zoomSnap: 0.25 });
  map.attributionControl.setPrefix(false);
  L.control.zoom({ zoomInTitle: wordsIn, zoomOutTitle: wordsOut }).addTo(map);
  if (bounds) {
    const [west, south, east, north] = bounds.split(",").map(Number);
    map.fitBounds([[south, west], [north, east]], { padding: [4, 4] });
  } else map.setView([52.1, 5.3], 8);
  if (tiles) {
    const source = new URL(tiles.replace("{s}.", ""), location.href).hostname;
    const layer = L.tileLayer(tiles, { maxZoom: 19, attribution: wordsTiles.replace("{bron}", source) });
    if (tileAt) {
      layer.createTile = (coords, done) => {
        const tile = Object.assign(new Image(), { alt: "", onload: () => done(null, tile), onerror: () => done(new Error("no tile"), tile) });
        tileAt(layer.getTileUrl(coords)).then((found) => { tile.src = found; });
        return tile;
      };
    }
    layer.addTo(map);
  }
  const icon = L.icon({ iconUrl: pin, iconSize: [32, 44], iconAnchor: [16, 42] });
  let marker = null;

  const put = (lon, lat, zoom = 0) => {
    if (!marker) {
      marker = L.marker([lat, lon], { icon, keyboard: false, draggable: !fixed, interactive: !fixed, alt: wordsPin, zIndexOffset: 1000 }).addTo(map);
      marker.on("dragend", () => {
        const at = marker.getLatLng();
        onPick({ lon: at.lng, lat: at.lat }, "pin");
      });
    }
    marker.setLatLng([lat, lon]);
    if (zoom) map.setView([lat, lon], Math.max(map.getZoom(), zoom));
  };
  const look = (lon, lat, zoom) => map.setView([lat, lon], zoom);
  const take = () => {
    marker?.remove();
    marker = null;
  };
  const BESIDE_ZOOM = { autoPanPaddingTopLeft: [60, 12], autoPanPaddingBottomRight: [12, 12], maxWidth: 240 };
  // By keyboard there is the list: hundreds of stops on the way past a map help nobody.
  const dots = (list, { fit = false } = {}) => {
    const drawn = list.map(({ lon, lat, mark, className, explain }) => {
      const icon = L.divIcon({ className: `kaartpunt ${className}`, html: mark, iconSize: [24, 24], iconAnchor: [12, 12] });
      return L.marker([lat, lon], { icon, keyboard: false, alt: "" }).bindPopup(explain, BESIDE_ZOOM).addTo(map);
    });
    if (fit && drawn.length) map.fitBounds(L.featureGroup(drawn).getBounds(), { padding: [24, 24], maxZoom: 16 });
  };
  const middle = () => {
    const at = map.getCenter();
    put(at.lng, at.lat);
    onPick({ lon: at.lng, lat: at.lat }, "pin");
  };
  // A quarter of the map in one direction: a single press does what a drag does (WCAG 2.5.7).
  const WAYS = { links: [-1, 0], rechts: [1, 0], omhoog: [0, -1], omlaag: [0, 1] };
  const move = (way) => {
    const size = map.getSize();
    map.panBy([(WAYS[way][0] * size.x) / 4, (WAYS[way][1] * size.y) / 4], { animate: false });
  };
  // Marks of one kind, in place of the earlier ones. items: {lon, lat, sign, title, pick}. The page lists them as well,
  // so that they need no place in the order of Tab.
  const layers = {};
  const marks = (kind, items) => {
    layers[kind]?.remove();
    layers[kind] = L.layerGroup(
      items.map(({ lon, lat, sign, title, pick }) => {
        const badge = document.createElement("span");
        badge.className = `mark mark--${kind}`;
        badge.textContent = sign;
        const shown = L.divIcon({ html: badge, className: "kaartmerk", iconSize: [28, 28] });
        const one = L.marker([lat, lon], { icon: shown, keyboard: false, title, alt: "", interactive: Boolean(pick) });
        return pick ? one.on("click", pick) : one;
      }),
    ).addTo(map);
  };
  map.on("click", (event) => {
    if (fixed) return;
    put(event.latlng.lng, event.latlng.lat);
    onPick({ lon: event.latlng.lng, lat: event.latlng.lat }, "pin");
  });
  box.addEventListener("keydown", (event) => {
    if (fixed || event.target !== box || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    middle();
  });

  if (outlines || shapes) {
    Promise.resolve(shapes ?? fetch(outlines).then((answer) => answer.json()))
      .then((found) => {
        const drawn = L.geoJSON(found, {
          interactive: false,
          style: ({ properties }) => ({
            className: `kaartvlak kaartvlak--${properties.soort}${tiles ? " kaartvlak--op-tegels" : ""}`,
          }),
          onEachFeature: ({ properties }, layer) => {
            if (properties.soort === "gemeente" || tiles) return;
            const className = `kaartnaam kaartnaam--${properties.soort}`;
            layer.bindTooltip(properties.naam, { permanent: true, direction: "center", className });
          },
        }).addTo(map);
        if (!bounds && !marker && !stay && drawn.getBounds().isValid()) map.fitBounds(drawn.getBounds(), { padding: [4, 4] });
        const names = () => {
          box.classList.toggle("kaart--wijken", map.getZoom() >= 11 && map.getZoom() < 13);
          box.classList.toggle("kaart--buurten", map.getZoom() >= 13);
        };
        map.on("zoomend", names);
        names();
      })
      .catch(() => {}); // the place can be given without it
  }
  return { leaflet: map, put, take, middle, move, marks, dots };
};
