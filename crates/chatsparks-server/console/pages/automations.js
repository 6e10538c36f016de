// Automations: which triggers are live, what became of the last comments, and a test against history.

import { h, name, said, show } from "../dom.js";
import { list } from "../list.js";
import { badge, diagnosis, evaluation, why } from "../why.js";
import { code, number, t, when } from "../words.js";

export async function draw(page) {
  if (page.parts[0]) return trigger(page, page.parts[0]);
  const { triggers } = await page.read("triggers");
  const row = (one) => [
    dot(one.status),
    h("span", { class: "two" }, h("b", {}, name(one.name ?? one.id)), h("span", { class: "faint small wide" }, `${t("flow")} ${one.flow}`), h("span", { class: "faint small narrow" }, counts(one.numbers))),
    h("span", { class: "faint small wide" }, counts(one.numbers)),
  ];
  const rows = list({ height: 64, row, key: (one) => one.id, chosen: (one) => page.go("automations", one.id), label: t("automations"), empty: () => t("no_triggers"),
    page: async () => ({ items: triggers, next: null }) });
  show(page.main, h("h1", {}, t("automations")), rows.element, h("p", { class: "faint small" }, t("keys")));
  rows.reset();
}

const counts = (of) => `${number(of.comments)} ${t("comments")} · ${number(of.dms_started)} ${t("dms")} · ${number(of.orders_attributed)} ${t("orders")}`;

function dot(status) {
  const words = t(status === "active" ? "live" : "draft");
  return h("span", { class: `dot ${status === "active" ? "green" : ""}`, role: "img", "aria-label": words, title: words });
}

async function trigger(page, id) {
  const path = `triggers/${encodeURIComponent(id)}`;
  const { trigger, numbers } = await page.read(path);
  const status = trigger.status ?? "active";
  show(page.main,
    h("p", {}, h("a", { href: "#/automations" }, `← ${t("automations")}`)),
    h("h1", { class: "row" }, dot(status), name(trigger.name ?? trigger.id), h("span", { class: "badge" }, t(status === "active" ? "live" : "draft"))),
    h("div", { class: "card" },
      h("p", {}, h("b", {}, t("condition"), ": "), condition(trigger.when)),
      h("p", {}, h("b", {}, t("scope"), ": "), scope(trigger.scope)),
      h("p", {}, h("b", {}, t("flow"), ": "), trigger.flow),
      h("p", { class: "faint" }, counts(numbers))),
    test(page, path, id), last(page, path, id));
}

/** A condition in words. */
function condition(when) {
  if (typeof when === "string") return t(when);
  const [kind, of] = Object.entries(when)[0];
  const several = (all) => all.flatMap((one, index) => [index ? " · " : "", condition(one)]);
  switch (kind) {
    case "keywords": return [t("words"), " ", (of.words ?? []).flatMap((word, index) => [index ? ", " : "", name(typeof word === "string" ? word : JSON.stringify(word))])];
    case "pattern": return [t("pattern"), " ", h("code", {}, of)];
    case "mentions": return [t("mentions"), " ", (of.products ?? []).join(", ")];
    case "posts": return [t("posts_are"), " ", of.join(", ")];
    case "all": return [t("all_of"), " (", several(of), ")"];
    case "any": return [t("any_of"), " (", several(of), ")"];
    case "not": return [t("not"), " (", condition(of), ")"];
    default: return JSON.stringify(when);
  }
}

function scope(of = "all") {
  if (of === "all") return t("all_posts");
  return of.posts ? `${t("posts")} ${of.posts.join(", ")}` : `${t("tags")} ${(of.tags ?? []).join(", ")}`;
}

function test(page, path, id) {
  const text = h("textarea", { id: "test", dir: "auto", maxlength: 100000 });
  const answer = h("div", { role: "status" });
  const tried = async (event) => {
    event.preventDefault();
    try {
      const { triggers, text: given } = await page.calls.act("try", { text: text.value, trigger: id });
      const [one] = triggers;
      show(answer, h("p", { class: "row" }, badge(one.hit ? "matches" : one.result), h("b", {}, t(one.hit ? "matches" : "matches_not"))), said(given, one.matched, t("more")), one.hit ? null : evaluation(one));
    } catch (error) { page.tell(error); }
  };
  let found = 0;
  let before = null;
  const past = h("div", {});
  const further = h("button", { type: "button", onclick: () => hits() }, t("past_more"));
  const hits = async () => {
    further.remove();
    try {
      const { comments, next } = await page.read(`${path}/hits${before ? `?before=${encodeURIComponent(before)}` : ""}`);
      found += comments.length;
      before = next;
      past.append(...comments.map((one) => comment(one)));
      show(answer, h("p", {}, found ? t("past_hits", { n: number(found) }) : t("none_found")));
      if (next) past.append(further);
    } catch (error) { page.tell(error); }
  };
  const all = () => { found = 0; before = null; show(past); return hits(); };
  return h("section", {}, h("h2", {}, t("test")), h("p", { class: "faint" }, t("test_hint")),
    h("form", { onsubmit: tried }, h("label", { for: "test" }, t("test_text")), text,
      h("p", { class: "row" }, h("button", { class: "main" }, t("try")), h("button", { type: "button", onclick: all }, t("try_past")))),
    answer, past);
}

function comment(one, more) {
  return h("div", { class: "card" },
    h("p", { class: "row faint small" }, name(one.handle ?? one.user_id), h("time", { datetime: one.at }, when(one.at)), h("span", {}, one.post_id), one.result ? badge(one.result) : null),
    said(one.text, one.matched, t("more")), more);
}

function last(page, path, id) {
  const rows = h("div", {});
  const button = h("button", { type: "button", onclick: () => ask() }, t("earlier"));
  const title = h("h2", {}, t("last", { n: 50 }));
  let before = null;
  const ask = async () => {
    button.remove();
    try {
      const { comments, next } = await page.read(`${path}/evaluations${before ? `?before=${encodeURIComponent(before)}` : ""}`);
      before = next;
      rows.append(...comments.map((one) => comment(one, why(() => explained(page, one), page.tell))));
      if (!rows.firstChild) rows.append(h("p", { class: "faint" }, t("no_evaluations")));
      if (next) rows.append(button);
    } catch (error) { page.tell(error); }
  };
  ask();
  return h("section", {}, title, rows);
}

/** What became of one trigger for a comment; and of all others, for whoever asks further. */
async function explained(page, one) {
  const others = h("details", { ontoggle: async () => {
    if (!others.open || others.dataset.asked) return;
    others.dataset.asked = "yes";
    try {
      const { triggers } = await page.read(`comments/${encodeURIComponent(one.comment_id)}/explain`);
      others.append(h("ul", {}, triggers.slice(0, 200).map((other) => h("li", {}, `${other.trigger}: ${code("result", other.result)}`))));
    } catch (error) { page.tell(error); }
  } }, h("summary", {}, t("all_triggers")));
  const checks = h("details", { ontoggle: async () => {
    if (!checks.open || checks.dataset.asked) return;
    checks.dataset.asked = "yes";
    try {
      checks.append(...diagnosis(await page.read(`diagnosis?about=comment&comment=${encodeURIComponent(one.comment_id)}&trigger=${encodeURIComponent(one.trigger)}`)).slice(2));
    } catch (error) { page.tell(error); }
  } }, h("summary", {}, t("checks")));
  return [evaluation(one), checks, others];
}
