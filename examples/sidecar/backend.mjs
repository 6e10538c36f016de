// A backend in Node that uses ChatSparks as a sidecar: Node's own library, and nothing else.
//
// It takes effects on an endpoint, brings an event, and reads what was decided:
//
//   export CHATSPARKS_TOKEN=$(openssl rand -hex 32) EFFECTS_SECRET=$(openssl rand -base64 32)
//   chatsparks serve --config serve.toml &
//   node backend.mjs

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const chatsparks = process.env.CHATSPARKS_URL ?? "http://127.0.0.1:8787";
const workspace = `${chatsparks}/v1/workspaces/shop`;
const token = process.env.CHATSPARKS_TOKEN;
const key = Buffer.from(process.env.EFFECTS_SECRET.replace(/^whsec_/, ""), "base64");
const port = Number(process.env.EFFECTS_PORT ?? 9000);

const done = new Map(); // what was sent, by its webhook-id: in a backend of yours, a table of its database

// Whether ChatSparks signed this, lately: https://www.standardwebhooks.com.
function isSigned(headers, body) {
  const stamp = Number(headers["webhook-timestamp"]);
  if (!(Math.abs(Date.now() / 1000 - stamp) <= 300)) return false;
  const mac = createHmac("sha256", key).update(`${headers["webhook-id"]}.${stamp}.`).update(body);
  const wanted = Buffer.from(`v1,${mac.digest("base64")}`);
  const given = (headers["webhook-signature"] ?? "").split(" ").map((one) => Buffer.from(one));
  return given.some((one) => one.length === wanted.length && timingSafeEqual(one, wanted));
}

// The endpoint that takes effects, and sends them.
const endpoint = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (!isSigned(request.headers, body)) return response.writeHead(401).end();
  // An effect may come twice, under one id: the second time there is nothing to do.
  const id = request.headers["webhook-id"];
  if (!done.has(id)) {
    const { effect } = JSON.parse(body);
    if (effect.send_dm) console.log(`DM to ${effect.send_dm.user_id}: ${effect.send_dm.text}`);
    if (effect.public_reply) console.log(`reply to ${effect.public_reply.comment_id}: ${effect.public_reply.text}`);
    done.set(id, effect.id);
  }
  response.writeHead(204).end(); // 503 would be: again later; 400: never again
});
await new Promise((listening) => endpoint.listen(port, "127.0.0.1", listening));

// A call of ChatSparks.
async function call(method, path, body) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/jsonl" };
  const answer = await fetch(workspace + path, { method, headers, body });
  if (!answer.ok) throw new Error(`${answer.status}: ${(await answer.json()).detail}`);
  return answer;
}

// What happened on the platform: one event a line, each with an id of its own. Sent again, nothing happens twice.
const comment = { id: "event-1", type: "comment", comment_id: "comment-1", post_id: "video-1",
  user_id: "user-1", handle: "mint", text: "PRICE?" };
const accepted = await call("POST", "/events", JSON.stringify(comment));
console.log("accepted:", (await accepted.json()).accepted);

// The effects arrive by themselves: a public reply, and a DM.
const deadline = Date.now() + 30_000;
while (done.size < 2 && Date.now() < deadline) await new Promise((soon) => setTimeout(soon, 50));

// What was decided, one record a line; the cursor says where to go on next time.
const records = await call("GET", "/records?limit=100");
for (const line of (await records.text()).split("\n").filter(Boolean)) {
  const record = JSON.parse(line);
  console.log("record", record.seq, record.event ?? record.timer, JSON.stringify(record.outcome));
}
console.log("go on after", records.headers.get("x-next-cursor"));
const contact = await (await call("GET", "/contacts/user-1")).json();
console.log("conversation:", contact.conversation.state);
endpoint.close();
