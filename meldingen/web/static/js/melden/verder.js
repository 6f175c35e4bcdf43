// Which form the next page of the form must show: chosen by hand in "Mijn meldingen", for this tab and once.

const NAME = "meldingen-verder";

/** Opens a form of this device at a step; without one at the first. */
export const goOnWith = (key, step) => {
  sessionStorage.setItem(NAME, key);
  location.assign(`/melden/${step || "waar"}${step && step !== "controleren" ? "?controle=ja" : ""}`);
};

/** The key of the form that was chosen; "" when none was. */
export const chosenKey = () => sessionStorage.getItem(NAME) ?? "";

/** The chosen form is shown: what comes next is decided as always. */
export const forgetChoice = () => sessionStorage.removeItem(NAME);
