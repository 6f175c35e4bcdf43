// What this browser keeps of a melder's forms: three stores in the cupboard (kast.js). It knows no forms.

import { cupboard } from "./kast.js";

export const { isDurable, read, readAll, change, write, remove } = cupboard("meldingen", 1, {
  concept: "key",
  foto: ["key", "sha256"],
  melding: "nummer",
});
