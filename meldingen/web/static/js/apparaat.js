// "Bericht op dit apparaat" on the volgpagina, and alarms on that of the piket: shown when this browser can, asks only
// after a press on the button. data-meer: several devices may be on at once, each told apart by the print of its address.
// Its words stand in the page (components/device_switch.html).
"use strict";

const part = document.querySelector("[data-apparaat]");
const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window && isSecureContext;
if (part && able) {
  const form = part.querySelector("[data-apparaat-knop]");
  const button = form.querySelector("button");
  const status = part.querySelector("[data-apparaat-stand]");
  const about = part.querySelector("[data-apparaat-uitleg]");
  const words = JSON.parse(part.dataset.woorden);
  let on = false;

  const printOf = async (text) => {
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  const show = () => {
    button.textContent = on ? words.uit : words.aan;
    const elsewhere = part.dataset.aan && part.dataset.meer === undefined;
    about.textContent = on ? words.gelukt : elsewhere ? words.elders : words.vraag;
  };
  const send = async (path, fields) => {
    const content = new FormData(form);
    for (const [name, value] of Object.entries(fields)) content.set(name, value);
    const answer = await fetch(part.dataset.apparaat + path, { method: "POST", body: content });
    if (answer.ok) return "";
    const ours = answer.headers.get("Content-Type")?.startsWith("text/plain");
    return ours ? await answer.text() : words.mislukt;
  };
  const switchOn = async () => {
    if ((await Notification.requestPermission()) !== "granted") return words.tegen;
    await globalThis.registreerWerker();
    const worker = await navigator.serviceWorker.ready;
    const raw = atob(part.dataset.sleutel.replaceAll("-", "+").replaceAll("_", "/"));
    const key = Uint8Array.from(raw, (char) => char.charCodeAt(0));
    const subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const { endpoint, keys } = subscription.toJSON();
    const refused = await send("", { eindpunt: endpoint, p256dh: keys.p256dh, auth: keys.auth });
    if (refused) return refused;
    part.dataset.aan = await printOf(endpoint);
    on = true;
    return words.klaar;
  };
  const switchOff = async () => {
    const known = await (await navigator.serviceWorker.getRegistration("/"))?.pushManager.getSubscription();
    const refused = await send("/weg", { eindpunt: known?.endpoint ?? "" });
    if (refused) return refused;
    part.dataset.aan = "";
    on = false;
    return words.gestopt;
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    status.textContent = "";
    let told = words.mislukt;
    try {
      told = await (on ? switchOff() : switchOn());
    } catch {
      // no connection, or a browser without a push service of its own
    }
    status.textContent = told;
    button.removeAttribute("aria-disabled");
    show();
  });

  (async () => {
    const known = await (await navigator.serviceWorker.getRegistration("/"))?.pushManager.getSubscription();
    on = Boolean(known && part.dataset.aan && part.dataset.aan.split(" ").includes(await printOf(known.endpoint)));
    show();
    part.hidden = false;
  })();
}
