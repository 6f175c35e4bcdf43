// What one opdracht says of itself at a glance: the line of a list, and the words that the detail uses too.

import { metres } from "./orde.js";
import { draw, part, say } from "./sjabloon.js";
import { dayOf, dayWords, lastDay, shortDay } from "./tijd.js";

/** What an opdracht is about and where, in a few words. */
export const nameOf = (work) => `${work.soort}, ${work.adres || work.toelichting || say("zonder-adres")}`;

/** The words and flags of an opdracht for templates. days: how a day is said. */
export const facts = (work, motor, days = shortDay) => {
  const today = motor.today();
  const last = lastDay(work.uiterlijk);
  const quiet = work.status === "wacht_op_melder";
  const done = work.status === "gereed" || work.status === "vervallen";
  const mine = motor.itemsOf(work.id);
  return {
    soort: work.soort,
    waar: work.adres || work.toelichting || say("zonder-adres"),
    toelichting: work.adres ? work.toelichting : "",
    status: work.statusWoorden,
    spoed: work.spoed,
    vervolg: Boolean(work.vervolg) && !work.spoed,
    vermoed: work.gevaarVermoed && !work.spoed,
    laat: !quiet && !done && last < today,
    uiterlijk: !quiet && !done && last >= today,
    stil: quiet,
    stilsinds: work.termijnStilSinds ? dayWords(dayOf(Date.parse(work.termijnStilSinds)), today) : "",
    dag: quiet || done ? "" : days(last, today),
    iso: last,
    gepland: Boolean(work.gepland),
    plandag: work.gepland ? days(work.gepland, today) : "",
    velen: work.melders > 1,
    een: work.melders <= 1,
    melders: String(work.melders),
    team: motor.day.teams.length > 1 ? motor.teamName(work.teamId) : "",
    antwoord: Boolean(work.nieuwAntwoord),
    wacht: mine.some(({ staat }) => staat === "wacht" || staat === "bezig" || staat === "mislukt"),
    besluit: motor.decisions().some((item) => item.opdracht === work.id),
    verplaatst: work.verplaatst > 0,
    keren: String(work.verplaatst ?? 0),
    nummer: String(work.id),
  };
};

/** How far, as people say it: "80 m", "1,2 km"; nothing when the place of the device is not known. */
export const distanceWords = (work, here) => {
  if (!here) return "";
  const far = metres(here, work);
  const rounded = far < 100 ? Math.ceil(far / 10) * 10 : Math.round(far / 50) * 50;
  return far < 1000
    ? say("ver-m", { m: rounded })
    : say("ver-km", { km: (far / 1000).toLocaleString("nl-NL", { maximumFractionDigits: 1 }) });
};

/** One line. place, of: where it stands in the whole list, for who hears it. */
export const drawLine = (work, motor, { here = null, place = 0, of = 0 } = {}) => {
  const line = draw("regel", {
    ...facts(work, motor),
    naar: `#/opdracht/${work.id}`,
    ver: distanceWords(work, here),
    tekst: work.tekst,
  });
  line.classList.toggle("regel--spoed", work.spoed);
  line.classList.toggle("regel--vermoed", work.gevaarVermoed);
  if (of) {
    line.setAttribute("aria-posinset", place);
    line.setAttribute("aria-setsize", of);
  }
  if (work.fotos?.length) motor.photo(part(line, "foto"), work.fotos[0].klein);
  return line;
};
