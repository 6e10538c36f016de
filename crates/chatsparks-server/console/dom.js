// What is on the page. Whatever comes from outside is put there as text: nothing here reads markup.

/** An element: `h("p", { class: "faint" }, "text", other)`. Children are elements, texts, or lists of them. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  return put(element, children);
}

function put(element, children) {
  for (const child of children.flat(9)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

/** Puts these in place of what was there. */
export function show(element, ...children) {
  element.replaceChildren();
  return put(element, children);
}

/** Characters of a text that are shown before somebody asks for more. */
const SHOWN = 600;

/** What somebody wrote: in its own direction, short at first. `marks`: places that matched, in characters. */
export function said(text, marks = [], more = "…") {
  const characters = Array.from(text ?? "");
  const holder = h("bdi", { dir: "auto" });
  const draw = (most) => {
    const parts = [];
    let at = 0;
    for (const { start, end } of merged(marks)) {
      if (start >= most) break;
      if (start > at) parts.push(characters.slice(at, start).join(""));
      parts.push(h("mark", {}, characters.slice(start, Math.min(end, most)).join("")));
      at = Math.min(end, most);
    }
    parts.push(characters.slice(at, most).join(""));
    if (characters.length > most) {
      const button = h("button", { class: "quiet", type: "button", onclick: (event) => { event.stopPropagation(); draw(Infinity); } }, more);
      parts.push("… ", button);
    }
    show(holder, parts);
  };
  draw(SHOWN);
  return holder;
}

function merged(marks) {
  const sorted = [...marks].sort((one, other) => one.start - other.start || one.end - other.end);
  const result = [];
  for (const { start, end } of sorted) {
    const last = result.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else result.push({ start, end });
  }
  return result;
}

/** A name, such as a handle: in its own direction, on one line. */
export function name(text) {
  return h("bdi", { dir: "auto" }, text);
}

const SHAPES = {
  automations: "M4 6h10M4 12h16M4 18h7M18 4v4M14 16v4",
  inbox: "M4 5h16v11H9l-5 4z",
  analytics: "M5 20V10M12 20V4M19 20v-7",
  billing: "M3 6h18v12H3zM3 10h18",
  settings: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v3M12 19v3M2 12h3M19 12h3",
};

/** A drawing of our own. */
export function icon(shape) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  const attributes = { viewBox: "0 0 24 24", class: "icon", fill: "none", stroke: "currentColor", "stroke-width": "2",
    "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" };
  for (const [key, value] of Object.entries(attributes)) drawing.setAttribute(key, value);
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", SHAPES[shape]);
  drawing.append(path);
  return drawing;
}
