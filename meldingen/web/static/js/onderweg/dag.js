// The day package on this tablet: fetched, kept, how old it is, its photos and the map around its work, so that all of it
// opens without coverage.

import * as opslag from "./opslag.js";

const AT_ONCE = 4;
const LARGE_FOR = 200; // large photos of so many opdrachten, the most pressing first; small ones of all
const TILES_FOR = 100; // the map around so many: at most 1,800 tiles, in a wijk far fewer, because they overlap
const ROOM_LEFT = 0.2;
const AREAS = "onderweg-gebieden"; // borders and wijken: public, so not encrypted

/** Asks for the package and keeps it. Gives "new", "same", "sign in" or "later". */
export const fetchDay = async (connection) => {
  const known = await opslag.readDay();
  const at = Date.now();
  const { status, day, etag } = await connection.day(known?.etag);
  if (status === 401) return "sign in";
  if (status === 304 && known) {
    await opslag.renewDay(at);
    return "same";
  }
  if (status !== 200 || !day) return "later";
  await opslag.keepDay(day, etag, at);
  return "new";
};

// The tiles around a place, three by three: a street with its corners at one zoom, the houses at the other.
const AROUND = [-1, 0, 1];
const ZOOMS = [16, 17];
const tilesAround = (template, { lon, lat }) =>
  ZOOMS.flatMap((z) => {
    const wide = 2 ** z;
    const x = Math.floor(((lon + 180) / 360) * wide);
    const y = Math.floor(((1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2) * wide);
    return AROUND.flatMap((right) => AROUND.map((down) => template.replace("{z}", z).replace("{x}", x + right).replace("{y}", y + down)));
  });
const tilesOf = (day) => {
  const template = day.kaart.tegels;
  if (!template || /\{(?![xyz]\})/.test(template)) return []; // one with other parts has no single address per tile
  return day.opdrachten.slice(0, TILES_FOR).flatMap((work) => tilesAround(template, work));
};

const wantedOf = (day) => {
  const small = day.opdrachten.flatMap(({ fotos }) => fotos.map(({ klein }) => klein));
  const large = day.opdrachten.slice(0, LARGE_FOR).flatMap(({ fotos }) => fotos.map(({ groot }) => groot));
  return [...new Set([...small, ...large, ...tilesOf(day)])];
};

const hasRoom = async () => {
  const { usage = 0, quota = Infinity } = (await navigator.storage?.estimate?.()) ?? {};
  return usage < quota * (1 - ROOM_LEFT);
};

/** Brings the photos and tiles that are not here yet, and drops those of work that went. What does not come now comes later. */
export const fetchPictures = async (connection, day) => {
  const wanted = wantedOf(day);
  const here = new Set(await opslag.pictures());
  for (const adres of here) if (!wanted.includes(adres)) await opslag.removePicture(adres);
  const todo = wanted.filter((adres) => !here.has(adres));
  const bring = async () => {
    for (let adres = todo.shift(); adres; adres = todo.shift()) {
      if (!(await hasRoom())) return;
      try {
        const blob = await connection.picture(adres);
        if (blob) await opslag.keepPicture(adres, blob);
      } catch {
        return; // no line, no room or nobody signed in any more
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, bring));
};

/** Keeps the outlines to draw under the map. */
export const fetchAreas = async (day) => {
  const cache = await caches.open(AREAS);
  for (const adres of day.kaart.gebieden) {
    const answer = await fetch(adres).catch(() => null);
    if (answer?.ok) await cache.put(adres, answer);
  }
};

/** The outlines (GeoJSON) of this address, also without coverage; null when they never came. */
export const areas = async (adres) => {
  const answer = (await caches.open(AREAS).then((cache) => cache.match(adres))) ?? (await fetch(adres).catch(() => null));
  return answer?.ok ? answer.clone().json() : null;
};

const pictureUrls = new Map();

/** An address that an <img> can show for a photo or tile of the package: the kept one, else that of the server. */
export const pictureUrl = async (adres) => {
  if (pictureUrls.has(adres)) return pictureUrls.get(adres);
  const blob = await opslag.readPicture(adres);
  if (!blob) return adres;
  pictureUrls.set(adres, URL.createObjectURL(blob));
  return pictureUrls.get(adres);
};

/** Lets go of the pictures this page held. */
export const dropPictures = () => {
  for (const url of pictureUrls.values()) URL.revokeObjectURL(url);
  pictureUrls.clear();
};
