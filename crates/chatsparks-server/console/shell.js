// What pages share of the frame around them.

import { h } from "./dom.js";
import { LANGUAGES, choose, chosen, t } from "./words.js";

/** How many a person has to look at, beside the inbox. */
export function countInbox(human) {
  const place = document.querySelector('[data-page="inbox"] .count');
  if (place) { place.textContent = human > 999 ? "999+" : String(human); place.hidden = !human; }
}

/** Which language the words are in. `then` draws what is there anew. */
export function languages(then = () => dispatchEvent(new Event("hashchange"))) {
  const options = Object.entries(LANGUAGES).map(([code, name]) => h("option", { value: code, selected: code === chosen() }, name));
  const changed = async (event) => { await choose(event.target.value); then(); };
  return [h("label", { for: "language" }, t("language")), h("select", { id: "language", onchange: changed }, options)];
}
