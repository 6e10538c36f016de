// The console: who is signed in, which page is shown, and what all pages share.

import { h, icon, show } from "./dom.js";
import { Away, Refused, act, of, onAway, read } from "./api.js";
import { languages } from "./shell.js";
import { begin as beginWords, refusal, t } from "./words.js";

/** The pages: each is asked for when it is first opened. */
const PAGES = ["automations", "inbox", "analytics", "billing", "settings"];

const root = document.getElementById("app");
let session = null;
let leave = () => {};

/** What a page is given. */
function context(main, parts, signal) {
  const calls = of(session.workspace);
  return {
    main, parts, signal, session, calls, signOut,
    read: (path) => calls.read(path, signal),
    go: (...to) => { location.hash = `#/${to.map(encodeURIComponent).join("/")}`; },
    /** Tells of what went wrong, where people look. */
    tell(error) {
      if (signal.aborted) return;
      if (error instanceof Refused && error.status === 401) { session = null; signIn(t("gone")); return; }
      // That the service is away stands above, until it is back.
      if (error instanceof Away) return;
      notice(main, error instanceof Refused ? refusal(error.problem) : t("failed", { why: error.message }), "error");
    },
    notice: (text, kind) => notice(main, text, kind),
  };
}

function notice(main, text, kind = "") {
  main.querySelector(".notice.passing")?.remove();
  const close = h("button", { class: "quiet", type: "button", onclick: () => element.remove() }, t("close"));
  const element = h("div", { class: `notice passing row ${kind}`, role: kind === "error" ? "alert" : "status" }, h("span", { class: "grow" }, text), close);
  main.prepend(element);
}

function where() {
  const parts = location.hash.replace(/^#\/?/, "").split("/").filter(Boolean).map((part) => {
    try { return decodeURIComponent(part); } catch { return part; }
  });
  return PAGES.includes(parts[0]) ? parts : ["automations"];
}

async function open() {
  leave();
  if (!session) return;
  const [page, ...parts] = where();
  const ended = new AbortController();
  const loading = h("p", { class: "faint" }, t("loading"));
  const main = h("main", { id: "main", tabindex: "-1" }, loading);
  const off = shell(page, main);
  leave = () => { ended.abort(); off(); leave = () => {}; };
  document.title = `${t(page)} · ${session.name}`;
  try {
    const { draw } = await import(`./pages/${page}.js`);
    if (!ended.signal.aborted) await draw(context(main, parts, ended.signal));
  } catch (error) {
    loading.remove();
    if (!ended.signal.aborted) context(main, parts, ended.signal).tell(error);
  }
}

function shell(page, main) {
  const link = (name) => h("a", { href: `#/${name}`, "aria-current": name === page ? "page" : null, "data-page": name }, icon(name), h("span", {}, t(name)), h("span", { class: "count", hidden: true }));
  const bar = h("nav", { class: "bar", "aria-label": session.name },
    h("div", { class: "name" }, h("bdi", { dir: "auto" }, session.name)), PAGES.map(link),
    h("div", { class: "who" }, h("bdi", {}, session.member ?? ""), h("br"), h("button", { class: "quiet", type: "button", onclick: signOut }, t("sign_out"))));
  const away = awayNotice();
  const skip = h("a", { class: "skip", href: "#main", onclick: (event) => { event.preventDefault(); main.focus(); } }, t("skip"));
  show(root, skip, h("div", { class: "shell" }, bar, h("div", { class: "grow" }, h("div", { role: "presentation" }, away), main)));
  return onAway((isAway) => { away.hidden = !isAway; });
}

const awayNotice = () => h("div", { class: "notice red", role: "alert", hidden: true }, t("away"));

async function signOut() {
  await act("DELETE", "v1/session").catch(() => {});
  session = null;
  leave();
  signIn();
}

function signIn(told) {
  leave();
  const field = (name, type, hint) => {
    const input = h("input", { name, type, required: name !== "token", autocomplete: type === "password" ? "off" : name === "member" ? "email" : "on", id: name });
    return [h("label", { for: name }, t({ workspace: "workspace", member: "email", token: "token" }[name])), input, hint ? h("p", { class: "faint small" }, hint) : null];
  };
  const problem = h("p", { role: "alert" }, told ?? "");
  const away = awayNotice();
  const off = onAway((isAway) => { away.hidden = !isAway; });
  leave = () => { off(); leave = () => {}; };
  const form = h("form", { class: "sign-in card", onsubmit: async (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(form));
    if (!given.token) delete given.token;
    try {
      session = await act("POST", "v1/session", given);
      localStorage.setItem("chatsparks_workspace", given.workspace);
      open();
    } catch (error) {
      problem.textContent = error instanceof Refused ? refusal(error.problem) : "";
    }
  } }, h("h1", {}, "ChatSparks"), away, problem, field("workspace", "text"), field("member", "email"), field("token", "password", t("token_hint")),
  h("button", { class: "main" }, t("sign_in")), languages(() => signIn(told)));
  show(root, h("main", { id: "main" }, form));
  document.title = `${t("sign_in")} · ChatSparks`;
  form.elements.workspace.value = localStorage.getItem("chatsparks_workspace") ?? "";
  (form.elements.workspace.value ? form.elements.member : form.elements.workspace).focus();
}

async function start() {
  await beginWords();
  addEventListener("hashchange", open);
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && location.hash.split("/").length > 2) location.hash = location.hash.split("/").slice(0, 2).join("/");
  });
  try {
    session = await read("v1/session");
  } catch {
    signIn();
    return;
  }
  await open();
}

// Nothing is waited for while this file is read.
start();
