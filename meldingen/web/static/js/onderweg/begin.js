// Where the tablet begins: opens what is kept here, says how it stands, and lets the service worker keep this page.

import { openTablet } from "./tablet.js";

const tablet = await openTablet();
globalThis.tablet = tablet;

const told = document.querySelector("[data-begin]");
const draw = async () => {
  const { account, signIn } = tablet.state();
  const day = await tablet.day();
  told.textContent = day ? `${day.opdrachten.length} opdrachten voor ${account.naam}.` : signIn ? "Log in om te beginnen." : "Nog niets opgehaald.";
};
tablet.listen(draw);
await draw();
await tablet.sync(true);

const worker = await globalThis.registreerWerker?.().catch(() => null);
if (worker) (await navigator.serviceWorker.ready).active?.postMessage("onderweg");
