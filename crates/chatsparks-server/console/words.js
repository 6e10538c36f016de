// Words in the reader's language. What the service says in codes is said here in words; what it says in sentences, such as
// what to do next, is translated where there is a translation, and else shown as it came.

import en from "./words/en.js";

/** The languages, by what they call themselves. */
export const LANGUAGES = { en: "English", th: "ไทย", vi: "Tiếng Việt", id: "Bahasa Indonesia" };

let words = en;
let language = "en";

/** The language that was chosen, or that the browser asks for. */
export async function begin() {
  const asked = [localStorage.getItem("chatsparks_language"), ...(navigator.languages ?? [])];
  await use(asked.map((one) => one?.slice(0, 2)).find((one) => one in LANGUAGES) ?? "en");
}

/** Takes a language. */
export async function use(chosen) {
  words = chosen === "en" ? en : { ...en, ...(await import(`./words/${chosen}.js`)).default };
  language = chosen;
  document.documentElement.lang = chosen;
}

/** Takes a language, and remembers it on this device. */
export async function choose(chosen) {
  localStorage.setItem("chatsparks_language", chosen);
  await use(chosen);
}

export const chosen = () => language;

/** The words of a key, with what is filled in: `t("page_of", { n: 3 })`. */
export function t(key, filled = {}) {
  return (words[key] ?? en[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => filled[name] ?? "");
}

/** A code in words: of a result, a state, a reason. */
export function code(kind, value) {
  const key = `${kind}.${value}`;
  return words[key] ?? en[key] ?? String(value ?? "").replaceAll("_", " ");
}

/** What to do next, as the service says it: by its code where that is translated. */
export function advice(told) {
  return (language !== "en" && words[`advice.${told.advice}`]) || told.to_do || "";
}

/** Why something was not sent: one of our codes in words, else as the platform or the channel says it. */
export const reason = (why) => words[`unsent.${why}`] ?? en[`unsent.${why}`] ?? why;

/**
 * Why the service refused: by the code of what to do or of a sign-in where there is one, else by the kind of problem. Of that
 * the service says more in its own sentence, which is English.
 */
export function refusal(problem) {
  const kind = `refused.${problem.type?.split("#").at(-1)}`;
  return words[`sign_in.${problem.sign_in}`] || advice(problem) || (language !== "en" && words[kind]) || problem.detail || words[kind] || problem.title || "";
}

/** What a check asks, likewise. */
export function asks(check) {
  return (language !== "en" && words[`check.${check.code}`]) || check.asks;
}

/** An instant, near ones in few words. */
export function when(at) {
  if (!at) return "";
  const instant = new Date(at);
  const isToday = instant.toDateString() === new Date().toDateString();
  const format = isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(language, format).format(instant);
}

export const number = (value) => new Intl.NumberFormat(language).format(value ?? 0);

/** An amount in minor units, as its currency is written. */
export function money(minor, currency) {
  try {
    const format = new Intl.NumberFormat(language, { style: "currency", currency });
    return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
  } catch {
    return `${number(minor)} ${currency}`;
  }
}
