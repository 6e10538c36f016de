// Inbox: conversations by state, what was said in one, and what a member does there.

import { countInbox } from "../shell.js";
import { Away, Refused, newKey } from "../api.js";
import { h, name, said, show } from "../dom.js";
import { list } from "../list.js";
import { diagnosis, next as todo, order as explained, why } from "../why.js";
import { asks, code, number, t, when, money } from "../words.js";

const STATES = ["human", "waiting", "bot", "closed", "open"];

export async function draw(page) {
  const members = page.read("members").catch(() => ({ members: [] }));
  let state = STATES.includes(page.parts[0]) ? page.parts[0] : "human";
  const user = page.parts[1];
  const tabs = h("div", { class: "tabs", role: "tablist" });
  const right = h("div", { class: "right" });
  const many = h("p", { class: "faint small", role: "status" });
  let later = 0;
  const search = h("input", { type: "search", class: "find", dir: "auto", maxlength: 256, "aria-label": t("find"), placeholder: `${t("find")} (/)`, "aria-keyshortcuts": "/", value: found,
    oninput: () => { found = search.value; clearTimeout(later); later = setTimeout(() => rows.reset(), 200); },
    onkeydown: (event) => {
      if (event.key === "ArrowDown" || event.key === "Enter") { event.preventDefault(); rows.enter(); }
      // What was typed goes first; then Esc goes back, as everywhere.
      if (event.key === "Escape" && found) { event.stopPropagation(); event.preventDefault(); found = search.value = ""; rows.reset(); }
    } });
  const rows = list({
    height: 68, key: (one) => one.user_id, label: t("inbox"), empty: () => t(found.trim() ? "none_found" : "no_conversations"), row: listed,
    chosen: (one) => page.go("inbox", state, one.user_id),
    page: async (next) => {
      try {
        const asked = found;
        const told = await page.read(`conversations?state=${state}&limit=200${asked.trim() ? `&find=${encodeURIComponent(asked)}` : ""}${next ? `&before=${encodeURIComponent(next)}` : ""}`);
        // Of what was typed before, nothing is told any more.
        if (asked === found) {
          count(told.counts, asked.trim());
          show(many, told.cut ? t("find_cut") : null);
        }
        return { items: told.conversations, next: told.next };
      } catch (error) { page.tell(error); throw error; }
    },
  });
  function count(counts, isFound) {
    const all = { ...counts, open: counts.human + counts.waiting + counts.bot };
    if (!isFound) countInbox(counts.human);
    show(tabs, STATES.map((one) => h("button", { type: "button", role: "tab", "aria-selected": String(one === state), onclick: () => page.go("inbox", one) },
      `${one === "open" ? t("open") : code("state", one)} ${number(all[one])}`)));
  }
  count({ human: 0, waiting: 0, bot: 0, closed: 0 });
  show(page.main, h("div", { class: `inbox ${user ? "reading" : ""}` }, h("div", { class: "left" }, h("h1", {}, t("inbox")), search, tabs, many, rows.element), right));
  rows.reset();
  rows.select(user);
  const thread = user ? new Thread(page, right, state, user, await members) : null;
  if (!thread) show(right, h("p", { class: "empty" }, t("choose")));
  thread?.read();
  const off = page.calls.watch((changes) => {
    if (page.signal.aborted) return;
    const changed = changes && new Set(changes.contacts);
    if (!changes || changes.more || changed.size) rows.refresh((one) => !changed || changed.has(one.user_id)).catch(() => {});
    if (thread && (!changes || changes.more || changed.has(user) || changes.dms.some((dm) => thread.dms.has(dm)))) thread.read();
  });
  const onSlash = (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select")) return;
    event.preventDefault();
    search.focus();
    search.select();
  };
  addEventListener("keydown", onSlash);
  page.signal.addEventListener("abort", () => { off(); clearTimeout(later); removeEventListener("keydown", onSlash); });
}

function listed(one) {
  const conversation = one.conversation ?? {};
  const owner = conversation.owner ? t("owned_by", { who: conversation.owner }) : conversation.trigger ?? "";
  return [
    h("span", { class: "two" }, h("b", {}, name(one.handle ?? one.user_id)), h("span", { class: "faint small" }, name(owner), one.tags.length ? ` · ${one.tags.join(", ")}` : "")),
    h("span", { class: "faint small" }, h("span", { class: "badge" }, code("state", conversation.state)), h("br"), when(one.last_at)),
  ];
}

class Thread {
  constructor(page, place, state, user, { members }) {
    Object.assign(this, { page, place, state, user, members, dms: new Set(), path: `contacts/${encodeURIComponent(user)}`, seen: null, reading: false, again: false });
    this.header = h("header", {});
    this.said = h("div", { class: "said", tabindex: "0", role: "log", "aria-live": "polite" });
    this.text = h("textarea", { dir: "auto", maxlength: 6000, "aria-label": t("write"), placeholder: t("write"), value: kept.get(user) ?? "",
      oninput: () => kept.set(user, this.text.value),
      onkeydown: (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.form.requestSubmit(); } });
    this.button = h("button", { class: "main" }, t("send"));
    this.form = h("form", { onsubmit: (event) => { event.preventDefault(); this.send(); } }, this.text, this.button);
    this.footer = h("footer", {}, page.session.may_act ? this.form : null);
    show(place, h("section", { class: "thread" }, this.header, this.said, this.footer));
  }

