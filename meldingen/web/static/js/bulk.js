// Ticking opdrachten for one action: all of a page at once, and how many are ticked. Without it each is ticked by hand.
"use strict";

for (const form of document.querySelectorAll("form[data-bulk]")) {
  const all = form.querySelector("[data-bulk-all]");
  const count = form.querySelector("[data-bulk-count]");
  const ticks = () => [...form.elements].filter((one) => one.name === "opdracht" && one.type === "checkbox");
  const tell = () => {
    const boxes = ticks();
    const chosen = boxes.filter((one) => one.checked).length;
    count.textContent = chosen === 1 ? "1 opdracht gekozen" : `${chosen} opdrachten gekozen`;
    all.textContent = chosen && chosen === boxes.length ? "Kies niets" : "Kies alles op deze bladzijde";
  };
  all.hidden = count.hidden = false;
  all.addEventListener("click", () => {
    const boxes = ticks();
    const every = boxes.every((one) => one.checked);
    for (const one of boxes) one.checked = !every;
    tell();
  });
  document.addEventListener("change", ({ target }) => {
    if (target.form === form && target.name === "opdracht") tell();
  });
  document.addEventListener("live:vernieuwd", tell);
  window.addEventListener("pageshow", tell);
  tell();
}
