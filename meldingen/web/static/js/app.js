// The service worker of these pages: registered after the page itself has loaded, and told when something may be sent.
"use strict";

globalThis.registreerWerker = (() => {
  const path = document.currentScript.dataset.worker;
  let asked;
  return () => {
    asked ??= navigator.serviceWorker.register(path, { type: "module" }).catch((error) => {
      asked = undefined;
      throw error;
    });
    return asked;
  };
})();

if ("serviceWorker" in navigator && "eerder" in document.currentScript.dataset) {
  const send = async () => (await navigator.serviceWorker.ready).active?.postMessage("verstuur");
  addEventListener("load", () => globalThis.registreerWerker().then(send, () => {})); // some browsers keep nothing
  addEventListener("online", send);
}
