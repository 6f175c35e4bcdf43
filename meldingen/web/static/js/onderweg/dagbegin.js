// The begin of a day (what came in, what is due, what slipped, what waits for you) and its end (what is left).

import { CHOICES, isOpen } from "./orde.js";
import { copyOf, draw, fill, onPress, part } from "./sjabloon.js";
import { dayOf, dayWords } from "./tijd.js";

const counted = (motor) => {
  const waits = new Set(motor.decisions().map((item) => item.opdracht));
  const today = motor.today();
  const open = motor.works().filter(isOpen);
  const count = (name) => open.filter((work) => CHOICES[name](work, today, waits)).length;
  const links = Object.fromEntries(Object.keys(CHOICES).map((name) => [`${name}-naar`, `#/?kies=${name}`]));
  return {
    ...links,
    vandaag: dayWords(dayOf(motor.now()), "2000-01-01"),
    spoed: String(count("spoed")),
    wacht: String(count("wacht")),
    af: String(count("vandaag")),
    te_laat: String(count("te_laat")),
    nieuw: String(count("nieuw")),
    alle: String(open.length),
  };
};

/** The screen of the begin of a day. */
export const drawBegin = ({ motor }) => {
  const element = copyOf("begin");
  const changed = () => fill(element, { ...counted(motor), naam: motor.state().account?.naam ?? "" });
  onPress(part(element, "uit"), async () => {
    await motor.signOut();
    location.href = "/inloggen";
  });
  changed();
  return { element, changed };
};

/** The screen of the end of a day. */
export const drawEnd = ({ motor }) => {
  const element = draw("einde");
  const changed = () => {
    const today = motor.today();
    const { syncedAt } = motor.state();
    const isNew = ({ actie, staat, op, klaarOp }) =>
      actie === "afhandelingen" && staat !== "geweigerd" && dayOf(op) === today && !(klaarOp < syncedAt); // else counted there
    const left = motor.waiting().length;
    const done = motor.day.gedaanVandaag + motor.items().filter(isNew).length;
    fill(element, { ...counted(motor), gedaan: String(done), versturen: String(left) });
    for (const one of element.querySelectorAll("[data-als=versturen]")) one.hidden = left === 0;
    for (const one of element.querySelectorAll("[data-niet=versturen]")) one.hidden = left > 0;
  };
  changed();
  return { element, changed };
};
