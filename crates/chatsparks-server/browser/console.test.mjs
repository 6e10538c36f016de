// The console in a browser, over the demo's workspace.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { Service, day, nothing } from "./service.mjs";

const OWNER = "owner@glow.example";
const MALI = "mali@glow.example";

let service;
let browser;

before(async () => {
  service = new Service(day(300));
  await service.start();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  await service?.end();
});

/** A page on which somebody has signed in, and what went wrong on it. */
async function signedIn(member, options = {}, of = service) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-US", ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error" && !message.text().includes("Failed to load resource")) wrong.push(message.text()); });
  await page.goto(of.address);
  await page.fill("[name=workspace]", "glow");
  await page.fill("[name=member]", member);
  await page.fill("[name=token]", of.token);
  await page.press("[name=token]", "Enter");
  await page.waitForSelector(of === service ? ".list .item" : ".list");
  return { page, context, wrong };
}

async function open(page, hash) {
  await page.goto(`${service.address}/#/${hash}`);
}

test("the first page is light, and its session is out of reach of scripts", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  let bytes = 0;
  const bodies = [];
  page.on("response", (response) => bodies.push(response.body().then((body) => { bytes += body.length; }, () => {})));
  await page.goto(service.address);
  await page.waitForSelector("form");
  await Promise.all(bodies);
  assert.ok(bytes > 1000 && bytes < 150 * 1024, `${bytes} bytes`);
  await context.close();
  const { page: inside, context: session } = await signedIn(OWNER);
  assert.equal(await inside.evaluate(() => document.cookie), "");
  const [cookie] = await session.cookies();
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, "Strict"]);
  assert.ok(!(await inside.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).includes(service.token));
  await session.close();
});

test("every page is drawn in three widths, by day and by night, without anything going wrong", async () => {
  for (const [width, colorScheme] of [[1280, "light"], [768, "dark"], [390, "dark"]]) {
    const { page, context, wrong } = await signedIn(OWNER, { viewport: { width, height: 844 }, colorScheme });
    for (const name of ["automations", "inbox", "analytics", "billing", "settings"]) {
      await open(page, name);
      await page.waitForSelector(`nav a[data-page=${name}][aria-current=page]`);
      await page.waitForSelector("main h1");
      const isWider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      assert.equal(isWider, false, `${name} at ${width}`);
    }
    const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
    assert.equal(paper.every((part) => part < 128), colorScheme === "dark");
    assert.deepEqual(wrong, []);
    await context.close();
  }
});

