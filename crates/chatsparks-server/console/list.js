// A list of any length: only the rows that are seen are on the page, and pages are asked for as they come near.

import { h } from "./dom.js";

/** Rows beyond the edge that are drawn, and rows before the end at which the next page is asked for. */
const BEYOND = 8;
const AHEAD = 60;

/**
 * A list. `page(next)` answers `{ items, next }`; `row(item)` draws one; `key(item)` tells it from others;
 * `chosen(item)` hears a click or Enter; `empty()` is what stands there where there is none. Arrow keys, Home and End go
 * from row to row.
 */
export function list({ height, page, row, key, chosen, label, empty }) {
  const space = h("div", { class: "space", role: "presentation" });
  const element = h("div", { class: "list", role: "listbox", tabindex: "0", "aria-label": label }, space);
  let items = [];
  let next = null;
  let ended = false;
  let asking = false;
  let selected = null;
  let generation = 0;
  const drawn = new Map();

  function draw() {
    const count = items.length;
    space.style.height = `${count * height}px`;
    const first = Math.max(0, Math.floor(element.scrollTop / height) - BEYOND);
    const last = Math.min(count, Math.ceil((element.scrollTop + element.clientHeight) / height) + BEYOND);
    const wanted = new Set();
    for (let index = first; index < last; index += 1) {
      const item = items[index];
      const id = key(item);
      wanted.add(id);
      let held = drawn.get(id);
      if (!held || held.item !== item) {
        held?.element.remove();
        const element = h("div", { class: "item", role: "option", id: `row-${generation}-${index}`, "data-key": id, onclick: () => choose(id) }, row(item));
        held = { item, element };
        drawn.set(id, held);
        space.append(element);
      }
      held.element.style.top = `${index * height}px`;
      held.element.style.height = `${height}px`;
      held.element.setAttribute("aria-selected", String(id === selected));
      held.element.setAttribute("aria-posinset", String(index + 1));
    }
    for (const [id, held] of drawn) {
      if (!wanted.has(id)) { held.element.remove(); drawn.delete(id); }
    }
    if (!count && ended) {
      if (!space.querySelector(".empty")) space.append(h("p", { class: "empty" }, empty()));
    } else {
      space.querySelector(".empty")?.remove();
    }
    if (!ended && last + AHEAD > count) ask();
  }

  async function ask() {
    if (asking || ended) return;
    asking = true;
    const mine = generation;
    try {
      const more = await page(next);
      if (mine !== generation) return;
      const known = new Set(items.map(key));
      items = items.concat(more.items.filter((item) => !known.has(key(item))));
      next = more.next;
      ended = !more.next;
    } catch {
      // The page tells why; scrolling asks again.
      if (mine === generation) setTimeout(() => { asking = false; }, 1000);
      return;
    }
    asking = false;
    draw();
  }

  function choose(id) {
    selected = id;
    draw();
    const item = items.find((item) => key(item) === id);
    if (item) chosen(item);
  }

  let frame = 0;
  const later = () => { if (!frame) frame = requestAnimationFrame(() => { frame = 0; draw(); }); };
  element.addEventListener("scroll", later, { passive: true });
  new ResizeObserver(later).observe(element);
  element.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    const at = items.findIndex((item) => key(item) === selected);
    if (event.key === "Enter" && at >= 0) { chosen(items[at]); return; }
    if (step === undefined || !items.length) return;
    event.preventDefault();
    const to = Math.min(items.length - 1, Math.max(0, (at < 0 && step > 0 && step < Infinity ? -1 : at) + step));
    selected = key(items[to]);
    const top = to * height;
    if (top < element.scrollTop) element.scrollTop = top;
    if (top + height > element.scrollTop + element.clientHeight) element.scrollTop = top + height - element.clientHeight;
    draw();
  });

  return {
    element,
    /** Begins anew. */
    reset() { generation += 1; items = []; next = null; ended = false; asking = false; drawn.forEach((held) => held.element.remove()); drawn.clear(); element.scrollTop = 0; draw(); },
    /** Puts the first page anew, and keeps what comes after it but for those that `gone` names. */
    async refresh(gone) {
      const mine = generation;
      const first = await page(null);
      if (mine !== generation) return;
      const fresh = new Set(first.items.map(key));
      const rest = items.filter((item) => !fresh.has(key(item)) && !gone(item));
      items = first.items.concat(rest);
      if (!first.next) { ended = true; items = first.items; }
      draw();
    },
    select(id) { selected = id; draw(); },
    /** Goes into the list, to the first row. */
    enter() {
      element.focus();
      if (!items.length) return;
      element.scrollTop = 0;
      selected = key(items[0]);
      draw();
    },
    get length() { return items.length; },
  };
}
