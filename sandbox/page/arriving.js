// The messages as they arrive: the newest on top, however many come, and the ledger in figures.
import { byId, h, write } from './dom.js'
import { answer, answers, clock, figure } from './words.js'

const MOST_ROWS = 60
const MOST_ANSWERS = 5
const FIGURES = [
  ['last-second', 'last second'],
  ['busiest', 'busiest second'],
  ['accepted', 'accepted'],
  ['requests', 'requests'],
]

/**
 * Builds the part into its section.
 * @param {HTMLElement} section
 * @param {(to: string) => void} onPerson somebody wants to see that person's phone
 * @returns {{add: (rows: object[], isFirst: boolean) => void, tell: (figures: object) => void,
 *   empty: () => void}}
 */
export function arriving(section, onPerson) {
  const rows = new Rows()
  section.append(
    heading(rows),
    h('dl', { class: 'figures' }, ...FIGURES.map(([id, label]) => figureBox(id, label))),
    h('ul', { id: 'told', class: 'told', 'aria-label': 'What they were answered' }),
    list(rows, onPerson),
  )
  return {
    add: (fresh, isFirst) => rows.add(fresh, isFirst),
    tell,
    empty: () => rows.add([], true),
  }
}

/** Rows that wait for the next frame: at most as many as are shown. */
class Rows {
  constructor() {
    this.waiting = []
    this.isVoid = this.isHeld = this.isDue = false
  }

  add(fresh, isFirst) {
    if (isFirst) [this.waiting, this.isVoid] = [[], true]
    this.waiting = [...this.waiting, ...fresh].slice(-MOST_ROWS)
    this.plan()
  }

  hold(isHeld) {
    this.isHeld = isHeld
    this.plan()
  }

  plan() {
    if (this.isDue || this.isHeld) return
    this.isDue = true
    requestAnimationFrame(() => this.draw())
  }

  draw() {
    this.isDue = false
    if (this.isHeld) return
    const list = byId('arriving-list')
    if (this.isVoid || this.waiting.length >= MOST_ROWS) list.replaceChildren()
    list.prepend(...this.waiting.reverse().map(row))
    while (list.children.length > MOST_ROWS) list.lastElementChild.remove()
    byId('arriving-empty').hidden = list.children.length > 0
    ;[this.waiting, this.isVoid] = [[], false]
  }
}

function heading(rows) {
  const toggle = (event) => {
    rows.hold(!rows.isHeld)
    write(event.currentTarget, rows.isHeld ? 'Go on' : 'Hold the list')
  }
  return h('div', { class: 'head' },
    h('h2', { id: 'arriving-title' }, 'Arriving'),
    h('button', { id: 'hold', type: 'button', onclick: toggle }, 'Hold the list'))
}

function list(rows, onPerson) {
  const choose = (event) => {
    const to = event.target.dataset?.to
    if (to) onPerson(to)
  }
  return h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Newest messages' },
    h('p', { id: 'arriving-empty', class: 'empty' },
      'Nothing has arrived yet. Send a campaign from Loopcast: each message shows up here, ' +
      'with what it was answered.'),
    h('ol', { id: 'arriving-list', class: 'rows', onclick: choose }))
}

function row(request) {
  const { text, kind } = answer(request.told)
  return h('li', {},
    h('span', { class: 'time' }, clock(request.at)),
    h('button', { type: 'button', class: 'who', tabindex: '-1', 'data-to': request.to,
      title: 'Show this phone' }, request.to || 'nobody'),
    h('span', { class: 'template' }, request.template || (request.accepted ? 'free text' : '')),
    h('span', { class: `answer ${kind}` }, text),
    h('span', { class: 'text' }, request.text))
}

function figureBox(id, label) {
  return h('div', {}, h('dt', {}, label), h('dd', { id: `figure-${id}` }, '0'))
}

function tell(figures) {
  const shown = {
    'last-second': figures.lastSecond, busiest: figures.busiestSecond,
    accepted: figures.accepted, requests: figures.requests,
  }
  for (const [id, count] of Object.entries(shown)) write(byId(`figure-${id}`), figure(count))
  byId('told').replaceChildren(...answers(figures.told, MOST_ANSWERS).map(({ text, kind, count }) =>
    h('li', { class: `answer ${kind}` }, `${text} `, h('b', {}, figure(count)))))
}
