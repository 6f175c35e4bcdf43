// The tablet's part of the service worker: its empty page and scripts, in a store of their own. No data ever comes here;
// those are in opslag.js, encrypted. Filled on devices where somebody opened the tablet, and only there.

export const PAGE = "/team/onderweg";
const STORES = "onderweg-schil-";

const named = (release) => STORES + release;

/** Whether this address is the tablet's page. */
export const isMine = ({ pathname }) => pathname === PAGE;

/** Whether the tablet was ever opened on this device. */
export const isTablet = async () => (await caches.keys()).some((name) => name.startsWith(STORES));

/** Keeps the page with all that it loads, by the worker's own way of bringing. */
export const fill = (bringAll, release) => bringAll(named(release), [PAGE]);

/** What is kept of this release for this address. */
export const kept = async (release, address) => {
  if (!(await caches.has(named(release)))) return undefined;
  return (await caches.open(named(release))).match(address);
};

/** Drops what belongs to other releases, once this one is whole. */
export const clean = async (release) => {
  const mine = (await caches.keys()).filter((name) => name.startsWith(STORES));
  if (!mine.includes(named(release))) return;
  for (const name of mine) if (name !== named(release)) await caches.delete(name);
};
