// The photos of a form: chosen or taken, made smaller, kept in this device, shown in a list and brought to the server
// while their melder goes on. Going on never waits: what is not brought yet travels with the melding (uitbak.js).
//
// On the steps after the photos there is no list: there this only goes on bringing. On the page of a melding the list
// waits for the button of its form (data-knop), since what has come in there cannot be taken back. In a browser that
// keeps nothing, and without scripts, the list is the plain form's own.

import { keyOf, onChange, photos } from "./concept.js";
import { bringer } from "./fotos_brengen.js";
import { isDurable } from "./opslag.js";
import { makeSmaller } from "./verkleinen.js";

const MOST_BYTES = 20 * 2 ** 20;
const KEEP = "/melden/foto/bewaren";
const TAKE_OFF = "/melden/foto/weg";
const list = document.querySelector("[data-foto-lijst]");
const form = list?.closest("form") ?? document.querySelector("form[data-melden]");
const held = Boolean(list && "knop" in list.dataset);

// The form is filled in by stappen.js, which also decides whose form it is.
const formIsReady = () =>
  new Promise((resolve) => {
    if (held || form.dataset.klaar) return resolve();
    const watch = new MutationObserver(() => {
      if (!form.dataset.klaar) return;
      watch.disconnect();
      resolve();
    });
    watch.observe(form, { attributes: true });
    return undefined;
  });

const fields = (key) => () => {
  const carried = ["csrf_token", "gemeente"].filter((name) => form.elements[name]);
  return [...(held ? [] : [["sleutel", key]]), ...carried.map((name) => [name, form.elements[name].value])];
};

/** Brings what waits, on a step without a list. */
const goOnBringing = (key) => {
  const keep = (photo, told) => photos.mark(key, photo.sha256, { reference: told.referentie, keptAt: Date.now() });
  return bringer({ key, address: KEEP, off: TAKE_OFF, fields: fields(key), keep, onChange: () => {} }).go();
};

