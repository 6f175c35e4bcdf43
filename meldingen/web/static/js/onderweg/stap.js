// The form of each step that is not closing: what it asks, what must be there, and what is sent (api/schemas/opdracht.py).

import { drawChoices, drawKinds, giveTips, onSend, showError, textOf } from "./formulier.js";
import { photoField } from "./foto.js";
import { nearby } from "./orde.js";
import { whereAmI } from "./plek.js";
import { facts } from "./regel.js";
import { draw, onPress, part, say } from "./sjabloon.js";
import { dayWords, lastDay, nextMonday, nextWorkday } from "./tijd.js";

const NEAR_M = 250;
const NONE = null;

// Each: prepare(form, work, motor) once, and read(form, work, motor, pressed) → the body; null when something is wrong.

const required = (form, field, name) => {
  const text = textOf(form, field);
  if (text === "") showError(form, name, { field });
  return text || NONE;
};

const drawDays = (form, motor, from) => {
  const today = motor.today();
  const workday = nextWorkday(today);
  const days = [...new Set([today, workday, nextMonday(today)])].filter((day) => day > from);
  drawChoices(part(form, "dagen"), "dag_keuze", days.map((day) => ({ waarde: day, woorden: dayWords(day, today) })), "");
  form.elements.dag.min = today;
  form.addEventListener("change", ({ target }) => {
    if (target.name === "dag_keuze") form.elements.dag.value = target.value;
    if (target.name === "dag") for (const radio of form.querySelectorAll("[name=dag_keuze]")) radio.checked = radio.value === target.value;
  });
};

const readDay = (form, motor) => {
  const day = form.elements.dag.value;
  if (!day) showError(form, "moet-dag", { field: "dag" });
  else if (day < motor.today()) showError(form, "dag-voorbij", { field: "dag" });
  else return day;
  return NONE;
};

const planning = {
  prepare: (form, work, motor) => {
    drawDays(form, motor, "");
    form.addEventListener("change", () => (part(form, "telaat").hidden = !(form.elements.dag.value > lastDay(work.uiterlijk))));
  },
  read: (form, _, motor) => {
    const plandatum = readDay(form, motor);
    return plandatum && { plandatum };
  },
};

const postponing = {
  prepare: (form, work, motor, send) => {
    drawDays(form, motor, lastDay(work.uiterlijk));
    const reasons = (motor.day.uitstelredenen ?? []).map(({ code, woorden, zin }) => ({ waarde: code, woorden, uitleg: zin }));
    drawChoices(part(form, "redenen"), "reden", reasons, "");
    giveTips(form, "zin", motor);
    onPress(part(form, "optijd"), () => send({ opTijd: true }));
  },
  read: (form, _, motor) => {
    const datum = readDay(form, motor);
    const zin = textOf(form, "zin");
    if (datum === NONE || zin === NONE) return NONE;
    const reden = form.elements.reden.value;
    if (!reden && !zin) return showError(form, "moet-uitstel", { field: "reden" }) ?? NONE;
    return { datum, zin, ...(reden && { reden }) };
  },
};

const asking = {
  prepare: (form, work, motor) => {
    const able = work.meldingen.filter((one) => one.bereikbaar);
    const choices = able.map(({ nummer, tekst }) => ({ waarde: nummer, woorden: say("melder-nummer", { nummer, tekst: tekst.slice(0, 80) }) }));
    part(form, "melders").hidden = able.length < 2;
    if (able.length > 1) drawChoices(part(form, "melders"), "melding", choices, able[0].nummer);
    giveTips(form, "vraag", motor);
  },
  read: (form) => {
    const vraag = required(form, "vraag", "moet-vraag");
    const melding = form.elements.melding?.value;
    return vraag && { vraag, ...(melding && { melding }) };
  },
};

const handing = {
  prepare: (form, work, motor) => {
    const teams = motor.day.overdrachtTeams.filter((one) => one.gemeente === work.gemeente && one.slug !== motor.teamSlug(work.teamId));
    for (const [name, partij] of [["teams", false], ["partijen", true]]) {
      const options = teams.filter((one) => Boolean(one.partij) === partij).map(({ slug, naam }) => new Option(naam, slug));
      part(form, name).append(...options);
      part(form, name).hidden = options.length === 0;
    }
    drawKinds(part(form, "soorten"), motor, work.gemeente);
  },
  read: (form) => {
    const { team, categorie } = form.elements;
    const reden = textOf(form, "reden");
    if (!team.value && !categorie.value) return showError(form, "moet-over", { field: "team" }) ?? NONE;
    return reden === NONE ? NONE : { reden, ...(team.value && { team: team.value }), ...(categorie.value && { categorie: categorie.value }) };
  },
};

