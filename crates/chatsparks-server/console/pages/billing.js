// Billing: how many contacts count, the banner that follows, and who waits until when: for room, or to write.

import { h, name, show } from "../dom.js";
import { next as todo, why } from "../why.js";
import { number, t, when } from "../words.js";

export async function draw(page) {
  const usage = await page.read("usage");
  const { mac } = usage;
  const kind = mac.paused || mac.banner === "red" ? "red" : mac.banner === "yellow" ? "yellow" : "";
  const width = h("span", {});
  width.style.width = `${mac.limit ? Math.min(100, (100 * mac.count) / mac.limit) : 0}%`;
  show(page.main, h("h1", {}, t("billing")),
    kind ? h("div", { class: `notice ${kind}`, role: "status" }, t(mac.paused ? "banner.paused" : `banner.${mac.banner}`)) : null,
    h("div", { class: "card" }, h("b", {}, mac.limit === null ? t("count_open", { count: number(mac.count) }) : t("count", { count: number(mac.count), limit: number(mac.limit) })),
      mac.limit === null ? null : h("div", { class: `meter ${kind}`, role: "meter", "aria-valuenow": mac.count, "aria-valuemin": 0, "aria-valuemax": mac.limit, "aria-label": t("billing") }, width),
      usage.next_cycle ? h("p", { class: "faint" }, t("next_cycle", { at: when(usage.next_cycle) })) : null),
    h("h2", {}, t("who_waits")), waiting(page, "usage", usage, "waits_room"));
  // Whoever looks first waits until every contact was read: the count does not wait for that.
  const held = await page.read("held");
  if (!held.count || page.signal.aborted) return;
  page.main.append(h("h2", {}, t("who_writes"), " ", h("span", { class: "badge" }, number(held.count))), h("p", { class: "faint" }, t("write_hint")), ...waiting(page, "held", held, "waits_buyer"));
}

/** Starts that wait, and until when: the first page, and more where there are. */
function waiting(page, call, told, words) {
  if (!told.waiting.length) return [h("p", { class: "faint" }, t("nobody_waits"))];
  const row = (one) => h("tr", {},
    h("td", {}, h("a", { href: `#/inbox/open/${encodeURIComponent(one.user_id)}` }, name(one.handle ?? one.user_id))), h("td", {}, name(one.trigger)),
    h("td", {}, when(one.since)), h("td", {}, when(one.until), why(async () => [h("p", {}, t(words, { at: when(one.until) })), todo(one)], page.tell)));
  const rows = h("tbody", {}, told.waiting.map(row));
  const more = h("button", { type: "button", onclick: async () => {
    try {
      told = await page.read(`${call}?after=${encodeURIComponent(told.next)}`);
      rows.append(...told.waiting.map(row));
      if (!told.next) more.remove();
    } catch (error) { page.tell(error); }
  } }, t("more"));
  const heads = [t("contact"), t("automation"), t("since"), t("drops")].map((words) => h("th", { scope: "col" }, words));
  return [h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, heads)), rows)), told.next ? more : ""];
}