  async read() {
    if (this.reading) { this.again = true; return; }
    this.reading = true;
    try {
      do {
        this.again = false;
        this.drawn(await this.page.read(`${this.path}/thread`));
      } while (this.again);
    } catch (error) {
      if (error instanceof Refused && error.status === 404) show(this.place, h("p", { class: "empty" }, t("no_conversations")));
      else this.page.tell(error);
    } finally { this.reading = false; }
  }

  drawn(thread) {
    const conversation = thread.contact.conversation;
    this.seen = { state: conversation?.state ?? null, owner: conversation?.owner ?? null };
    this.dms = new Set(thread.entries.filter((one) => one.kind === "dm").map((one) => one.dm_id));
    const isAtEnd = this.said.scrollHeight - this.said.scrollTop - this.said.clientHeight < 80;
    const open = new Set([...this.said.querySelectorAll("details[open]")].map((one) => one.dataset.of));
    show(this.said, thread.older ? h("p", { class: "event" }, t("older")) : null, thread.entries.map((one) => this.entry(one, open)), thread.pending ? this.waits(thread.pending) : null);
    const state = conversation?.state;
    const is = (...states) => states.includes(state);
    const act = (kind, words, extra = {}) => h("button", { type: "button", ...extra, onclick: () => this.act({ act: kind }) }, words);
    const active = this.members.filter((member) => member.status === "active");
    const assign = h("select", { "aria-label": t("assign"), onchange: (event) => event.target.value && this.act({ act: "assign", to: event.target.value }) },
      h("option", { value: "" }, t("assign")), active.map((member) => h("option", { value: member.email }, member.email)));
    show(this.header,
      h("div", { class: "row" }, h("a", { class: "back", href: `#/inbox/${this.state}` }, `← ${t("back")}`), h("b", { class: "grow" }, name(thread.handle ?? this.user)),
        state ? h("span", { class: "badge" }, code("state", state)) : null, this.seen.owner ? h("span", { class: "faint small" }, t("owned_by", { who: this.seen.owner })) : null),
      thread.contact.tags.length ? h("p", { class: "faint small" }, thread.contact.tags.map((tag) => [h("span", { class: "badge" }, name(tag)), " "])) : null,
      this.page.session.may_act ? h("div", { class: "row" },
        is("bot", "waiting") || (is("human") && this.seen.owner !== this.page.session.member) ? act("take", t("take"), { class: "main" }) : null,
        is("human") ? act("hand_back", t("hand_back")) : null,
        is("bot", "waiting", "human") && active.length > 1 ? assign : null,
        is("bot", "waiting", "human") ? act("close", t("close_conversation")) : null,
        thread.contact.blocked ? act("unblock", t("unblock")) : h("button", { type: "button", class: "bad", onclick: () => confirm(t("sure_block")) && this.act({ act: "block" }) }, t("block"))) : null);
    // Once the header has its height: what is left is for what was said.
    if (isAtEnd || !this.wasDrawn) this.said.scrollTop = this.said.scrollHeight;
    this.wasDrawn = true;
  }