test("where there is nothing yet, every page says so", async () => {
  const empty = new Service(nothing());
  await empty.start();
  try {
    for (const width of [1280, 768, 390]) {
      const { page, context, wrong } = await signedIn(OWNER, { viewport: { width, height: 844 } }, empty);
      for (const [name, words] of [["automations", /There are no automations yet/], ["inbox", /Nobody is here/], ["analytics", /Where buyers leftThere is nothing to count yet/], ["billing", /Nobody waits/], ["settings", /Waiting…/]]) {
        await page.goto(`${empty.address}/#/${name}`);
        await page.waitForFunction((words) => new RegExp(words).test(document.querySelector("main").textContent), words.source);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${name} at ${width}`);
      }
      assert.deepEqual(wrong, []);
      await context.close();
    }
  } finally {
    await empty.end();
  }
});

test("words are in the reader's language, and stay so", async () => {
  const { page, context } = await signedIn(OWNER);
  for (const [code, words] of [["th", "กล่องข้อความ"], ["vi", "Hộp thư"], ["id", "Kotak masuk"], ["en", "Inbox"]]) {
    await open(page, "settings");
    await page.selectOption("#language", code);
    await page.waitForSelector(`html[lang=${code}] nav >> text="${words}"`);
    await page.reload();
    await page.waitForSelector(`html[lang=${code}] nav >> text="${words}"`);
  }
  await context.close();
});

test("C10, C11: a trigger is tested, and its last evaluations say why", async () => {
  const { page, context } = await signedIn(OWNER);
  await open(page, "automations/price-en");
  await page.fill("#test", "how much is the PRICE <b>?");
  await page.click("form .main");
  await page.waitForSelector('[role=status] mark >> text="PRICE"');
  await page.waitForSelector('text="It would answer"');
  await page.fill("#test", "hello");
  await page.click("form .main");
  await page.waitForSelector('text="It would not answer"');
  await page.locator('section .card button:text-is("Why?")').first().click();
  await page.waitForSelector(".why >> text=/What to do next/");
  await page.click('button:text-is("Look through past comments")');
  await page.waitForSelector('[role=status] >> text=/past comments would match|None was found/');
  await context.close();
});

test("no text of a buyer is taken for markup, in whatever direction and however long", async () => {
  const markup = `<img src=x onerror="window.taken=1"><script>window.taken=1</script>`;
  const long = `\u202eprice ${markup} ${"ยาว".repeat(110_000)}`;
  await service.happens({ id: "bad-1", type: "comment", comment_id: "bad-c1", post_id: "v31", user_id: "bad-u1", handle: `${markup}\u202eevil`, text: long });
  await service.happens({ id: "bad-2", type: "message", message_id: "bad-m1", user_id: "bad-u1", text: `${markup} مرحبا` });
  // A name that long is refused where it comes in: no page ever has to hold it.
  const refused = await service.call("POST", "events", { id: "bad-3", type: "message", message_id: "bad-m2", user_id: "bad-u1", handle: "n".repeat(1 << 20), text: "hi" });
  assert.equal(refused.status, 400);
  const { page, context, wrong } = await signedIn(OWNER);
  await open(page, "inbox/open/bad-u1");
  await page.waitForSelector('.bubble >> text=/مرحبا/');
  await open(page, "inbox/human");
  await page.waitForSelector(".list .item >> text=/evil/");
  await open(page, "automations/price-en");
  await page.waitForSelector("section .card >> text=/window.taken/");
  assert.equal(await page.evaluate(() => window.taken), undefined);
  assert.equal(await page.evaluate(() => document.querySelectorAll("main img, main script").length), 0);
  assert.ok(await page.evaluate(() => document.body.textContent.length) < 200_000);
  assert.deepEqual(wrong, []);
  // Nor would the browser run what was not served here: the policy refuses it.
  const isRefused = await page.evaluate(() => {
    try { document.createElement("script").src = "data:text/javascript,window.taken=1"; return false; } catch { return true; }
  });
  assert.equal(isRefused, true);
  await context.close();
});

test("V7: of two who act on one conversation the second is told, and both see what was written", async () => {
  await service.happens({ id: "two-1", type: "message", message_id: "two-m1", user_id: "two-u1", handle: "two", text: "is anybody there?" });
  const mali = await signedIn(MALI);
  const owner = await signedIn(OWNER);
  // The second hears no changes: what is on the page stands as it was.
  await owner.page.route("**/changes*", (route) => route.abort());
  for (const { page } of [mali, owner]) {
    await open(page, "inbox/human/two-u1");
    await page.waitForSelector('.bubble >> text="is anybody there?"');
  }
  await mali.page.click('button:text-is("Take over")');
  await mali.page.waitForSelector(`.thread header >> text="With ${MALI}"`);
  await owner.page.click('button:text-is("Take over")');
  await owner.page.waitForSelector(`.notice >> text=/${MALI} has it/`);
  await owner.page.waitForSelector(`.thread header >> text="With ${MALI}"`);
  assert.equal((await service.call("GET", "contacts/two-u1")).conversation.owner, MALI);
  // What the one writes the other sees, without asking.
  await owner.page.fill("textarea", "We are <here>.");
  await owner.page.press("textarea", "Control+Enter");
  await mali.page.waitForSelector('.bubble.ours >> text="We are <here>."');
  // V11: how far a DM came, and why no further.
  await mali.page.locator(".bubble.ours summary").last().click();
  await mali.page.waitForSelector(".bubble.ours details[open] li >> text=/It was sent|The DM was sent/");
  await mali.page.click('button:text-is("Hand back to the bot")');
  await mali.page.waitForSelector('.thread header .badge >> text="Waiting"');
  await mali.context.close();
  await owner.context.close();
});

test("a service that goes away and comes back loses nothing that was written", async () => {
  await service.happens({ id: "away-1", type: "message", message_id: "away-m1", user_id: "away-u1", text: "hello?" });
  const { page, context } = await signedIn(OWNER);
  await open(page, "inbox/human/away-u1");
  await page.waitForSelector('.bubble >> text="hello?"');
  await page.fill("textarea", "written while it was away");
  await service.stop();
  await page.click('button:text-is("Send")');
  await page.waitForSelector(".notice.red:not([hidden])");
  assert.equal(await page.inputValue("textarea"), "written while it was away");
  await service.start();
  await page.waitForSelector(".notice.red >> nth=0", { state: "hidden" });
  assert.equal(await page.locator('.notice:visible >> text=/does not answer/').count(), 0);
  await page.locator('button:text-is("Send"):enabled').click();
  await page.waitForSelector('.bubble.ours >> text="written while it was away"');
  await page.waitForTimeout(300);
  assert.equal(await page.locator('.bubble.ours >> text="written while it was away"').count(), 1);
  await context.close();
});

test("a hundred thousand conversations are scrolled with a few rows on the page, by keyboard too", async () => {
  const { page, context } = await signedIn(OWNER);
  const COUNT = 100_000;
  let asked = 0;
  await page.route("**/conversations?*", (route) => {
    asked += 1;
    const from = Number(new URL(route.request().url()).searchParams.get("before") ?? 0);
    const one = (index) => ({ user_id: `u${index}`, handle: `buyer ${index}`, last_at: "2026-03-15T10:00:00Z", blocked: false, tags: [], fields: {}, counted: true, queued: false, awaiting: false, conversation: { id: 1, state: "human" } });
    const until = Math.min(COUNT, from + 200);
    const conversations = Array.from({ length: until - from }, (_, place) => one(from + place));
    return route.fulfill({ json: { counts: { bot: 0, waiting: 0, human: COUNT, closed: 0 }, conversations, next: until < COUNT ? String(until) : null } });
  });
  await open(page, "inbox/human");
  await page.waitForSelector('.list .item >> text="buyer 0"');
  assert.equal(asked, 1);
  for (let turn = 0; turn < 12; turn += 1) {
    const from = await page.evaluate(() => document.querySelector(".list").scrollHeight);
    await page.evaluate(() => { const list = document.querySelector(".list"); list.scrollTop = list.scrollHeight; });
    await page.waitForFunction((from) => document.querySelector(".list").scrollHeight > from, from);
  }
  const rows = await page.locator(".list .item").count();
  assert.ok(rows > 5 && rows < 80, `${rows} rows`);
  // Pages are asked for as they come near, and none of them twice.
  assert.ok(asked >= 13 && asked < 20, `${asked} pages`);
  await page.focus(".list");
  await page.keyboard.press("Home");
  await page.waitForSelector('.list .item[aria-selected=true] >> text="buyer 0"');
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/inbox/human/u1");
  await page.keyboard.press("Escape");
  await page.waitForURL(/#\/inbox$/);
  await context.close();
});

test("A6: a soft order has a dotted ring until somebody says what it is", async () => {
  const { orders } = await service.call("GET", "orders?result=soft");
  const { page, context } = await signedIn(OWNER);
  await open(page, "analytics");
  const cards = page.locator(".card:has(.ring)");
  const waiting = orders.filter((order) => !order.reviewed);
  if (waiting.length === 0) {
    await page.waitForSelector('text="No soft order waits for a word."');
  } else {
    const [order] = waiting;
    const card = cards.filter({ hasText: order.order_id }).first();
    assert.equal(await card.locator(".ring").evaluate((ring) => getComputedStyle(ring).borderStyle), "dotted");
    await card.locator('button:text-is("Confirm")').click();
    await card.locator(".ring.sure").waitFor();
    assert.equal((await service.call("GET", `orders/${encodeURIComponent(order.order_id)}`)).result, "attributed");
  }
  await context.close();
});

test("M3, M5: the banner follows the count, and who waits is told, until when, and why", async () => {
  const { page, context } = await signedIn(OWNER);
  const usage = (count, banner, paused, waiting = []) => ({ mac: { cycle_start: "2026-03-01T00:00:00Z", count, limit: 100, banner, paused }, next_cycle: "2026-04-01T00:00:00Z", told_at: [80, 95, 100], waiting, next: null });
  const waits = { user_id: "w1", handle: "<b>waits</b>", trigger: "price", comment_id: "c1", post_id: "v1", since: "2026-03-15T10:00:00Z", until: "2026-03-17T10:00:00Z", advice: "raise_limit", to_do: "Raise the limit." };
  for (const [told, notice] of [[usage(10, "none", false), null], [usage(80, "yellow", false), "80 %"], [usage(95, "red", false), "95 %"], [usage(100, "red", true, [waits]), "limit is reached"]]) {
    await page.unrouteAll();
    await page.route("**/usage*", (route) => route.fulfill({ json: told }));
    await open(page, "settings");
    await page.waitForSelector("text=/TikTok account/");
    await open(page, "billing");
    await page.waitForSelector(`main b >> text="${told.mac.count} of 100 contacts this cycle"`);
    assert.equal(await page.locator("main .notice").count(), notice ? 1 : 0);
    if (notice) assert.match(await page.locator("main .notice").textContent(), new RegExp(notice));
  }
  await page.waitForSelector('table >> text="<b>waits</b>"');
  await page.click('table button:text-is("Why?")');
  await page.waitForSelector(".why >> text=/What to do next/");
  // P2: who has to write first is told too, page by page.
  assert.equal(await page.locator('h2 >> text="Who has to write first"').count(), 0);
  const held = (user_id) => ({ ...waits, user_id, handle: `<i>${user_id}</i>`, advice: "ask_to_write", to_do: "Ask for a DM." });
  await page.route("**/held*", (route) => route.fulfill({ json: route.request().url().includes("after=")
    ? { count: 2, waiting: [held("h2")], next: null } : { count: 2, waiting: [held("h1")], next: "1~h1" } }));
  await open(page, "settings");
  await page.waitForSelector("text=/TikTok account/");
  await open(page, "billing");
  await page.waitForSelector('h2:has-text("Who has to write first") .badge >> text="2"');
  await page.waitForSelector('table >> text="<i>h1</i>"');
  await page.click('main > button:text-is("more")');
  await page.waitForSelector('table >> text="<i>h2</i>"');
  await page.locator('table button:text-is("Why?")').last().click();
  await page.waitForSelector('.why >> text=/Waits for them to write/');
  assert.equal(await page.locator('main > button:text-is("more")').count(), 0);
  await context.close();
});

test("V1: a conversation is found by the beginning of a handle or an id, by keyboard alone", async () => {
  await service.happens({ id: "find-1", type: "message", message_id: "find-m1", user_id: "find-u1", handle: "@Ｍáli_9 <b>", text: "hello?" });
  await service.happens({ id: "find-2", type: "message", message_id: "find-m2", user_id: "find-u2", handle: "somebody", text: "hello?" });
  const { page, context, wrong } = await signedIn(OWNER);
  await open(page, "inbox/human");
  await page.waitForSelector(".list .item");
  await page.keyboard.press("/");
  await page.keyboard.type("@máLI_9");
  await page.waitForFunction(() => document.querySelectorAll(".list .item").length === 1);
  await page.waitForSelector('.list .item >> text=/li_9 <b>/');
  await page.waitForSelector('[role=tab][aria-selected=true] >> text="Human 1"');
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/inbox/human/find-u1");
  await page.waitForSelector('.bubble >> text="hello?"');
  // What is looked for stays while conversations are opened, and Esc takes it away.
  assert.equal(await page.inputValue("input.find"), "@máLI_9");
  await page.fill("input.find", "find-u");
  await page.waitForFunction(() => document.querySelectorAll(".list .item").length === 2);
  await page.fill("input.find", "nobody is called so");
  await page.waitForSelector('.list >> text="None was found."');
  await page.focus("input.find");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.querySelectorAll(".list .item").length > 2);
  assert.equal(await page.inputValue("input.find"), "");
  assert.match(page.url(), /inbox\/human\/find-u1$/);
  // In what somebody writes a slash is a slash.
  await page.focus("textarea");
  await page.keyboard.type("1/2");
  assert.equal(await page.inputValue("textarea"), "1/2");
  // More than are looked at is said.
  await page.route("**/conversations?*find=*", (route) => route.fulfill({ json: { counts: { bot: 0, waiting: 0, human: 0, closed: 0 }, conversations: [], next: null, cut: true } }));
  await page.fill("input.find", "a");
  await page.waitForSelector('text="More than 10,000 were found: type more letters."');
  assert.deepEqual(wrong, []);
  await context.close();
});

test("W3: a connection is green, amber with what is missing, or red, and a webhook waits", async () => {
  const { page, context } = await signedIn(OWNER);
  await page.route("**/connections", (route) => route.fulfill({ json: { tiktok: { light: "amber", missing: ["messages"], connected: true, scopes: [], advice: "grant_scopes", to_do: "Grant them." }, shop: { light: "red", connected: false, scopes: [], refused: "TikTok answered <b>105002</b>", advice: "connect_shop", to_do: "Connect the shop." }, webhook: { state: "waiting", last_event: null }, account: null, channel: null } }));
  await open(page, "settings");
  await page.waitForSelector('text="Missing: messages"');
  assert.equal(await page.locator("main .dot.amber").count() >= 2, true);
  await page.waitForSelector('text="Waiting…"');
  const card = (words) => page.locator("main .card").filter({ hasText: words });
  await card("Missing: messages").locator('button:text-is("Why?")').click();
  await card("Missing: messages").locator(".why >> text=/Grant them/").waitFor();
  // What is asked beside the shop is answered about the shop.
  await card("TikTok Shop").locator('button:text-is("Why?")').click();
  await card("TikTok Shop").locator(".why >> text=/Connect the shop/").waitFor();
  await card("TikTok Shop").locator(".why >> text=/answered <b>105002<.b>/").waitFor();
  await card("Waiting…").locator('button:text-is("Why?")').click();
  await card("Waiting…").locator(".why li").first().waitFor();
  await context.close();
});

test("D3: a public reply that was not said looks so, and says why and what to do", async () => {
  await service.happens({ id: "reply-1", type: "comment", comment_id: "reply-c1", post_id: "v31", user_id: "reply-u1", handle: "reply", text: "price?" });
  const { page, context, wrong } = await signedIn(OWNER);
  const reply = { kind: "public_reply", at: "2026-03-15T10:00:00Z", effect: "reply-1/0", text: "Check <b>your</b> inbox", stage: "failed", why: "TikTok answered 40002: <i>no</i>", attempts: 1, advice: "answer_the_comment", to_do: "Answer it." };
  const said = { ...reply, effect: "reply-1/1", text: "This one was said", stage: "sent", why: null };
  await page.route("**/contacts/reply-u1/thread", async (route) => {
    const told = await (await route.fetch()).json();
    return route.fulfill({ json: { ...told, entries: [...told.entries, reply, said] } });
  });
  const check = { code: "reply_sent", asks: "The public reply was sent to the platform", answer: "fail", looked_at: { why: reply.why }, advice: reply.advice, to_do: reply.to_do };
  await page.route("**/diagnosis?about=dm&dm=reply-1%2F0", (route) => route.fulfill({ json: { kind: "reply_not_said", case: "reply_failed", advice: reply.advice, to_do: reply.to_do, checks: [check] } }));
  await open(page, "inbox/open/reply-u1");
  const failed = page.locator(".bubble.ours").filter({ hasText: "Check <b>your</b> inbox" });
  await failed.locator('.badge.bad >> text="Failed"').waitFor();
  await failed.locator('button:text-is("Why?")').click();
  await failed.locator(".why >> text=/TikTok answered 40002: <i>no<.i>/").waitFor();
  await failed.locator(".why >> text=/Answer it/").waitFor();
  const sent = page.locator(".bubble.ours").filter({ hasText: "This one was said" });
  await sent.locator('.badge >> text="Sent"').waitFor();
  assert.equal(await sent.locator('button:text-is("Why?")').count(), 0);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("that the service was away is told no longer once it is back, where nobody listens too", async () => {
  const { page, context } = await signedIn(OWNER);
  await page.route("**/orders?result=soft*", (route) => route.fulfill({ json: { orders: [{ order_id: "away-o1", result: "soft", user_id: null, placed_at: "2026-03-15T10:00:00Z", net_minor: 100, currency: "THB", reviewed: false }], next: null } }));
  await open(page, "analytics");
  const confirm = page.locator('.card button:text-is("Confirm")');
  await confirm.waitFor();
  await service.stop();
  await confirm.click();
  await page.waitForSelector('.notice:visible >> text=/does not answer/');
  await service.start();
  await page.waitForFunction(() => ![...document.querySelectorAll(".notice")].some((notice) => !notice.hidden && /does not answer/.test(notice.textContent)));
  await context.close();
});

test("D6: why something was refused is said in the reader's language, and nothing loads for ever", async () => {
  const context = await browser.newContext({ locale: "th" });
  const page = await context.newPage();
  await page.goto(service.address);
  const sign = async (workspace, member) => {
    await page.fill("[name=workspace]", workspace);
    await page.fill("[name=member]", member);
    await page.fill("[name=token]", service.token);
    await page.press("[name=token]", "Enter");
  };
  await sign("nosuch", OWNER);
  await page.waitForSelector('form [role=alert] >> text="ไม่มีพื้นที่ทำงานรหัสนี้"');
  await sign("glow", "nobody@glow.example");
  await page.waitForSelector('form [role=alert] >> text=/ไม่มีใครเชิญอีเมลนี้/');
  await context.close();
  const { page: inside, context: session } = await signedIn(OWNER, { locale: "vi" });
  await open(inside, "automations/nosuch");
  await inside.waitForSelector('main .notice >> text="Ở đây không có gì tên như vậy."');
  assert.equal(await inside.locator("main > p.faint").count(), 0);
  // What the engine refuses has its advice.
  await service.happens({ id: "vi-1", type: "message", message_id: "vi-m1", user_id: "vi-u1", text: "hello?" });
  await inside.route("**/contacts/vi-u1/acts", (route) => route.fulfill({ status: 409, contentType: "application/problem+json", json: { type: "https://x/#refused", status: 409, title: "no", detail: "Take it first.", reason: "not_human", advice: "take_first", to_do: "Take it first." } }));
  await open(inside, "inbox/human/vi-u1");
  await inside.locator(".thread header .main").click();
  await inside.waitForSelector('main .notice >> text="Bot đang giữ: hãy tiếp nhận trước."');
  await session.close();
});

test("on a phone too it is told who is signed in, and they can sign out", async () => {
  const { page, context } = await signedIn(OWNER, { viewport: { width: 390, height: 844 } });
  await page.click('nav a[data-page="settings"]');
  const card = page.locator("main .card").filter({ has: page.locator('button:text-is("Sign out")') });
  await card.locator(`text="${OWNER}"`).waitFor();
  await card.locator("button").click();
  await page.waitForSelector("form [name=member]");
  await page.reload();
  await page.waitForSelector("form [name=member]");
  await context.close();
});

test("A6: an order that nobody is credited with is found, and says why", async () => {
  for (const number of [1, 2, 3]) {
    await service.happens({ id: `organic-${number}`, type: "order", order_id: `0-organic-${number}`, user_id: "nobody-known", currency: "THB", total_minor: 12300, lines: [] });
  }
  const { page, context, wrong } = await signedIn(OWNER);
  await open(page, "analytics");
  const card = page.locator(".card").filter({ hasText: "0-organic-1" });
  await card.locator(".ring.organic").waitFor();
  assert.equal(await card.locator('button:text-is("Confirm")').count(), 0);
  await card.locator('button:text-is("Why?")').click();
  await card.locator(".why >> text=/What to do next/").waitFor();
  // A page at a time.
  await page.route("**/orders?result=organic*", async (route) => {
    const url = new URL(route.request().url());
    url.searchParams.set("limit", "1");
    return route.fulfill({ response: await route.fetch({ url: String(url) }) });
  });
  await open(page, "settings");
  await page.waitForSelector("text=/TikTok account/");
  await open(page, "analytics");
  await page.waitForSelector('.card >> text="0-organic-1"');
  const organic = page.locator("section").filter({ hasText: "Organic orders" });
  assert.equal(await organic.locator(".card").count(), 1);
  await organic.locator('button:text-is("more")').click();
  await organic.locator('.card >> text="0-organic-2"').waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});
