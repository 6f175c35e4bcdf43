// One opdracht: what is known of it, what waits on this device, and the steps that can be done now.

import { drawPlace } from "./kaart.js";
import { neighbours } from "./lijst.js";
import { drawPost } from "./wachtrij.js";
import { facts } from "./regel.js";
import { draw, fill, onPress, part, say } from "./sjabloon.js";
import { dayOf, dayWords, momentWords } from "./tijd.js";

const FIRST = ["inbehandelingnames", "veiligstellingen", "gevaarbesluiten", "afhandelingen"];
const BESIDE = ["planningen", "teruggaven", "vragen", "fotos"];
const CLOSINGS = { nietgevonden: "plek-niet-gevonden", alopgelost: "niets-gevonden" };
const REST = ["uitstellingen", "overdrachten", "splitsingen", "samenvoegingen", "notities"];
const CLOSED = ["gereed", "vervallen"];
const ALWAYS = ["notities", "fotos"];
const NOT_FROM = { inbehandelingnames: ["opgepakt"], vragen: ["wacht_op_melder", "bij_partij"], planningen: ["bij_partij"] };

/** The steps that can be done now: what the server said, after what waits here. */
export const stepsNow = (work) =>
  work.stappen.filter((step) => {
    if (CLOSED.includes(work.status) || work.weg) return ALWAYS.includes(step);
    if (step === "veiligstellingen") return work.spoed;
    if (step === "gevaarbesluiten") return work.gevaarVermoed;
    return !NOT_FROM[step]?.includes(work.status);
  });

const navigation = ({ lat, lon }) => ({
  navigeer: `geo:${lat},${lon}?q=${lat},${lon}`,
  opkaart: `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=18/${lat}/${lon}`,
});

const button = (step, work, main) => {
  const link = draw("knop", { naar: `#/opdracht/${work.id}/${step}`, woorden: say(`stap-${step}`) });
  link.classList.add(`utrecht-button-link--${main ? "primary" : "secondary"}-action`);
  return link;
};

// Closing with a reason that is chosen already.
const closings = (work) =>
  Object.entries(CLOSINGS).map(([name, reason]) => {
    const link = button(name, work, false);
    return fill(link, { naar: `#/opdracht/${work.id}/afhandelingen?reden=${reason}` });
  });

const drawButtons = (element, work, { motor }) => {
  const steps = stepsNow(work);
  const has = (names) => names.filter((name) => steps.includes(name));
  const main = work.status === "nieuw" && steps.includes("inbehandelingnames") ? "inbehandelingnames" : "afhandelingen";
  const first = has(FIRST).map((step) => {
    const link = button(step, work, step === main || step === "veiligstellingen");
    if (step !== "inbehandelingnames") return link;
    const press = document.createElement("button"); // done at once: there is nothing to ask
    press.type = "button";
    press.className = `utrecht-button utrecht-button--${step === main ? "primary" : "secondary"}-action groot`;
    press.textContent = say(`stap-${step}`);
    onPress(press, () => motor.act(work, step, {}));
    return press;
  });
  part(element, "eerst").replaceChildren(...first);
  const others = steps.includes("afhandelingen") ? closings(work) : [];
  part(element, "naast").replaceChildren(...has(BESIDE).map((step) => button(step, work, false)), ...others);
  const rest = has(REST);
  part(element, "overig").replaceChildren(...rest.map((step) => button(step, work, false)));
  part(element, "meer").hidden = rest.length === 0;
};

const drawMelding = (melding, today) => {
  const element = draw("meldersdeel", {
    tekst: melding.tekst,
    nummer: melding.nummer,
    op: momentWords(Date.parse(melding.ontvangenOp), today),
    bereikbaar: melding.bereikbaar,
  });
  const answers = part(element, "antwoorden");
  answers.hidden = !melding.antwoorden?.length;
  answers.append(...(melding.antwoorden ?? []).map((one) => draw("antwoord", one)));
  const later = part(element, "aanvullingen");
  later.hidden = !melding.aanvullingen?.length;
  const saidAt = ({ op, tekst }) => draw("aanvulling", { op: momentWords(Date.parse(op), today), tekst });
  later.append(...(melding.aanvullingen ?? []).map(saidAt));
  return element;
};

