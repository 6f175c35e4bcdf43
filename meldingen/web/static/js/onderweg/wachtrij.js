// What waits to be sent, item by item with its state in words, and the decisions that only a person can make.

import { nameOf } from "./regel.js";
import { inLine, wantsPerson } from "./rij.js";
import { copyOf, draw, onPress, part, say } from "./sjabloon.js";
import { momentWords } from "./tijd.js";

const DECISIONS = {
  intussen_gewijzigd: ["gezien"],
  geweigerd: ["opnieuw", "notitie", "laten"],
  mislukt: ["laten"],
  wacht: ["laten"],
};
const NO_NOTE = ["fotos", "meldingen", "notities", "terugdraaiingen"];
const QUIET = "tabletbesluiten"; // our own word to the coordinator; nobody needs to mind it

const saidIn = ({ zin, vraag, reden, tekst, omschrijving, plandatum, datum }) =>
  [plandatum ?? datum, zin, vraag, tekst, omschrijving, zin ? "" : reden].filter(Boolean).join(" ");

const mayDo = (item) =>
  (DECISIONS[item.staat] ?? []).filter((what) => what !== "notitie" || (!item.foto && !NO_NOTE.includes(item.actie)));

/** One item of the queue. here: on the page of its own opdracht. */
export const drawPost = (item, motor, { here = false } = {}) => {
  const work = item.opdracht === null ? null : motor.work(item.opdracht);
  const already = item.staat === "gedaan" && item.antwoord?.alGedaan;
  const element = draw("post", {
    wat: say(`deed-${item.foto ? "foto" : item.actie}`),
    naar: `#/opdracht/${item.opdracht}`,
    waarvan: work ? nameOf(work) : item.van || String(item.opdracht ?? ""),
    staat: say(`staat-${already ? "al_gedaan" : item.staat}`),
    op: momentWords(item.op, motor.today()),
    gezegd: item.actie === "inbehandelingnames" ? "" : saidIn(item.velden ?? {}),
    reden: inLine(item) && item.staat !== "mislukt" ? "" : [item.reden, item.staat === "geweigerd" && !item.foto && item.opdracht !== null ? say("reden-geweigerd") : ""].filter(Boolean).join(" "),
  });
  if (here || item.opdracht === null) element.querySelector("a").remove();
  element.classList.add(`post--${item.staat}`);
  const buttons = mayDo(item).map((what) => {
    const press = draw("postknop", { woorden: say(`besluit-${what}`) });
    onPress(press, () => motor.decide(item.id, what, what === "opnieuw" && work ? { versie: work.versie } : {}));
    return press;
  });
  part(element, "knoppen").append(...buttons);
  return element;
};

/** The screen of the queue. */
export const drawQueue = ({ motor }) => {
  const element = copyOf("wachtrij");
  const place = (name, list) => {
    part(element, `${name}kop`).hidden = list.length === 0;
    part(element, name).replaceChildren(...list.map((item) => drawPost(item, motor)));
  };
  let before;
  const changed = () => {
    const { signIn, syncedAt } = motor.state();
    const items = motor.items().filter((item) => item.actie !== QUIET || item.staat === "geweigerd");
    const now = JSON.stringify([signIn, syncedAt, items.map(({ id, staat, reden }) => [id, staat, reden])]);
    if (now === before) return;
    before = now;
    const decide = items.filter(wantsPerson);
    const wait = items.filter(inLine);
    const words = [];
    if (decide.length) words.push(decide.length === 1 ? say("rij-besluit-een") : say("rij-besluit", { n: decide.length }));
    if (wait.length) words.push(wait.length === 1 ? say("rij-een") : say("rij-meer", { n: wait.length }));
    part(element, "kop").textContent = words.join(" ") || say("rij-leeg");
    part(element, "sinds").textContent = syncedAt ? say("sinds", { wanneer: momentWords(syncedAt, motor.today()) }) : say("nooit");
    part(element, "uitgelogd").hidden = !signIn;
    place("besluit", decide);
    place("wacht", wait);
    place("klaar", items.filter((item) => item.staat === "gedaan").reverse());
  };
  onPress(part(element, "nu"), async () => {
    await motor.sync();
    motor.say(motor.state().online ? "opgehaald" : "niet-opgehaald");
  });
  changed();
  return { element, changed };
};
