// The page for signing in, on a tablet: nobody is signed in here, so what the day package brought goes; what was not sent
// stays, encrypted, and is counted per colleague. On a device that never was a tablet it does nothing.

import { isTablet } from "./werker.js";

const place = document.querySelector("[data-tablet]");

const words = ({ naam, stappen }) =>
  stappen === 1
    ? `1 stap van ${naam} wacht nog. Die gaat verder als ${naam} hier inlogt.`
    : `${stappen} stappen van ${naam} wachten nog. Die gaan verder als ${naam} hier inlogt.`;

if (place && (await isTablet().catch(() => false))) {
  const opslag = await import("./opslag.js");
  if (place.dataset.tablet === "weg") await opslag.wipe();
  const waiting = await opslag.waitingByAccount();
  const lines = waiting.map((one) => {
    const line = document.createElement("p");
    line.className = "utrecht-paragraph";
    line.textContent = words(one);
    return line;
  });
  place.firstElementChild.replaceChildren(...lines);
  place.hidden = lines.length === 0;
}