  entry(one, open) {
    const at = h("time", { datetime: one.at }, when(one.at));
    const filled = { ...one, from: code("state", one.from), to: one.kind === "state" ? code("state", one.to) : one.to, until: when(one.until), reason: code("reason", one.reason) };
    switch (one.kind) {
      case "comment":
        return h("div", { class: "bubble comment" }, h("div", { class: "meta" }, t("comment_on", { post: one.post_id }), at, one.result ? h("span", { class: "badge" }, code("result", one.result)) : null),
          said(one.text, [], t("more")), one.result && one.result !== "fired" ? why(async () => [h("p", {}, code("result", one.result), one.until ? `, ${t("until", { at: when(one.until) })}` : ""), todo(one)], this.page.tell) : null);
      case "message":
        return h("div", { class: "bubble" }, said(one.text ?? one.option ?? "…", [], t("more")), h("div", { class: "meta" }, at, one.result && one.result !== "taken" && one.result !== "kept" ? h("span", { class: "badge warn" }, code("result", one.result)) : null));
      case "public_reply":
        return h("div", { class: "bubble ours" }, said(one.text), h("div", { class: "meta" }, t("public_reply"), at, one.stage ? stageBadge(one.stage) : null),
          one.stage && one.stage !== "sent" ? why(async () => diagnosis(await this.page.read(`diagnosis?about=dm&dm=${encodeURIComponent(one.effect)}`)), this.page.tell) : null);
      case "dm":
        return this.dm(one, at, open);
      case "act":
        return h("p", { class: "event" }, t("event.act", { member: one.member, act: code("act", one.act).replace("{to}", one.to ?? "") }), " · ", at);
      case "refused":
        return h("div", { class: "event" }, t("event.refused"), ": ", code("reason", one.reason), why(async () => [todo(one)], this.page.tell));
      case "queued": case "held": case "dropped":
        return h("div", { class: "event" }, t(`event.${one.kind}`, filled), one.to_do ? why(async () => [todo(one)], this.page.tell) : null);
      case "order":
        return h("div", { class: "event" }, t("event.order", { ...one, result: t(one.result ?? "organic") }), " · ", money(one.total_minor, one.currency), " · ", at,
          one.result === "attributed" ? null : why(async () => explained(await this.page.read(`orders/${encodeURIComponent(one.order_id)}/explain`)), this.page.tell));
      case "inbox":
        return h("p", { class: "event" }, t("event.inbox", filled), one.note ? [": ", said(one.note)] : null, " · ", at);
      case "state":
        return h("div", { class: "event" }, t("event.state", filled), one.reason ? ` (${code("reason", one.reason)})` : "", " · ", at,
          one.reason === "unrecognized_replies" ? why(async () => diagnosis(await this.page.read(`diagnosis?about=contact&contact=${encodeURIComponent(this.user)}`)), this.page.tell) : null);
      default:
        return h("p", { class: "event" }, t(`event.${one.kind}`, filled), " · ", at);
    }
  }

  /** A DM, and behind it its events: how far it came, and why no further. */
  dm(one, at, open) {
    const stage = one.stage ?? "queued";
    const panel = h("details", { "data-of": one.dm_id, ontoggle: async () => {
      if (!panel.open) return;
      try {
        const told = await this.page.read(`diagnosis?about=dm&dm=${encodeURIComponent(one.dm_id)}`);
        const stages = (one) => Object.entries(one.looked_at).filter(([what]) => what === "at" || what === "failed_at").map(([, at]) => at && when(at)).filter(Boolean);
        const times = told.checks.slice(0, 3).map((check) => h("li", {}, asks(check), ": ", stages(check).join(", ") || code("answer", check.answer)));
        show(panel, h("summary", {}, t("events")), h("ul", { class: "small" }, h("li", {}, code("stage", "queued"), ": ", when(one.at)), times), stage === "read" ? null : diagnosis(told));
      } catch (error) { this.page.tell(error); }
    } }, h("summary", {}, t("events")));
    if (open.has(one.dm_id)) panel.open = true;
    return h("div", { class: "bubble ours" }, one.text ? said(one.text) : null, one.card ? h("p", {}, h("span", { class: "badge" }, t("product_card")), " ", one.card.sku ?? one.card.product ?? "") : null,
      one.options?.length ? h("div", { class: "options" }, one.options.map((option) => h("span", {}, name(option.label)))) : null,
      h("div", { class: "meta" }, name(one.member ?? t("bot")), at, stageBadge(stage)), panel);
  }

  waits(pending) {
    return h("div", { class: "event" }, t(pending.waits === "queued" ? "waits_room" : "waits_buyer", { at: when(pending.until) }), why(async () => [todo(pending)], this.page.tell));
  }

  async act(what) {
    try {
      await this.page.calls.act(`${this.path}/acts`, { ...what, seen: this.seen });
    } catch (error) { this.refused(error); }
    await this.read();
  }

  async send() {
    const text = this.text.value;
    if (!text.trim() || this.button.disabled) return;
    this.button.disabled = true;
    this.button.textContent = t("sending");
    // The same words again are the same message: whoever lost the answer sends them once.
    const key = keys.get(this.user)?.text === text ? keys.get(this.user).key : newKey();
    keys.set(this.user, { text, key });
    try {
      await this.page.calls.act(`${this.path}/messages`, { text, seen: this.seen }, key);
      this.text.value = "";
      kept.delete(this.user);
      keys.delete(this.user);
    } catch (error) {
      if (!(error instanceof Away)) keys.delete(this.user);
      this.refused(error);
    }
    this.button.disabled = false;
    this.button.textContent = t("send");
    await this.read();
  }

  refused(error) {
    const problem = error instanceof Refused ? error.problem : {};
    if (problem.reason === "changed_meanwhile") this.page.notice(problem.owner ? t("changed", { who: problem.owner }) : t("changed_state"), "yellow");
    else this.page.tell(error);
  }
}

/** How far something came that went out. */
function stageBadge(stage) {
  const kind = { failed: "bad", dead: "bad", waiting: "warn", in_doubt: "warn", delivered: "good", read: "good" }[stage] ?? "";
  return h("span", { class: `badge ${kind}` }, code("stage", stage));
}

/** Whose conversations are looked for: it stays while one after the other is opened. */
let found = "";
/** What somebody had begun to write, by contact; and under which key it was sent last. */
const kept = new Map();
const keys = new Map();
