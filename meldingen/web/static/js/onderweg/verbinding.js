// The line to the server: who is signed in, sending one request of the queue, and the day package. It keeps nothing.
//
// A session that ended asks to sign in and loses nothing: the queue keeps what it could not send (rij.js).

const WORDS_MS = 45_000;
const PHOTO_MS = 300_000;
const WHO = "/team/onderweg/wie";
const DAY = "/team/onderweg/dag";

const asJson = async (answer) => {
  try {
    return answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : null;
  } catch (error) {
    throw new Error("the answer was cut off", { cause: error });
  }
};

const ask = (path, patience, options = {}) =>
  fetch(path, { ...options, credentials: "same-origin", redirect: "manual", signal: AbortSignal.timeout(patience) });

const bodyOf = ({ json, photo }) => {
  if (!photo) return [JSON.stringify(json), { "Content-Type": "application/json" }];
  const form = new FormData();
  form.append("foto", photo.blob, photo.naam ?? "foto.jpg");
  return [form, {}];
};

export const makeConnection = () => {
  let csrf = null;

  /** Who is signed in: { status, body, offset }. offset: ms that the server is ahead of this device. Rejects offline. */
  const who = async () => {
    const from = Date.now();
    const answer = await ask(WHO, WORDS_MS, { headers: { Accept: "application/json" }, cache: "no-store" });
    const body = await asJson(answer);
    const middle = (from + Date.now()) / 2;
    if (answer.status === 200 && body) csrf = body.csrf;
    return { status: answer.status, body, offset: body?.nu ? Math.round(Date.parse(body.nu) - middle) : null };
  };

  const post = async (request) => {
    const [body, type] = bodyOf(request);
    const headers = { Accept: "application/json", "X-CSRFToken": csrf, ...type, ...request.headers };
    const answer = await ask(request.path, request.photo ? PHOTO_MS : WORDS_MS, { method: "POST", body, headers });
    const waitS = Number(answer.headers.get("Retry-After")) || 0;
    return { status: answer.status, body: await asJson(answer), waitS };
  };

  /** Sends one request of the queue (see `send` in rij.js). */
  const send = async (request) => {
    if (!csrf && (await who()).status === 401) return { status: 401, body: {} };
    const answer = await post(request);
    if (answer.status !== 403 || answer.body?.code !== "csrf_ontbreekt") return answer;
    const { status } = await who(); // the session is another than that of our token
    return status === 401 ? { status, body: {} } : post(request);
  };

  /** The day package: { status: 200, day, etag } or { status: 304 | 401 | … }. */
  const day = async (etag) => {
    const headers = { Accept: "application/json", ...(etag ? { "If-None-Match": etag } : {}) };
    const answer = await ask(DAY, WORDS_MS, { headers, cache: "no-store" });
    if (answer.status !== 200) return { status: answer.status };
    return { status: 200, day: await asJson(answer), etag: answer.headers.get("ETag") };
  };

  /** One picture as a Blob, or null when it is not there. */
  const picture = async (adres) => {
    const answer = await ask(adres, PHOTO_MS);
    return answer.ok ? answer.blob() : null;
  };

  /** Signs out on the server too. Rejects when it did not: a session that lives on is not signed out. */
  const signOut = async () => {
    for (const again of [false, true]) {
      if (!csrf || again) await who(); // the token may be of before another answer renewed it
      const body = new URLSearchParams({ csrf_token: csrf ?? "" });
      const answer = await ask("/uitloggen", WORDS_MS, { method: "POST", body });
      csrf = null;
      if (answer.type === "opaqueredirect") return;
    }
    throw new Error("the server did not sign out");
  };

  return { who, send, day, picture, signOut };
};
