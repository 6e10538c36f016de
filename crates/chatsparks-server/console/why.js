// Why something did not happen, and what to do next: the same wherever it is asked.

import { h, said, show } from "./dom.js";
import { advice, asks, code, reason, t, when } from "./words.js";

/** A button that answers *Why?* beneath itself. `ask` gives what is shown. */
export function why(ask, tell) {
  const place = h("div", {});
  const button = h("button", { class: "quiet", type: "button", "aria-expanded": "false", onclick: async (event) => {
    event.stopPropagation();
    if (place.firstChild) { show(place); button.setAttribute("aria-expanded", "false"); return; }
    button.setAttribute("aria-expanded", "true");
    show(place, h("p", { class: "faint small" }, t("loading")));
    try { show(place, h("div", { class: "why" }, await ask())); } catch (error) { show(place); tell(error); }
  } }, t("why"));
  return [button, place];
}

/** What to do next. */
export function next(told) {
  const words = advice(told);
  return words ? h("p", {}, h("b", {}, t("to_do"), ": "), words) : null;
}

/** Why something stands still or was refused, as whoever refused it says. */
const because = (given) => given ? h("p", {}, h("b", {}, t("reason"), ": "), said(reason(given))) : null;

/** The same of a diagnosis: what its checks found first. */
const found = (told) => told.checks.map((one) => one.looked_at.stopped_why ?? one.looked_at.why ?? one.looked_at.refused ?? one.looked_at.detail).find(Boolean);

/** A connection that is not as it should be. */
export const standing = (connection) => [because(connection.refused), next(connection)];

/** A diagnosis: each check, and what to do about the first that failed. */
export function diagnosis(told) {
  const check = (one) => h("li", {}, h("span", { class: `badge ${{ pass: "good", fail: "bad" }[one.answer] ?? ""}` }, code("answer", one.answer)), " ", asks(one));
  return [because(found(told)), next(told), h("p", { class: "faint small" }, t("checks")), h("ul", {}, told.checks.map(check))];
}

/** What became of a trigger for a comment, and what else would have refused it. */
export function evaluation(one) {
  const also = (one.also ?? []).map((verdict) => code("result", verdict.result)).join(", ");
  return [
    h("p", {}, code("result", one.result), one.until ? `, ${t("until", { at: when(one.until) })}` : "", one.winner ? `, ${t("won_by", { id: one.winner })}` : ""),
    also ? h("p", { class: "faint" }, `${t("also")}: ${also}`) : null,
    one.cut ? h("p", { class: "faint" }, t("cut")) : null,
    next(one),
  ];
}

/** Why an order counts as what it does: the conversations that it could have come from, and what to do. */
export function order(told) {
  const one = (candidate) => h("li", {}, t("candidate", { conversation: candidate.conversation }), ": ", code("verdict", candidate.verdict),
    candidate.last_link_at ? h("span", { class: "faint small" }, ` · ${when(candidate.last_link_at)}`) : null);
  return [told.candidates?.length ? h("ul", {}, told.candidates.map(one)) : null, diagnosis(told.diagnosis)];
}

/** A result as a badge. */
export function badge(result) {
  const kind = { fired: "good", matches: "good", queued: "warn", awaiting_message: "warn", throttled: "warn", undeliverable: "bad", not_connected: "bad" }[result] ?? "";
  return h("span", { class: `badge ${kind}` }, code("result", result));
}
