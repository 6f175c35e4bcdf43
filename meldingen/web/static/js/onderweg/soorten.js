// Which kinds fit what somebody writes, from the names in the day package alone, so that it works without coverage. The
// server knows better (flow/proposals.py); here it only saves looking through a list. Pure.

const SHORTEST = 3;
const STOP = new Set(["het", "een", "van", "met", "dat", "die", "ook", "weer", "hebben", "wij", "zijn", "mag", "kan", "is", "niet", "deze", "voor", "naar", "door", "over", "meer", "andere", "ander", "probleem", "staat", "ligt", "veel", "maar"]);

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const wordsOf = (text) => plain(text).match(/\p{L}+/gu)?.filter((word) => word.length >= SHORTEST && !STOP.has(word)) ?? [];
const stem = (word) => word.replace(/(en|s|e|je)$/, "").slice(0, 8);

// The same word, or one that begins with the other: "lamp" and "lampen", "boom" and "boomtak".
const alike = (one, other) => {
  const [a, b] = [stem(one), stem(other)];
  return a.length >= SHORTEST && b.length >= SHORTEST && (a.includes(b) || b.includes(a));
};

/** At most so many kinds ({slug, naam, hoofd}) of which a word stands in the text, the best first. */
export const proposeKinds = (text, kinds, most = 4) => {
  const said = wordsOf(text);
  if (!said.length) return [];
  return kinds
    .filter((kind) => kind.hoofd)
    .map((kind) => [wordsOf(kind.naam).filter((word) => said.some((one) => alike(one, word))).length, kind])
    .filter(([hits]) => hits > 0)
    .sort((a, b) => b[0] - a[0] || a[1].naam.length - b[1].naam.length)
    .slice(0, most)
    .map(([, kind]) => kind);
};

/** The ready sentence that says what this kind is called, its first words before all; "" when none does: a wrong one is
 * worse than none. */
export const fittingSentence = (kind, sentences) => {
  const named = wordsOf(kind);
  const score = (sentence) => {
    const said = wordsOf(sentence);
    return named.reduce((sum, word, place) => sum + (said.some((one) => alike(one, word)) ? 1 / (place + 1) : 0), 0);
  };
  const best = Math.max(0, ...sentences.map(score));
  return best ? sentences.find((sentence) => score(sentence) === best) : "";
};