const drawPhotos = (element, work, motor) => {
  const box = part(element, "fotos");
  const drawn = (work.fotos ?? []).map(({ klein, groot }) => {
    const link = draw("foto", { groot });
    motor.photo(part(link, "beeld"), klein);
    motor.photoLink(link, groot);
    return link;
  });
  const own = (work.eigenFotos ?? []).map((hash) => {
    const link = draw("foto", {});
    motor.ownPhoto(part(link, "beeld"), hash);
    return link;
  });
  box.hidden = drawn.length + own.length === 0;
  box.replaceChildren(...drawn, ...own);
};

const event = (words, moment, today) => draw("gebeurtenis", { woorden: words, op: momentWords(moment, today) });

const drawHistory = (element, work, today) => {
  const told = (work.geschiedenis ?? []).map((line) => {
    const item = event(line.woorden, Date.parse(line.op), today);
    for (const words of [line.tekst].filter(Boolean)) {
      const said = document.createElement("p");
      said.className = "written";
      said.dir = "auto";
      said.textContent = words;
      item.append(said);
    }
    return item;
  });
  part(element, "verleden").replaceChildren(...told.reverse());
};

/** The screen of one opdracht. */
export const drawWork = ({ motor, id, go }) => {
  const number = Number(id);
  if (!motor.work(number)) return drawGone(number, motor, go);
  const work = motor.work(number);
  const element = draw("opdracht", { kantoor: `/team/opdracht/${number}`, ...navigation(work) });
  let [drawn, before] = [null, ""];
  const changed = () => {
    const work = motor.work(number);
    const now = JSON.stringify([work, motor.itemsOf(number), motor.today()]);
    if (!work || now === before) return;
    before = now;
    const kept = element.contains(document.activeElement) && document.activeElement.closest(".knoppen");
    const focusVisible = document.activeElement.matches(":focus-visible"); // seen by who uses keys, quiet under a thumb
    const today = motor.today();
    const [previous, next, place, all] = neighbours(number, motor);
    const steps = stepsNow(work);
    fill(element, {
      ...facts(work, motor, dayWords),
      vorige: previous && `#/opdracht/${previous}`,
      volgende: next && `#/opdracht/${next}`,
      plek: place ? say("plek-in-lijst", { n: place, van: all }) : "",
      kijken: steps.length === 0,
    });
    for (const name of ["vorige", "volgende"]) part(element, name).ariaDisabled = part(element, name).hasAttribute("href") ? null : "true";
    drawButtons(element, work, { motor });
    const mine = motor.itemsOf(number).filter((item) => item.staat !== "gedaan" || item.klaarOp > motor.now() - 3_600_000);
    part(element, "wachtend").hidden = mine.length === 0;
    part(element, "posten").replaceChildren(...mine.map((item) => drawPost(item, motor, { here: true })));
    if (!drawn || drawn.fotos !== work.fotos || drawn.eigenFotos?.length !== work.eigenFotos?.length) drawPhotos(element, work, motor);
    part(element, "meldingen").replaceChildren(...work.meldingen.map((one) => drawMelding(one, today)));
    drawHistory(element, work, today);
    if (kept) element.querySelector(".knoppen :is(a, button)")?.focus({ focusVisible });
    drawn = work;
  };
  changed();
  return { element, changed, shown: () => drawPlace(part(element, "kaart"), work, motor) };
};

const drawGone = (number, motor, go) => ({
  element: draw("weg", { kantoor: `/team/opdracht/${number}` }),
  changed: () => motor.work(number) && go(`#/opdracht/${number}`),
});

/** Today, for who draws a form of this opdracht. */
export const todayOf = (motor) => dayOf(motor.now());
