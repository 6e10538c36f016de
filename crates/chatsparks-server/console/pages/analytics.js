// Analytics: what comments led to, orders that wait for a word, and where buyers left.

import { h, name, show } from "../dom.js";
import { order as explained, why } from "../why.js";
import { money, number, t, when } from "../words.js";

const SHOWN = 100;
/** Orders that are asked for at once. */
const PAGE = 20;

export async function draw(page) {
  const insights = await page.read("insights");
  const revenue = Object.entries(insights.revenue);
  const sums = revenue.map(([currency, one]) => [
    h("div", { class: "card" }, h("span", { class: "faint" }, `${t("revenue")}, ${t("attributed")}`), h("b", {}, money(one.attributed_minor, currency))),
    h("div", { class: "card" }, h("span", { class: "faint" }, `${t("revenue")}, ${t("soft")}`), h("b", {}, money(one.soft_minor, currency))),
    h("div", { class: "card" }, h("span", { class: "faint" }, `${t("revenue")}, ${t("organic")}`), h("b", {}, money(one.organic_minor, currency))),
  ]);
  const comments = Object.values(insights.posts).reduce((sum, one) => sum + one.comments, 0);
  show(page.main, h("h1", {}, t("analytics")),
    h("div", { class: "numbers" }, h("div", { class: "card" }, h("span", { class: "faint" }, t("comments")), h("b", {}, number(comments))), sums),
    listed(page, { result: "soft", title: t("soft_orders"), hint: t("soft_hint"), none: t("no_soft"), isShown: (order) => !order.reviewed }),
    listed(page, { result: "organic", title: t("organic_orders"), hint: t("organic_hint"), none: t("no_organic"), isShown: () => true }),
    h("h2", {}, t("by_post")), table(t("post"), insights.posts),
    h("h2", {}, t("by_trigger")), table(t("automation"), insights.triggers),
    h("h2", {}, t("drop_off")), Object.entries(insights.flows).map(([flow, one]) => fall(flow, one)),
    Object.keys(insights.flows).length ? null : h("p", { class: "faint" }, t("no_numbers")));
}

function table(of, groups) {
  const sold = (one) => Object.values(one.revenue).reduce((sum, { attributed_minor: minor }) => sum + minor, 0);
  const sorted = Object.entries(groups).sort(([, one], [, other]) => sold(other) - sold(one) || other.comments - one.comments).slice(0, SHOWN);
  if (!sorted.length) return h("p", { class: "faint" }, t("no_numbers"));
  const cell = (value) => h("td", { class: "number" }, value);
  const row = ([id, one]) => h("tr", {}, h("td", {}, name(id)), cell(number(one.comments)), cell(number(one.dms_started)),
    cell([number(one.orders_attributed), one.orders_soft ? h("span", { class: "faint" }, ` + ${number(one.orders_soft)} ${t("soft")}`) : null]),
    cell(Object.entries(one.revenue).map(([currency, { attributed_minor: minor }]) => h("div", {}, money(minor, currency)))));
  const head = [t("comments"), t("dms"), t("orders"), t("revenue")].map((words) => h("th", { class: "number", scope: "col" }, words));
  return h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, of), head)), h("tbody", {}, sorted.map(row))));
}

/** Orders that count as one thing, a page at a time. */
function listed(page, { result, title, hint, none, isShown }) {
  const rows = h("div", {});
  const more = h("button", { type: "button", onclick: () => ask() }, t("more"));
  let after = null;
  const ask = async () => {
    more.remove();
    try {
      const { orders, next } = await page.read(`orders?result=${result}&limit=${PAGE}${after ? `&after=${encodeURIComponent(after)}` : ""}`);
      after = next;
      rows.append(...orders.filter(isShown).map((order) => one(page, order)));
      if (next) rows.append(more);
      else if (!rows.firstChild) rows.append(h("p", { class: "faint" }, none));
    } catch (error) { page.tell(error); }
  };
  ask();
  return h("section", {}, h("h2", {}, title), h("p", { class: "faint" }, hint), rows);
}

/** An order: a soft one has a dotted ring until somebody says what it is. */
function one(page, order) {
  const isSoft = order.result === "soft";
  const ring = h("span", { class: `ring ${isSoft ? "" : "organic"}`, role: "img", "aria-label": t(isSoft ? "soft" : "organic") });
  const said = h("span", { role: "status" });
  const judge = (verdict) => async () => {
    buttons.forEach((button) => { button.disabled = true; });
    try {
      await page.calls.act(`orders/${encodeURIComponent(order.order_id)}/review`, { verdict });
      ring.className = `ring ${verdict === "confirm" ? "sure" : "organic"}`;
      said.textContent = t(verdict === "confirm" ? "confirmed" : "rejected");
      buttons.forEach((button) => button.remove());
    } catch (error) { page.tell(error); buttons.forEach((button) => { button.disabled = false; }); }
  };
  const buttons = isSoft && page.session.may_act ? ["confirm", "reject"].map((verdict) => h("button", { type: "button", onclick: judge(verdict) }, t(verdict))) : [];
  return h("div", { class: "card row" }, ring, h("span", { class: "grow" }, name(order.order_id), h("br"),
    h("span", { class: "faint small" }, order.user_id ? h("a", { href: `#/inbox/open/${encodeURIComponent(order.user_id)}` }, name(order.user_id)) : null, order.user_id ? " · " : null, when(order.placed_at))),
  h("b", {}, money(order.net_minor, order.currency)), said, buttons,
  h("div", {}, why(async () => explained(await page.read(`orders/${encodeURIComponent(order.order_id)}/explain`)), page.tell)));
}

function fall(flow, one) {
  const blocks = Object.entries(one.blocks);
  const most = Math.max(1, ...blocks.map(([, block]) => block.reached));
  const bar = ([id, block]) => {
    const width = h("span", {});
    width.style.width = `${(100 * block.reached) / most}%`;
    return h("div", { class: "fall" }, name(id), h("div", { class: "track", "aria-hidden": "true" }, width), h("span", { class: "small faint" }, t("reached", { reached: number(block.reached), left: number(block.left) })));
  };
  return h("div", { class: "card" }, h("b", {}, name(flow)), blocks.sort(([, one], [, other]) => other.reached - one.reached).map(bar));
}