const returning = {
  prepare: (form) => form.elements.reden.addEventListener("input", () => showError(form, "")),
  read: (form) => {
    const said = textOf(form, "reden");
    if (said === NONE) return NONE;
    const reden = [form.elements.keuze.value, said].filter(Boolean).join(" ");
    return reden ? { reden } : (showError(form, "moet-reden", { field: "reden" }) ?? NONE);
  },
};

const splitting = {
  prepare: (form, work, motor) => {
    drawKinds(part(form, "soorten"), motor, work.gemeente);
    form.elements.hier.addEventListener("change", async () => {
      const line = part(form, "plek");
      if (!form.elements.hier.checked) return (line.textContent = "");
      line.textContent = say("plek-zoekt");
      const at = await whereAmI({ fresh: true });
      form.elements.hier.checked &&= Boolean(at);
      line.textContent = at ? say("plek-hier", { m: at.accuracy_m }) : say("uitleg-geen-plek");
    });
  },
  read: async (form) => {
    const categorie = form.elements.categorie.value;
    const reden = textOf(form, "reden");
    if (!categorie) return showError(form, "moet-soort", { field: "categorie" }) ?? NONE;
    if (reden === NONE) return NONE;
    const at = form.elements.hier.checked ? await whereAmI() : null;
    return { categorie, reden, ...(at && { locatie: { type: "Point", coordinates: [at.lon, at.lat] } }) };
  },
};

const joining = {
  prepare: (form, work, motor) => {
    const near = nearby(work, motor.works(), NEAR_M);
    const choices = near.map(([one, far]) => ({ waarde: String(one.id), woorden: say("nabij", { soort: one.soort, m: Math.round(far) }), uitleg: one.tekst.slice(0, 100) }));
    drawChoices(part(form, "nabij"), "opdracht", choices, "");
    part(form, "nabij").hidden = near.length === 0;
    part(form, "niets").hidden = near.length > 0;
    form.querySelector("[type=submit]").hidden = near.length === 0;
  },
  read: (form) => {
    const into = form.elements.opdracht?.value;
    return into ? { opdracht: Number(into) } : (showError(form, "moet-ander", { field: "opdracht" }) ?? NONE);
  },
};

const noting = {
  prepare: () => {},
  read: (form) => {
    const tekst = required(form, "tekst", "moet-tekst");
    return tekst && { tekst };
  },
};

const safe = {
  prepare: () => {},
  read: (form) => {
    const tekst = textOf(form, "tekst");
    return tekst === NONE ? NONE : { tekst };
  },
};

const judging = {
  prepare: () => {},
  read: (form, work, motor, pressed) => {
    const body = safe.read(form);
    return body && { ...body, gevaar: pressed?.value === "ja" };
  },
};

const FORMS = {
  planningen: planning,
  uitstellingen: postponing,
  vragen: asking,
  overdrachten: handing,
  teruggaven: returning,
  splitsingen: splitting,
  samenvoegingen: joining,
  notities: noting,
  veiligstellingen: safe,
  gevaarbesluiten: judging,
};

/** The screen of one step. */
export const drawStep = ({ motor, id, stap, go }) => {
  const work = motor.work(Number(id));
  const known = FORMS[stap];
  if (!work || (!known && stap !== "fotos")) return motor.gone(id);
  const form = draw(`stap-${stap}`, { ...facts(work, motor), onbereikbaar: !work.meldingen.some((one) => one.bereikbaar) });
  const back = () => go(`#/opdracht/${work.id}`, { replace: true });
  const send = async (velden) => {
    if (await motor.act(work, stap, velden)) back();
  };
  if (stap === "fotos") {
    const field = photoField(part(form, "fotoveld"));
    onSend(form, async () => {
      await field.settled();
      const photos = field.photos();
      if (!photos.length) return showError(form, "moet-foto");
      if (await motor.act(work, "fotos", {}, { photos })) back();
    });
    return { element: form };
  }
  known.prepare(form, work, motor, send);
  onSend(form, async (pressed) => {
    showError(form, "");
    const velden = await known.read(form, work, motor, pressed);
    if (velden) await send(velden);
  });
  return { element: form };
};
