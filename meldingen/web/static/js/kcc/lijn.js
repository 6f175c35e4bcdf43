// The line between the screen and our server: what is asked again makes the earlier answer void, a session that ended
// and began again in another tab is picked up, and without either the screen says so and keeps what was typed.

export const form = document.querySelector("[data-desk]");
const told = document.querySelector("[data-melding-lijn]");

/** A refusal with a sentence for people: `problem` is the problem+json of our server. */
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}
/** Nobody answered, or the session is over: tried again at the next change. */
export class Away extends Error {}

const say = (words = "", link = "") => {
  told.replaceChildren();
  if (!words) return;
  const box = document.createElement("div");
  box.className = "utrecht-alert utrecht-alert--warning";
  const line = document.createElement("p");
  line.className = "utrecht-paragraph utrecht-alert__message";
  line.textContent = words;
  if (link) {
    const way = document.createElement("a");
    way.className = "utrecht-link utrecht-link--html-a";
    way.href = "/inloggen";
    way.target = "_blank";
    way.textContent = link;
    line.append(" ", way);
  }
  box.append(line);
  told.append(box);
};

const AWAY = "Geen verbinding. Wat u typt, blijft staan en wordt bewaard zodra het weer kan.";
const ENDED = "U bent niet meer ingelogd. Wat u typte, staat er nog. Log in op een ander tabblad en ga hier verder.";
const OTHER = "Op deze computer is een ander ingelogd. Wat u typte, staat er nog. Log weer in met uw eigen account.";
let state = "";
const become = (now) => {
  if (now === state) return;
  state = now;
  if (now === "weg") say(AWAY);
  else if (now === "uit") say(ENDED, "Inloggen");
  else if (now === "ander") say(OTHER, "Inloggen");
  else say();
};
const gone = (how) => {
  become(how);
  throw new Away();
};

const send = async (path, { values, signal }) => {
  const options = { signal, redirect: "manual", headers: { Accept: "application/json, text/html;q=0.5" } };
  if (values) {
    const body = new FormData();
    for (const [name, value] of values) body.append(name, value);
    body.set("csrf_token", form.elements.csrf_token.value);
    Object.assign(options, { method: "POST", body });
  }
  try {
    return await fetch(path, options);
  } catch (error) {
    if (signal?.aborted) throw error;
    return gone("weg");
  }
};

// The token of the page may be of a session that is over: take that of the new one, if it is the same person's.
const renew = async (signal) => {
  const answer = await send("/kcc/nieuw/wie", { signal });
  if (answer.type === "opaqueredirect" || !answer.ok) gone("uit");
  const { account, token } = await answer.json();
  if (String(account) !== form.dataset.account) gone("ander");
  form.elements.csrf_token.value = token;
};

const isPage = (answer) => answer.headers.get("Content-Type")?.startsWith("text/html");

/** Asks our server. values: pairs to POST, or none to GET. Gives the Response; rejects with Refused, Away or an abort. */
export const ask = async (path, values, signal) => {
  let answer = await send(path, { values, signal });
  const stale = answer.type === "opaqueredirect" || ((answer.status === 400 || answer.status === 403) && isPage(answer));
  if (stale) {
    await renew(signal);
    answer = await send(path, { values, signal });
  }
  if (answer.type === "opaqueredirect") gone("uit");
  if (answer.status >= 500 || answer.status === 429) gone("weg");
  if (!answer.ok) throw new Refused(isPage(answer) ? { detail: "Dit is niet gelukt." } : await answer.json());
  become("");
  return answer;
};

/** Makes a question of which only the latest answer counts: earlier ones are stopped and give undefined. read: "text"
 * or "json". What cannot be answered now gives undefined too. */
export const latest = (read) => {
  let running;
  const question = async (path, values) => {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    try {
      const answer = await (await ask(path, values, mine.signal))[read]();
      return mine.signal.aborted ? undefined : answer;
    } catch (error) {
      if (mine.signal.aborted || error instanceof Away || error instanceof Refused) return undefined;
      throw error;
    }
  };
  question.stop = () => running?.abort();
  return question;
};

/** Calls act once it was quiet for so long. */
export const quiet = (act, pause_ms) => {
  let waiting;
  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(act, pause_ms);
  };
  later.stop = () => clearTimeout(waiting);
  return later;
};
