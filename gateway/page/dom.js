// Elements, made without any markup: `h("p.hint", {id: "x"}, "Text")`. Nothing is ever parsed.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `what` is a tag with classes: "button.primary". Attributes: `onclick` and the like are
 * listeners, `true` is an empty attribute, `false` and `null` are none, `value`, `checked`,
 * `disabled`, `indeterminate`, `selected` are set as properties. Children: nodes, text, figures,
 * arrays of these; `null` and `false` are left out.
 * @param {string} what @param {object|null} attributes @param {...any} children
 * @returns {any} the element
 */
export function h(what, attributes = null, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes ?? {})) set(element, name, value);
  return fill(element, ...children);
}

const PROPERTIES = new Set(["value", "checked", "disabled", "indeterminate", "selected", "files"]);

function set(element, name, value) {
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (PROPERTIES.has(name)) element[name] = value;
  else if (name === "class") element.classList.add(...value.split(" ").filter(Boolean));
  else if (value === true) element.setAttribute(name, "");
  else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
}

/** Append to an element. Returns it. */
export function fill(element, ...children) {
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Put these in place of what an element holds. Returns it. */
export function refill(element, ...children) {
  element.replaceChildren();
  return fill(element, ...children);
}

/** Set a text only where it differs, so that screen readers and layout are left alone. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * A small picture from a path in a 16 by 16 box, hidden from screen readers: words stand beside it.
 * @param {string} path of strokes @param {string} [name] a class
 */
export function picture(path, name = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", `picture ${name}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

let made = 0;

/** An id that nothing else of this page has. */
export function unique(prefix = "id") {
  made += 1;
  return `${prefix}-${made}`;
}

const lists = new WeakMap();

/**
 * Show a list anew in place: a part that stays keeps its element, its focus and what is open in it.
 * `make(item)` gives `{root, update(item)}`, once for each key.
 * @param {HTMLElement} parent holds these parts behind what else it holds
 * @param {any[]} items @param {function(any): string} keyOf @param {function(any): {root: HTMLElement, update: function(any): void}} make
 */
export function keyed(parent, items, keyOf, make) {
  const had = lists.get(parent) ?? new Map();
  const has = new Map(items.map((item) => [keyOf(item), had.get(keyOf(item)) ?? make(item)]));
  for (const item of items) has.get(keyOf(item)).update(item);
  for (const [key, part] of had) if (!has.has(key)) part.root.remove();
  let place = [...had].find(([key]) => has.has(key))?.[1].root ?? null;
  for (const { root } of has.values()) {
    if (root === place) place = place.nextSibling;
    else parent.insertBefore(root, place);
  }
  lists.set(parent, has);
}
