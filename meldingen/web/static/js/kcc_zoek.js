// Finding a melding at the phone desk while somebody types, with the keyboard alone. Without JavaScript the form asks.
"use strict";

const form = document.querySelector("[data-find]");
const field = form.elements.zoek;
const found = document.querySelector("[data-found]");
const told = document.querySelector("[data-find-told]");
document.querySelector("[data-find-keys]").hidden = false;

const links = () => [...found.querySelectorAll(".work-item__link")];
let shown = field.value.trim();
let asking;
let waiting;

const show = async () => {
  const asked = field.value.trim();
  if (asked === shown) return;
  asking?.abort();
  asking = new AbortController();
  try {
    const answer = await fetch(`/kcc/zoeken?${new URLSearchParams({ zoek: asked })}`, { signal: asking.signal });
    if (!answer.ok || answer.redirected) return;
    found.innerHTML = await answer.text(); // from our own server, escaped by its templates
    shown = asked;
    told.textContent = found.querySelector("h2")?.textContent ?? "";
    history.replaceState(null, "", asked ? `/kcc?${new URLSearchParams({ zoek: asked })}` : "/kcc");
  } catch (error) {
    if (error.name !== "AbortError") shown = undefined; // the button still asks
  }
};

field.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(show, 150);
});

// Enter opens the only one found, and else goes to the list: nobody opens the first of many by accident.
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearTimeout(waiting);
  await show();
  if (shown !== field.value.trim()) form.submit();
  else if (links().length === 1) links()[0].click();
  else links()[0]?.focus();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp" && event.key !== "Escape") return;
  const all = links();
  const at = all.indexOf(document.activeElement);
  if (document.activeElement !== field && at < 0) return;
  if (event.key === "Escape") {
    if (at >= 0) field.select();
    return;
  }
  event.preventDefault();
  const next = at + (event.key === "ArrowDown" ? 1 : -1);
  if (next < 0) field.focus();
  else all[Math.min(next, all.length - 1)]?.focus();
});

if (!field.value) field.focus();
