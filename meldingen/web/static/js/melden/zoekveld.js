// A text field that proposes while somebody types: the combobox of the ARIA practices, with a list below it.
// Arrows walk through the list, Enter chooses, Escape closes. What was found is said in `tell`.

const PAUSE_MS = 250;
const SHORTEST = 3;

// field: the input; list: an empty ul with role listbox; ask(words) promises [{tekst, …}], or null when nobody can tell;
// tell(how, count): "one", "more", "nothing", "away" or "" for the live region; onChoose gets the chosen one.
// Returns { search(), close() }: search at once, as the button beside the field does.
export const makeSearch = ({ field, list, ask, tell, onChoose }) => {
  let options = [];
  let active = -1;
  let asked = 0;
  let waiting = 0;
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "false");

  const isOpen = () => !list.hidden;
  const mark = (index) => {
    active = index;
    [...list.children].forEach((item, n) => item.setAttribute("aria-selected", String(n === index)));
    if (index < 0) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", list.children[index].id);
      list.children[index].scrollIntoView({ block: "nearest" });
    }
  };
  const close = () => {
    clearTimeout(waiting);
    asked += 1;
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    mark(-1);
  };
  const choose = (option) => {
    field.value = option.tekst;
    close();
    tell("");
    onChoose(option);
  };
  const show = (found) => {
    options = found;
    list.replaceChildren(
      ...found.map((option, n) => {
        const item = document.createElement("li");
        item.id = `${list.id}-${n}`;
        item.className = "place__option";
        item.setAttribute("role", "option");
        item.setAttribute("dir", "auto");
        item.textContent = option.tekst;
        item.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
        item.addEventListener("click", () => choose(option));
        return item;
      }),
    );
    list.hidden = !found.length;
    field.setAttribute("aria-expanded", String(Boolean(found.length)));
    mark(-1);
  };

  const look = (atOnce) => {
    clearTimeout(waiting);
    const words = field.value.trim();
    const mine = ++asked;
    if (words.length < SHORTEST && !(atOnce && words)) {
      close();
      tell("");
      return;
    }
    const go = () =>
      ask(words)
        .then((found) => {
          if (mine !== asked) return;
          if (atOnce && found?.length === 1) {
            choose(found[0]);
            return;
          }
          show(found ?? []);
          tell(found === null ? "away" : found.length > 1 ? "more" : found.length ? "one" : "nothing", found?.length ?? 0);
        })
        .catch(() => {
          if (mine !== asked) return;
          close();
          tell("away");
        });
    if (atOnce) go();
    else waiting = setTimeout(go, PAUSE_MS);
  };

  field.addEventListener("input", () => look(false));
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      if (!isOpen()) look(true);
      else mark((active + steps[event.key] + options.length + (active < 0 && event.key === "ArrowUp" ? 1 : 0)) % options.length);
    } else if (event.key === "Enter") {
      event.preventDefault(); // a search is no sending
      if (isOpen() && active >= 0) choose(options[active]);
      else look(true);
    } else if (event.key === "Escape" && isOpen()) {
      event.preventDefault();
      close();
    }
  });
  return { search: () => look(true), close };
};
