// Photos on their way to a step: taken or chosen, made smaller, shown, and taken off again.

import { makeSmaller } from "../melden/verkleinen.js";
import { copyOf, part, say } from "./sjabloon.js";

const MOST = 5;

const sha256 = async (blob) =>
  [...new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Fills the field for photos in a form. → { photos(): what to send, each { sha256, blob, naam }; settled(): when all are
 * ready }. */
export const photoField = (place) => {
  const element = copyOf("fotoveld");
  const list = part(element, "lijst");
  const stand = part(element, "stand");
  let photos = [];
  let busy = Promise.resolve();

  const tell = (words) => {
    stand.textContent = words ?? (photos.length === 0 ? "" : photos.length === 1 ? say("foto-een") : say("foto-meer", { n: photos.length }));
  };
  const line = (photo) => {
    const item = copyOf("fotoregel");
    const address = URL.createObjectURL(photo.blob);
    const picture = part(item, "beeld");
    picture.src = address;
    picture.addEventListener("load", () => URL.revokeObjectURL(address), { once: true });
    part(item, "weg").addEventListener("click", () => {
      photos = photos.filter((one) => one !== photo);
      item.remove();
      tell();
      part(element, "camera").focus();
    });
    list.append(item);
  };
  const take = async (files) => {
    for (const file of files) {
      if (photos.length >= MOST) return tell(say("foto-te-veel"));
      const blob = await makeSmaller(file);
      const photo = { sha256: await sha256(blob), blob, naam: file.name };
      if (photos.some((one) => one.sha256 === photo.sha256)) continue;
      photos.push(photo);
      line(photo);
    }
    return tell();
  };
  for (const name of ["camera", "kies"]) {
    const input = part(element, name);
    input.addEventListener("change", () => {
      const files = [...input.files];
      input.value = "";
      busy = busy.then(() => take(files));
    });
  }
  place.append(element);
  return { photos: () => photos, settled: () => busy };
};
