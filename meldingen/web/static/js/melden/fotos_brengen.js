// Brings the photos of this device to the server, one at a time, and takes off there what was taken off here.
//
// A photo stays in the device until the server has it. No answer: again by itself, each time a bit later, and at once
// when there is coverage again. An upload that was cut off is sent again whole; the server knows it by its sha256.
// It knows no page: onChange hears that something changed, `standing` says what.

import { photos } from "./concept.js";

const SOON_S = [2, 5, 15, 30, 60];
const SILENCE_MS = 60_000;
const REFUSED = [413, 422]; // this photo will never do; any other refusal is "not now"

// One request, with how much of it has left. Status 0: nobody answered.
const post = (address, fields, onProgress) =>
  new Promise((resolve) => {
    const line = new XMLHttpRequest(); // fetch does not tell how much has left
    const body = new FormData();
    for (const [name, value, fileName] of fields) fileName ? body.append(name, value, fileName) : body.append(name, value);
    let silence;
    const hear = () => {
      clearTimeout(silence);
      silence = setTimeout(() => line.abort(), SILENCE_MS);
    };
    line.upload.onprogress = (event) => {
      hear();
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    line.onloadend = () => {
      clearTimeout(silence);
      const told = line.status && line.getResponseHeader("Content-Type")?.includes("json") ? line.response : null;
      const ok = line.status === 200 && told !== null; // an answer that was cut off is no answer
      resolve({ ok, status: line.status, told, waitS: Number(line.getResponseHeader("Retry-After")) || 0 });
    };
    line.open("POST", address);
    line.responseType = "json";
    line.setRequestHeader("Accept", "application/json");
    hear();
    line.send(body);
  });

/** Brings the photos under `key` to `address`, and tells `off` (if any) which were taken off. fields: what goes along
 * each time, as [name, value] pairs; keep(photo, told): what to do with one that the server has. */
export const bringer = ({ key, address, off, fields, keep, onChange }) => {
  const standing = { busy: false, sha256: "", part: 0, trouble: "" }; // trouble: "net" or "server"
  let [tries, timer, again] = [0, undefined, false];

  // Gives the seconds to wait at least when it must be tried later, else nothing.
  const later = ({ status, waitS }) => {
    standing.trouble = status ? "server" : "net";
    return { waitS };
  };

  const takeOff = async (sha256) => {
    const answer = await post(off, [...fields(), ["foto_weg", sha256]], () => {});
    if (!answer.ok && answer.status !== 409) return later(answer);
    const put = (await photos.list(key)).some((photo) => photo.sha256 === sha256);
    if (!put) await photos.toldOff(key, sha256);
    return null;
  };

  const bring = (sha256) =>
    photos.alone(key, sha256, async (photo) => {
      if (photo.reference || photo.refused) return null;
      Object.assign(standing, { sha256, part: 0 });
      await photos.mark(key, sha256, { tried: true });
      onChange();
      const answer = await post(address, [...fields(), ["foto", photo.blob, photo.name]], (part) => {
        standing.part = part;
        onChange();
      });
      standing.sha256 = "";
      if (answer.ok) await keep(photo, answer.told);
      else if (REFUSED.includes(answer.status)) await photos.mark(key, sha256, { refused: answer.told?.detail || "!" });
      else return later(answer);
      tries = 0;
      return null;
    });

  const round = async () => {
    for (const sha256 of off ? await photos.takenOff(key) : []) {
      const wait = await takeOff(sha256);
      if (wait) return wait;
    }
    let wait = null;
    for (const { sha256 } of await photos.list(key)) {
      const found = await bring(sha256);
      wait = found ?? wait;
      if (found && standing.trouble === "net") return wait; // what the server cannot do for one, it may for the next
    }
    if (!wait) standing.trouble = "";
    return wait;
  };

  /** Begins now, or goes round once more when it is under way. Resolves when there is nothing left to do now. */
  const go = async () => {
    again = true;
    if (standing.busy) return;
    standing.busy = true;
    clearTimeout(timer);
    let wait = null;
    while (again) {
      again = false;
      wait = await round();
    }
    standing.busy = false;
    if (wait) {
      timer = setTimeout(go, 1000 * Math.max(wait.waitS, SOON_S[Math.min(tries, SOON_S.length - 1)]));
      tries += 1;
    }
    onChange();
  };
  addEventListener("online", go);
  return { go, standing };
};
