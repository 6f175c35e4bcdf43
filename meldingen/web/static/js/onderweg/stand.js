// The states of an item in the queue (rij.js), and how an opdracht looks after what was done with it on this tablet. It
// keeps and sends nothing.

export const WACHT = "wacht";
export const BEZIG = "bezig";
export const MISLUKT = "mislukt";
export const GEDAAN = "gedaan";
export const INTUSSEN = "intussen_gewijzigd";
export const GEWEIGERD = "geweigerd";

const IN_LINE = [WACHT, BEZIG, MISLUKT];

/** Whether an item still waits to be sent. */
export const inLine = (item) => IN_LINE.includes(item.staat);

/** Whether a person must look at an item. */
export const wantsPerson = (item) => item.staat === GEWEIGERD || item.staat === INTUSSEN;

const STATUS = {
  inbehandelingnames: ["opgepakt", "opgepakt"],
  planningen: ["ingepland", "ingepland"],
  vragen: ["wacht_op_melder", "wacht op de melder"],
  afhandelingen: ["gereed", "gereed"],
};
const AWAY = {
  overdrachten: "overgedragen",
  teruggaven: "teruggegeven",
  samenvoegingen: "samengevoegd",
  afwijzingen: "blijft gesloten",
};

const changes = (opdracht, { actie, velden, op, foto }) => {
  const [status, statusWoorden] = STATUS[actie] ?? [opdracht.status, opdracht.statusWoorden];
  const next = { ...opdracht, status, statusWoorden };
  if (actie === "planningen") next.gepland = velden.plandatum ?? velden.geplandeDatum;
  if (actie === "uitstellingen" && velden.datum) next.uiterlijk = velden.datum;
  if (actie === "vragen") next.termijnStilSinds = new Date(op).toISOString();
  if (actie === "veiligstellingen") Object.assign(next, { spoed: false, vervolg: true });
  if (actie === "terugdraaiingen") return { ...opdracht, ...opdracht.voorAfhandelen };
  if (actie === "afhandelingen") next.voorAfhandelen = { status: opdracht.status, statusWoorden: opdracht.statusWoorden };
  if (actie in AWAY) [next.weg, next.statusWoorden] = [actie, AWAY[actie]];
  if (foto) next.eigenFotos = [...(opdracht.eigenFotos ?? []), foto.sha256];
  if (actie === "notities") next.eigenNotities = [...(opdracht.eigenNotities ?? []), { op, tekst: velden.tekst }];
  return next;
};

/** The opdracht of the day package with everything on it that waits, is under way or was done here since the package.
 * Adds: wacht (how many steps of it are not with the server yet), aandacht (items a person must look at), weg (it leaves
 * the team, by which actie), eigenFotos (sha256 of photos kept here), eigenNotities ([{ op, tekst }]). */
export const applied = (opdracht, items) => {
  let next = { ...opdracht, wacht: 0, aandacht: [] };
  for (const item of items) {
    if (item.opdracht !== opdracht.id || item.verwerkt) continue;
    if (wantsPerson(item)) next.aandacht = [...next.aandacht, item];
    if (item.staat === GEWEIGERD) continue;
    next = changes(next, item);
    if (inLine(item)) next.wacht += 1;
    if (item.antwoord?.versie > next.versie) {
      const { versie, status, statusTekst, mogelijk } = item.antwoord;
      next = { ...next, versie, status, statusWoorden: statusTekst, stappen: mogelijk ?? next.stappen };
    }
  }
  return next;
};
