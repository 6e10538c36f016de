// The picture of the console that the documentation shows.

import { chromium } from "playwright-core";
import { Service, day } from "./service.mjs";

const [to] = process.argv.slice(2);
const service = new Service(day(2000));
await service.start();
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
try {
  const page = await browser.newPage({ viewport: { width: 1200, height: 720 }, colorScheme: "light", locale: "en-US" });
  await page.goto(service.address);
  await page.fill("[name=workspace]", "glow");
  await page.fill("[name=member]", "owner@glow.example");
  await page.fill("[name=token]", service.token);
  await page.press("[name=token]", "Enter");
  await page.waitForSelector(".list .item");
  // Somebody whom a person talks with.
  await page.goto(`${service.address}/#/inbox/human`);
  await page.waitForSelector(".list .item");
  await page.locator(".list .item").nth(2).click();
  await page.waitForSelector(".bubble.ours");
  await page.waitForTimeout(500);
  await page.screenshot({ path: to });
} finally {
  await browser.close();
  await service.end();
}
