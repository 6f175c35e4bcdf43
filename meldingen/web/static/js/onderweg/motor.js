// What the screens know and do: the work of this device as it stands now, at hand without waiting, and every step that
// somebody takes. Keeping, encrypting, sending and fetching is tablet.js; this draws nothing.

import { openTablet } from "./tablet.js";
import { nameOf } from "./regel.js";
import { inLine, wantsPerson } from "./rij.js";
import { dayOf } from "./tijd.js";

const IMAGE_TYPE = /^blob:/;

export const openMotor = async () => {
  const tablet = await openTablet();
  globalThis.tablet = tablet;
  const listeners = new Set();
  let [state, day, items, byId, ofWork] = [tablet.state(), null, [], new Map(), new Map()];
  let csrf;

  // Read anew after a change; several changes in one moment are one.
  const read = async () => {
    [day, items] = [await tablet.day(), await tablet.items()];
    state = tablet.state();
    byId = new Map((day?.opdrachten ?? []).map((work) => [work.id, work]));
    ofWork = Map.groupBy(items, (item) => item.opdracht);
  };
  let reading = null;
  let again = false;
  const refresh = () => {
    again = true;
    reading ??= (async () => {
      while (again) {
        again = false;
        await read();
      }
      reading = null;
      for (const one of listeners) one();
    })();
    return reading;
  };
  tablet.listen(refresh);
  await refresh();

  const { now } = tablet;
  const motor = {
    get ready() {
      return day !== null;
    },
    get day() {
      return day;
    },
    state: () => state,
    items: () => items,
    itemsOf: (id) => ofWork.get(id) ?? [],
    waiting: () => items.filter(inLine),
    decisions: () => items.filter(wantsPerson),
    works: () => day?.opdrachten ?? [],
    work: (id) => byId.get(id) ?? null,
    now,
    today: () => dayOf(now()),
    teamName: (id) => day.teams.find((team) => team.id === id)?.naam ?? "",
    teamSlug: (id) => day.teams.find((team) => team.id === id)?.slug ?? "",
    listen: (one) => listeners.add(one),
    sync: () => tablet.sync(true),
    signOut: () => tablet.signOut(),
    areas: () => Promise.all((day?.kaart.gebieden ?? []).map((address) => tablet.areas(address))),

    // Says what is done, in words, above the screen; set by kop.js.
    say: () => {},
    offerUndo: () => {},
    empty: () => ({}),
    gone: () => ({}),

    /** One step with an opdracht: done at once here, sent when it can be. Gives its item; null when it was not kept. */
    act: async (work, actie, velden, { photos = [], quiet = false } = {}) => {
      try {
        const about = { opdracht: work.id, versie: work.versie, van: nameOf(work) };
        const item = await tablet.queue.enqueue({ ...about, actie, velden, fotos: photos });
        await refresh();
        if (!quiet) motor.say(state.online ? "bewaard" : "bewaard-straks", { actie, soort: work.soort });
        return item;
      } catch (error) {
        motor.say(error.name === "Full" ? "plaats" : "mislukt");
        return null;
      }
    },

    /** A melding of one's own. */
    report: async (velden, photos) => {
      try {
        const item = await tablet.queue.enqueue({ actie: "meldingen", velden: { ...velden, fotosVolgen: photos.length }, fotos: photos });
        await refresh();
        motor.say(state.online ? "gemeld" : "gemeld-straks");
        return item;
      } catch (error) {
        motor.say(error.name === "Full" ? "plaats" : "mislukt");
        return null;
      }
    },

    /** Takes a closing back: out of the queue while it waits there, else by asking the server in time. */
    undo: async (id) => {
      const item = items.find((one) => one.id === id);
      if (!item) return;
      const wasHere = inLine(item) && item.staat !== "bezig" && !item.basis;
      if (wasHere) await tablet.queue.decide(id, "laten");
      else await tablet.queue.enqueue({ opdracht: item.opdracht, actie: "terugdraaiingen", versie: item.antwoord?.versie ?? item.versie, van: item.van });
      await refresh();
      motor.say(wasHere ? "ongedaan" : "ongedaan-vraagt");
    },

    decide: async (...what) => {
      await tablet.queue.decide(...what);
      await refresh();
    },

    /** Where the picture of a tile is: on this device when it came with the day. */
    tileAt: (address) => tablet.photo(address),

    /** Puts a photo of the package in an <img>. */
    photo: async (image, address) => {
      image.hidden = true;
      image.src = await tablet.photo(address);
      image.hidden = false;
      image.addEventListener("error", () => ((image.closest(".foto") ?? image).hidden = true), { once: true });
    },

    /** The same for a link to it; without a kept copy it leads to the server. */
    photoLink: async (link, address) => {
      const found = await tablet.photo(address);
      if (IMAGE_TYPE.test(found)) link.href = found;
    },

    /** A photo that was taken on this device. */
    ownPhoto: async (image, hash) => {
      const found = await tablet.ownPhoto(hash);
      if (found) image.src = image.parentElement.href = found;
      else image.parentElement.hidden = true;
    },

    /** What would read better in a text for a melder; nothing without coverage. The words are taken from our own page. */
    tips: async (text) => {
      if (!state.online || state.signIn) return [];
      try {
        const body = new FormData();
        body.set("tekst", text);
        csrf ??= (await (await fetch("/team/onderweg/wie")).json()).csrf;
        body.set("csrf_token", csrf);
        const answer = await fetch("/team/zinhulp", { method: "POST", body });
        const page = new DOMParser().parseFromString(answer.ok ? await answer.text() : "", "text/html");
        return [...page.querySelectorAll("li")].map((one) => one.textContent.trim());
      } catch {
        return [];
      }
    },
  };
  return motor;
};
