// Small conveniences of every page. Nothing here is needed: each form works without it. Its words stand in the page.
"use strict";

document.documentElement.classList.add("met-js");

// An error summary gets the focus, so that a screen reader starts there.
document.querySelector("[data-focus-on-load]")?.focus();

// A page that was kept says nothing that is over.
for (const banner of document.querySelectorAll(".site-banner[data-until]")) {
  if (Date.parse(banner.dataset.until) <= Date.now()) banner.remove();
}

// One tap is one message: the second press of a busy button does nothing.
for (const button of document.querySelectorAll("button[data-busy-words]")) {
  button.form?.addEventListener("submit", (event) => {
    if (button.form.dataset.busy) {
      event.preventDefault();
      return;
    }
    button.form.dataset.busy = "ja";
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.busyWords;
  });
}
// Back from the browser's memory: the button must work again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-busy]")) delete form.dataset.busy;
  for (const button of document.querySelectorAll("button[data-busy-words]")) button.removeAttribute("aria-disabled");
});

// How many characters are left, counted as the server counts: code points, after NFC.
for (const field of document.querySelectorAll("[data-counted]")) {
  const most = Number(field.dataset.counted);
  const words = JSON.parse(field.dataset.woorden);
  const line = document.createElement("p");
  line.className = "counter utrecht-paragraph";
  line.setAttribute("aria-live", "polite");
  field.after(line);
  const tell = () => {
    const used = [...field.value.normalize("NFC").trim()].length;
    const left = most - used;
    const kind = (left < 0 ? "te_veel" : "over") + (Math.abs(left) === 1 ? "_een" : "");
    line.classList.toggle("counter--over", left < 0);
    line.textContent = left <= most / 2 ? words[kind].replace("{n}", Math.abs(left)) : "";
  };
  field.addEventListener("input", tell);
  tell();
}

// Photos: a list with a picture, the name and a button to take it off; choosing again adds.
for (const box of document.querySelectorAll("[data-photos]")) {
  const input = box.querySelector("input[type=file]");
  const list = box.querySelector("[data-photo-list]");
  const status = box.querySelector("[data-photo-status]");
  const most = Number(box.dataset.photos);
  const words = JSON.parse(box.dataset.woorden);
  const say = (name, file) => words[name].replace("{naam}", () => file.name);
  const largest = 20 * 1024 * 1024;
  let kept = [];
  const put = () => {
    const carrier = new DataTransfer();
    for (const file of kept) carrier.items.add(file);
    input.files = carrier.files;
    list.hidden = kept.length === 0;
    list.replaceChildren(
      ...kept.map((file, index) => {
        const item = document.createElement("li");
        item.className = "photo-list__item";
        const image = document.createElement("img");
        image.className = "photo-list__image";
        image.alt = "";
        image.src = URL.createObjectURL(file);
        image.addEventListener("load", () => URL.revokeObjectURL(image.src));
        const name = document.createElement("span");
        name.className = "photo-list__name";
        name.textContent = file.name;
        const off = document.createElement("button");
        off.type = "button";
        off.className = "utrecht-link-button utrecht-link-button--html-button photo-list__off";
        off.textContent = words.weg;
        off.setAttribute("aria-label", say("welke_weg", file));
        off.addEventListener("click", () => {
          kept.splice(index, 1);
          put();
          status.textContent = say("verwijderd", file);
          (list.querySelector("button") ?? input).focus();
        });
        item.append(image, name, off);
        return item;
      }),
    );
  };
  input.addEventListener("change", () => {
    const said = [];
    for (const file of input.files) {
      if (kept.some((one) => one.name === file.name && one.size === file.size && one.lastModified === file.lastModified)) continue;
      if (file.size > largest) said.push(say("te_groot", file));
      else if (kept.length >= most) said.push(say("te_veel", file));
      else {
        kept.push(file);
        said.push(say("toegevoegd", file));
      }
    }
    put();
    status.textContent = said.join(" ");
  });
}

// The address at a pin goes into its field, unless somebody wrote an own one there; without a pin it goes out again.
globalThis.vulAdres = (field, found) => {
  if (field.value && field.value !== field.dataset.found && field.value !== found) return;
  field.value = found;
  field.dataset.found = found;
};

// Printing needs the browser's script; without it people use the browser's own menu.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
