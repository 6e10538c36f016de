// A service with the demo's workspace, in a directory of its own: the day that `chatsparks demo` leaves behind.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAM = process.env.CHATSPARKS;

/** A launch day of so many comments. */
export function day(comments) {
  const directory = mkdtempSync(join(tmpdir(), "chatsparks-console-"));
  const lived = spawnSync(PROGRAM, ["demo", "--once", "--keep", directory, "--comments", String(comments)], { encoding: "utf8" });
  if (lived.error) throw lived.error;
  return directory;
}

/** A workspace to which nothing has happened. */
export function nothing() {
  const directory = mkdtempSync(join(tmpdir(), "chatsparks-console-"));
  const workspace = { id: "glow", name: "Moon", account_user_id: "acct_moon" };
  const members = [{ email: "owner@glow.example", role: "owner", status: "active" }];
  writeFileSync(join(directory, "moon.json"), JSON.stringify({ workspace, triggers: [], flows: [], members }));
  writeFileSync(join(directory, "token"), "of-nothing");
  writeFileSync(join(directory, "serve.toml"), `listen = "127.0.0.1:0"
store = "sqlite:chatsparks.db"
api_token = { file = "token" }
[[workspace]]
document = "moon.json"
`);
  return directory;
}

/** The service over such a directory. */
export class Service {
  constructor(directory) {
    this.directory = directory;
    this.token = readFileSync(join(directory, "token"), "utf8").trim();
    this.port = 0;
  }

  /** Starts it; again on the same port, once it had one. */
  async start() {
    const path = join(this.directory, "serve.toml");
    writeFileSync(path, readFileSync(path, "utf8").replace(/^listen = .*$/m, `listen = "127.0.0.1:${this.port}"`));
    this.process = spawn(PROGRAM, ["serve", "--config", path], { stdio: ["ignore", "pipe", "inherit"] });
    const line = await new Promise((done, failed) => {
      let said = "";
      this.process.stdout.on("data", (data) => { said += data; if (said.includes("\n")) done(said); });
      this.process.on("exit", (status) => failed(new Error(`the service ended with ${status}`)));
    });
    this.address = line.trim().replace("listening on ", "");
    this.port = Number(new URL(this.address).port);
  }

  async stop() {
    const ended = new Promise((done) => this.process.once("exit", done));
    this.process.kill("SIGKILL");
    await ended;
  }

  async end() {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async call(method, path, body) {
    const answer = await fetch(`${this.address}/v1/workspaces/glow/${path}`, {
      method, headers: { authorization: `Bearer ${this.token}` }, body: body === undefined ? undefined : JSON.stringify(body),
    });
    return answer.json();
  }

  /** Something happens, and is decided. */
  async happens(event) {
    await this.call("POST", "events", event);
    for (;;) {
      const health = await (await fetch(`${this.address}/healthz`)).json();
      if (health.shards.every((shard) => shard.lag === 0)) return;
      await new Promise((done) => setTimeout(done, 20));
    }
  }
}
