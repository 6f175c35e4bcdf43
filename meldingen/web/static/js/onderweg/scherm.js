// Which screen is shown: the part of the address after #, so that going back works as everywhere and it needs no server.
//
// A screen is a function of { motor, query, id, go } and gives { element, changed?, shown?, left? }: changed when the work
// of this device changed, shown once it stands on the page, left when another takes its place. Without `changed` a screen
// stays as it is: nobody's form is drawn anew under his fingers.

const routes = [];
let now = null;

/** Adds a screen. pattern: like "/opdracht/:id/:stap". */
export const onRoute = (pattern, draw, { under = "#/" } = {}) => {
  const names = [...pattern.matchAll(/:(\w+)/g)].map((hit) => hit[1]);
  routes.push({ match: new RegExp(`^${pattern.replace(/:\w+/g, "([^/]+)")}$`), names, draw, under });
};

/** Goes to a screen; replace: the way back skips the one that is left (a form that was sent). */
export const go = (address, { replace = false } = {}) => {
  if (location.hash === address) return show();
  if (replace) location.replace(address);
  else location.hash = address;
  return undefined;
};

const find = () => {
  const [path, query] = (location.hash.slice(1) || "/").split("?");
  for (const { match, names, draw, under } of routes) {
    const hit = path.match(match);
    if (!hit) continue;
    const given = Object.fromEntries(names.map((name, place) => [name, decodeURIComponent(hit[place + 1])]));
    return { path, draw, given, under, query: new URLSearchParams(query) };
  }
  return null;
};

let stage;
let motor;
let around = () => {};
let first = true;

const show = () => {
  const found = find();
  if (!found) {
    location.replace("#/");
    return;
  }
  now?.left?.();
  const parent = typeof found.under === "function" ? found.under(found.given) : found.under;
  now = motor.ready ? found.draw({ motor, query: found.query, go, ...found.given }) : motor.empty();
  stage.replaceChildren(now.element);
  around({ path: found.path, parent });
  const head = stage.querySelector("h1");
  document.title = `${head.textContent.replace(/\s+/g, " ").trim()} | Onderweg`;
  scrollTo(0, 0);
  now.shown?.();
  if (!first) head.focus({ preventScroll: true });
  first = false;
};

/** Starts: draws what the address asks for, and again whenever it changes. tellAround: hears { path, parent }. */
export const startScreens = (place, engine, tellAround) => {
  [stage, motor, around] = [place, engine, tellAround];
  addEventListener("hashchange", show);
  let ready = motor.ready;
  motor.listen(() => {
    if (ready !== motor.ready) {
      ready = motor.ready;
      show();
    } else now?.changed?.();
  });
  show();
};
