// Staff pages: the map of one opdracht, a place of its own when splitting, what the melder will read, and hints for it.
"use strict";

for (const box of document.querySelectorAll("[data-work-map]")) {
  const map = globalThis.maakKaart?.(box, { label: "Kaart met de plek van het werk", fixed: true });
  map?.put(Number(box.dataset.lon), Number(box.dataset.lat), 16);
}

for (const part of document.querySelectorAll("[data-own-place]")) {
  part.hidden = false;
  const { lon, lat } = part.closest("form").elements;
  const words = part.querySelector("[data-place-words]");
  const box = part.querySelector(".place__map");
  const map = globalThis.maakKaart?.(box, {
    label: "Kaart om een andere plek te kiezen",
    onPick: (at) => {
      lon.value = at.lon.toFixed(6);
      lat.value = at.lat.toFixed(6);
      words.textContent = "De tweede opdracht krijgt de plek van de speld.";
    },
  });
  map?.put(Number(lon.value || box.dataset.lon), Number(lat.value || box.dataset.lat), 16);
}

// How long a closing can still be undone; then the button goes. The words are for the eye: a screen reader hears them once.
for (const form of document.querySelectorAll("[data-undo]")) {
  const button = form.querySelector("button");
  const until = performance.now() + 1000 * Number(form.dataset.undo);
  const count = () => {
    const left = Math.ceil((until - performance.now()) / 1000);
    if (left <= 0) return form.remove();
    if (!button.disabled) button.textContent = `Ongedaan maken (nog ${left} s)`;
    setTimeout(count, 1000);
  };
  count();
}

for (const form of document.querySelectorAll("[data-closing]")) {
  const own = form.elements.zin;
  const preview = form.querySelector("[data-preview]");
  let edited = own.value !== "";
  let ready = "";
  const tell = () => {
    if (!preview) return;
    const chosen = form.querySelector("[name=keuze]:checked");
    const given = chosen?.dataset.sentence ?? "";
    preview.textContent = [given, own.value.trim()].filter(Boolean).join(" ") || (chosen ? "Dat is nu opgelost." : "…");
  };
  own.addEventListener("input", () => {
    edited = own.value !== "" && own.value !== ready;
    tell();
  });
  form.addEventListener("change", ({ target }) => {
    if (target.name === "keuze") {
      const solved = /^opgelost:\d+$/.test(target.value);
      ready = solved ? target.labels[0].textContent.trim() : "";
      if (!edited) own.value = ready;
    }
    tell();
  });
  tell();
}

// Hints for what the melder will read, a moment after the typing stops. A late answer to an earlier text is dropped.
for (const place of document.querySelectorAll("[data-hints]")) {
  const area = document.getElementById(place.dataset.hints);
  let waiting;
  let turn = 0;
  const ask = () => {
    const body = new FormData();
    body.set("tekst", area.value);
    body.set("csrf_token", area.form.elements.csrf_token.value);
    turn += 1;
    const mine = turn;
    fetch("/team/zinhulp", { method: "POST", body })
      .then((answer) => (answer.ok ? answer.text() : ""))
      .catch(() => "")
      .then((html) => {
        if (mine === turn) place.innerHTML = html; // from our own server, escaped by its templates
      });
  };
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 500);
  };
  area.addEventListener("input", soon);
  area.form.addEventListener("change", soon);
}
