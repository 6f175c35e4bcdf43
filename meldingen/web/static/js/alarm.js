// The page stays loud: while spoed rings for who is signed in, a red bar with "Aannemen", sound, and a blinking title,
// on every page of a medewerker and on the tablet, until somebody accepts. Who is called when: flow/alarm.py.
//
// A browser lets a page make sound only after a tap; until then a button says that the sound is off. What rings is said
// once to a screen reader, not at each look.
"use strict";

(() => {
  const LOOK_MS = 15000;
  const BEEP_MS = 2000;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const plain = document.title;
  const bars = new Map();
  let csrf = "";
  let sound = null;
  let muted = false;
  let beeping = 0;

  const make = (tag, name, text = "") => {
    const one = document.createElement(tag);
    one.className = name;
    one.textContent = text;
    return one;
  };
  const frame = make("section", "alarm");
  frame.setAttribute("aria-label", "Alarm");
  frame.hidden = true;
  const said = make("p", "visually-hidden");
  said.setAttribute("role", "alert");
  const list = make("ul", "alarm__list");
  const volume = make("button", "alarm__sound");
  volume.type = "button";
  const outcome = make("p", "alarm__outcome");
  outcome.setAttribute("role", "status");
  frame.append(said, list, outcome, volume);

  // ---- loud

  const awake = () => sound?.state === "running";
  const wake = () => {
    sound ??= new AudioContext();
    return sound.resume().then(showVolume, () => {});
  };
  const beep = () => {
    if (!awake()) return;
    for (const [after, pitch] of [[0, 880], [0.25, 660], [0.5, 880]]) {
      const tone = sound.createOscillator();
      const level = sound.createGain();
      tone.type = "square";
      tone.frequency.value = pitch;
      level.gain.value = 0.25;
      tone.connect(level).connect(sound.destination);
      tone.start(sound.currentTime + after);
      tone.stop(sound.currentTime + after + 0.2);
    }
  };
  const showVolume = () => {
    volume.textContent = muted || !awake() ? "Geluid staat uit. Zet aan" : "Geluid uit";
    volume.setAttribute("aria-pressed", String(!muted && awake()));
  };
  const pulse = () => {
    document.title = calm.matches || document.title === plain ? `SPOED! ${plain}` : plain;
    if (!muted) beep();
    if (!muted && !calm.matches && navigator.userActivation?.hasBeenActive) navigator.vibrate?.([400, 150, 400]);
  };
  const loud = (ringing) => {
    frame.hidden = !ringing && !outcome.textContent;
    volume.hidden = !ringing;
    if (ringing && !beeping) {
      beeping = setInterval(pulse, BEEP_MS);
      pulse();
    } else if (!ringing && beeping) {
      clearInterval(beeping);
      beeping = 0;
      document.title = plain;
    }
    showVolume();
  };

  // ---- the bar

  const draw = (one) => {
    const row = make("li", "alarm__row");
    const words = make("p", "alarm__words");
    const what = make("strong", "", `SPOED: ${one.soort}`);
    const where = make("bdi", "", one.plaats);
    const since = make("span", "alarm__since");
    words.append(what, " ", where, " ", since);
    const accept = make("button", "alarm__accept", "Aannemen");
    accept.type = "button";
    accept.append(make("span", "visually-hidden", `: ${one.soort}, ${one.plaats}`));
    accept.addEventListener("click", () => take(one, accept));
    const look = make("a", "alarm__look", "Bekijken");
    look.href = one.pad;
    look.append(make("span", "visually-hidden", `: ${one.soort}, ${one.plaats}`));
    const buttons = make("div", "alarm__buttons");
    buttons.append(accept, look);
    row.append(words, buttons);
    list.append(row);
    return { row, since, turn: one.beurt };
  };
  const show = (alarms) => {
    const ids = new Set(alarms.map((one) => one.id));
    for (const [id, bar] of bars) {
      if (ids.has(id)) continue;
      bar.row.remove();
      bars.delete(id);
    }
    for (const one of alarms) {
      const fresh = !bars.has(one.id);
      if (fresh) {
        bars.set(one.id, draw(one));
        said.textContent = `Alarm. SPOED: ${one.soort}, ${one.plaats}. Neem het aan.`;
        outcome.textContent = "";
      }
      const bar = bars.get(one.id);
      if (fresh || one.beurt > bar.turn) muted = false; // it rang again
      bar.turn = one.beurt;
      bar.since.textContent = one.minuten < 1 ? "(net binnen)" : `(al ${one.minuten} min)`;
    }
    if (!ids.size) said.textContent = "";
    loud(ids.size > 0);
  };
  const take = async (one, button) => {
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    const body = new FormData();
    body.set("csrf_token", csrf);
    try {
      const answer = await fetch(`/team/alarm/${one.id}/aannemen`, {
        method: "POST", body, headers: { Accept: "application/json" },
      });
      const { woorden, pad } = await answer.json();
      outcome.textContent = `${woorden ?? "Dat lukte niet. Probeer het nog een keer."} `;
      const link = make("a", "alarm__look", "Naar de opdracht");
      link.href = pad ?? one.pad;
      outcome.append(link);
      dispatchEvent(new CustomEvent("alarm-aangenomen", { detail: { id: one.id } }));
    } catch {
      outcome.textContent = "Geen verbinding. Probeer het nog een keer, of bel.";
    }
    button.removeAttribute("aria-disabled");
    await look();
  };

  const look = async () => {
    try {
      const answer = await fetch("/team/alarm", { headers: { Accept: "application/json" }, redirect: "error" });
      if (answer.status === 401 || answer.status === 403) {
        clearInterval(looking); // signed out, or this account hears no alarms
        show([]);
        return;
      }
      if (!answer.ok) return;
      const told = await answer.json();
      csrf = told.csrf;
      show(told.alarmen);
    } catch {
      // no coverage: what rang goes on ringing
    }
  };

  volume.addEventListener("click", async () => {
    const silent = muted || !awake();
    await wake();
    muted = !silent;
    showVolume();
    if (!muted) beep();
  });
  for (const touch of ["pointerdown", "keydown"]) {
    addEventListener(touch, (event) => event.target !== volume && !sound && wake(), { capture: true });
  }
  const trial = document.querySelector("[data-alarm-proef]");
  if (trial) {
    trial.hidden = false;
    trial.addEventListener("click", async () => {
      await wake();
      beep();
    });
  }
  document.querySelector("body > header, main").before(frame); // after the skip link, which stays first
  showVolume();
  const looking = setInterval(look, LOOK_MS);
  look();
})();
