// Elements, built one by one: text never becomes markup.

/**
 * An element. `on…` properties are listeners, `null` and `false` are left out, `true` is an
 * attribute without a value.
 * @param {string} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElement}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) set(element, name, value)
  element.append(...children.filter((child) => child !== null))
  return element
}

/**
 * The element with that id, which is there.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id)
  if (!found) throw new Error(`nothing here has the id ${id}`)
  return found
}

/**
 * Write a text, if it is another one: what is the same is not announced again.
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/**
 * Make a list show `items`: those whose key stands there already are left alone.
 * @template T
 * @param {HTMLElement} list
 * @param {T[]} items
 * @param {(item: T) => string} keyOf
 * @param {(item: T) => HTMLElement} build
 */
export function sync(list, items, keyOf, build) {
  const there = new Map([...list.children].map((child) => [child.dataset.key, child]))
  const wanted = items.map((item) => there.get(keyOf(item)) ?? keyed(build(item), keyOf(item)))
  for (const child of [...list.children]) if (!wanted.includes(child)) child.remove()
  wanted.forEach((element, place) => {
    if (list.children[place] !== element) list.insertBefore(element, list.children[place] ?? null)
  })
}

function keyed(element, key) {
  element.dataset.key = key
  return element
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return
  if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
  else element.setAttribute(name, value === true ? '' : String(value))
}
