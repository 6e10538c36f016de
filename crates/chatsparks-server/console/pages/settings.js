// Settings: how the platforms are connected, whether the webhook receives, the team, and what goes to support.

import { languages } from "../shell.js";
import { h, name, show } from "../dom.js";
import { diagnosis, standing, why } from "../why.js";
import { code, t, when } from "../words.js";

export async function draw(page) {
  const [connections, team] = await Promise.all([page.read("connections"), page.read("members")]);
  const ask = (about) => why(async () => diagnosis(await page.read(`diagnosis?about=${about}`)), page.tell);
  const connection = (words, one) => h("div", { class: "card" },
    h("p", { class: "row" }, h("span", { class: `dot ${one.light}`, role: "img", "aria-label": code("light", one.light) }), h("b", {}, words), h("span", { class: "faint" },
      one.light === "amber" ? t("missing", { what: one.missing.join(", ") }) : code("light", one.light))),
    one.light === "green" ? null : why(async () => standing(one), page.tell));
  const webhook = connections.webhook;
  const light = { receiving: "green", silent: "red" }[webhook.state] ?? "amber";
  const channel = connections.channel;
  show(page.main, h("h1", {}, t("settings")), h("h2", {}, t("connections")),
    connection(t("tiktok"), connections.tiktok), connection(t("shop"), connections.shop),
    h("div", { class: "card" }, h("p", { class: "row" }, h("span", { class: `dot ${light}`, role: "img", "aria-label": code("webhook", webhook.state) }), h("b", {}, t("webhook")), h("span", {}, code("webhook", webhook.state)),
      h("span", { class: "faint" }, webhook.last_event ? t("last_event", { at: when(webhook.last_event) }) : t("no_event"))), webhook.state === "receiving" ? null : ask("webhook")),
    channel ? h("div", { class: "card" }, h("p", { class: "row" }, h("span", { class: `dot ${{ going: "green", stopped: "red" }[channel.state] ?? ""}` }), h("b", {}, t("channel")),
      h("span", { class: "faint" }, t(`channel.${channel.state}`, { since: when(channel.since), why: channel.why ?? "" })))) : null,
    h("h2", {}, t("team")), team.anyone ? h("p", { class: "faint" }, t("anyone")) : team.members.map((member) => h("div", { class: "card" },
      h("p", { class: "row" }, h("span", { class: `dot ${member.status === "active" ? "green" : member.status === "suspended" ? "red" : "amber"}` }), h("span", { class: "grow" }, name(member.email)),
        h("span", { class: "badge" }, code("role", member.role)), h("span", { class: "badge" }, code("status", member.status))),
      member.status === "active" ? null : ask(`member&email=${encodeURIComponent(member.email)}`))),
    // A narrow page has no room for it beside the pages.
    h("h2", {}, t("signed_in")), h("div", { class: "card row" }, h("span", { class: "grow" }, name(page.session.member ?? "")), h("button", { type: "button", onclick: page.signOut }, t("sign_out"))),
    h("h2", {}, t("language")), h("div", { class: "card" }, languages()),
    h("h2", {}, t("support")), h("div", { class: "card" }, h("p", { class: "faint" }, t("support_hint")), h("button", { type: "button", onclick: () => download(page) }, t("download"))));
}

async function download(page) {
  try {
    const bundle = await page.read("support");
    const url = URL.createObjectURL(new Blob([JSON.stringify(bundle, null, 2)], { type: "application/json" }));
    const link = h("a", { href: url, download: `chatsparks-${page.session.workspace}.json` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  } catch (error) { page.tell(error); }
}