const showList = (key) => {
  const section = list.closest("[data-fotos]");
  const input = section.querySelector("input[type=file]");
  const words = JSON.parse(list.dataset.woorden);
  const most = Number(list.dataset.most);
  const say = (name, facts) => words[name].replace(/\{(\w+)\}/g, (_, fact) => facts[fact]);
  const status = section.querySelector("[data-foto-zegt]");
  const tell = (name, facts) => {
    status.textContent = say(name, facts);
  };
  const rows = new Map([...list.children].map((row) => [row.dataset.sha256, row]));
  const told = new Map(); // what was said of each photo, so that it is said once
  let sending = !held;
  let pending = []; // chosen, not in the device yet; they stay in the field, so that a hasty "Verder" takes them along

  // Choosing

  const showPending = () => {
    const carrier = new DataTransfer();
    for (const file of pending) carrier.items.add(file);
    input.files = carrier.files;
  };

  const count = () => [...rows.values()].filter((row) => !row.dataset.mis).length;

  const takeOne = async (file) => {
    const naam = file.name;
    if (count() >= most) return tell("te_veel", { naam });
    tell("even", { naam });
    const photo = await makeSmaller(file);
    if (photo.size > MOST_BYTES) return tell("te_groot", { naam });
    const before = (await photos.list(key)).length;
    await photos.put(key, photo);
    const added = (await photos.list(key)).length > before;
    await draw();
    return tell(added ? "toegevoegd" : "dubbel", { naam });
  };

  const takeAll = async () => {
    const tooMuch = [];
    while (pending.length > tooMuch.length) {
      const file = pending.find((one) => !tooMuch.includes(one));
      try {
        await takeOne(file);
        pending = pending.filter((one) => one !== file);
        showPending();
      } catch {
        tooMuch.push(file); // no room in the device: it stays in the field, and goes along as a plain form sends it
        tell("vol", { naam: file.name });
      }
      if (sending) bring.go();
    }
  };

  let taking = null;
  const take = () => {
    taking ??= takeAll().finally(() => {
      taking = null;
    });
    return taking;
  };

  const choose = (files) => {
    pending.push(...files);
    showPending();
    return take();
  };

  // Showing

  const buttonWords = (row, nummer, naam) => {
    for (const hidden of row.querySelectorAll("button > span")) hidden.textContent = ` ${say("welke", { nummer, naam })}`;
  };

  const stateOf = (photo) => {
    if (photo.refused) return { state: "mis", text: `${words.niet} ${photo.refused}` };
    if (photo.reference) return { state: "klaar", text: words.klaar };
    const { sha256, part, trouble } = bring.standing;
    if (sha256 === photo.sha256) return { state: "bezig", part, text: say("bezig", { deel: Math.round(100 * part) }) };
    if (trouble && photo.tried) return { state: trouble, text: words[trouble] };
    return { state: "wacht", text: words.wacht };
  };

  const drawRow = (photo) => {
    const row = rows.get(photo.sha256) ?? addRow(photo);
    const { state, part = 0, text } = stateOf(photo);
    const progress = row.querySelector("progress");
    progress.hidden = state !== "bezig";
    progress.value = 100 * part;
    row.classList.toggle("photo-list__item--wrong", state === "mis");
    row.toggleAttribute("data-mis", state === "mis");
    row.dataset.staat = state;
    const line = row.querySelector(".photo-list__state");
    if (line.textContent !== text) line.textContent = text;
    row.querySelector("[data-opnieuw]").hidden = !["mis", "net", "server"].includes(state);
    if (["mis", "net", "server"].includes(state) && told.get(photo.sha256) !== state) {
      tell(state === "mis" ? "mislukt" : "later", { naam: photo.name, waarom: photo.refused || text });
    }
    told.set(photo.sha256, state);
    return row;
  };

  const addRow = ({ sha256, name }) => {
    const row = section.querySelector("[data-foto-regel]").content.firstElementChild.cloneNode(true);
    row.dataset.sha256 = sha256;
    row.querySelector(".photo-list__name").textContent = name;
    row.querySelector("progress").setAttribute("aria-label", name);
    rows.set(sha256, row);
    list.append(row);
    return row;
  };

  const showPicture = (row, { blob }) => {
    const picture = row.querySelector("img");
    if (picture.src || !blob) return;
    picture.src = URL.createObjectURL(blob);
    picture.onload = () => {
      picture.hidden = false;
      URL.revokeObjectURL(picture.src);
    };
  };

  const drawAll = async () => {
    const kept = await photos.list(key);
    const gone = new Set(await photos.gone(key));
    for (const photo of kept) showPicture(drawRow(photo), photo);
    const known = new Set(kept.map((photo) => photo.sha256));
    for (const [sha256, row] of rows) {
      if (gone.has(sha256) || (!known.has(sha256) && !row.querySelector("[name=foto_bewaard]"))) {
        rows.delete(sha256);
        row.remove();
      }
    }
    [...list.children].forEach((row, place) => {
      buttonWords(row, place + 1, row.querySelector(".photo-list__name").textContent);
    });
    list.hidden = rows.size === 0;
    const full = count() >= most;
    section.querySelector("[data-foto-veld]").hidden = full;
    section.querySelector("[data-camera]").hidden = full || !matchMedia("(pointer: coarse)").matches;
    section.querySelector("[data-foto-vol]")?.toggleAttribute("hidden", !full);
  };

  let drawing = Promise.resolve();
  let asked = null; // the next time, for everybody who asks before it begins
  const draw = () => {
    asked ??= drawing.then(() => {
      asked = null;
      return drawAll();
    });
    drawing = asked;
    return drawing;
  };

  // Bringing

  let brought = 0;
  const keep = (photo, answer) => {
    brought += 1;
    if (held) return photos.remove(key, photo.sha256); // it belongs to the melding now
    return photos.mark(key, photo.sha256, { reference: answer.referentie, keptAt: Date.now() });
  };
  const off = held ? "" : TAKE_OFF;
  const onBrought = () => draw().then(() => sending && finish());
  const bring = bringer({ key, address: list.dataset.adres, off, fields: fields(key), keep, onChange: onBrought });

  const again = async (sha256, naam) => {
    await photos.mark(key, sha256, { refused: "" });
    told.delete(sha256);
    tell("opnieuw", { naam });
    await draw();
    if (sending) await bring.go();
  };

  const takeOff = async (row, naam) => {
    const { sha256 } = row.dataset;
    const next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("[data-verwijder]");
    const photo = (await photos.list(key)).find((one) => one.sha256 === sha256);
    const elsewhere = off && (photo?.tried || photo?.reference || row.querySelector("[name=foto_bewaard]"));
    await (elsewhere ? photos.takeOff(key, sha256) : photos.remove(key, sha256));
    row.querySelector("[name=foto_bewaard]")?.remove();
    await draw();
    tell("verwijderd", { naam });
    (next ?? input).focus();
    if (elsewhere) await bring.go();
  };

  // On the page of a melding: the button sends the photos, then the words.

  const button = form.querySelector("button[data-busy-words]");
  const buttonText = button?.textContent;

  const sendAll = async (event) => {
    if (event.defaultPrevented || rows.size === 0) return;
    event.preventDefault();
    sending = true;
    await bring.go();
    await finish();
  };

  const finish = async () => {
    if (!held) return;
    const left = (await photos.list(key)).length;
    if (bring.standing.busy || !sending) return; // asked after the wait: two may come here, one may send
    if (left) {
      delete form.dataset.busy; // somebody must look, or press again
      button.removeAttribute("aria-disabled");
      button.textContent = buttonText;
      return;
    }
    sending = false;
    const told = document.createElement("input");
    Object.assign(told, { type: "hidden", name: "fotos_gebracht", value: brought });
    form.append(told);
    form.submit();
  };

  // pagina.js keeps a list of its own for plain forms; here this one takes its place.
  section.querySelector("[data-photos]").addEventListener(
    "change",
    (event) => {
      event.stopPropagation();
      choose(input.files);
    },
    true,
  );
  for (const plain of section.querySelectorAll("[data-photo-list], [data-photo-status]")) plain.remove();
  list.addEventListener("click", (event) => {
    const pressed = event.target.closest("button");
    if (!pressed) return;
    event.preventDefault();
    const row = pressed.closest("li");
    const name = row.querySelector(".photo-list__name").textContent;
    if ("opnieuw" in pressed.dataset) again(row.dataset.sha256, name);
    else takeOff(row, name);
  });
  const camera = section.querySelector("[data-camera-veld]").content.firstElementChild;
  section.querySelector("[data-camera] button").addEventListener("click", () => {
    section.append(camera); // some browsers open it only when it is in the page
    camera.click();
  });
  camera.addEventListener("change", () => {
    choose([...camera.files]);
    camera.value = "";
  });
  for (const plain of document.querySelectorAll("[data-nog-een]")) plain.hidden = true;
  onChange(({ kind, key: changed }) => kind === "foto" && changed === key && draw());
  if (held) form.addEventListener("submit", sendAll);
  // Making a photo smaller takes a second at most: a hasty press waits for it, not for the line.
  const wait = (event) => {
    if (event.target !== form || !taking) return;
    event.preventDefault();
    event.stopPropagation();
    taking.then(() => form.requestSubmit(event.submitter));
  };
  document.addEventListener("submit", wait, true);
  if (input.files.length) choose([...input.files]);
  section.dataset.klaar = "ja";
  return draw().then(() => sending && bring.go());
};

if (form && (await isDurable())) {
  await formIsReady();
  await (list ? showList(list.dataset.sleutel || keyOf(form)) : goOnBringing(keyOf(form)));
}
