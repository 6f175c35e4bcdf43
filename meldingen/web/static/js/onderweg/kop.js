// The bar above and the bar below: coverage, when it was last brought up to date, how much waits, where you are, what was
// just done, and for a while the way to undo it.

import { addressOf, onPress, say } from "./sjabloon.js";
import { dayOf, hourWords, shortDay } from "./tijd.js";

const SEEN_MS = 8_000;
const SECOND_MS = 1_000;
const $ = (name) => document.querySelector(`body > :is(header, nav) [data-deel="${name}"]`);

const lineWords = ({ online, signIn, syncing, syncedAt }, today) => {
  const at = syncedAt && (dayOf(syncedAt) === today ? hourWords(syncedAt) : shortDay(dayOf(syncedAt), today));
  if (signIn) return say("lijn-uit");
  if (!online) return at ? say("lijn-weg", { uur: at }) : say("lijn-weg-nooit");
  if (syncing && !at) return say("lijn-bezig");
  return at ? say("lijn-goed", { uur: at }) : say("lijn-bezig");
};

const drawStanding = (motor) => {
  const state = motor.state();
  const waiting = motor.waiting().length;
  const decide = motor.decisions().length;
  $("lijn").textContent = lineWords(state, motor.today());
  $("stip").className = `stip stip--${state.signIn ? "uit" : state.online ? "goed" : "weg"}`;
  const words = [waiting && (waiting === 1 ? say("wachten-een") : say("wachten", { n: waiting })), decide && say("wachten-besluit", { n: decide })];
  $("wachten").textContent = words.filter(Boolean).join(" · ");
  $("wachten").hidden = !waiting && !decide;
  $("telling").textContent = String(waiting + decide);
  $("telling").hidden = !waiting && !decide;
};

/** Draws both bars, and draws them anew after each change. → around({ path, parent }): a screen was shown. */
export const startBars = (motor) => {
  let quiet;
  motor.say = (name, { actie, soort } = {}) => {
    clearTimeout(quiet);
    const line = $("regel");
    line.hidden = false;
    line.textContent = say(name, { wat: actie && say(`deed-${actie}`), soort });
    quiet = setTimeout(() => (line.hidden = true), SEEN_MS);
  };

  // The words are said once; the seconds that run down are seen, not read aloud.
  let ticking;
  let offered = null;
  const withdraw = () => {
    clearInterval(ticking);
    offered = null;
    const box = $("klaar");
    const had = box.contains(document.activeElement);
    box.hidden = true;
    if (had) document.querySelector("#inhoud h1")?.focus();
  };
  motor.offerUndo = (item, work) => {
    clearInterval(ticking);
    const seconds = motor.day.ongedaanS;
    if (!seconds) return motor.say(motor.state().online ? "bewaard" : "bewaard-straks", { actie: "afhandelingen", soort: work.soort });
    offered = item.id;
    const until = Date.now() + seconds * SECOND_MS;
    const tick = () => {
      const left = Math.ceil((until - Date.now()) / SECOND_MS);
      $("tel").textContent = `(${Math.max(left, 0)})`;
      if (left <= 0 && !$("klaar").contains(document.activeElement)) withdraw();
    };
    $("klaar").hidden = false;
    $("regel").hidden = true;
    $("klaar-zin").textContent = say("bewaard", { wat: say("deed-afhandelingen"), soort: work.soort });
    $("klaar-uitleg").textContent = say("ongedaan-tijd", { s: seconds });
    tick();
    ticking = setInterval(tick, SECOND_MS);
    return undefined;
  };
  onPress($("ongedaan"), async () => {
    const id = offered;
    withdraw();
    await motor.undo(id);
  });
  $("klaar-weg").addEventListener("click", withdraw);

  motor.listen(() => drawStanding(motor));
  drawStanding(motor);
  return ({ path, parent }) => {
    const back = $("terug");
    const top = ["/", "/kaart", "/nieuw", "/wachtrij", "/dag"].includes(path);
    back.hidden = top;
    $("naam").hidden = !top;
    back.href = addressOf(parent);
    for (const link of document.querySelectorAll(".voet__link")) {
      const here = link.hash.slice(1);
      if (here === path || (here !== "/" && path.startsWith(`${here}/`)) || (here === "/" && path.startsWith("/opdracht/"))) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  };
};
