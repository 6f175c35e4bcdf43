// Parts of a staff page that keep themselves up to date: [data-live] holds the address of the part, by which it is asked
// for again while the page is looked at. A part that somebody is busy in is left alone, behind a quiet button.
//
// The answer is a piece of our own page: elements with data-part="<id of the element that shows it>", and what a screen
// reader hears when that changed in data-says. Needs nothing from the page: without this file people reload.
"use strict";

(() => {
  const places = [...document.querySelectorAll("[data-live]")];
  if (!places.length) return;
  const address = places[0].dataset.live;
  const EVERY_MS = 20_000;
  const said = document.createElement("p");
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  places[0].before(said);
  let tag = "";
  let waiting = null;
  let timer = 0;
  let asking = false;

  // data-always: a page that one watches; it goes on whatever has the focus.
  const busyIn = (place) =>
    !("always" in place.dataset) && ((place.contains(document.activeElement) && document.activeElement !== document.body) || place.querySelector("input:checked, details[open]") !== null);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "utrecht-button utrecht-button--secondary-action live-button";
  button.hidden = true;
  button.textContent = "Er is iets veranderd: toon";
  places[0].before(button);

  const show = (page) => {
    const news = [];
    for (const place of places) {
      const part = page.querySelector(`[data-part="${place.id}"]`);
      if (!part || part.outerHTML === place.firstElementChild?.outerHTML) continue;
      if (part.dataset.says !== place.firstElementChild?.dataset.says) news.push(part.dataset.says);
      const within = place.contains(document.activeElement);
      place.replaceChildren(document.adoptNode(part));
      if (within && !place.contains(document.activeElement)) {
        place.tabIndex = -1; // what had the focus went
        place.focus();
      }
      place.dispatchEvent(new Event("live:vernieuwd", { bubbles: true }));
    }
    button.hidden = true;
    waiting = null;
    if (document.querySelector("[data-stop]")) {
      clearInterval(timer);
      for (const one of document.querySelectorAll("[data-until-stop]")) one.remove();
    }
    if (news.length) said.textContent = news.join(" ");
  };
  button.addEventListener("click", () => {
    if (!waiting) return;
    show(waiting);
    places.at(-1).tabIndex = -1;
    places.at(-1).focus();
  });

  const ask = async () => {
    if (asking || document.hidden) return;
    asking = true;
    try {
      const answer = await fetch(address, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store", redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
        clearInterval(timer); // signed out: the next click says so
        return;
      }
      if (answer.status !== 200) return;
      const html = await answer.text();
      const page = new DOMParser().parseFromString(html, "text/html");
      tag = answer.headers.get("ETag") ?? "";
      const changed = places.some((place) => page.querySelector(`[data-part="${place.id}"]`)?.outerHTML !== place.firstElementChild?.outerHTML);
      if (!changed) return;
      if (places.some(busyIn)) {
        waiting = page;
        if (button.hidden) said.textContent = "Er is iets veranderd op deze pagina.";
        button.hidden = false;
      } else show(page);
    } catch {
      // no coverage: the next time
    } finally {
      asking = false;
    }
  };
  const every = Number(places[0].dataset.every) * 1000 || EVERY_MS;
  timer = setInterval(ask, every);
  document.addEventListener("visibilitychange", ask);
  globalThis.vernieuw = ask;
})();
