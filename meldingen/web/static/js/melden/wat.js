// /melden/wat: what the chosen kind says and asks, at once. Without this the page asks one press later.

const form = document.querySelector("[data-melden]");
const part = form.querySelector("[data-soort]");
const questions = part.querySelector("[data-questions]");
const { categorie } = form.elements;

const ask = () => {
  const query = new URLSearchParams({ categorie: categorie.value });
  if (part.dataset.gemeente) query.set("gemeente", part.dataset.gemeente);
  return fetch(`/melden/vragen?${query}`)
    .then((answer) => (answer.ok ? answer.text() : Promise.reject(answer)))
    .then((html) => {
      questions.innerHTML = html; // from our own server, escaped by its templates
    })
    .catch(() => questions.replaceChildren()); // the page asks them itself after the next press
};

categorie.addEventListener("change", () => {
  if (categorie.value) ask();
  else questions.replaceChildren();
});
