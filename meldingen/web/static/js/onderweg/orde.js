// Which opdrachten a list shows, and in which order. Pure: no DOM, no storage, so it is tried under node as well.
//
// Spoed stands on top in every order, then what sounds dangerous: their clock runs in minutes.

import { dayOf, daysBetween, lastDay } from "./tijd.js";

export const ORDERS = ["termijn", "gebied", "afstand", "route"];
const EARTH_M = 111_320;

/** Metres between two places; near enough within a gemeente. */
export const metres = (one, other) => {
  const east = (one.lon - other.lon) * Math.cos((one.lat * Math.PI) / 180);
  return Math.hypot(east, one.lat - other.lat) * EARTH_M;
};

const first = (work) => (work.spoed ? 0 : work.gevaarVermoed ? 1 : 2);
const byTerm = (one, other) => (one.uiterlijk < other.uiterlijk ? -1 : one.uiterlijk > other.uiterlijk ? 1 : one.id - other.id);
const byArea = (one, other) =>
  (one.gebied ?? "").localeCompare(other.gebied ?? "", "nl") || (one.adres ?? "").localeCompare(other.adres ?? "", "nl") || byTerm(one, other);

// From where you are to what is nearest, from there to what is nearest then, and so on. Not the shortest way there is,
// but one that a person understands, and a good one.
const walk = (list, from) => {
  const left = [...list].sort(byTerm);
  const way = [];
  let at = from ?? left[0];
  while (left.length) {
    let nearest = 0;
    let best = Infinity;
    for (let place = 0; place < left.length; place++) {
      const far = metres(at, left[place]);
      if (far < best) [nearest, best] = [place, far];
    }
    at = left[nearest];
    left[nearest] = left.at(-1);
    left.pop();
    way.push(at);
  }
  return way;
};

/** A list in one of ORDERS. here: {lon, lat} of the device, or null; then distance counts from the first by term. */
export const inOrder = (list, order, here = null) => {
  const groups = [[], [], []];
  for (const work of list) groups[first(work)].push(work);
  return groups.flatMap((group) => {
    if (order === "route") return walk(group, here);
    if (order === "afstand" && here) return group.sort((a, b) => metres(here, a) - metres(here, b) || a.id - b.id);
    return group.sort(order === "gebied" ? byArea : byTerm);
  });
};

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const heard = new WeakMap();
const words = (work) => {
  if (!heard.has(work)) {
    const said = (work.meldingen ?? []).flatMap((melding) => [melding.nummer, melding.tekst]);
    heard.set(work, plain([work.id, work.soort, work.adres, work.toelichting, work.gebied, work.tekst, ...said].filter(Boolean).join(" ")));
  }
  return heard.get(work);
};

/** Those in which every one of the words stands, wherever and however accented. */
export const withWords = (list, asked) => {
  const wanted = plain(asked).split(/\s+/).filter(Boolean);
  return wanted.length ? list.filter((work) => wanted.every((word) => words(work).includes(word))) : list;
};

const OPEN = ["nieuw", "opgepakt", "ingepland", "wacht_op_melder", "bij_partij"];

/** Whether there is still something to do here: not what was closed, nor what was given away on this tablet. */
export const isOpen = (work) => OPEN.includes(work.status) && !work.weg;

const newest = (work) => (work.meldingen ?? []).reduce((last, { ontvangenOp }) => (ontvangenOp > last ? ontvangenOp : last), "");

// What waits for the melder or for another party is not late by us: the term stands still, or the party has it.
const ours = (work) => work.status !== "wacht_op_melder";

/** What the screens of the day count, by name: (work, today, waits) → yes or no. waits: ids that a person must decide. */
export const CHOICES = {
  spoed: (work) => work.spoed || work.gevaarVermoed,
  nieuw: (work, today) => newest(work) !== "" && daysBetween(dayOf(Date.parse(newest(work))), today) <= 1,
  vandaag: (work, today) => work.gepland === today || (ours(work) && lastDay(work.uiterlijk) === today),
  te_laat: (work, today) =>
    (ours(work) && lastDay(work.uiterlijk) < today) || (Boolean(work.gepland) && work.gepland < today),
  wacht: (work, _, waits) => Boolean(work.nieuwAntwoord) || waits.has(work.id),
};

/** The others that are open within so many metres, nearest first, as [work, metres]. */
export const nearby = (work, list, within) =>
  list
    .filter((other) => other.id !== work.id && isOpen(other) && (!work.gemeente || other.gemeente === work.gemeente))
    .map((other) => [other, metres(work, other)])
    .filter(([, far]) => far <= within)
    .sort((a, b) => a[1] - b[1]);
