// The list: chosen, searched, ordered, and drawn a stretch at a time, so that two thousand opdrachten open at once.

import { CHOICES, inOrder, isOpen, withWords } from "./orde.js";
import { lastPlace, whereAmI } from "./plek.js";
import { drawLine } from "./regel.js";
import { copyOf, part, say } from "./sjabloon.js";

const STRETCH = 30;
const PAUSE_MS = 120;

/** What was chosen last in this visit: it holds when somebody comes back, and next and previous follow it. */
const chosen = { kies: "", zoek: "", volgorde: "termijn", team: "", drawn: STRETCH, top: 0 };
let ids = [];

/** The opdrachten of the list as it stands, in its order. */
export const currentList = (motor) => {
  const waits = new Set(motor.decisions().map((item) => item.opdracht));
  const today = motor.today();
  const fits = CHOICES[chosen.kies] ?? (() => true);
  const some = motor
    .works()
    .filter((work) => isOpen(work) && (!chosen.team || String(work.teamId) === chosen.team) && fits(work, today, waits));
  return inOrder(withWords(some, chosen.zoek), chosen.volgorde, lastPlace());
};

/** Who stands before and after this one in the list as it was last drawn: [id, id, place, length]; null for nobody. */
export const neighbours = (id, motor) => {
  if (!ids.includes(id)) ids = currentList(motor).map((work) => work.id);
  const at = ids.indexOf(id);
  return at < 0 ? [null, null, 0, ids.length] : [ids[at - 1] ?? null, ids[at + 1] ?? null, at + 1, ids.length];
};

/** The first open one after this in the list as it was last drawn; null when it was the last. */
export const nextOf = (id) => ids[ids.indexOf(id) + 1] ?? null;

/** The screen of the list. query: what of it, by a name of CHOICES. */
export const drawList = ({ motor, query }) => {
  const wanted = query.get("kies") ?? "";
  if (chosen.kies !== wanted) Object.assign(chosen, { kies: wanted, drawn: STRETCH, top: 0 });
  const element = copyOf("lijst");
  const lines = part(element, "regels");
  const more = part(element, "meer");
  const search = element.querySelector("[name=zoek]");
  const order = element.querySelector("[name=volgorde]");
  const team = element.querySelector("[name=team]");
  const teams = motor.day.teams;
  part(element, "kop").textContent = say(`kop-${chosen.kies || "alles"}`);
  part(element, "teams").hidden = teams.length < 2;
  for (const one of teams) team.add(new Option(one.naam, String(one.id)));
  [search.value, order.value, team.value] = [chosen.zoek, chosen.volgorde, chosen.team];

  let list = [];
  const draw = (from, until) => {
    const here = lastPlace();
    const some = list.slice(from, until);
    lines.append(...some.map((work, place) => drawLine(work, motor, { here, place: from + place + 1, of: list.length })));
    more.hidden = until >= list.length;
  };
  const drawMore = () => {
    const from = chosen.drawn;
    if (from >= list.length) return;
    chosen.drawn += STRETCH;
    draw(from, chosen.drawn);
  };
  const explain = () => {
    const away = !lastPlace();
    const words = { afstand: away ? "uitleg-geen-plek" : "uitleg-afstand", route: away ? "uitleg-route-zonder" : "uitleg-route" };
    const line = part(element, "uitleg");
    line.hidden = !words[chosen.volgorde];
    line.textContent = line.hidden ? "" : say(words[chosen.volgorde]);
  };
  let before = "";
  const redraw = () => {
    list = currentList(motor);
    ids = list.map((work) => work.id);
    const focused = lines.contains(document.activeElement) ? document.activeElement.hash : "";
    lines.replaceChildren();
    draw(0, chosen.drawn);
    if (focused) lines.querySelector(`a[href$="${focused}"]`)?.focus();
    part(element, "aantal").textContent = String(list.length);
    const empty = part(element, "leeg");
    empty.hidden = list.length > 0;
    part(element, "leeg-zin").textContent = say(chosen.zoek ? "leeg-zoek" : chosen.kies ? "leeg-kies" : "leeg-alles");
    part(element, "leeg-alles").hidden = !chosen.kies && !chosen.zoek;
    explain();
  };
  // Something changed on this device; when it is none of what is drawn here, the list is left alone under who reads it.
  const changed = () => {
    const drawn = currentList(motor).map(({ id, versie, status, wacht, gepland, spoed, nieuwAntwoord, aandacht, fotos }) =>
      [id, versie, status, wacht, gepland, spoed, nieuwAntwoord, aandacht?.length, fotos?.length].join());
    const now = `${motor.today()} ${drawn.join(";")}`;
    if (now !== before) redraw();
    before = now;
  };
  const anew = () => {
    chosen.drawn = STRETCH;
    redraw();
  };
  const withPlace = async () => {
    anew();
    if (chosen.volgorde === "afstand" || chosen.volgorde === "route") {
      await whereAmI();
      anew();
    }
  };

  let pause;
  search.addEventListener("input", () => {
    clearTimeout(pause);
    chosen.zoek = search.value;
    pause = setTimeout(anew, PAUSE_MS);
  });
  order.addEventListener("change", () => {
    chosen.volgorde = order.value;
    withPlace();
  });
  team.addEventListener("change", () => {
    chosen.team = team.value;
    anew();
  });
  part(element, "leeg-alles").addEventListener("click", () => {
    chosen.zoek = search.value = "";
    anew();
  });
  more.querySelector("button").addEventListener("click", () => {
    const first = lines.children.length;
    drawMore();
    lines.children[first]?.querySelector("a").focus();
  });
  const watcher = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && drawMore(), {
    rootMargin: "600px",
  });
  watcher.observe(more);
  changed();
  return {
    element,
    changed,
    shown: () => scrollTo(0, chosen.top),
    left: () => {
      chosen.top = scrollY;
      watcher.disconnect();
    },
  };
};
