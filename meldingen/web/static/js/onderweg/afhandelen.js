// Closing an opdracht: the outcome and a ready sentence are chosen already, what the melder reads is shown, Klaar.

import { drawChoices, giveTips, onSend, showError, textOf } from "./formulier.js";
import { photoField } from "./foto.js";
import { nextOf } from "./lijst.js";
import { stepsNow } from "./opdracht.js";
import { facts } from "./regel.js";
import { draw, fill, part, say } from "./sjabloon.js";
import { fittingSentence } from "./soorten.js";
import { pastWords } from "./tijd.js";

const OWN = "zelf";

const whenWords = (moment, now) => {
  const { name, values } = pastWords(moment, now);
  return say(`wanneer-${name}`, values);
};

// What the first melder reads: the same sentence as in the bericht (flow/notice_facts.py), whoever of them reads it.
const letterOf = (work, motor, sentence) => {
  const first = work.meldingen.find((one) => one.bereikbaar) ?? work.meldingen[0];
  const kind = motor.day.soorten.find((one) => one.slug === work.soortSlug && one.gemeente === work.gemeente);
  if (!first) return sentence;
  const facts = { wanneer: whenWords(Date.parse(first.ontvangenOp), motor.now()), wat: kind?.zegt, zin: sentence };
  return say(kind?.zegt ? "brief" : "brief-kaal", facts);
};

/** The screen to close. query reden: a reason for "niet opgelost" that is chosen already. */
export const drawClosing = ({ motor, id, query, go }) => {
  const work = motor.work(Number(id));
  if (!work) return motor.gone(id);
  const here = `#/opdracht/${work.id}`;
  const can = stepsNow(work);
  const form = draw("afhandelen", facts(work, motor));
  for (const [name, step] of [["later", "planningen"], ["nietvanons", "teruggaven"], ["vraag", "vragen"]])
    fill(form, { [name]: can.includes(step), [`${name}-naar`]: `${here}/${step}` });
  const photos = photoField(part(form, "fotoveld"));
  const ready = motor.day.zinnen[work.soortSlug] ?? [];
  const reasons = motor.day.redenen;
  const solved = [...ready.map((zin) => ({ waarde: zin, woorden: zin })), { waarde: OWN, woorden: say("anders") }];
  drawChoices(part(form, "opgelost"), "zin_keuze", solved, fittingSentence(work.soort, ready));
  const why = reasons.map(({ code, woorden, zin }) => ({ waarde: code, woorden, uitleg: zin }));
  drawChoices(part(form, "niet_opgelost"), "reden", why, query.get("reden"));
  const fields = form.elements;
  if (query.get("reden")) fields.uitkomst.value = "niet_opgelost";
  let offered = "";

  const reason = () => reasons.find((one) => one.code === fields.reden.value);
  const isSolved = () => fields.uitkomst.value === "opgelost";
  const told = () => {
    const own = fields.zin.value.trim();
    return isSolved() ? own || say("opgelost") : [reason()?.zin, own].filter(Boolean).join(" ") || "…";
  };
  const tell = () => {
    part(form, "brief").textContent = letterOf(work, motor, told());
    part(form, "niemand").hidden = work.meldingen.some((one) => one.bereikbaar);
  };
  const choose = () => {
    part(form, "opgelost").hidden = !isSolved();
    part(form, "niet_opgelost").hidden = isSolved();
    part(form, "zin-naam").textContent = say(isSolved() ? "zin-zelf" : "zin-erbij");
    const offer = isSolved() && fields.zin_keuze.value !== OWN ? fields.zin_keuze.value : "";
    if (fields.zin.value === offered) fields.zin.value = offer; // never over somebody's own words
    offered = offer;
    showError(form, "");
    tell();
  };
  form.addEventListener("change", ({ target }) => {
    if (target.type !== "radio") return;
    choose();
    if (target.value === OWN || (target.name === "reden" && reason()?.eigenZin)) fields.zin.focus();
  });
  fields.zin.addEventListener("input", tell);
  giveTips(form, "zin", motor);
  choose();

  onSend(form, async () => {
    const zin = textOf(form, "zin");
    if (zin === null) return;
    if (!isSolved() && !reason()) return showError(form, "reden-moet", { field: "reden" });
    if (!isSolved() && reason().eigenZin && !zin) return showError(form, "zin-moet", { field: "zin" });
    await photos.settled();
    const velden = isSolved() ? { uitkomst: "opgelost", zin } : { uitkomst: "niet_opgelost", reden: reason().code, zin };
    const next = nextOf(work.id);
    const item = await motor.act(work, "afhandelingen", velden, { photos: photos.photos(), quiet: true });
    if (!item) return;
    motor.offerUndo(item, work);
    go(next ? `#/?na=${next}` : "#/", { replace: true });
  });
  return { element: form };
};
