// A photo that another app shares with this one, taken in by the service worker: it goes to the form that is under way,
// or to a new one, so that it is there with and without coverage. What was written before stays as it is.

import { begin, current, load, newKey, photos, save } from "./concept.js";

const MOST = 5;
const MOST_BYTES = 20 * 2 ** 20;

/** Keeps what was shared with the form of this gemeente; gives false when this device has no room for it. */
export const takeShared = async (data, gemeente) => {
  const form = await current(gemeente);
  const key = form?.key ?? newKey();
  const files = data.getAll("foto").filter((file) => file.size && file.size <= MOST_BYTES);
  const words = (data.get("tekst") || data.get("titel") || "").trim();
  const empty = !(await load(key))?.values.omschrijving?.[0];
  try {
    await begin(key, { gemeente });
    if (empty && words) await save(key, { omschrijving: [words] });
    const room = MOST - (await photos.list(key)).length;
    for (const file of files.slice(0, room)) await photos.put(key, file);
  } catch {
    return false;
  }
  return true;
};
