// Billing: how many contacts count, the banner that follows, and who waits for room until when.

import { h, name, show } from "../dom.js";
import { next as todo, why } from "../why.js";
import { number, t, when } from "../words.js";

export async function draw(page) {
  const usage = await page.read("usage");
  const { mac } = usage;
  const kind = mac.paused || mac.banner === "red" ? "red" : mac.banner === "yellow" ? "yellow" : "";
  const width = h("span", {});
  width.style.width = `${mac.limit ? Math.min(100, (100 * mac.count) / mac.limit) : 0}%`;
  const rows = h("tbody", {});
  const more = h("button", { type: "button", onclick: () => ask() }, t("more"));
  let after = usage.next;
  const add = (waiting) => rows.append(...waiting.map((one) => h("tr", {},
    h("td", {}, h("a", { href: `#/inbox/open/${encodeURIComponent(one.user_id)}` }, name(one.handle ?? one.user_id))), h("td", {}, name(one.trigger)),
    h("td", {}, when(one.since)), h("td", {}, when(one.until), why(async () => [h("p", {}, t("waits_room", { at: when(one.until) })), todo({ advice: "raise_limit", to_do: t("banner.paused") })], page.tell)))));
  const ask = async () => {
    try {
      const told = await page.read(`usage?after=${encodeURIComponent(after)}`);
      after = told.next;
      add(told.waiting);
      if (!after) more.remove();
    } catch (error) { page.tell(error); }
  };
  add(usage.waiting);
  show(page.main, h("h1", {}, t("billing")),
    kind ? h("div", { class: `notice ${kind}`, role: "status" }, t(mac.paused ? "banner.paused" : `banner.${mac.banner}`)) : null,
    h("div", { class: "card" }, h("b", {}, mac.limit === null ? t("count_open", { count: number(mac.count) }) : t("count", { count: number(mac.count), limit: number(mac.limit) })),
      mac.limit === null ? null : h("div", { class: `meter ${kind}`, role: "meter", "aria-valuenow": mac.count, "aria-valuemin": 0, "aria-valuemax": mac.limit, "aria-label": t("billing") }, width),
      usage.next_cycle ? h("p", { class: "faint" }, t("next_cycle", { at: when(usage.next_cycle) })) : null),
    h("h2", {}, t("who_waits")),
    usage.waiting.length ? h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, [t("contact"), t("automation"), t("since"), t("drops")].map((words) => h("th", { scope: "col" }, words)))), rows)) : h("p", { class: "faint" }, t("nobody_waits")),
    after ? more : null);
}
