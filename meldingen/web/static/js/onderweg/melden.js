// A melding of one's own in a few taps, also without coverage: my place, what, a photo, and who asked for it, if anybody.

import { drawKinds, onSend, showError, textOf } from "./formulier.js";
import { photoField } from "./foto.js";
import { openMap } from "./kaart.js";
import { whereAmI } from "./plek.js";
import { copyOf, draw, onPress, part, say } from "./sjabloon.js";
import { proposeKinds } from "./soorten.js";

const ROUGH_M = 50;
const NEAR_ZOOM = 17;
const DIGITS = /\d/g;

/** The screen of a new melding. */
export const drawReport = ({ motor, go }) => {
  const form = copyOf("nieuw");
  const photos = photoField(part(form, "fotoveld"));
  const fields = form.elements;
  const kinds = motor.day.soorten;
  const several = new Set(kinds.map((one) => one.gemeente)).size > 1;
  let place = null;
  let map = null;

  const tellPlace = (name, values) => (part(form, "plekzin").textContent = say(name, values));
  const setPlace = (lon, lat, source, accuracy) => {
    place = { lon, lat, source, accuracy };
    showError(form, "", { at: "fout-plek" });
    if (source === "pin") tellPlace("plek-speld");
    else tellPlace(accuracy > ROUGH_M ? "plek-grof" : "plek-hier", { m: accuracy });
  };
  const findPlace = async (fresh) => {
    tellPlace("plek-zoekt");
    const at = await whereAmI({ fresh });
    if (!at) {
      if (!place) tellPlace("plek-geen");
      if (part(form, "kaart").hidden) openPlaceMap();
      return;
    }
    if (place?.source === "pin" && !fresh) return;
    setPlace(at.lon, at.lat, "gps", at.accuracy_m);
    map?.put(at.lon, at.lat, NEAR_ZOOM);
  };
  const openPlaceMap = () => {
    const box = part(form, "kaart");
    part(form, "opdekaart").ariaExpanded = "true";
    if (map) return;
    box.hidden = false;
    map = openMap(box, motor, { stay: motor.works().length > 0, onPick: ({ lon, lat }) => setPlace(lon, lat, "pin") });
    if (place) map?.put(place.lon, place.lat, NEAR_ZOOM);
    else {
      const works = motor.works();
      if (works.length) map?.leaflet.fitBounds(L.latLngBounds(works.map(({ lat, lon }) => [lat, lon])), { maxZoom: 15 });
    }
  };
  onPress(part(form, "hier"), () => findPlace(true));
  part(form, "opdekaart").addEventListener("click", openPlaceMap);

  drawKinds(part(form, "soorten"), motor, several ? kinds[0].gemeente : "");
  part(form, "soortveld").hidden = several; // which kinds there are depends on the place: the server proposes one
  const offers = part(form, "voorstel");
  const mark = () => {
    for (const one of offers.children) one.ariaPressed = String(one.dataset.slug === fields.categorie.value);
  };
  fields.omschrijving.addEventListener("input", () => {
    const found = several ? [] : proposeKinds(fields.omschrijving.value, kinds);
    offers.hidden = found.length === 0;
    offers.replaceChildren(
      ...found.map(({ slug, naam }) => {
        const press = draw("voorstel", { naam });
        press.dataset.slug = slug;
        press.addEventListener("click", () => {
          fields.categorie.value = fields.categorie.value === slug ? "" : slug;
          mark();
        });
        return press;
      }),
    );
    mark();
  });
  fields.categorie.addEventListener("change", mark);
  form.addEventListener("change", ({ target }) => {
    if (target.name === "wie") part(form, "bellerveld").hidden = fields.wie.value !== "beller";
  });

  onSend(form, async () => {
    for (const at of ["fout-plek", "fout-wat", "fout-wie"]) showError(form, "", { at });
    await photos.settled();
    const text = textOf(form, "omschrijving", "fout-wat");
    const note = textOf(form, "toelichting", "fout-plek");
    if (text === null || note === null) return;
    if (!place) {
      showError(form, "moet-plek", { at: "fout-plek" });
      return part(form, "hier").focus();
    }
    if (!text && !photos.photos().length) return showError(form, "moet-wat", { at: "fout-wat", field: "omschrijving" });
    const caller = fields.wie.value === "beller";
    const phone = fields.telefoon.value.trim();
    if (caller && (phone.match(DIGITS)?.length ?? 0) < 10) return showError(form, "moet-nummer", { at: "fout-wie", field: "telefoon" });
    const item = await motor.report(
      {
        locatie: { type: "Point", coordinates: [place.lon, place.lat] },
        locatieBron: place.source,
        ...(place.source === "gps" && { nauwkeurigheidMeter: place.accuracy }),
        ...(note && { locatieToelichting: note }),
        ...(text && { omschrijving: text }),
        ...(fields.categorie.value && !several && { categorie: fields.categorie.value }),
        gevaarAntwoord: fields.gevaar.checked ? "ja" : "nee",
        kanaal: caller ? "telefoon" : "eigen_waarneming",
        ...(caller && { contact: { telefoon: phone } }),
      },
      photos.photos(),
    );
    if (item) go("#/", { replace: true });
  });
  return { element: form, shown: () => findPlace(false) };
};
