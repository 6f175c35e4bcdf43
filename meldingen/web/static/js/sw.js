// Shows our push messages (adapters/push.py says what is in one) and opens the volgpagina at a tap. Nothing else.
"use strict";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  const { titel, tekst, pad, kenmerk } = event.data.json();
  const shown = { body: tekst, tag: kenmerk, lang: "nl", icon: "/static/img/icoon.svg", data: { pad } };
  event.waitUntil(self.registration.showNotification(titel, shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const goal = new URL(event.notification.data.pad, self.location.origin);
  if (goal.origin === self.location.origin) event.waitUntil(self.clients.openWindow(goal.href));
});
