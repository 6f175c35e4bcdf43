// Draws from the <template>s of the shell page: their words stay there, data comes in as text only, never as HTML.
//
// In a template data-v="naam" takes a text (and hides when there is none), data-als="naam" shows when it is true,
// data-niet="naam" when it is not, data-naar="naam" takes an address, data-dag="naam" takes a moment for machines.

const CLOSE = "}";

/** The whole address of a screen ("#/kaart"); any other stays as it is. */
export const addressOf = (address) => (address.startsWith("#") ? `${location.pathname}${address}` : address);

/** A copy of the only element in the template with this name. */
export const copyOf = (name) => document.getElementById(`sjabloon-${name}`).content.firstElementChild.cloneNode(true);

/** A copy of a template, filled. */
export const draw = (name, values = {}) => fill(copyOf(name), values);

/** Puts values where an element (itself too) names them; gives the element back. */
export const fill = (element, values) => {
  const each = (attribute, put) => {
    const found = [...element.querySelectorAll(`[data-${attribute}]`)];
    if (element.matches(`[data-${attribute}]`)) found.push(element);
    for (const one of found) {
      const name = one.dataset[attribute];
      if (name in values) put(one, values[name]);
    }
  };
  each("v", (one, value) => {
    one.textContent = value ?? "";
    one.hidden = value === undefined || value === null || value === "";
  });
  each("als", (one, value) => (one.hidden = !value));
  each("niet", (one, value) => (one.hidden = Boolean(value)));
  each("naar", (one, value) => {
    if (value) one.setAttribute("href", addressOf(value));
    else one.removeAttribute("href");
  });
  each("dag", (one, value) => one.setAttribute("datetime", value ?? ""));
  return element;
};

/** One of the loose sentences of the shell page, with its {names} filled in. */
export const say = (name, values = {}) => {
  const words = document.getElementById(`zin-${name}`).content.textContent.trim();
  return words.replace(new RegExp(`\\{(\\w+)\\${CLOSE}`, "g"), (whole, key) => values[key] ?? whole);
};

/** The part of an element with this name: data-deel="naam". */
export const part = (element, name) => element.querySelector(`[data-deel="${name}"]`);

/** Hears a press of a button, once: `busy` until what it does is done, so that two taps are one step. */
export const onPress = (button, act) => {
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    try {
      await act();
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
};
