// Where the app of a team begins: what is kept here is opened and drawn, then it is brought up to date, and the service
// worker is asked to keep this page.

import { drawClosing } from "./afhandelen.js";
import { drawBegin, drawEnd } from "./dagbegin.js";
import { drawMapScreen } from "./kaart.js";
import { startBars } from "./kop.js";
import { drawList } from "./lijst.js";
import { drawReport } from "./melden.js";
import { openMotor } from "./motor.js";
import { drawWork } from "./opdracht.js";
import { draw, fill, onPress, part } from "./sjabloon.js";
import { onRoute, startScreens } from "./scherm.js";
import { drawStep } from "./stap.js";
import { drawQueue } from "./wachtrij.js";

const motor = await openMotor();

motor.empty = () => {
  const facts = () => {
    const { signIn, syncing, asked } = motor.state();
    const busy = syncing || !asked;
    return { uitgelogd: signIn, ophalen: busy && !signIn, straks: !busy && !signIn, wachten: motor.waiting().length > 0 };
  };
  const element = draw("leeg", facts());
  onPress(part(element, "nu"), () => motor.sync());
  return { element, changed: () => fill(element, facts()) };
};
motor.gone = (id) => ({ element: draw("weg", { kantoor: `/team/opdracht/${id}` }) });

onRoute("/", drawList);
onRoute("/kaart", drawMapScreen);
onRoute("/nieuw", drawReport);
onRoute("/wachtrij", drawQueue);
onRoute("/dag", drawBegin);
onRoute("/dag/einde", drawEnd, { under: "#/dag" });
onRoute("/opdracht/:id", drawWork);
onRoute("/opdracht/:id/afhandelingen", drawClosing, { under: ({ id }) => `#/opdracht/${id}` });
onRoute("/opdracht/:id/:stap", drawStep, { under: ({ id }) => `#/opdracht/${id}` });

startScreens(document.getElementById("inhoud"), motor, startBars(motor));
addEventListener("alarm-aangenomen", () => motor.sync()); // alarm.js: taken up, so the list is another
await motor.sync();

const worker = await globalThis.registreerWerker?.().catch(() => null);
if (worker) (await navigator.serviceWorker.ready).active?.postMessage("onderweg");
