// Days and hours as a team says them, in the time of the Netherlands wherever the device thinks it is. No DOM.

const ZONE = "Europe/Amsterdam";
const DAY = new Intl.DateTimeFormat("nl-NL", { timeZone: ZONE, weekday: "long", day: "numeric", month: "long" });
const SHORT = new Intl.DateTimeFormat("nl-NL", { timeZone: ZONE, weekday: "short", day: "numeric", month: "short" });
const HOUR = new Intl.DateTimeFormat("nl-NL", { timeZone: ZONE, hour: "2-digit", minute: "2-digit" });
const ISO = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit" });
const DATE = new Intl.DateTimeFormat("nl-NL", { timeZone: ZONE, day: "numeric", month: "long" });
const NEAR = new Intl.RelativeTimeFormat("nl-NL", { numeric: "auto" });
const DAY_MS = 86_400_000;

/** The day in the Netherlands of a moment, as 2026-04-14. */
export const dayOf = (moment) => ISO.format(moment);

/** The last day that is in time, of a moment at which it is too late; a day stays what it is. */
export const lastDay = (due) => (due.length === 10 ? due : dayOf(Date.parse(due) - 1));

const noon = (day) => Date.parse(`${day}T12:00:00Z`);

/** How many days from one day to another; negative when it is past. */
export const daysBetween = (from, to) => Math.round((noon(to) - noon(from)) / DAY_MS);

/** A day some days on. */
export const plusDays = (day, days) => dayOf(noon(day) + days * DAY_MS);

/** "vandaag", "morgen", else "dinsdag 14 april". */
export const dayWords = (day, today) => {
  const days = daysBetween(today, day);
  return Math.abs(days) <= 1 ? NEAR.format(days, "day") : DAY.format(noon(day));
};

/** The same, short: "di 14 apr". */
export const shortDay = (day, today) => {
  const days = daysBetween(today, day);
  return Math.abs(days) <= 1 ? NEAR.format(days, "day") : SHORT.format(noon(day)).replaceAll(".", "");
};

/** "08.47" of a moment. */
export const hourWords = (moment) => HOUR.format(moment).replace(":", ".");

/** "vandaag 08.47" or "di 14 apr 08.47" of a moment. */
export const momentWords = (moment, today) => `${shortDay(dayOf(moment), today)} ${hourWords(moment)}`;

/** The next day that is not in the weekend. */
export const nextWorkday = (day) => {
  let next = plusDays(day, 1);
  while ([0, 6].includes(new Date(noon(next)).getUTCDay())) next = plusDays(next, 1);
  return next;
};

/** The Monday after this day. */
export const nextMonday = (day) => plusDays(day, ((8 - new Date(noon(day)).getUTCDay()) % 7) || 7);

/** When something was, as in our berichten (domain/notices.when_words): the name of a sentence and what goes in it. */
export const pastWords = (moment, now) => {
  const days = daysBetween(dayOf(moment), dayOf(now));
  if (days === 1) return { name: "gisteren", values: {} };
  if (days !== 0) return { name: "dag", values: { dag: DATE.format(moment) } };
  const hour = Number(HOUR.format(moment).slice(0, 2));
  const present = Number(HOUR.format(now).slice(0, 2));
  const part = hour < 6 ? (present < 18 ? "nacht" : "vandaag") : hour < 12 ? "ochtend" : hour < 18 ? "middag" : "avond";
  return { name: part, values: { uur: hourWords(moment) } };
};
